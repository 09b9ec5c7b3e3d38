package pathset

import (
	"math"
	"testing"
)

// After four thousand million segments the counter of steps wraps, and marks of
// the first round must not be taken for those of the second.
func TestMarksSurviveTheCounter(t *testing.T) {
	t.Parallel()
	var b Builder
	l, err := b.Add(Protect, "a/**/[b]/*.go", "x")
	if err != nil {
		t.Fatal(err)
	}
	set := b.Build()
	var m Matches
	set.Match("", &m)
	set.Match("", &m) // now it has scratch space of its own
	for i := range m.walker.seen {
		m.walker.seen[i] = uint32(i + 1)
	}
	for i := range m.walker.told {
		m.walker.told[i] = uint32(i + 1)
	}
	m.walker.step = math.MaxUint32 - 2
	for range 5 {
		if set.Match("a/b/b/c.go", &m); !m.Has(l) {
			t.Error("the match is lost")
		}
		if set.Match("b/b/c.go", &m); m.Has(l) {
			t.Error("a mark of the last round matched")
		}
	}
	if m.walker.step > 1000 {
		t.Errorf("the counter is at %d and did not wrap", m.walker.step)
	}
}

// Equal globs, and equal beginnings of globs, are the same states. Those that
// folding does not change are states of their own, walked for both.
func TestEqualGlobsAreTheSameStates(t *testing.T) {
	t.Parallel()
	var b Builder
	for _, patterns := range [][]string{
		{"a/b/**", "a/b/*.go"},
		{"!a/b/**", `\a/b/*.go`},
		{"a/b/**/**"},
		{"A/b/**", "A/b/*.go"},
		{"!A/b/**", `\A/b/*.go`},
		{"A/b/**/**"},
	} {
		if _, err := b.Add(Protect, patterns...); err != nil {
			t.Fatal(err)
		}
	}
	for name, a := range map[string]*automaton{"plain": &b.plain, "exact": &b.exact, "folded": &b.folded} {
		if len(a.nodes) != 5 { // the root, a, b, what is behind **, *.go
			t.Errorf("%s: %d states, want 5", name, len(a.nodes))
		}
		if len(a.segments) != 3 {
			t.Errorf("%s: %d segments, want 3", name, len(a.segments))
		}
	}
}
