package testset

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// pyWeak tells assertions of Python that say little. The expression is asked where
// the statement that is most common does not tell by its first sign of comparing.
type pyWeak struct{ re *lazyregexp.Regexp }

// MatchString reports whether the assertion that begins a text is a weak one.
func (w pyWeak) MatchString(text string) bool {
	rest, ok := strings.CutPrefix(text, "assert")
	if !ok || rest == "" || !blankByte(rest[0]) {
		return w.re.MatchString(text)
	}
	value := pastBlanks(rest, 0)
	if strings.LastIndexByte(rest[:value], '\n') >= 1 {
		return true
	}
	sign := strings.IndexAny(rest[value:], "\n=<>!")
	if sign < 0 || rest[value+sign] == '\n' {
		return true
	}
	return strings.Contains(rest, "None") && w.re.MatchString(text)
}
