package manifest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// A looseVersion is a version as most ecosystems write them: numbers, then words.
// The edge stands just before everything that begins with these numbers (-1), or
// just behind this very version (1).
type looseVersion struct {
	core  []uint64
	words []string // lower-case words and numbers behind the core; none for a release
	edge  int8
	above bool // words unknown here come after the release, as Maven and images have them
}

// preWords are those that mean "not yet"; their rank is their order.
var preWords = map[string]int{
	"dev": 1, "nightly": 2, "canary": 2, "snapshot": 9, "alpha": 3, "a": 3, "beta": 4, "b": 4, "milestone": 5, "m": 5, "ea": 5, "preview": 6, "pre": 6, "next": 6, "rc": 7, "cr": 7,
}

// parseLoose reads a version. At most 15 digits make a number.
func parseLoose(s string, above bool) (looseVersion, bool) {
	v := looseVersion{above: above}
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimPrefix(s, "v")
	s, _, _ = strings.Cut(s, "+")
	for {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if n == 0 || n > maxDigits {
			break
		}
		number, _ := strconv.ParseUint(s[:n], 10, 64) // digits, at most 15
		v.core = append(v.core, number)
		s = s[n:]
		if len(s) < 2 || s[0] != '.' || s[1] < '0' || s[1] > '9' {
			break
		}
		s = s[1:]
	}
	if len(v.core) == 0 || len(v.core) > maxNesting || len(s) > maxQuoteLen || strings.ContainsAny(s, " \t\"'$*<>=,|()[]{}") {
		return v, false
	}
	v.words = looseWords(s)
	return v, true
}

// looseWords splits at marks and between letters and digits; words that mean a
// release are none.
func looseWords(s string) []string {
	var words []string
	for len(s) > 0 {
		n := 0
		for n < len(s) && strings.IndexByte(".-_~", s[n]) < 0 && (n == 0 || isDigits(s[n:n+1]) == isDigits(s[:1])) {
			n++
		}
		if word := s[:n]; n > 0 && word != "final" && word != "ga" && word != "release" {
			words = append(words, word)
		}
		s = s[max(n, 1):]
	}
	return words
}

func (v looseVersion) components() []uint64 { return v.core }

// Compare orders numbers with zeros behind them, then words.
func (v looseVersion) Compare(o looseVersion) int {
	for i := range max(len(v.core), len(o.core)) {
		if c := cmp.Compare(component(v.core, i), component(o.core, i)); c != 0 {
			return c
		}
	}
	if v.edge < 0 || o.edge < 0 {
		return cmp.Compare(v.edge, o.edge)
	}
	return cmp.Or(slices.CompareFunc(v.ranked(), o.ranked(), compareRanked), cmp.Compare(v.edge, o.edge))
}

// A rankedWord is a word with its place before (below 0) or behind a release.
type rankedWord struct {
	rank int
	word string
}

// ranked ends in the place of a release, so that it can be compared with words.
func (v looseVersion) ranked() []rankedWord {
	list := make([]rankedWord, 0, len(v.words)+1)
	for _, w := range v.words {
		r := rankedWord{word: w}
		switch {
		case preWords[w] > 0:
			r.rank = preWords[w] - 100
		case isDigits(w):
			r.rank = 2
		case v.above:
			r.rank = 1
		default:
			r.rank = -50
		}
		list = append(list, r)
	}
	return append(list, rankedWord{})
}

func compareRanked(a, b rankedWord) int {
	if c := cmp.Compare(a.rank, b.rank); c != 0 {
		return c
	}
	if isDigits(a.word) && isDigits(b.word) {
		a.word, b.word = strings.TrimLeft(a.word, "0"), strings.TrimLeft(b.word, "0")
		return cmp.Or(cmp.Compare(len(a.word), len(b.word)), strings.Compare(a.word, b.word))
	}
	return strings.Compare(a.word, b.word)
}

// A looseSet is what a specification of such versions accepts.
type looseSet = set[looseVersion]

// A clause is one part of a specification.
type clause struct{ op, version string }

