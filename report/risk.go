package report

import (
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/verdict"
)

// ShapeWhy says where the points for size and shape come from, in one line: half
// of them count. A verdict that was written before there was an explanation has
// the sum alone.
func ShapeWhy(v *verdict.Verdict) string {
	why := fmt.Sprintf("half of %d points", v.Risk.Shape)
	if len(v.Risk.ShapeWhy) == 0 {
		return why
	}
	var parts []string
	for _, f := range v.Risk.ShapeWhy {
		parts = append(parts, f.Why)
	}
	return why + ": " + strings.Join(parts, "; ")
}

// risk explains the risk's points to a terminal: the shape, then each factor.
func (t *terminal) risk(v *verdict.Verdict) {
	t.line(fmt.Sprintf("  risk %s, %d of 100 (size and shape %d%s)", v.Risk.Level, v.Risk.Score, v.Risk.Shape/2, factors(v)))
	if len(v.Risk.ShapeWhy) > 0 {
		t.why("size and shape", ShapeWhy(v))
	}
	for _, f := range v.Risk.Factors[:min(len(v.Risk.Factors), maxListed)] {
		t.why(f.Name, f.Why)
	}
	if left := len(v.Risk.Factors) - maxListed; left > 0 {
		t.why("and "+plural(left, "more factor"), "changeguard check --format json has all")
	}
}

func (t *terminal) why(name, why string) {
	t.line("    " + t.paint(faint, Visible(clip(name, maxName)+": "+clip(why, maxWhere))))
}

// factors names each factor with its points.
func factors(v *verdict.Verdict) string {
	var b strings.Builder
	for _, f := range v.Risk.Factors {
		fmt.Fprintf(&b, ", %s %d", Visible(f.Name), f.Points)
	}
	return b.String()
}
