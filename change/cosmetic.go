package change

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// CanBeCosmetic reports whether Cosmetic knows the language of a file. What lies
// in a folder for the input of tests is none, nor is a script that a tool knows
// by its content, such as a migration.
func CanBeCosmetic(path string) bool {
	lang := languageOf(path)
	return lang != unknownLanguage && !isInput(path) && (lang != sql || !numbered(path))
}

// isInput reports whether a source lies where tests and generators keep what they
// read: there a comment may be what a tool is tested with.
func isInput(path string) bool {
	tests := false
	for folder := range strings.SplitSeq(strings.ToLower(path), "/") {
		switch folder {
		case "testdata", "test_data", "test-data", "fixtures", "__fixtures__", "golden", "goldens", "snapshots", "__snapshots__", "corpus", "templates":
			return true
		case "test", "tests", "testing":
			tests = true
		case "data", "input", "inputs", "samples", "resources":
			if tests {
				return true
			}
		}
		if strings.Contains(folder, "{{") || strings.Contains(folder, "{%") {
			return true
		}
	}
	return false
}

// Cosmetic reports whether two contents of a file provably differ in nothing
// but comments and white space. What cannot be proved is not cosmetic.
//
// Both sides are read at once by a scanner of the language, as streams of what
// matters: every token of code with its text, every line end and indentation
// that means something, and every comment that somebody obeys, with where it
// stands. The change is cosmetic when the streams are equal to the end. Python's
// docstrings and Rust's documentation are code; JSON is compared by value, with
// the order and spelling of everything. Comments count that compilers, linters, type checkers,
// test runners, generators or notebooks obey, in doubt any that look so.
//
// A side that a compiler might refuse or read otherwise makes the answer no:
// invalid UTF-8, control characters, lone carriage returns, unterminated
// strings. So does an invisible character that a comment did not hold before, and
// a generator that reads comments like code. Python is Python 3: its second
// version reads nothing but ASCII.
//
// The time is linear in the size, whatever the contents.
func Cosmetic(path string, before, after []byte) bool {
	s, ok := newSides(path, before, after)
	return ok && s.same()
}

// newSides begins to read both sides; false says that one cannot be judged.
func newSides(path string, before, after []byte) (s bothSides, ok bool) {
	if !CanBeCosmetic(path) || bytes.HasPrefix(before, bom) != bytes.HasPrefix(after, bom) {
		return s, false
	}
	before, after = bytes.TrimPrefix(before, bom), bytes.TrimPrefix(after, bom)
	asked, ok := judged(languageOf(path), before, after)
	if !ok {
		return s, false
	}
	return bothSides{before: scan(path, before, asked), after: scan(path, after, asked), a: before, b: after}, true
}

// scanner reads one side. After tokenEnd or tokenBad it is not asked again.
type scanner interface {
	next() token
	unseen() []rune // the invisible characters of skipped comments, in order
}

// sameText is bytes.Equal, faster for the many tokens of one byte.
func sameText(a, b []byte) bool {
	if len(a) == 1 && len(b) == 1 {
		return a[0] == b[0]
	}
	return bytes.Equal(a, b)
}

// token is a piece of a source that matters.
type token struct {
	text []byte
	mark uint64 // its kind and, for comments that count, where it stands
}

// The kinds of token, the low bits of a mark.
const (
	tokenEnd     uint64 = iota // of the file
	tokenBad                   // the file cannot be judged
	tokenCode                  // a token of the language
	tokenLine                  // Go: a semicolon that a line end stands for; Python: the indentation that begins a statement
	tokenBreak                 // a line end next to a comment that counts
	tokenComment               // a comment that counts
)

// Further bits of a mark.
const (
	markGapBlank   = 1 << (4 + iota) // an empty line separates it from the comment that counts above it
	markGapComment                   // another comment does
	markTrailing                     // the comment stands behind code
	markHeading                      // the comment belongs to the head of the file
	markBeside                       // another comment stands directly before it on its line

	markShift = 9 // above: the column of a comment on its own line, the number of tokens before one behind code, the line of a heading
)

var (
	end = token{mark: tokenEnd}
	bad = token{mark: tokenBad}
	bom = []byte("\ufeff")
)

// generators are signs that a file's comments are somebody's input: cog runs
// them, stringer makes texts of them.
var generators = [...][]byte{[]byte("[[[" + "cog"), []byte("-line" + "comment")}

// readable refuses what compilers refuse or disagree about, and input.
func readable(src []byte) bool {
	if bytes.IndexByte(src, 0) >= 0 || bytes.Contains(src, bom) || !utf8.Valid(src) {
		return false
	}
	for _, generator := range generators {
		if bytes.Contains(src, generator) {
			return false
		}
	}
	for at := 0; ; {
		n := bytes.IndexByte(src[at:], '\r')
		if n < 0 {
			return true
		}
		at += n + 1
		if at == len(src) || src[at] != '\n' {
			return false
		}
	}
}

func lineEnd(src []byte, at int) int {
	if n := bytes.IndexByte(src[at:], '\n'); n >= 0 {
		return at + n
	}
	return len(src)
}

// skipLines passes over line ends that follow each other.
func skipLines(src []byte, at int) int {
	for at < len(src) && src[at] == '\n' {
		at++
	}
	return at
}

// byteAt is the byte at a place, 0 behind the end; no source here holds a 0.
func byteAt(src []byte, at int) byte {
	if at < len(src) {
		return src[at]
	}
	return 0
}