// looseSpec reads alternatives, each of clauses that all hold.
func looseSpec(alternatives [][]clause, above bool) (*looseSet, bool) {
	s := &looseSet{}
	for _, all := range alternatives {
		if len(all) > maxClauses || len(alternatives) > maxClauses {
			return nil, false
		}
		spans := everything[looseVersion]()
		for _, c := range all {
			some, ok := c.spans(above)
			if !ok {
				return nil, false
			}
			spans = intersect(spans, some)
		}
		s.spans = append(s.spans, spans...)
	}
	s.spans = unite(s.spans, nil)
	s.single = isOneVersion(s.spans)
	return s, true
}

// isOneVersion reports whether spans end right behind the version that they begin
// with.
func isOneVersion(spans []span[looseVersion]) bool {
	if len(spans) != 1 || spans[0].lo == nil || spans[0].hi == nil {
		return false
	}
	lo, hi := spans[0].lo, spans[0].hi
	return lo.edge == 0 && hi.edge == 1 && slices.Equal(lo.core, hi.core) && slices.Equal(lo.words, hi.words)
}

// spans reads one clause. "~" is up to the next of the component before the last
// one written, but of two at least; "~>" is that of the component before the last.
func (c clause) spans(above bool) ([]span[looseVersion], bool) {
	text := c.version
	if text == "*" || text == "" {
		return everything[looseVersion](), c.op == "=" || c.op == "" || c.op == ">=" || c.op == "^" || c.op == "~"
	}
	for _, end := range []string{".*", ".x", ".X", ".+"} {
		for strings.HasSuffix(text, end) {
			text = strings.TrimSuffix(text, end)
			if c.op == "=" || c.op == "" || c.op == "^" || c.op == "~" {
				c.op = "prefix"
			}
		}
	}
	v, ok := parseLoose(text, above)
	if !ok {
		return nil, false
	}
	at, behind := v, v
	behind.edge = 1
	low := looseVersion{core: v.core, edge: -1, above: above}
	if len(v.words) > 0 {
		low = v
	}
	upTo := func(component int) []span[looseVersion] {
		hi := v.upper(component)
		return []span[looseVersion]{{&low, &hi}}
	}
	last := len(v.core) - 1
	switch c.op {
	case "=":
		return []span[looseVersion]{{&at, &behind}}, true
	case "!=":
		return without(span[looseVersion]{&at, &behind}), true
	case ">":
		return []span[looseVersion]{{&behind, nil}}, true
	case ">=":
		return []span[looseVersion]{{&at, nil}}, true
	case "<":
		if len(v.words) == 0 {
			at.edge = -1
		}
		return []span[looseVersion]{{nil, &at}}, true
	case "<=":
		return []span[looseVersion]{{nil, &behind}}, true
	case "prefix":
		return upTo(last), true
	case "~":
		return upTo(min(last, 1)), true
	case "~>":
		return upTo(max(last-1, 0)), true
	case "^":
		first := 0
		for first < last && v.core[first] == 0 {
			first++
		}
		return upTo(first), true
	case "^pub": // what follows 0.0.x is as good as it in pub
		return upTo(min(last, map[bool]int{true: 1}[v.core[0] == 0])), true
	}
	return nil, false
}

// upper is the edge before the next of one component.
func (v looseVersion) upper(component int) looseVersion {
	core := slices.Clone(v.core[:component+1])
	core[component]++
	return looseVersion{core: core, edge: -1, above: v.above}
}

// acceptsLoose reports whether one version is in the set.
func acceptsLoose(s *looseSet, version string) bool {
	v, ok := parseLoose(version, false)
	return ok && s.contains(v)
}

// cutOperator takes an operator off a clause; both ends are trimmed.
func cutOperator(s string) (op, rest string) {
	s = strings.TrimSpace(s)
	n := 0
	for n < len(s) && strings.IndexByte("<>=!~^", s[n]) >= 0 {
		n++
	}
	return s[:n], strings.TrimSpace(s[n:])
}

// numbers is the core, written down.
func (v looseVersion) numbers() string {
	parts := make([]string, len(v.core))
	for i, n := range v.core {
		parts[i] = strconv.FormatUint(n, 10)
	}
	return strings.Join(parts, ".")
}
