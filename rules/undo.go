package rules

import (
	"strings"

	"github.com/changeguard/changeguard/change"
)

// Undo is the shell command that takes one file of a change back to what it
// was at the merge base.
func Undo(c *change.Change, f change.File) string {
	switch f.Status {
	case change.Added:
		return "git rm -- " + Quote(f.Path)
	case change.Renamed:
		return "git mv -- " + Quote(f.Path) + " " + Quote(f.OldPath)
	default:
		return "git checkout " + c.MergeBase + " -- " + Quote(f.Path)
	}
}

// Quote makes one word for a POSIX shell out of any text. A control character,
// which could act on a terminal, comes out in the $'…' form that bash, zsh and
// ksh read.
func Quote(word string) string {
	if strings.ContainsFunc(word, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' || 0x80 <= r && r <= 0x9f }) {
		return ansiQuote(word)
	}
	if word != "" && !strings.ContainsFunc(word, needsQuoting) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func needsQuoting(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:@%+=,", r))
}

// ansiQuote writes every byte outside printable ASCII as an octal escape.
func ansiQuote(word string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(word) {
		switch c := word[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c >= 0x7f:
			b.WriteByte('\\')
			b.WriteByte('0' + c>>6)
			b.WriteByte('0' + c>>3&7)
			b.WriteByte('0' + c&7)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteString("'")
	return b.String()
}
