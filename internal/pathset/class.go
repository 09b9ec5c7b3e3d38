package pathset

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// class is "[a-z]". Its nil is "?".
type class struct {
	negated bool
	folded  bool   // a character is in it when another case of it is
	ranges  []rune // pairs
}

func (c *class) accepts(r rune) bool {
	if c == nil {
		return true
	}
	in := c.holds(r)
	if c.folded && !in {
		for other := unicode.SimpleFold(r); other != r && !in; other = unicode.SimpleFold(other) {
			in = c.holds(other)
		}
	}
	return in != c.negated
}

func (c *class) holds(r rune) bool {
	for i := 0; i < len(c.ranges); i += 2 {
		if c.ranges[i] <= r && r <= c.ranges[i+1] {
			return true
		}
	}
	return false
}

// readClass reads a valid class and its length.
func readClass(s string, folded bool) (*class, int) {
	c := &class{folded: folded}
	i := classStart(s, 0)
	c.negated = i == 2
	for s[i] != ']' {
		low, n := classRune(s[i:])
		i += n
		high := low
		if s[i] == '-' {
			high, n = classRune(s[i+1:])
			i += 1 + n
		}
		c.ranges = append(c.ranges, low, high)
	}
	return c, i + 1
}

// classStart is the place behind the bracket at a place and its negation.
func classStart(s string, at int) int {
	if at++; at < len(s) && (s[at] == '!' || s[at] == '^') {
		at++
	}
	return at
}

// classRune reads one character, which may be escaped. Its length is 0 when
// there is none that a class may hold.
func classRune(s string) (rune, int) {
	text, escaped := strings.CutPrefix(s, `\`)
	r, n := utf8.DecodeRuneInString(text)
	if n == 0 || r == '/' {
		return 0, 0
	}
	if escaped {
		n++
	}
	return r, n
}

// classEnd finds the bracket that closes a class.
func classEnd(glob string, start int) (int, *flaw) {
	open := &flaw{offset: start, reason: `this [ is not closed; write \[ for the character`}
	first := classStart(glob, start)
	for i := first; i < len(glob); {
		switch {
		case glob[i] == ']' && i == first:
			return start, &flaw{offset: start, reason: `this [ ] is empty; write \[ for the character`}
		case glob[i] == ']':
			return i, nil
		case glob[i] == '-':
			return start, &flaw{offset: i, reason: `a hyphen in [ ] must stand between two characters; write \- for the character`}
		}
		low, n := classRune(glob[i:])
		if n == 0 {
			return start, open
		}
		i += n
		if i+1 >= len(glob) || glob[i] != '-' || glob[i+1] == ']' {
			continue
		}
		high, n := classRune(glob[i+1:])
		if n == 0 {
			return start, open
		}
		if high < low {
			return start, &flaw{offset: i, reason: "this range is empty: its end is before its start"}
		}
		i += 1 + n
	}
	return start, open
}
