package pathset

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Use says in which direction a list errs.
type Use int

// The uses.
const (
	Protect Use = iota // matches case-folded as well: for lists that forbid
	Permit             // excludes case-folded as well: for lists that allow or ignore
)

// List is the handle of a list in a Set.
type List int

// The limits of a Set.
const (
	MaxPattern  = 1024    // bytes of one glob
	MaxPatterns = 10000   // globs of a set
	maxStates   = 1 << 17 // segments of all globs, alternatives written out
)

// A Builder collects lists. The zero Builder is ready.
type Builder struct {
	lists    []list
	patterns int
	states   int
	known    map[string]*glob
	plain    automaton // of globs that case folding does not change
	exact    automaton // of the others, as they are written …
	folded   automaton // … and folded
	folds    bool      // the folded name matters to any list
}

// list is what is known of a list besides the automata.
type list struct {
	use     Use
	negated []bool
}

// glob is a pattern without its "!", however many lists hold it.
type glob struct {
	alternatives [][]string // segments
	plain        bool       // folding does not change it
	exact        int32      // its number in the automata, from 1; 0 for not there yet
	folded       int32
}

// Add validates and adds a list. After an error the builder is as it was.
func (b *Builder) Add(use Use, patterns ...string) (List, error) {
	if b.patterns+len(patterns) > MaxPatterns {
		return 0, fmt.Errorf("more than %d globs", MaxPatterns)
	}
	fold := use == Protect || slices.ContainsFunc(patterns, isNegation)
	globs, negated, err := b.parse(fold, patterns)
	if err != nil {
		return 0, err
	}
	id := int32(len(b.lists))
	b.lists = append(b.lists, list{use, negated})
	b.patterns += len(patterns)
	for i, g := range globs {
		b.enter(g, fold, target{id, int32(i)})
	}
	return List(id), nil
}

func isNegation(pattern string) bool { return strings.HasPrefix(pattern, "!") }

// parse reads the patterns of a list, each text once.
func (b *Builder) parse(fold bool, patterns []string) (globs []*glob, negated []bool, err error) {
	seen := make(map[string]*glob)
	states := b.states
	for i, p := range patterns {
		body, not := cutNegation(p)
		g := seen[body]
		if g == nil {
			if g = b.known[body]; g == nil {
				alternatives, flaw := parse(body)
				if flaw != nil {
					return nil, nil, flaw.of(p, i)
				}
				g = &glob{alternatives: alternatives, plain: foldsToItself(body)}
			}
			seen[body] = g
			states += g.cost(fold)
		}
		if states > maxStates {
			return nil, nil, (&flaw{reason: "all globs together have too many alternatives and segments"}).of(p, i)
		}
		globs, negated = append(globs, g), append(negated, not)
	}
	if b.known == nil {
		b.known = make(map[string]*glob)
	}
	maps.Copy(b.known, seen)
	return globs, negated, nil
}

// cost is how many states the automata need for a glob at most.
func (g *glob) cost(fold bool) int {
	n := 0
	for _, segments := range g.alternatives {
		n += len(segments)
	}
	cost := 0
	if g.exact == 0 {
		cost += n
	}
	if g.folded == 0 && fold && !g.plain {
		cost += n
	}
	return cost
}

// enter adds a place of a list at which a glob stands.
func (b *Builder) enter(g *glob, fold bool, at target) {
	b.states += g.cost(fold)
	b.folds = b.folds || fold
	exact := &b.exact
	if g.plain {
		exact = &b.plain
	}
	if g.exact == 0 {
		g.exact = exact.add(g.alternatives, false)
	}
	exact.aim(g.exact, at)
	if !fold || g.plain {
		return
	}
	if g.folded == 0 {
		g.folded = b.folded.add(g.alternatives, true)
	}
	b.folded.aim(g.folded, at)
}

