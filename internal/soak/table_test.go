package main

import (
	"math"
	"testing"
)

// Too many requests break the soak in full, are a figure of the short form, and are
// not judged where there is nothing to compare them with.
func TestRequestsAreJudgedInFull(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		short           bool
		per, calm       float64
		broken, figures int
	}{
		"few": {false, 1.5, 1, 0, 0}, "many": {false, 1.6, 1, 1, 0}, "many, in short": {true, 1.6, 1, 0, 1}, "not compared": {false, 9, math.Inf(1), 0, 0},
	} {
		got := &table{short: x.short}
		got.requests(x.per, x.calm, books{}, logged{})
		if got.broken != x.broken || got.figures != x.figures || len(got.rows) != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
