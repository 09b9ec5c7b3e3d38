package change

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// CanBeCosmetic reports whether Cosmetic knows the language of a file.
func CanBeCosmetic(path string) bool {
	return strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".py")
}

// Cosmetic reports whether two contents of a file provably differ in nothing
// but comments and white space. Indentation in Python, docstrings, and comments
// that tools obey count as code. What cannot be proved is not cosmetic.
//
// Each side is written in a canonical form, with comments and insignificant
// blanks left out and everything else as it is; equal forms mean equal code.
// The time is linear in the size.
func Cosmetic(path string, before, after []byte) bool {
	if misleading(after) && !misleading(before) {
		return false // an invisible character can make a comment look like code
	}
	var canonical func(src []byte) ([]byte, bool)
	switch {
	case strings.HasSuffix(path, ".go"):
		canonical = func(src []byte) ([]byte, bool) { return canonicalGo(src, strings.HasSuffix(path, "_test.go")) }
	case strings.HasSuffix(path, ".py"):
		canonical = canonicalPython
	default:
		return false
	}
	a, ok := canonical(before)
	if !ok {
		return false
	}
	b, ok := canonical(after)
	return ok && bytes.Equal(a, b)
}

// misleading reports whether a text holds bidirectional or invisible
// characters.
func misleading(src []byte) bool {
	for i := 0; i < len(src); {
		if src[i] < 0xc2 { // ASCII, fast
			i++
			continue
		}
		r, n := utf8.DecodeRune(src[i:])
		if r == 0x061c || 0x200b <= r && r <= 0x200f || 0x2028 <= r && r <= 0x202e || 0x2060 <= r && r <= 0x206f || r == 0xfeff && i > 0 {
			return true
		}
		i += n
	}
	return false
}

// scannable refuses what no scanner here is sure about.
func scannable(src []byte) bool {
	if !utf8.Valid(src) || bytes.ContainsAny(src, "\x00\f\v") {
		return false
	}
	return !bytes.ContainsRune(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")), '\r')
}

// canon writes a canonical form: runs of blanks become one, blank lines and
// blanks at the ends of lines vanish.
type canon struct {
	out   []byte
	blank bool // a blank is due before the next character of the line
}

func (c *canon) atLineStart() bool { return len(c.out) == 0 || c.out[len(c.out)-1] == '\n' }

// code writes significant text as it is.
func (c *canon) code(text []byte) {
	if c.blank && !c.atLineStart() {
		c.out = append(c.out, ' ')
	}
	c.blank = false
	c.out = append(c.out, text...)
}

// newline ends a line; an empty one leaves no trace.
func (c *canon) newline() {
	c.blank = false
	if !c.atLineStart() {
		c.out = append(c.out, '\n')
	}
}

// quotedEnd finds the end of a string that begins before at and ends with the
// quote; a backslash takes the next byte. -1 means that it does not end, or,
// within one line, that the line ends first.
func quotedEnd(src []byte, at int, quote string, lines bool) int {
	for at < len(src) {
		switch {
		case src[at] == '\\':
			at += 2
		case src[at] == '\n' && !lines:
			return -1
		case bytes.HasPrefix(src[at:], []byte(quote)):
			return at + len(quote)
		default:
			at++
		}
	}
	return -1
}

func lineEnd(src []byte, at int) int {
	if n := bytes.IndexByte(src[at:], '\n'); n >= 0 {
		return at + n
	}
	return len(src)
}
