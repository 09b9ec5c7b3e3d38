// Package lazyregexp holds regular expressions that are compiled when they are
// first asked for. A hook answers while an agent waits, and uses few of the
// hundred that the kinds of rules have; to compile all of them would take longer
// than the answer.
package lazyregexp

import (
	"regexp"
	"sync"
)

// A Regexp is a regular expression that nobody has asked yet. Its methods are
// those of regexp.Regexp. One that does not compile panics when it is asked, so
// every expression must be asked by some test.
type Regexp struct {
	source string
	once   sync.Once
	re     *regexp.Regexp
}

// New makes one that is safe for concurrent use.
func New(source string) *Regexp { return &Regexp{source: source} }

func (r *Regexp) compile() *regexp.Regexp {
	r.once.Do(func() { r.re = regexp.MustCompile(r.source) })
	return r.re
}

// String is the expression as it was written.
func (r *Regexp) String() string { return r.source }

// MatchString reports whether the text has a match.
func (r *Regexp) MatchString(s string) bool { return r.compile().MatchString(s) }

// Match reports whether the bytes have a match.
func (r *Regexp) Match(b []byte) bool { return r.compile().Match(b) }

// FindString is the leftmost match.
func (r *Regexp) FindString(s string) string { return r.compile().FindString(s) }

// FindStringIndex is where the leftmost match is.
func (r *Regexp) FindStringIndex(s string) []int { return r.compile().FindStringIndex(s) }

// FindStringSubmatch is the leftmost match and its groups.
func (r *Regexp) FindStringSubmatch(s string) []string { return r.compile().FindStringSubmatch(s) }

// FindStringSubmatchIndex is where the leftmost match and its groups are.
func (r *Regexp) FindStringSubmatchIndex(s string) []int {
	return r.compile().FindStringSubmatchIndex(s)
}

// FindAllString are all matches, at most n of them.
func (r *Regexp) FindAllString(s string, n int) []string { return r.compile().FindAllString(s, n) }

// FindAllStringIndex is where all matches are.
func (r *Regexp) FindAllStringIndex(s string, n int) [][]int {
	return r.compile().FindAllStringIndex(s, n)
}

// FindAllStringSubmatch are all matches and their groups.
func (r *Regexp) FindAllStringSubmatch(s string, n int) [][]string {
	return r.compile().FindAllStringSubmatch(s, n)
}

// FindAllStringSubmatchIndex is where all matches and their groups are.
func (r *Regexp) FindAllStringSubmatchIndex(s string, n int) [][]int {
	return r.compile().FindAllStringSubmatchIndex(s, n)
}

// ReplaceAllString replaces every match.
func (r *Regexp) ReplaceAllString(s, by string) string { return r.compile().ReplaceAllString(s, by) }

// ReplaceAllStringFunc replaces every match by what a function makes of it.
func (r *Regexp) ReplaceAllStringFunc(s string, by func(string) string) string {
	return r.compile().ReplaceAllStringFunc(s, by)
}

// SubexpIndex is the index of the group of a name, -1 for none.
func (r *Regexp) SubexpIndex(name string) int { return r.compile().SubexpIndex(name) }
