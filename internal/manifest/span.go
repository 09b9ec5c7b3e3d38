package manifest

import (
	"slices"
	"strconv"
)

// An ordered version knows its place among others and its numeric components.
type ordered[V any] interface {
	Compare(V) int
	components() []uint64
}

// A span holds the versions from lo up to, but without, hi. A nil end is open.
type span[V ordered[V]] struct{ lo, hi *V }

// everything is the span without ends.
func everything[V ordered[V]]() []span[V] { return []span[V]{{}} }

// compareLow orders low ends; none is the lowest.
func compareLow[V ordered[V]](a, b *V) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return (*a).Compare(*b)
}

// compareHigh orders high ends; none is the highest.
func compareHigh[V ordered[V]](a, b *V) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return (*a).Compare(*b)
}

// before reports whether the high end h lies at or before the low end l.
func before[V ordered[V]](h, l *V) bool {
	return h != nil && l != nil && (*h).Compare(*l) <= 0
}

// intersect returns what is in both lists; both are sorted and disjoint.
func intersect[V ordered[V]](a, b []span[V]) []span[V] {
	var both []span[V]
	for i, j := 0, 0; i < len(a) && j < len(b); {
		s := span[V]{a[i].lo, a[i].hi}
		if compareLow(b[j].lo, s.lo) > 0 {
			s.lo = b[j].lo
		}
		first := compareHigh(a[i].hi, b[j].hi) <= 0
		if !first {
			s.hi = b[j].hi
		}
		if !before(s.hi, s.lo) {
			both = append(both, s)
		}
		if first {
			i++
		} else {
			j++
		}
	}
	return both
}

// unite sorts spans and joins those that touch or overlap. The function says
// whether two spans with a gap between them touch all the same.
func unite[V ordered[V]](all []span[V], touch func(hi, lo V) bool) []span[V] {
	slices.SortStableFunc(all, func(a, b span[V]) int { return compareLow(a.lo, b.lo) })
	var joined []span[V]
	for _, s := range all {
		if n := len(joined) - 1; n >= 0 && touching(joined[n].hi, s.lo, touch) {
			if compareHigh(s.hi, joined[n].hi) > 0 {
				joined[n].hi = s.hi
			}
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

func touching[V ordered[V]](hi, lo *V, touch func(hi, lo V) bool) bool {
	return hi == nil || lo == nil || (*lo).Compare(*hi) <= 0 || touch != nil && touch(*hi, *lo)
}

// without returns the complement of one span.
func without[V ordered[V]](s span[V]) []span[V] {
	var rest []span[V]
	if s.lo != nil {
		rest = append(rest, span[V]{hi: s.lo})
	}
	if s.hi != nil {
		rest = append(rest, span[V]{lo: s.hi})
	}
	return rest
}

// A set is what a specification accepts: spans of versions, and the
// pre-releases that it lets in (each ecosystem has its own notion).
type set[V ordered[V]] struct {
	spans []span[V]
	pre   []string
	// single says that the specification names one version, although the span
	// ends where the next one begins.
	single bool
}

// covers reports whether every version of the other set is in this one.
func (s *set[V]) covers(o *set[V]) bool {
	for _, p := range o.pre {
		if !slices.Contains(s.pre, p) {
			return false
		}
	}
	i := 0
	for _, in := range o.spans {
		for i < len(s.spans) && before(s.spans[i].hi, in.lo) {
			i++
		}
		if i == len(s.spans) || compareLow(s.spans[i].lo, in.lo) > 0 || compareHigh(s.spans[i].hi, in.hi) < 0 {
			return false
		}
	}
	return true
}

// contains reports whether one version is in the spans.
func (s *set[V]) contains(v V) bool {
	for _, in := range s.spans {
		if (in.lo == nil || v.Compare(*in.lo) >= 0) && (in.hi == nil || v.Compare(*in.hi) < 0) {
			return true
		}
	}
	return false
}

// low is the lowest version that the set names; it stands for the whole set
// where versions are compared.
func (s *set[V]) low() *V {
	if len(s.spans) == 0 {
		return nil
	}
	return s.spans[0].lo
}

// width tells ranges of the same generosity: "1:1" is up to the next minor
// version, "0:1" up to the next major one. It is "" where a set has no width.
// Moving such a range is an upgrade; widening it is not.
func (s *set[V]) width() string {
	if s.single {
		return "one"
	}
	if len(s.spans) != 1 || s.spans[0].lo == nil || s.spans[0].hi == nil {
		return ""
	}
	lo, hi := (*s.spans[0].lo).components(), (*s.spans[0].hi).components()
	at := firstDifference(lo, hi)
	if at < 0 {
		return "one"
	}
	return strconv.Itoa(at) + ":" + strconv.FormatUint(component(hi, at)-component(lo, at), 10)
}

func component(c []uint64, i int) uint64 {
	if i < len(c) {
		return c[i]
	}
	return 0
}

// firstDifference is the index of the first component that differs, -1 for none.
func firstDifference(a, b []uint64) int {
	for i := range max(len(a), len(b)) {
		if component(a, i) != component(b, i) {
			return i
		}
	}
	return -1
}

// step names how far apart two versions are. Only the components count: a
// difference in what follows them is a patch.
func step(old, new []uint64) Kind {
	at := firstDifference(old, new)
	if at < 0 {
		return Patch
	}
	first := 0
	for first < len(old) && old[first] == 0 {
		first++
	}
	switch {
	case at == 0, at <= first && first < len(old):
		return Major
	case at == 1:
		return Minor
	}
	return Patch
}
