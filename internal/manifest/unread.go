package manifest

import (
	"slices"
	"strings"
)

// An Unread is a part of a manifest that is a program and has a say in what is
// asked for, but is not written in the plain way that a reader understands. What it
// asks for nobody can tell from its text; whether it changed can be told.
type Unread struct {
	Text          string
	Line, EndLine int

	marks string // how the texts in it are quoted, where that was told
}

// NewlyUnread is the first of these parts that a change touches. Their order counts.
// Of a part that went, or moved, the place is where it was among the others, or line
// 0 behind the last of them.
func NewlyUnread(before, after *File) (Unread, bool) {
	if after == nil {
		return Unread{}, false
	}
	var old []Unread
	if before != nil {
		old = before.Unread
	}
	now := after.Unread
	for len(old) > 0 && len(now) > 0 && old[0].Text == now[0].Text {
		old, now = old[1:], now[1:]
	}
	for len(old) > 0 && len(now) > 0 && old[len(old)-1].Text == now[len(now)-1].Text {
		old, now = old[:len(old)-1], now[:len(now)-1]
	}
	switch {
	case len(now) > 0:
		return now[0], true
	case len(old) > 0:
		return Unread{Text: old[0].Text}, true
	}
	return Unread{}, false
}

// unread adds a part.
func (f *File) unread(tokens []codeToken) error {
	if len(tokens) == 0 {
		return nil
	}
	f.Unread = append(f.Unread, Unread{Text: joinedCode(tokens), Line: tokens[0].line, EndLine: max(tokens[0].line, tokens[len(tokens)-1].end)})
	return f.count()
}

// rest takes every line of which something was not read for an unread part: where
// lists are computed, anything may be what they are computed from but what is idle.
func (f *File) rest(tokens []codeToken) error {
	var line []codeToken
	for i := range tokens {
		t := &tokens[i]
		if len(line) > 0 && t.line != line[0].line {
			if err := f.unread(line); err != nil {
				return err
			}
			line = line[:0]
		}
		if !t.read && !t.idle && t.kind != codeEnd {
			line = append(line, *t)
		}
	}
	return f.unread(line)
}

// codeStatements splits what stands between two brackets, or a whole program. A
// statement goes on behind a line end where the words on one side of it ask for it.
func codeStatements(tokens []codeToken) [][]codeToken {
	var all [][]codeToken
	from := 0
	add := func(to int) {
		if s := trimEnds(tokens[from:to]); len(s) > 0 {
			all = append(all, s)
		}
		from = to
	}
	for i := 0; i < len(tokens); i++ {
		switch t := &tokens[i]; {
		case t.span > 0:
			i += t.span
		case t.kind == codeEnd && (t.text == ";" || !goesOnCode(tokens, i)):
			add(i)
		}
	}
	add(len(tokens))
	return all
}

func trimEnds(s []codeToken) []codeToken {
	for len(s) > 0 && s[0].kind == codeEnd {
		s = s[1:]
	}
	for len(s) > 0 && s[len(s)-1].kind == codeEnd {
		s = s[:len(s)-1]
	}
	return s
}

// goesOnCode looks at both sides of a line end.
func goesOnCode(tokens []codeToken, at int) bool {
	if at > 0 {
		if t := &tokens[at-1]; t.kind == codeMark && strings.Contains(",=+-*&<:.?(", t.text) || t.label {
			return true
		}
	}
	for i := at + 1; i < len(tokens) && i < at+64; i++ {
		if t := &tokens[i]; t.kind != codeEnd {
			return t.kind == codeMark && strings.Contains(".?{&:", t.text)
		}
	}
	return false
}

// codeArguments splits at the commas outside of brackets.
func codeArguments(tokens []codeToken) [][]codeToken {
	var all [][]codeToken
	from := 0
	for i := 0; i < len(tokens); i++ {
		switch {
		case tokens[i].span > 0:
			i += tokens[i].span
		case tokens[i].is(","):
			all, from = append(all, trimEnds(tokens[from:i])), i+1
		}
	}
	if last := trimEnds(tokens[from:]); len(last) > 0 {
		all = append(all, last)
	}
	return all
}

// markRead says that a reader took words in.
func markRead(tokens []codeToken) {
	for i := range tokens {
		tokens[i].read = true
	}
}

// markUnread takes that back for words of which a reader only knows that they are
// there: what they do shows in nothing that is compared.
func markUnread(tokens []codeToken) {
	for i := range tokens {
		tokens[i].read = false
	}
}

// inBrackets is what stands between brackets that are all there is.
func inBrackets(tokens []codeToken, open string) ([]codeToken, bool) {
	if len(tokens) > 1 && tokens[0].is(open) && tokens[0].span == len(tokens)-1 {
		return tokens[1 : len(tokens)-1], true
	}
	return nil, false
}

// oneCodeLine is a statement without the line ends in it.
func oneCodeLine(s []codeToken) []codeToken {
	if !slices.ContainsFunc(s, func(t codeToken) bool { return t.kind == codeEnd }) {
		return s
	}
	line := make([]codeToken, 0, len(s))
	var open []int
	for _, t := range s {
		if t.kind == codeEnd {
			continue
		}
		switch {
		case t.span > 0:
			open = append(open, len(line))
		case t.kind == codeMark && strings.Contains(")]}", t.text) && len(open) > 0:
			at := open[len(open)-1]
			open = open[:len(open)-1]
			line[at].span = len(line) - at
		}
		line = append(line, t)
	}
	return line
}
