package pathset

import (
	"strings"
	"unicode/utf8"
)

// segment is a compiled glob of one segment: literal pieces between stars. The
// first piece is anchored at the start and the last at the end; each piece is a
// sequence of tokens. The forms suffix and prefix are looked up by affixes.
type segment struct {
	form   form
	text   string // of the forms suffix and prefix
	pieces [][]token
}

type form int

const (
	general form = iota
	anything
	suffix // "*.md"
	prefix // "test_*"
)

// token matches one character.
type token struct {
	kind   byte // 'c' a character, '?' any, '[' a class
	r      rune
	negate bool
	ranges []rune // pairs
}

// plain reports whether a segment has no special characters, and its text with
// escapes resolved.
func plain(s string) (string, bool) {
	if !strings.ContainsAny(s, `*?[\`) {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '*', '?', '[':
			return "", false
		case '\\':
			i++
		}
		if i < len(s) {
			b.WriteByte(s[i])
		}
	}
	return b.String(), true
}

// compileSegment reads a valid segment.
func compileSegment(s string) segment {
	if strings.Trim(s, "*") == "" {
		return segment{form: anything}
	}
	if rest := strings.TrimLeft(s, "*"); len(rest) < len(s) && !strings.ContainsAny(rest, `*?[\`) {
		return segment{form: suffix, text: rest}
	}
	if rest := strings.TrimRight(s, "*"); len(rest) < len(s) && !strings.ContainsAny(rest, `*?[\`) {
		return segment{form: prefix, text: rest}
	}
	g := segment{pieces: [][]token{nil}}
	for i := 0; i < len(s); {
		if s[i] == '*' {
			for i < len(s) && s[i] == '*' {
				i++
			}
			g.pieces = append(g.pieces, nil)
			continue
		}
		t, n := readToken(s[i:])
		i += n
		last := len(g.pieces) - 1
		g.pieces[last] = append(g.pieces[last], t)
	}
	return g
}

// readToken reads one character, escape or class; the segment is valid.
func readToken(s string) (token, int) {
	switch s[0] {
	case '?':
		return token{kind: '?'}, 1
	case '[':
		return readClass(s)
	case '\\':
		r, n := utf8.DecodeRuneInString(s[1:])
		return token{kind: 'c', r: r}, 1 + n
	}
	r, n := utf8.DecodeRuneInString(s)
	return token{kind: 'c', r: r}, n
}

func readClass(s string) (token, int) {
	t := token{kind: '['}
	i := 1
	if s[i] == '!' || s[i] == '^' {
		t.negate = true
		i++
	}
	for s[i] != ']' {
		low, n := classRune(s[i:])
		i += n
		high := low
		if s[i] == '-' && s[i+1] != ']' {
			high, n = classRune(s[i+1:])
			i += 1 + n
		}
		t.ranges = append(t.ranges, low, high)
	}
	return t, i + 1
}

func classRune(s string) (rune, int) {
	if s[0] == '\\' {
		r, n := utf8.DecodeRuneInString(s[1:])
		return r, 1 + n
	}
	return utf8.DecodeRuneInString(s)
}

func (t *token) accepts(r rune) bool {
	switch t.kind {
	case 'c':
		return t.r == r
	case '?':
		return true
	}
	in := false
	for i := 0; i < len(t.ranges); i += 2 {
		in = in || t.ranges[i] <= r && r <= t.ranges[i+1]
	}
	return in != t.negate
}

// match reports whether the whole name matches. The pieces between the first
// and the last are found from left to right, each at its first place, which
// never needs to be taken back.
func (g *segment) match(name string) bool {
	if g.form == anything {
		return true
	}
	n, ok := consume(g.pieces[0], name)
	if !ok {
		return false
	}
	name = name[n:]
	if len(g.pieces) == 1 {
		return name == ""
	}
	last := len(g.pieces) - 1
	for _, piece := range g.pieces[1:last] {
		if name, ok = find(piece, name); !ok {
			return false
		}
	}
	return endsWith(g.pieces[last], name)
}

// consume matches a piece at the start of a name.
func consume(piece []token, name string) (int, bool) {
	at := 0
	for i := range piece {
		if at >= len(name) {
			return 0, false
		}
		r, n := utf8.DecodeRuneInString(name[at:])
		if !piece[i].accepts(r) {
			return 0, false
		}
		at += n
	}
	return at, true
}

// find returns what follows the first place where a piece matches.
func find(piece []token, name string) (string, bool) {
	for {
		if n, ok := consume(piece, name); ok {
			return name[n:], true
		}
		if name == "" {
			return "", false
		}
		_, n := utf8.DecodeRuneInString(name)
		name = name[n:]
	}
}

// endsWith matches a piece at the end of a name.
func endsWith(piece []token, name string) bool {
	at := len(name)
	for range piece {
		_, n := utf8.DecodeLastRuneInString(name[:at])
		if n == 0 {
			return false
		}
		at -= n
	}
	n, ok := consume(piece, name[at:])
	return ok && at+n == len(name)
}
