package rules

import (
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/pathset"
)

// Undo is the shell command that takes one file of a change back to what it
// was at the merge base. It runs in the root folder of a clone and touches no
// other file: git would take a name like "*" or "[id].ts" for a pattern, so that
// such a name is marked as literal.
//
// A name that is no UTF-8 came with a character in place of bytes that nobody
// knows here; then the answer is advice and no command.
func Undo(c *change.Change, f change.File) string {
	if strings.ContainsRune(f.Path+f.OldPath, replacement) {
		return "Remove the file, or name it in UTF-8: git ls-files shows the bytes of its name."
	}
	checkout := "git checkout " + c.MergeBase + " -- "
	switch f.Status {
	case change.Added:
		return "git rm -- " + pathspec(f.Path)
	case change.Renamed:
		// git mv would need the folder that the move may have emptied, and would
		// keep a new mode.
		return "git rm -q -- " + pathspec(f.Path) + " && " + checkout + pathspec(f.OldPath)
	default:
		return checkout + pathspec(f.Path)
	}
}

// replacement stands for what is no UTF-8.
const replacement = '\uFFFD'

// pathspec is one word for a POSIX shell that git takes for this path alone.
func pathspec(path string) string {
	if strings.HasPrefix(path, ":") || strings.ContainsAny(path, `*?[\`) {
		path = ":(literal)" + path
	}
	return Quote(path)
}

// Quote makes one word for a POSIX shell out of any text. What nobody could read
// or copy, such as a control or a bidirectional character, is written in octal.
func Quote(word string) string {
	switch {
	case strings.ContainsFunc(word, pathset.Unseen):
		return octal(word)
	case word != "" && !strings.ContainsFunc(word, needsQuoting):
		return word
	default:
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
}

func needsQuoting(r rune) bool {
	return !plain(r) && !strings.ContainsRune(":@+,", r)
}

func plain(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./", r)
}

// octal has printf write the word, which works in every shell, also in fish.
// Line feeds at the end would be lost on the way; such a word takes the form that
// bash, zsh and ksh read.
func octal(word string) string {
	before, after := `"$(printf '`, `')"`
	if strings.HasSuffix(word, "\n") {
		before, after = "$'", "'"
	}
	var b strings.Builder
	b.WriteString(before)
	for i := range len(word) {
		if c := word[i]; plain(rune(c)) && (c != '-' || i > 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	b.WriteString(after)
	return b.String()
}
