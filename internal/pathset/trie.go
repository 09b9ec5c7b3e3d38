package pathset

// trie finds which of many texts a name begins with. Read backwards, it finds
// with which it ends.
type trie struct {
	root  [256]int32 // the nodes of the first byte, 0 for none
	nodes []letter
}

// letter is a node: the byte that leads to it, and the texts that end with it.
type letter struct {
	byte        byte
	child, next int32 // the first node below, the next one beside; 0 for none
	symbols     []int32
}

func (t *trie) add(text []byte, symbol int32) {
	if t.nodes == nil {
		t.nodes = make([]letter, 1)
	}
	at := t.root[text[0]]
	if at == 0 {
		at = t.grow(letter{byte: text[0]})
		t.root[text[0]] = at
	}
	for _, c := range text[1:] {
		below := t.below(at, c)
		if below == 0 {
			below = t.grow(letter{byte: c, next: t.nodes[at].child})
			t.nodes[at].child = below
		}
		at = below
	}
	t.nodes[at].symbols = append(t.nodes[at].symbols, symbol)
}

func (t *trie) grow(l letter) int32 {
	t.nodes = append(t.nodes, l)
	return int32(len(t.nodes) - 1)
}

// below returns the node that a byte leads to, 0 for none.
func (t *trie) below(at int32, c byte) int32 {
	for at = t.nodes[at].child; at != 0 && t.nodes[at].byte != c; {
		at = t.nodes[at].next
	}
	return at
}

// starts appends the symbols of the texts that the name begins with.
func (t *trie) starts(name []byte, to []int32) []int32 {
	if len(name) == 0 {
		return to
	}
	for at, i := t.root[name[0]], 1; at != 0; i++ {
		to = append(to, t.nodes[at].symbols...)
		if i == len(name) {
			break
		}
		at = t.below(at, name[i])
	}
	return to
}

// ends appends the symbols of the texts that the name, read backwards, begins
// with.
func (t *trie) ends(name []byte, to []int32) []int32 {
	if len(name) == 0 {
		return to
	}
	for at, i := t.root[name[len(name)-1]], len(name)-2; at != 0; i-- {
		to = append(to, t.nodes[at].symbols...)
		if i < 0 {
			break
		}
		at = t.below(at, name[i])
	}
	return to
}
