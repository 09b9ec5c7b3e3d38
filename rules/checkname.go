package rules

import (
	"errors"
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/session"
)

// A CheckName is a pattern for the checks of others: "unit", "build / *", or
// "unit@github-actions" for the check of one App. A name without * and ? is
// compared exactly, one with them as a whole and ignoring case. Who reports a
// commit status is not known to GitHub; its App is "status".
type CheckName struct{ name, app string }

var slug = lazyregexp.New(`^[a-z0-9*?-]+$`)

// maxCheckName bounds a pattern, in bytes; GitHub's names have at most 255
// characters.
const maxCheckName = 1100

// ParseCheck reads a pattern. What follows the last @ is an App where it has the
// shape of an App's slug.
func ParseCheck(text string) (CheckName, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return CheckName{}, errors.New("a check's name is empty")
	case len(text) > maxCheckName:
		return CheckName{}, fmt.Errorf("a check's name has more than %d bytes", maxCheckName)
	}
	n := CheckName{name: text, app: "*"}
	if at := strings.LastIndexByte(text, '@'); at > 0 && slug.MatchString(text[at+1:]) {
		n.name, n.app = text[:at], text[at+1:]
	}
	return n, nil
}

// Match reports whether a check is meant.
func (n CheckName) Match(c change.Check) bool { return n.MatchName(c.Name) && MatchName(n.app, c.App) }

// MatchName is Match where only the check's name is known.
func (n CheckName) MatchName(name string) bool { return MatchName(n.name, name) }

// MatchName compares a name with a pattern, as [CheckName] says.
func MatchName(pattern, name string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return pattern == name
	}
	return session.MatchTitle(pattern, name)
}

// NoEvidence is the error of a rule that wants what nobody here knows.
func NoEvidence(what string) error { return fmt.Errorf("it wants %s: %w", what, change.ErrNoEvidence) }

// MatchesSeveral reports whether checks of different names can match.
func (n CheckName) MatchesSeveral() bool { return strings.ContainsAny(n.name, "*?") }
