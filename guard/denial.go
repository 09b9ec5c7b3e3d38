package guard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

// denial is why something is not lifted: the words before and after the rules that
// it is about, or alone where none come after.
type denial struct{ before, after string }

// maxDenied is how many rules are named.
const maxDenied = 10

func (d denial) of(rules ...string) string {
	if d.after == "" {
		return d.before
	}
	var names []string
	for _, rule := range rules[:min(len(rules), maxDenied)] {
		names = append(names, plain(rule))
	}
	if n := len(rules) - maxDenied; n > 0 {
		names = append(names, fmt.Sprintf("and %d more", n))
	}
	return d.before + strings.Join(names, ", ") + d.after
}

// denials are those of several findings, each with the rules that it is about.
type denials []deniedRules

type deniedRules struct {
	denial
	rules []string
	stops bool // one of the findings stops the change
}

func (l *denials) add(f *verdict.Finding, d denial) {
	i := slices.IndexFunc(*l, func(x deniedRules) bool { return x.denial == d })
	if i < 0 {
		i, *l = len(*l), append(*l, deniedRules{denial: d})
	}
	x := &(*l)[i]
	x.stops = x.stops || f.Level == policy.Block || f.Level == policy.Approve
	if !slices.Contains(x.rules, f.Rule) {
		x.rules = append(x.rules, f.Rule)
	}
}

// text is one sentence: why the first of what stops the change is not lifted, and
// whatever else for the same reason.
func (l denials) text() string {
	x := l[max(0, slices.IndexFunc(l, func(x deniedRules) bool { return x.stops }))]
	return x.of(x.rules...)
}