// Validate reports what is wrong with a pattern, as a *PatternError.
func Validate(pattern string) error {
	body, _ := cutNegation(pattern)
	if _, flaw := parse(body); flaw != nil {
		return flaw.of(pattern, 0)
	}
	return nil
}

// Build makes the set. The builder must not be used afterwards.
func (b *Builder) Build() *Set {
	s := &Set{lists: b.lists, plain: b.plain, exact: b.exact, folded: b.folded, folds: b.folds}
	for _, a := range []*automaton{&s.plain, &s.exact, &s.folded} {
		a.finish()
	}
	return s
}

// A Set is many lists. It is immutable and safe for concurrent use.
type Set struct {
	lists   []list
	plain   automaton
	exact   automaton
	folded  automaton
	folds   bool      // the folded name matters to any list
	scratch sync.Pool // of *walker
}

// Match walks a path through all lists. m may be reused; it holds the result
// until then.
func (s *Set) Match(path string, m *Matches) {
	w := s.walker(m)
	m.reset(s)
	w.path = appendComposed(w.path[:0], path)
	s.plain.walk(w.path, w, m.exact)
	if s.folds && foldsToItself(w.path) {
		copy(m.folded, m.exact) // most names are the same, folded, and so are most globs
		s.folded.walk(w.path, w, m.folded)
		s.exact.walk(w.path, w, m.exact)
	} else {
		s.exact.walk(w.path, w, m.exact)
		if s.folds {
			w.path = foldInto(w.path)
			s.plain.walk(w.path, w, m.folded)
			s.folded.walk(w.path, w, m.folded)
		}
	}
	if m.walker == nil {
		s.scratch.Put(w)
	}
}

// walker returns scratch space. Matches that are used again keep theirs; those
// that hold one result for long hold nothing else.
func (s *Set) walker(m *Matches) *walker {
	if m.walker != nil {
		return m.walker
	}
	w, ok := s.scratch.Get().(*walker)
	if !ok {
		w = new(walker)
	}
	if m.set != nil {
		m.walker = w
	}
	return w
}

// Matches is the result of a walk, and the scratch space of the next. The zero
// Matches is ready for any set; it serves one goroutine at a time.
type Matches struct {
	set    *Set
	exact  []int32 // per list: the index of the deciding glob plus one, 0 for none
	folded []int32 // the same for the case-folded path, where it matters to the list
	walker *walker // nil until it is used again
}

func (m *Matches) reset(s *Set) {
	if m.set == s {
		clear(m.exact)
		clear(m.folded)
		return
	}
	both := make([]int32, 2*len(s.lists))
	m.set, m.exact, m.folded = s, both[:len(s.lists)], both[len(s.lists):]
}

// Has reports whether the list matched the path: as it is written or folded when
// it protects, and when it permits both as it is written and not excluded folded.
func (m *Matches) Has(l List) bool {
	if m.set.lists[l].use == Permit {
		return m.holds(m.exact, l) && !m.excludes(m.folded, l)
	}
	return m.holds(m.exact, l) || m.holds(m.folded, l)
}

func (m *Matches) holds(decided []int32, l List) bool {
	at := decided[l]
	return at > 0 && !m.set.lists[l].negated[at-1]
}

func (m *Matches) excludes(decided []int32, l List) bool {
	at := decided[l]
	return at > 0 && m.set.lists[l].negated[at-1]
}

// Pattern is the index of the glob that decided, -1 when none matched. A glob
// that excludes may decide.
func (m *Matches) Pattern(l List) int {
	exact, folded := m.exact[l], m.folded[l]
	switch {
	case m.set.lists[l].use == Permit && (exact == 0 || !m.excludes(m.folded, l)):
		folded = 0
	case m.set.lists[l].use == Permit, !m.holds(m.exact, l) && m.holds(m.folded, l):
		exact = 0
	}
	if exact > 0 {
		return int(exact) - 1
	}
	return int(folded) - 1
}

// A Matcher is one list on its own. It is safe for concurrent use.
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
