package testset

import (
	"slices"
	"strings"
)

// words are the names, numbers and words of a text.
type words struct {
	all     []uint64 // hashed, sorted, each once
	numbers []uint64 // those that begin with a digit
	values  int      // how many numbers there are, and texts
}

func wordsOf(text string) words {
	var w words
	for at := 0; at < len(text); at++ {
		c := text[at]
		if c == '"' || c == '\'' {
			w.values++
		}
		if !wordByte(c) {
			continue
		}
		from := at
		for at < len(text) && wordByte(text[at]) {
			at++
		}
		h := hash(text[from:at])
		w.all = append(w.all, h)
		if c >= '0' && c <= '9' {
			w.numbers = append(w.numbers, h)
			w.values++
		}
		at--
	}
	slices.Sort(w.all)
	slices.Sort(w.numbers)
	w.all, w.numbers = slices.Compact(w.all), slices.Compact(w.numbers)
	return w
}

// restOf are the words of a text that stand in none of its spans, which follow
// one another: tables and providers.
func restOf(text string, spans []span) *words {
	var rest strings.Builder
	at := 0
	for _, s := range spans {
		if s.from > at {
			rest.WriteString(text[at:s.from])
			rest.WriteByte('\n')
		}
		at = max(at, s.to)
	}
	rest.WriteString(text[min(at, len(text)):])
	w := wordsOf(rest.String())
	return &w
}

// share is how many of some words are among others, in percent.
func share(some []uint64, among ...[]uint64) int {
	if len(some) == 0 {
		return 100
	}
	n := 0
	for _, h := range some {
		if slices.ContainsFunc(among, func(list []uint64) bool { _, found := slices.BinarySearch(list, h); return found }) {
			n++
		}
	}
	return 100 * n / len(some)
}

// alikeWords is how much of a test's words, in percent, another must hold to be
// the one that took it in.
const alikeWords = 65

// TakesIn reports whether a test, which was another before, now makes the
// assertions of one that is gone: it makes them for many cases, which have become
// more, and it knows all its numbers and most of its words. before is nil for a
// test that is new.
func (t Test) TakesIn(gone Test, before *Test) bool {
	if !t.Repeats || t.Skipped || t.Asserts == 0 || gone.Asserts > 0 && t.Weight*gone.Asserts < gone.Weight*t.Asserts {
		return false
	}
	rest := words{}
	if t.rest != nil {
		rest = *t.rest
	}
	if before != nil && before.Repeats && t.words.values+rest.values <= before.words.values+before.restValues() {
		return false
	}
	if _, there := slices.BinarySearch(rest.all, hash(lastName(gone.Name))); there {
		return false // it is there, and no test any more
	}
	return share(gone.words.numbers, t.words.numbers, rest.numbers) == 100 && share(gone.words.all, t.words.all, rest.all) >= alikeWords
}

func (t *Test) restValues() int {
	if t.rest == nil {
		return 0
	}
	return t.rest.values
}
