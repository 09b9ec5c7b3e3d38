package reversibility

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// A lexer cuts descriptions of interfaces into words and signs. Comments and
// texts in quotes are left out.
type lexer struct {
	text    string
	at      int
	hash    bool // "#" begins a comment, else "//" and "/*" do
	comma   bool // commas are signs
	triples bool // """ quotes over lines
}

// next is a word or one sign, "" at the end.
func (l *lexer) next() string {
	for l.at < len(l.text) {
		c := l.text[l.at]
		switch {
		case c <= ' ' || c == ',' && !l.comma || c >= 0x80:
			l.at++
		case l.hash && c == '#', !l.hash && strings.HasPrefix(l.text[l.at:], "//"):
			l.skip("\n", 1)
		case !l.hash && strings.HasPrefix(l.text[l.at:], "/*"):
			l.skip("*/", 2)
		case l.triples && strings.HasPrefix(l.text[l.at:], `"""`):
			l.skip(`"""`, 3)
		case c == '"' || c == '\'' && !l.hash:
			l.quoted(c)
		case isWord(c):
			return l.word()
		default:
			l.at++
			return l.text[l.at-1 : l.at]
		}
	}
	return ""
}

// skip goes behind the next of some text.
func (l *lexer) skip(to string, from int) {
	from = min(l.at+from, len(l.text))
	if n := strings.Index(l.text[from:], to); n >= 0 {
		l.at = from + n + len(to)
	} else {
		l.at = len(l.text)
	}
}

// quoted goes behind a text in quotes, or the line's end.
func (l *lexer) quoted(quote byte) {
	for l.at++; l.at < len(l.text); l.at++ {
		switch l.text[l.at] {
		case '\\':
			l.at++
		case quote, '\n':
			l.at++
			return
		}
	}
}

func (l *lexer) word() string {
	from := l.at
	for l.at < len(l.text) && (isWord(l.text[l.at]) || l.text[l.at] == '.') {
		l.at++
	}
	return brief(l.text[from:l.at])
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// maxName is as long as names are kept: each of a type's fields repeats the type's.
const maxName = 100

// brief is a name, or what stands for one that is too long.
func brief(name string) string {
	if len(name) <= maxName {
		return name
	}
	return fmt.Sprintf("%s…%x", strings.ToValidUTF8(name[:maxName/2], ""), sha256.Sum256([]byte(name)))
}
