package pathset

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// segment is a compiled glob of one segment: pieces between stars. The first
// piece is anchored at the start and the last at the end.
type segment struct {
	form       form
	head, tail []byte // the literal text at the ends, if any
	pieces     []piece
}

type form int

const (
	general  form = iota
	word          // literal: head is all of it
	affix         // "test_*.py": head, a star, tail
	anything      // "*"
)

type piece []token

// token is a literal text, or one character: of a class, or any when there is
// neither.
type token struct {
	text  []byte
	class *class
}

// compileSegment reads a valid segment. Folded, it is for case-folded names.
func compileSegment(s string, folded bool) segment {
	g := segment{pieces: []piece{nil}}
	for s != "" {
		last := len(g.pieces) - 1
		if rest := strings.TrimLeft(s, "*"); rest != s {
			g.pieces = append(g.pieces, nil)
			s = rest
			continue
		}
		var t token
		t, s = readToken(s, folded)
		g.pieces[last] = append(g.pieces[last], t)
	}
	g.classify()
	return g
}

// classify finds the literal ends, by which the automaton finds the segment.
func (g *segment) classify() {
	first, last := g.pieces[0], g.pieces[len(g.pieces)-1]
	if len(first) > 0 {
		g.head = first[0].text
	}
	if len(last) > 0 {
		g.tail = last[len(last)-1].text
	}
	literal := !slices.ContainsFunc(slices.Concat(g.pieces...), func(t token) bool { return t.text == nil })
	switch {
	case literal && len(g.pieces) == 1:
		g.form = word
	case literal && len(g.pieces) == 2 && len(first)+len(last) == 0:
		g.form = anything
	case literal && len(g.pieces) == 2:
		g.form = affix
	}
}

// readToken reads a character class, a "?" or as much literal text as there is.
func readToken(s string, folded bool) (token, string) {
	switch s[0] {
	case '?':
		return token{}, s[1:]
	case '[':
		c, n := readClass(s, folded)
		return token{class: c}, s[n:]
	}
	var text []byte
	i := 0
	for ; i < len(s) && !strings.ContainsRune("*?[", rune(s[i])); i++ {
		if s[i] == '\\' {
			i++
		}
		text = append(text, s[i])
	}
	text = appendComposed(nil, string(text)) // what a backslash had kept apart
	if folded {
		text = foldInto(text)
	}
	return token{text: text}, s[i:]
}

// match reports whether the whole name matches. The pieces between the first
// and the last are found from left to right, each at its first place, which
// never needs to be taken back.
func (g *segment) match(name []byte) bool {
	switch g.form {
	case word:
		return bytes.Equal(g.head, name)
	case affix:
		return len(name) >= len(g.head)+len(g.tail) && bytes.HasPrefix(name, g.head) && bytes.HasSuffix(name, g.tail)
	case anything:
		return true
	}
	n, ok := g.pieces[0].consume(name)
	if !ok {
		return false
	}
	name = name[n:]
	if len(g.pieces) == 1 {
		return len(name) == 0
	}
	last := len(g.pieces) - 1
	for _, p := range g.pieces[1:last] {
		if name, ok = p.find(name); !ok {
			return false
		}
	}
	return g.pieces[last].ends(name)
}

// consume matches a piece at the start of a name.
func (p piece) consume(name []byte) (int, bool) {
	at := 0
	for _, t := range p {
		if t.text != nil {
			if !bytes.HasPrefix(name[at:], t.text) {
				return 0, false
			}
			at += len(t.text)
			continue
		}
		r, n := utf8.DecodeRune(name[at:])
		if n == 0 || !t.class.accepts(r) {
			return 0, false
		}
		at += n
	}
	return at, true
}

// find returns what follows the first place where a piece matches.
func (p piece) find(name []byte) ([]byte, bool) {
	for {
		if lead := p[0].text; lead != nil {
			at := bytes.Index(name, lead)
			if at < 0 {
				return nil, false
			}
			name = name[at:]
		}
		if n, ok := p.consume(name); ok {
			return name[n:], true
		}
		if len(name) == 0 {
			return nil, false
		}
		_, n := utf8.DecodeRune(name)
		name = name[n:]
	}
}

// ends matches a piece at the end of a name.
func (p piece) ends(name []byte) bool {
	for _, t := range slices.Backward(p) {
		if t.text != nil {
			if !bytes.HasSuffix(name, t.text) {
				return false
			}
			name = name[:len(name)-len(t.text)]
			continue
		}
		r, n := utf8.DecodeLastRune(name)
		if n == 0 || !t.class.accepts(r) {
			return false
		}
		name = name[:len(name)-n]
	}
	return true
}
