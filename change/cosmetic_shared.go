package change

import (
	"bytes"
	"math"
	"reflect"
	"slices"
)

// Two sides of a change are mostly the same text. Where both scanners are in the
// same state and the same bytes follow, one of them reads for both; the other
// takes over its state shortly before the texts part.
//
// That is sound because of what scanners look at. What they decide depends on
// their state, on the line that they have read last, and on what follows: up to
// the end of the token, or, to see how one goes on, up to the next word or the end
// of the line. Where the end of something is looked for and not found, the side is
// bad, and with it the answer.
//
// Who looks further, or takes the end of the file for an end like others, as CSS
// does to see what a statement is, is not ready to hand over there: CSS is where a
// statement begins, JavaScript outside of elements.

// sharing is a scanner that another one can go on from.
type sharing interface {
	scanner
	place() int
	// ready reports whether nothing was decided by what stands further behind than
	// the next line.
	ready() bool
	// state is all that decides how the scanner reads on, but for its place and text.
	state() any
	// skim reads a token, and more until a place is reached, and returns the mark of
	// the last. Every scanner has its own, so that a token costs no dynamic call.
	skim(to int) uint64
	// on is a scanner in the same state in another text.
	on(src []byte, at int) sharing
}

const (
	// minShared is the length of equal text below which both sides are read.
	minShared = 2048
	// apartLines are the lines with something in them that are read on both sides
	// before the texts part.
	apartLines = 4
	// lookBack bounds the line that was read last.
	lookBack = 512
)

// bothSides are the two that are compared.
type bothSides struct {
	before, after scanner
	a, b          []byte
	try           int // the place of before from which on a common text is looked for
}

// same reads both sides to their ends.
func (s *bothSides) same() bool {
	for {
		if s.try >= 0 {
			if answer, ok := s.share(); ok {
				return answer
			}
		}
		a, b := s.before.next(), s.after.next()
		if a.mark != b.mark || a.mark == tokenBad || !sameText(a.text, b.text) {
			return false
		}
		if a.mark == tokenEnd {
			return len(s.after.unseen()) == 0 || slices.Equal(s.before.unseen(), s.after.unseen())
		}
	}
}

// share passes over a text that both sides have, if one follows; true says that
// the answer is known.
func (s *bothSides) share() (answer, ok bool) {
	before, can := s.before.(sharing)
	after, both := s.after.(sharing)
	if !can || !both {
		s.try = -1
		return false, false
	}
	i := before.place()
	if i < s.try || !before.ready() {
		return false, false
	}
	j := after.place()
	s.try = i + minShared
	if len(s.a)-i < minShared || len(s.b)-j < minShared || !sameLine(s.a[:i], s.b[:j]) || !reflect.DeepEqual(before.state(), after.state()) {
		return false, false
	}
	n := commonLength(s.a[i:], s.b[j:])
	s.try = max(s.try, i+n)
	switch {
	case n == len(s.a)-i && n == len(s.b)-j:
		return before.skim(math.MaxInt) == tokenEnd, true
	case n < minShared:
		return false, false
	}
	return s.readOne(before, j-i, i, lastLines(s.a, i, i+n))
}

// readOne lets one side read up to a limit, and the other go on from where it was
// ready last.
func (s *bothSides) readOne(before sharing, shift, from, limit int) (answer, ok bool) {
	kept := before.on(s.a, from)
	for next := from; ; {
		at := before.place()
		if at > limit {
			break
		}
		if at >= next && before.ready() {
			kept = before.on(s.a, at)
			next = at + max(minShared/8, (limit-at)/8)
		}
		switch before.skim(min(next, limit+1)) {
		case tokenBad:
			return false, true
		case tokenEnd:
			limit = -1 // nothing follows that would tell
		}
	}
	s.before = kept
	if kept.place() > from {
		s.after = kept.on(s.b, kept.place()+shift)
	}
	return false, false
}

// sameLine reports whether two texts end with the same line, from its beginning
// on, or begin and end here both.
func sameLine(a, b []byte) bool {
	for n := 1; n <= lookBack; n++ {
		if n > len(a) || n > len(b) {
			return len(a) == len(b)
		}
		x, y := a[len(a)-n], b[len(b)-n]
		if x != y {
			return false
		}
		if x == '\n' && n > 1 {
			return true
		}
	}
	return false
}

// lastLines is a place before which some lines with something in them stand up to
// the end of a piece of text, or its beginning.
func lastLines(src []byte, from, to int) int {
	for range apartLines {
		for to > from && isSpace(src[to-1]) {
			to--
		}
		to = from + bytes.LastIndexByte(src[from:to], '\n') + 1
	}
	return to
}

// commonLength is the length of what two texts begin with both.
func commonLength(a, b []byte) int {
	const piece = 256
	n, most := 0, min(len(a), len(b))
	for n+piece <= most && bytes.Equal(a[n:n+piece], b[n:n+piece]) {
		n += piece
	}
	for n < most && a[n] == b[n] {
		n++
	}
	return n
}

func (l *layout) place() int { return l.at }

// ready is true where nothing else is said.
func (l *layout) ready() bool { return true }

// nowhere is a layout without its place.
func (l layout) nowhere() layout {
	l.src, l.at = nil, 0
	return l
}

// on is a layout in another text.
func (l layout) on(src []byte, at int) layout {
	l.src, l.at, l.hidden = src, at, slices.Clone(l.hidden)
	return l
}

// ready: among the children of elements, braces with nothing but comments in
// them are told from others by their end; where all that stands between two
// tokens counts, that begins further behind.
func (s *curlyScanner) ready() bool { return len(s.tags) == 0 && s.ended == 0 }

func (s *curlyScanner) state() any {
	if s.asked {
		s.countLines()
	}
	c := *s
	c.layout, c.counted = s.nowhere(), 0
	return c
}

func (s *curlyScanner) on(src []byte, at int) sharing {
	if s.asked {
		s.countLines()
	}
	c := *s
	c.layout, c.counted = s.layout.on(src, at), at
	c.opened, c.holes, c.tags = slices.Clone(s.opened), slices.Clone(s.holes), slices.Clone(s.tags)
	return &c
}

func (s *goScanner) state() any {
	c := *s
	c.layout = s.nowhere()
	return c
}

func (s *goScanner) on(src []byte, at int) sharing {
	c := *s
	c.layout = s.layout.on(src, at)
	return &c
}

func (s *pythonScanner) state() any {
	c := *s
	c.layout = s.nowhere()
	c.line = min(c.line, 3) // the first two are told from the others
	return c
}

func (s *pythonScanner) on(src []byte, at int) sharing {
	c := *s
	c.layout = s.layout.on(src, at)
	return &c
}

func (s *shellScanner) state() any {
	c := *s
	c.layout = s.nowhere()
	return c
}

func (s *shellScanner) on(src []byte, at int) sharing {
	c := *s
	c.layout, c.documents = s.layout.on(src, at), slices.Clone(s.documents)
	return &c
}

func (s *sqlScanner) state() any {
	c := *s
	c.layout = s.nowhere()
	return c
}

func (s *sqlScanner) on(src []byte, at int) sharing {
	c := *s
	c.layout = s.layout.on(src, at)
	return &c
}

// ready: what a statement is shows at its end.
func (s *cssScanner) ready() bool { return s.statement == cssBegin }

func (s *cssScanner) state() any {
	c := *s
	c.layout = s.nowhere()
	return c
}

func (s *cssScanner) on(src []byte, at int) sharing {
	c := *s
	c.layout, c.parens = s.layout.on(src, at), slices.Clone(s.parens)
	return &c
}
