package pathset

import (
	"slices"
	"strings"
)

// target is a glob of a list.
type target struct{ list, index int32 }

// automaton is a trie of segments. Node 0 is the root. A node with loop stays
// active whatever the segment: it stands behind "**".
type automaton struct{ nodes []node }

type node struct {
	literal map[string]int32
	suffix  affixes // "*.md"
	prefix  affixes // "test_*"
	globs   []edge  // everything else
	deep    int32   // the node behind "**", 0 for none
	loop    bool
	ends    []target
}

// affixes are the nodes behind many globs of one form. A name is looked up once
// per distinct length, not once per glob.
type affixes struct {
	lengths []int
	to      map[string]int32
	inner   bool // some of the nodes lead on; else only a last segment is asked
}

func (a *affixes) add(text string, to int32) {
	if a.to == nil {
		a.to = make(map[string]int32)
	}
	a.to[text] = to
	if !slices.Contains(a.lengths, len(text)) {
		a.lengths = append(a.lengths, len(text))
	}
}

// edge leads on when its glob matches a segment.
type edge struct {
	glob segment
	text string
	to   int32
}

func (a *automaton) add(segments []string, end target) {
	if len(a.nodes) == 0 {
		a.nodes = append(a.nodes, node{})
	}
	at := int32(0)
	for _, s := range segments {
		at = a.child(at, s)
	}
	a.nodes[at].ends = append(a.nodes[at].ends, end)
}

// child returns the node behind a segment, and makes it when it is new.
func (a *automaton) child(at int32, s string) int32 {
	n := &a.nodes[at]
	if s == "**" {
		if n.loop {
			return at // "**/**" is "**"
		}
		if n.deep == 0 {
			to := a.grow(node{loop: true})
			a.nodes[at].deep = to // growing may have moved the nodes
		}
		return a.nodes[at].deep
	}
	if name, ok := plain(s); ok {
		if to, ok := n.literal[name]; ok {
			return to
		}
		to := a.grow(node{})
		n = &a.nodes[at]
		if n.literal == nil {
			n.literal = make(map[string]int32)
		}
		n.literal[name] = to
		return to
	}
	return a.globbed(at, s)
}

// globbed returns the node behind a segment with special characters.
func (a *automaton) globbed(at int32, s string) int32 {
	glob := compileSegment(s)
	n := &a.nodes[at]
	if to, ok := n.suffix.to[glob.text]; ok && glob.form == suffix {
		return to
	}
	if to, ok := n.prefix.to[glob.text]; ok && glob.form == prefix {
		return to
	}
	for _, e := range n.globs {
		if e.text == s {
			return e.to
		}
	}
	to := a.grow(node{})
	n = &a.nodes[at]
	switch glob.form {
	case suffix:
		n.suffix.add(glob.text, to)
	case prefix:
		n.prefix.add(glob.text, to)
	default:
		n.globs = append(n.globs, edge{glob, s, to})
	}
	return to
}

func (a *automaton) grow(n node) int32 {
	a.nodes = append(a.nodes, n)
	return int32(len(a.nodes) - 1)
}

// finish notes which affixes can matter within a path.
func (a *automaton) finish() {
	for i := range a.nodes {
		for _, affixes := range []*affixes{&a.nodes[i].suffix, &a.nodes[i].prefix} {
			for _, to := range affixes.to {
				affixes.inner = affixes.inner || a.nodes[to].leadsOn()
			}
		}
	}
}

func (n *node) leadsOn() bool {
	return n.loop || n.deep != 0 || n.literal != nil || n.suffix.to != nil || n.prefix.to != nil || n.globs != nil
}

// walk runs the path through the automaton and notes, per list, the last glob
// that matched.
func (a *automaton) walk(path string, m *Matches, decided []int32) {
	if len(a.nodes) == 0 {
		return
	}
	if len(m.seen) < len(a.nodes) {
		m.seen = make([]uint32, len(a.nodes))
		m.step = 0
	}
	m.active = m.active[:0]
	m.begin()
	m.active = a.activate(m, m.active, 0)
	for rest, more := path, true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		m.begin()
		m.next = m.next[:0]
		for _, at := range m.active {
			m.next = a.advance(m, m.next, at, segment, !more)
		}
		m.active, m.next = m.next, m.active
		if len(m.active) == 0 {
			return
		}
	}
	for _, at := range m.active {
		for _, end := range a.nodes[at].ends {
			decided[end.list] = max(decided[end.list], end.index+1)
		}
	}
}

// begin starts a step; when the counter wraps the marks are void.
func (m *Matches) begin() {
	if m.step++; m.step == 0 {
		clear(m.seen)
		m.step = 1
	}
}

// activate adds a node, and the one behind its "**", which also matches nothing.
func (a *automaton) activate(m *Matches, to []int32, at int32) []int32 {
	if m.seen[at] == m.step {
		return to
	}
	m.seen[at] = m.step
	to = append(to, at)
	if deep := a.nodes[at].deep; deep != 0 {
		to = a.activate(m, to, deep)
	}
	return to
}

// advance follows one segment from a node.
func (a *automaton) advance(m *Matches, to []int32, at int32, segment string, last bool) []int32 {
	n := &a.nodes[at]
	if n.loop {
		to = a.activate(m, to, at)
	}
	if n.literal != nil {
		if next, ok := n.literal[segment]; ok {
			to = a.activate(m, to, next)
		}
	}
	if last || n.suffix.inner {
		for _, l := range n.suffix.lengths {
			if next, ok := n.suffix.to[segment[max(0, len(segment)-l):]]; ok {
				to = a.activate(m, to, next)
			}
		}
	}
	if last || n.prefix.inner {
		for _, l := range n.prefix.lengths {
			if next, ok := n.prefix.to[segment[:min(l, len(segment))]]; ok {
				to = a.activate(m, to, next)
			}
		}
	}
	for i := range n.globs {
		if n.globs[i].glob.match(segment) {
			to = a.activate(m, to, n.globs[i].to)
		}
	}
	return to
}
