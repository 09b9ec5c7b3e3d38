package migration

import (
	"iter"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A scan looks for signs in a code from its beginning to its end. Each place asks
// from where the one before ended, so no part is searched twice for the same, and
// a hostile file takes as long as any other of its size.
type scan struct {
	s, lower string // lower has its ASCII letters in lower case, at the same places
	words    map[string]*finder
}

func newScan(s, lower string) *scan {
	return &scan{s: s, lower: lower, words: make(map[string]*finder)}
}

// next is where a word, in lower case, or a byte is next.
func (t *scan) next(word string, from int) int {
	f := t.words[word]
	if f == nil {
		f = &finder{of: word, whole: true}
		t.words[word] = f
	}
	return f.next(t.lower, min(from, len(t.s)))
}

// begins is where a word is next that does not go on another.
func (t *scan) begins(word string, from int) int {
	for at := t.next(word, from); ; at = t.next(word, at+1) {
		if at == len(t.s) || at == 0 || !isWord(t.s[at-1]) {
			return at
		}
	}
}

// ends reports whether a word ends at a place behind one of its letters.
func (t *scan) ends(at int) bool { return at == len(t.s) || !isWord(t.s[at]) }

// phrase is the place behind words with space between them, -1 when they are not
// there.
func (t *scan) phrase(at int, words ...string) int {
	for i, w := range words {
		if i > 0 {
			at = t.space(at)
		}
		if at < 0 || !strings.HasPrefix(t.lower[at:], w) {
			return -1
		}
		at += len(w)
	}
	return at
}

// space is the place behind some space, -1 when there is none.
func (t *scan) space(at int) int {
	if at < 0 {
		return -1
	}
	if end := t.blanks(at); end > at {
		return end
	}
	return -1
}

func (t *scan) blanks(at int) int {
	for at < len(t.s) && isSpace(t.s[at]) {
		at++
	}
	return at
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// statement is where it ends.
func (t *scan) statement(at int) int { return t.next(";", at) }

// lineEnd is where a line ends.
func (t *scan) lineEnd(at int) int {
	if n := strings.IndexByte(t.s[at:], '\n'); n >= 0 {
		return at + n
	}
	return len(t.s)
}

// lowered has its ASCII letters in lower case.
func lowered(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

// A search finds a sign at some place or behind: where it begins and ends, -1 when
// it is nowhere.
type search func(t *scan, from int) (start, end int)

// all are the places of a sign, in order; none overlap.
func (f search) all(s, lower string) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		t := newScan(s, lower)
		for at := 0; at < len(s); {
			start, end := f(t, at)
			if start < 0 || !yield(start, end) {
				return
			}
			at = max(end, start+1)
		}
	}
}

// inLines finds an expression that does not cross lines, on lines that have one of
// some words. The words are in lower case.
func inLines(re *lazyregexp.Regexp, words ...string) search {
	return func(t *scan, from int) (int, int) {
		for from < len(t.s) {
			at := len(t.s)
			for _, w := range words {
				at = min(at, t.next(w, from))
			}
			if at == len(t.s) {
				break
			}
			// What was found on this line already is not looked at again, but for the
			// byte before, which may be of a word.
			begin := max(strings.LastIndexByte(t.s[:at], '\n')+1, from-1)
			end := t.lineEnd(at)
			if m := re.FindStringIndex(t.s[begin:end]); m != nil {
				return begin + m[0], begin + m[1]
			}
			from = end + 1
		}
		return -1, -1
	}
}

// behind finds an expression, which begins with "^", where a text is, in lower
// case, that begins a word.
func behind(text string, re *lazyregexp.Regexp) search {
	return func(t *scan, from int) (int, int) {
		for at := t.begins(text, from); at < len(t.s); at = t.begins(text, at+1) {
			if m := re.FindStringIndex(t.s[at:]); m != nil {
				return at, at + m[1]
			}
		}
		return -1, -1
	}
}
