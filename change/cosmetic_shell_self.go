package change

import (
	"bytes"
	"iter"
	"slices"
)

// shellJudged refuses scripts for other shells, carriage returns, which are part
// of words, and scripts that read themselves.
func shellJudged(src []byte) bool {
	if bytes.IndexByte(src, '\r') >= 0 || !plainShell(src) {
		return false
	}
	var names [][]byte
	for line := range selfLines(src) {
		if selfRead(line) || len(names) > maxNesting {
			return false
		}
		if name := selfKept(line); name != nil {
			names = append(names, name)
		}
	}
	return !readsAny(src, names)
}

// selfKept is the variable in which a line keeps the path of the script, as it is
// written where it is used. A folder is no path, and a name only behind one.
func selfKept(line []byte) []byte {
	sign := "$"
	if folder := bytes.Contains(line, []byte("dirname")); folder != (bytes.Contains(line, []byte("basename")) || bytes.Contains(line, []byte("##*/"))) {
		if folder {
			return nil
		}
		sign = "/$"
	}
	to := bytes.IndexByte(line, '=')
	if to < 0 {
		return nil
	}
	from := to
	for from > 0 && toolByte[line[from-1]] && line[from-1] != '-' {
		from--
	}
	if from == to {
		return nil
	}
	return append([]byte(sign), line[from:to]...)
}

// readsAny reports whether a line that names one of some variables may read what
// it holds.
func readsAny(src []byte, names [][]byte) bool {
	for _, name := range names {
		braced := bytes.Replace(name, []byte("$"), []byte("${"), 1)
		for line := range bytes.Lines(src) {
			if (bytes.Contains(line, name) || bytes.Contains(line, braced)) && selfRead(line) {
				return true
			}
		}
	}
	return false
}

// plainShell reports whether the first line names a shell that is known.
func plainShell(src []byte) bool {
	line, ok := bytes.CutPrefix(src[:lineEnd(src, 0)], []byte("#!"))
	if !ok {
		return true
	}
	known := false
	for word := range bytes.FieldsSeq(line) {
		switch string(word[bytes.LastIndexByte(word, '/')+1:]) {
		case "sh", "bash", "dash", "ash", "ksh":
			known = true
		case "env", "-S", "busybox":
		default:
			if len(word) < 2 || word[0] != '-' || len(bytes.Trim(word[1:], "eux")) > 0 {
				return false
			}
		}
	}
	return known
}

// selfLines are the lines that name the script or its lines.
func selfLines(src []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var next [len(selfNames)]int // where each name stands next, or the end
		for i, name := range selfNames {
			next[i] = indexFrom(src, 0, name)
		}
		for at := slices.Min(next[:]); at < len(src); at = slices.Min(next[:]) {
			from, to := bytes.LastIndexByte(src[:at], '\n')+1, lineEnd(src, at)
			if !yield(src[from:min(len(src), to+1)]) {
				return
			}
			for i, name := range selfNames {
				if next[i] < to {
					next[i] = indexFrom(src, to, name)
				}
			}
		}
	}
}

// indexFrom is where a word stands at a place or behind it, the end of the text
// when it does not.
func indexFrom(src []byte, at int, word []byte) int {
	if n := bytes.Index(src[at:], word); n >= 0 {
		return at + n
	}
	return len(src)
}

var selfNames = [...][]byte{[]byte("$0"), []byte("${0"), []byte("BASH_SOURCE"), []byte("LINENO")}

// selfRead reports whether a line that names the script may read it.
func selfRead(line []byte) bool {
	for word := range bytes.FieldsFuncSeq(line, func(r rune) bool { return !letter[byte(min(r, 0x7f))] }) {
		switch string(word) {
		case "sed", "grep", "egrep", "fgrep", "awk", "gawk", "head", "tail", "cat", "cut", "tr", "perl", "python", "read", "mapfile", "readarray", "LINENO", "sha", "md", "cksum", "tar",
			"dd", "unzip", "base64", "openssl", "gpg", "xz", "gzip", "gunzip", "uudecode", "strings", "diff", "cmp", "less", "more", "wc", "rg", "ruby", "source", "node", "deno", "bun", "tclsh", "wish",
			"expect", "scala", "guile", "ocaml", "groovy", "java", "jshell", "php", "lua", "julia", "Rscript", "nawk", "mawk", "osascript", "pwsh", "elixir", "escript", "sum", "stat", "tac", "nl", "od", "xxd", "hexdump", "sort", "zcat", "bzip", "bunzip", "zstd", "lzma", "cpio", "rev", "csplit", "split", "ed", "ex", "docopts", "docopt",
			"jq", "comm", "paste", "fold", "fmt", "crc", "runghc", "stack",
			"racket", "emacs", "sbcl", "clisp", "swift", "kotlin", "nix", "uv":
			return true
		}
	}
	return bytes.IndexByte(line, '<') >= 0
}
