package pathset

import (
	"cmp"
	"slices"
)

// automaton is a trie of segments. Node 0 is the root. Equal segments are one
// symbol wherever they stand, so that a name is looked up once, not once per
// node.
type automaton struct {
	nodes    []node
	segments []segment        // by symbol
	words    map[string]int32 // the symbols of literal segments
	heads    trie             // the symbols of globs by how they begin …
	tails    trie             // … or end, whichever is longer
	targets  [][]target       // by number of the glob; 0 is none

	// Only while globs are added.
	symbols  map[string]int32 // by the segment as it is written
	children map[edge]int32   // to is the node that the edge starts from
}

// target is a place of a list at which a glob stands.
type target struct{ list, index int32 }

type node struct {
	edges []edge  // sorted by symbol
	loose []edge  // of segments without a literal end, each of which is tried
	any   int32   // the node behind "*", 0 for none
	deep  int32   // the node behind "**", 0 for none
	loop  bool    // it stands behind "**": any segment leads back to it
	leaf  bool    // nothing leads on from here
	ends  []int32 // the globs that end here
}

// edge leads on to a node when the segment of the symbol matches.
type edge struct{ symbol, to int32 }

// add enters the alternatives of a glob and returns the glob's number.
func (a *automaton) add(alternatives [][]string, folded bool) int32 {
	if len(a.nodes) == 0 {
		a.nodes = make([]node, 1)
		a.targets = make([][]target, 1)
		a.words = make(map[string]int32)
		a.symbols = make(map[string]int32)
		a.children = make(map[edge]int32)
	}
	number := int32(len(a.targets))
	a.targets = append(a.targets, nil)
	for _, segments := range alternatives {
		at := int32(0)
		for _, s := range segments {
			at = a.child(at, s, folded)
		}
		if n := &a.nodes[at]; !slices.Contains(n.ends, number) {
			n.ends = append(n.ends, number)
		}
	}
	return number
}

// aim has a glob decide at a place of a list.
func (a *automaton) aim(number int32, at target) {
	a.targets[number] = append(a.targets[number], at)
}

// child returns the node behind a segment, and makes it when it is new.
func (a *automaton) child(at int32, text string, folded bool) int32 {
	if text == "**" {
		return a.behindDoubleStar(at)
	}
	symbol := a.symbol(text, folded)
	key := edge{symbol, at}
	if to, ok := a.children[key]; ok {
		return to
	}
	to := a.grow(node{})
	a.children[key] = to
	n, s := &a.nodes[at], &a.segments[symbol]
	switch {
	case s.form == anything:
		n.any = to
	case s.form == word || len(s.head)+len(s.tail) > 0:
		n.edges = append(n.edges, edge{symbol, to})
	default:
		n.loose = append(n.loose, edge{symbol, to})
	}
	return to
}

func (a *automaton) behindDoubleStar(at int32) int32 {
	if a.nodes[at].loop {
		return at // "**/**" is "**"
	}
	if a.nodes[at].deep == 0 {
		to := a.grow(node{loop: true})
		a.nodes[at].deep = to // growing may have moved the nodes
	}
	return a.nodes[at].deep
}

func (a *automaton) grow(n node) int32 {
	a.nodes = append(a.nodes, n)
	return int32(len(a.nodes) - 1)
}

// symbol numbers a segment. Two ways to write one literal are one symbol.
func (a *automaton) symbol(text string, folded bool) int32 {
	if known, ok := a.symbols[text]; ok {
		return known
	}
	s := compileSegment(text, folded)
	if known, ok := a.words[string(s.head)]; ok && s.form == word {
		a.symbols[text] = known
		return known
	}
	number := int32(len(a.segments))
	a.segments = append(a.segments, s)
	a.symbols[text] = number
	switch {
	case s.form == word:
		a.words[string(s.head)] = number
	case len(s.head) > len(s.tail):
		a.heads.add(s.head, number)
	case len(s.tail) > 0:
		slices.Reverse(s.tail)
		a.tails.add(s.tail, number)
		slices.Reverse(s.tail)
	}
	return number
}

// finish brings the nodes into the form in which they are walked.
func (a *automaton) finish() {
	a.symbols, a.children = nil, nil
	for i := range a.nodes {
		n := &a.nodes[i]
		slices.SortFunc(n.edges, func(x, y edge) int { return cmp.Compare(x.symbol, y.symbol) })
		n.leaf = len(n.edges)+len(n.loose) == 0 && n.any == 0 && n.deep == 0 && !n.loop
	}
}
