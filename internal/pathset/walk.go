package pathset

import "slices"

// walker is the scratch space of a walk.
type walker struct {
	path         []byte   // composed, then folded
	active, next []int32  // nodes
	symbols      []int32  // those that match the segment at hand
	seen         []uint32 // per node: the step in which it became active
	held         []uint32 // per symbol: the step in which it matched
	told         []uint32 // per glob: the step in which it was noted
	step         uint32
}

// fit makes the marks large enough.
func (w *walker) fit(a *automaton) {
	if len(w.seen) < len(a.nodes) || len(w.held) < len(a.segments) || len(w.told) < len(a.targets) {
		w.seen = make([]uint32, max(len(w.seen), len(a.nodes)))
		w.held = make([]uint32, max(len(w.held), len(a.segments)))
		w.told = make([]uint32, max(len(w.told), len(a.targets)))
		w.step = 0
	}
}

// begin starts a step. When the counter wraps the marks are void.
func (w *walker) begin() {
	if w.step++; w.step == 0 {
		clear(w.seen)
		clear(w.held)
		clear(w.told)
		w.step = 1
	}
}

// walk runs a path through the automaton and notes, per list, the last place at
// which a glob matched.
func (a *automaton) walk(path []byte, w *walker, decided []int32) {
	if len(a.nodes) == 0 {
		return
	}
	w.fit(a)
	w.begin()
	w.next = w.next[:0]
	a.activate(w, 0, false)
	for more := true; more && len(w.next) > 0; {
		var name []byte
		name, path, more = cut(path)
		w.begin()
		w.active, w.next = w.next, w.active[:0]
		a.read(w, name)
		for _, at := range w.active {
			a.advance(w, at, name, !more)
		}
	}
	for _, at := range w.next {
		for _, glob := range a.nodes[at].ends {
			a.note(w, glob, decided)
		}
	}
}

// note lets a glob decide wherever it stands.
func (a *automaton) note(w *walker, glob int32, decided []int32) {
	if w.told[glob] == w.step {
		return
	}
	w.told[glob] = w.step
	for _, t := range a.targets[glob] {
		decided[t.list] = max(decided[t.list], t.index+1)
	}
}

// read finds the symbols that match a name, but for the loose ones.
func (a *automaton) read(w *walker, name []byte) {
	w.symbols = a.heads.starts(name, w.symbols[:0])
	w.symbols = a.tails.ends(name, w.symbols)
	matching := w.symbols[:0]
	for _, s := range w.symbols {
		if a.segments[s].match(name) {
			matching = append(matching, s)
		}
	}
	if word, ok := a.words[string(name)]; ok {
		matching = append(matching, word)
	}
	w.symbols = matching
	for _, s := range w.symbols {
		w.held[s] = w.step
	}
}

// activate adds a node, and the one behind its "**", which also matches
// nothing. In the end, nodes matter at which globs end; before, the others.
func (a *automaton) activate(w *walker, at int32, last bool) {
	if w.seen[at] == w.step {
		return
	}
	w.seen[at] = w.step
	n := &a.nodes[at]
	if last && len(n.ends) > 0 || !last && !n.leaf {
		w.next = append(w.next, at)
	}
	if n.deep != 0 {
		a.activate(w, n.deep, last)
	}
}

// advance follows a name from a node.
func (a *automaton) advance(w *walker, at int32, name []byte, last bool) {
	n := &a.nodes[at]
	if n.loop {
		a.activate(w, at, last)
	}
	if n.any != 0 {
		a.activate(w, n.any, last)
	}
	a.follow(w, n.edges, last)
	for _, e := range n.loose {
		if (last || !a.nodes[e.to].leaf) && a.segments[e.symbol].match(name) {
			a.activate(w, e.to, last)
		}
	}
}

// follow takes the edges whose symbols match, by asking the fewer of both.
func (a *automaton) follow(w *walker, edges []edge, last bool) {
	if len(edges) <= 4*len(w.symbols) {
		for _, e := range edges {
			if w.held[e.symbol] == w.step {
				a.activate(w, e.to, last)
			}
		}
		return
	}
	for _, s := range w.symbols {
		at, ok := slices.BinarySearchFunc(edges, s, func(e edge, s int32) int { return int(e.symbol - s) })
		if ok {
			a.activate(w, edges[at].to, last)
		}
	}
}
