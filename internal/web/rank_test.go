package web_test

import (
	"fmt"
	"strings"
	"testing"
)

// A page says how risky a change is among the repository's others, and nothing
// where they are few.
func TestPageSaysTheRank(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.judged(1, "Mine", sample()) // 60 points
	for n := range 25 {
		if seen := p.get("/acme/app/pull/1"); strings.Contains(seen, "riskier") != (n >= 20) {
			t.Errorf("with %d others: %t", n, !(n >= 20))
		}
		v := sample()
		v.ID = fmt.Sprint("other", n)
		if v.Risk.Score = 10; n%5 == 0 {
			v.Risk.Score = 90
		}
		p.judged(n+2, "Other", v)
	}
	if seen := p.get("/acme/app/pull/1"); !strings.Contains(seen, "riskier than 80 % of the last 25 changes here") {
		t.Error(seen)
	}
}
