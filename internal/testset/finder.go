package testset

import (
	"regexp"
	"strings"
	"sync"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A searcher finds what a regular expression would, without going over the whole
// text with it.
type searcher interface {
	// all are the matches and their groups, at most n of them; -1 is for all.
	all(code string, n int) [][]int
}

// A start is how a match begins.
type start struct {
	text string // as it stands there
	word bool   // nothing of a word stands before
	then string // behind it, and behind blanks, one of these bytes; "" for anything
	// line is for a match that begins with its line and the blanks there; text is
	// then one of the bytes that follow.
	line bool
	// stop are bytes of which the match holds one, last, and the first of them is it.
	stop string
}

// A finder finds the matches of a regular expression that begin in one of some
// ways: it is asked there alone, so that a text without any costs next to nothing.
type finder struct {
	re     *lazyregexp.Regexp
	starts []start
	once   sync.Once
	table  [256][]start // by the first byte
	lines  string       // the bytes of those that begin lines
	// first matches where a text begins, later behind one byte.
	first, later *regexp.Regexp
}

// find makes a finder. A start that begins with \b is one of a word, one with ^
// lists the bytes that begin a line.
func find(re *lazyregexp.Regexp, starts ...string) *finder {
	list := make([]start, 0, len(starts))
	for _, s := range starts {
		word, isWord := strings.CutPrefix(s, `\b`)
		line, isLine := strings.CutPrefix(s, "^")
		switch {
		case isWord:
			list = append(list, start{text: word, word: true})
		case isLine:
			list = append(list, start{text: line, line: true})
		default:
			list = append(list, start{text: s})
		}
	}
	return findAt(re, list...)
}

func findAt(re *lazyregexp.Regexp, starts ...start) *finder { return &finder{re: re, starts: starts} }

// stopAt says of all starts where a match ends.
func (f *finder) stopAt(stop string) *finder {
	for i := range f.starts {
		f.starts[i].stop = stop
	}
	return f
}

func (f *finder) prepare() {
	f.first, f.later = regexp.MustCompile("^(?:"+f.re.String()+")"), regexp.MustCompile("^(?s:.)(?:"+f.re.String()+")")
	for _, s := range f.starts {
		if s.line {
			f.lines += s.text
			continue
		}
		f.table[s.text[0]] = append(f.table[s.text[0]], s)
	}
}

func (f *finder) all(code string, n int) (found [][]int) {
	f.once.Do(f.prepare)
	search := &finding{finder: f, code: code}
	for at := 0; at < len(code) && (n < 0 || len(found) < n); {
		if f.lines == "" && f.table[code[at]] == nil {
			at++
			continue
		}
		m := search.match(at)
		switch {
		case m != nil:
			found = append(found, m)
			at = m[1]
		case f.lines == "":
			at++
		default:
			next := strings.IndexByte(code[at:], '\n')
			if next < 0 {
				return found
			}
			at += next + 1
		}
	}
	return found
}

// A finding is a finder under way in a text.
type finding struct {
	*finder
	code string
	stop int // the first byte that stops, behind where it was looked for last
}

// match is the match that begins at a place; nil for none.
func (f *finding) match(at int) []int {
	if f.lines != "" {
		if at > 0 && f.code[at-1] != '\n' || !f.begins(at) {
			return nil
		}
		return f.ask(at, len(f.code))
	}
	for _, s := range f.table[f.code[at]] {
		if !strings.HasPrefix(f.code[at:], s.text) || s.word && at > 0 && asciiWord(f.code[at-1]) || !f.follows(at+len(s.text), s.then) {
			continue
		}
		to := len(f.code)
		if s.stop != "" {
			if to = f.stops(at+len(s.text), s.stop) + 1; to > len(f.code) || f.code[to-1] != s.stop[0] {
				continue
			}
		}
		if m := f.ask(at, to); m != nil {
			return m
		}
	}
	return nil
}

// begins reports whether a line begins as a match does.
func (f *finding) begins(at int) bool {
	for at < len(f.code) && (f.code[at] == ' ' || f.code[at] == '\t') {
		at++
	}
	return at < len(f.code) && strings.IndexByte(f.lines, f.code[at]) >= 0
}

func (f *finding) follows(at int, then string) bool {
	if then == "" {
		return true
	}
	at = pastBlanks(f.code, at)
	return at < len(f.code) && strings.IndexByte(then, f.code[at]) >= 0
}

// stops is the first of some bytes; places do not go back.
func (f *finding) stops(from int, stop string) int {
	if f.stop < from {
		if f.stop = len(f.code); from < len(f.code) {
			if at := strings.IndexAny(f.code[from:], stop); at >= 0 {
				f.stop = from + at
			}
		}
	}
	return f.stop
}

// ask puts the question to the regular expression, which sees the byte before.
func (f *finding) ask(at, to int) []int {
	if at == 0 {
		return f.first.FindStringSubmatchIndex(f.code[:to])
	}
	m := f.later.FindStringSubmatchIndex(f.code[at-1 : to])
	for i := range m {
		if m[i] >= 0 {
			m[i] += at - 1
		}
	}
	if m != nil {
		m[0] = at
	}
	return m
}

// A gate is a regular expression that matches only texts that hold one of some.
type gate struct {
	re    *lazyregexp.Regexp
	needs []string
}

func gated(re *lazyregexp.Regexp, needs ...string) *gate { return &gate{re, needs} }

// MatchString reports whether a text has a match.
func (g *gate) MatchString(text string) bool {
	for _, need := range g.needs {
		if strings.Contains(text, need) {
			return g.re.MatchString(text)
		}
	}
	return false
}

// asciiWord is what \w is.
func asciiWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// wordEnd is where the word ends that goes on at a place.
func wordEnd(code string, at int) int {
	for at < len(code) && asciiWord(code[at]) {
		at++
	}
	return at
}

// pastBlanks is the next byte that is none.
func pastBlanks(code string, at int) int {
	for at < len(code) && blankByte(code[at]) {
		at++
	}
	return at
}

// blankByte is what \s is.
func blankByte(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' && c != '\v' }

// A seeker finds the next of a byte, and remembers where it looked.
type seeker struct {
	code     string
	c        byte
	from, at int // there is none from the one up to the other
}

func seek(code string, c byte) seeker { return seeker{code: code, c: c, from: -1, at: -1} }

// next is len(code) for none.
func (s *seeker) next(from int) int {
	if from < s.from || from > s.at {
		s.from, s.at = from, len(s.code)
		if from < len(s.code) {
			if at := strings.IndexByte(s.code[from:], s.c); at >= 0 {
				s.at = from + at
			}
		}
	}
	return s.at
}
