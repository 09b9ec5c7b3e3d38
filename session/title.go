package session

import "unicode"

// MatchTitle compares a whole title with a pattern, ignoring case as Unicode's
// simple folding does. Only "*" (any characters) and "?" (one character) are
// special.
//
// All places of the pattern at which the title may stand are followed at once,
// one bit each, so the time is the title's length times a 64th of the
// pattern's, whatever they hold.
func MatchTitle(pattern, title string) bool {
	p := compileTitle(pattern)
	at, next := make([]uint64, p.words), make([]uint64, p.words)
	at[0] = 1
	for _, r := range title {
		if !p.step(at, next, p.accepts(fold(r))) {
			return false
		}
		at, next = next, at
	}
	return at[p.end/64]>>(p.end%64)&1 == 1
}

// titlePattern is a pattern as places: place i stands before its i-th character,
// stars not counted.
type titlePattern struct {
	end   int // the place behind the last character
	words int
	stays []uint64          // places with a star
	any   []uint64          // places before "?"
	moves map[rune][]uint64 // places before this character, and those of any
}

func compileTitle(pattern string) *titlePattern {
	n := len(pattern)/64 + 1
	p := &titlePattern{words: n, stays: make([]uint64, n), any: make([]uint64, n), moves: make(map[rune][]uint64)}
	for _, r := range pattern {
		bit := uint64(1) << (p.end % 64)
		switch r = fold(r); r {
		case '*':
			p.stays[p.end/64] |= bit
			continue
		case '?':
			p.any[p.end/64] |= bit
		default:
			if p.moves[r] == nil {
				p.moves[r] = make([]uint64, n)
			}
			p.moves[r][p.end/64] |= bit
		}
		p.end++
	}
	for _, places := range p.moves {
		for i := range places {
			places[i] |= p.any[i]
		}
	}
	return p
}

// accepts are the places that a character leads on from.
func (p *titlePattern) accepts(r rune) []uint64 {
	if places, ok := p.moves[r]; ok {
		return places
	}
	return p.any
}

// step follows one character and reports whether any place is left.
func (p *titlePattern) step(at, next, accepts []uint64) bool {
	var carry, left uint64
	for i, places := range at {
		moved := places & accepts[i]
		next[i] = places&p.stays[i] | moved<<1 | carry
		carry = moved >> 63
		left |= next[i]
	}
	return left != 0
}

// fold is the least of the letters that differ only in case.
func fold(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}
