package guard

import (
	"slices"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/verdict"
)

// inherited is what was lifted in the members of a merge group.
type inherited struct {
	finding, print string
	lift           verdict.Lift
}

// inherit notes what a member's verdict says was lifted and is not over.
func (e *evaluation) inherit(v *verdict.Verdict, prints map[string]string) {
	for _, f := range v.Findings {
		if f.LiftedBy == nil || prints[f.ID] == "" || e.over(f.LiftedBy) {
			continue
		}
		e.inherited = append(e.inherited, inherited{f.ID, unbound(prints[f.ID]), *f.LiftedBy})
	}
}

// over reports whether what lifted a finding has come to its end.
func (e *evaluation) over(l *verdict.Lift) bool {
	until, err := time.Parse(time.RFC3339, l.Until)
	return l.Until != "" && (err != nil || !until.After(e.Now()))
}

// leans reports whether a verdict passes by a lift that is over; it will be judged
// again in a moment.
func (e *evaluation) leans(v *verdict.Verdict) bool {
	return !v.Observed && slices.ContainsFunc(v.Findings, func(f verdict.Finding) bool { return f.LiftedBy != nil && e.over(f.LiftedBy) })
}

// heirlooms are the lifts of members that hold in the group: of the same
// finding, in the same content.
func (e *evaluation) heirlooms(c *change.Change, v *verdict.Verdict) map[string]verdict.Lift {
	if len(e.inherited) == 0 {
		return nil
	}
	lifts := make(map[string]verdict.Lift)
	for id, print := range newPrints(c).all(v) {
		for _, i := range e.inherited {
			if i.finding == id && i.print == unbound(print) {
				lifts[id] = i.lift
			}
		}
	}
	return lifts
}
