// Package pathset matches paths against many lists of globs in one walk.
//
// # The model
//
// A list is a sequence of globs as in GitHub Actions' "paths:". A leading "!"
// excludes; the last glob of the list that matches decides. Lists are added to
// a [Builder]; [Builder.Build] turns all of them into one [Set], and
// [Set.Match] walks a path once, whatever the number of lists.
//
//   - "*" is any run of characters within a segment, "?" any one character.
//   - "**" as a whole segment is any number of segments, also none; elsewhere it
//     means "*".
//   - "[a-z]" is one of a class, "[!a-z]" or "[^a-z]" none of it.
//   - "{a,b}" is either alternative; they may be nested.
//   - "\" takes the next character as it is.
//
// # Upper and lower case
//
// Matching is on the name in Unicode's composed form (NFC). On some machines
// two names that differ in case are one file, so a list says how it errs: a
// [Protect] list matches when the name as written or the case-folded name is
// matched by the folded globs; a [Permit] list matches exactly or not at all.
//
// # Hostile input
//
// Globs compile to an automaton over segments; a path is walked without
// backtracking over segments, so the time is bounded by the path's length times
// the number of globs. The number and the length of globs are limited.
package pathset

import (
	"fmt"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Use says in which direction a list errs.
type Use int

// The uses.
const (
	Protect Use = iota // also matches case-folded: for lists that forbid
	Permit             // matches exactly: for lists that allow or ignore
)

// List is the handle of a list in a Set.
type List int

// The limits of a Set.
const (
	MaxPattern    = 1024  // bytes of one glob
	MaxPatterns   = 10000 // globs of a set
	maxExpansions = 1024  // alternatives of one glob
)

// A PatternError is about one glob of a list.
type PatternError struct {
	Pattern string
	Index   int // in the list
	Offset  int // in the pattern, in bytes
	Reason  string
}

func (e *PatternError) Error() string {
	return fmt.Sprintf("glob %q: %s (at offset %d)", e.Pattern, e.Reason, e.Offset)
}

// A Builder collects lists. The zero Builder is ready.
type Builder struct {
	lists    []list
	patterns int
	exact    automaton
	folded   automaton
}

// list is what is known of a list besides the automata.
type list struct {
	use     Use
	negated []bool
}

// Add validates and adds a list.
func (b *Builder) Add(use Use, patterns ...string) (List, error) {
	l := list{use: use}
	var compiled [][][]string // pattern, alternative, segments
	for i, p := range patterns {
		body, negated := strings.CutPrefix(p, "!")
		alternatives, err := parse(body)
		if err != nil {
			err.Pattern, err.Index = p, i
			if negated {
				err.Offset++
			}
			return 0, err
		}
		compiled = append(compiled, alternatives)
		l.negated = append(l.negated, negated)
	}
	if b.patterns += len(patterns); b.patterns > MaxPatterns {
		return 0, fmt.Errorf("more than %d globs", MaxPatterns)
	}
	id := List(len(b.lists))
	b.lists = append(b.lists, l)
	for i, alternatives := range compiled {
		for _, segments := range alternatives {
			b.exact.add(segments, target{int32(id), int32(i)})
			if use == Protect {
				b.folded.add(foldAll(segments), target{int32(id), int32(i)})
			}
		}
	}
	return id, nil
}

// Validate reports what is wrong with a glob.
func Validate(pattern string) error {
	var b Builder
	_, err := b.Add(Protect, pattern)
	return err
}

// Build makes the set. The builder must not be used afterwards.
func (b *Builder) Build() *Set {
	b.exact.finish()
	b.folded.finish()
	return &Set{lists: b.lists, exact: b.exact, folded: b.folded}
}

// A Set is many lists. It is immutable and safe for concurrent use.
type Set struct {
	lists  []list
	exact  automaton
	folded automaton
}

// Matches is the result of a walk, and the scratch space of the next.
type Matches struct {
	set          *Set
	decided      []int32 // per list: the deciding glob plus one, 0 for none
	folded       []int32
	active, next []int32
	seen         []uint32 // per node: the step in which it became active
	step         uint32
}

// Match walks a path through all lists. m may be reused; it holds the result
// until then.
func (s *Set) Match(path string, m *Matches) {
	m.reset(s)
	path = compose(path)
	s.exact.walk(path, m, m.decided)
	if len(s.folded.nodes) > 0 {
		s.folded.walk(fold(path), m, m.folded)
	}
}

func (m *Matches) reset(s *Set) {
	if m.set != s || len(m.decided) != len(s.lists) {
		m.set = s
		both := make([]int32, 2*len(s.lists))
		m.decided, m.folded = both[:len(s.lists)], both[len(s.lists):]
		return
	}
	clear(m.decided)
	clear(m.folded)
}

// Has reports whether the list matched the path.
func (m *Matches) Has(l List) bool {
	return m.holds(m.decided, l) || m.holds(m.folded, l)
}

func (m *Matches) holds(decided []int32, l List) bool {
	at := decided[l]
	return at > 0 && !m.set.lists[l].negated[at-1]
}

// Pattern is the index of the glob that decided, -1 when none matched. A glob
// that excludes may decide.
func (m *Matches) Pattern(l List) int {
	if !m.holds(m.decided, l) && m.holds(m.folded, l) {
		return int(m.folded[l]) - 1
	}
	return int(max(m.decided[l], m.folded[l])) - 1
}

// Compact gives back the scratch space of a result that is kept.
func (m *Matches) Compact() { m.active, m.next, m.seen = nil, nil, nil }

// A Matcher is one list on its own.
type Matcher struct {
	set  *Set
	list List
}

// Compile makes a matcher of one list.
func Compile(use Use, patterns ...string) (*Matcher, error) {
	var b Builder
	l, err := b.Add(use, patterns...)
	if err != nil {
		return nil, err
	}
	return &Matcher{b.Build(), l}, nil
}

// Match reports whether the list matches the path.
func (m *Matcher) Match(path string) bool {
	var found Matches
	m.set.Match(path, &found)
	return found.Has(m.list)
}

// compose brings a path into NFC. ASCII is in it.
func compose(path string) string {
	if ascii(path) {
		return path
	}
	return norm.NFC.String(path)
}

// fold is Unicode's full case folding, in NFC again.
func fold(path string) string {
	if ascii(path) {
		return strings.ToLower(path)
	}
	return norm.NFC.String(cases.Fold().String(path))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
