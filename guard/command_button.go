package guard

import (
	"context"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

// approveChange carries out the button: it lifts what an approval lifts, for
// whoever may override it, and else counts as their approval.
func (s *standing) approveChange(ctx context.Context, c store.Command) (decision, error) {
	seen, err := s.seen(ctx, c)
	if err != nil {
		return decision{}, err
	}
	var d decision
	why := "There is nothing here that an approval lifts."
	for i := range s.verdict.Findings {
		f := &s.verdict.Findings[i]
		if f.Final() || f.Level != policy.Approve {
			continue
		}
		until, denied, err := s.mayOverride(ctx, c, f, seen, byButton)
		if err != nil {
			return decision{}, err
		}
		l := store.Lift{Kind: string(verdict.Override), Finding: f.ID, Rule: f.Rule, Print: s.prints.of(f), By: c.By, ByID: c.ByID, Via: byButton, MadeAt: s.Now(), Until: until}
		no := ""
		if denied != (denial{}) {
			if no, err = s.mayApprove(ctx, c, f, seen); err != nil {
				return decision{}, err
			}
			l.Kind, l.Until = string(verdict.Approval), time.Time{}
		} else {
			l.Reason = "approved by the button of the check run"
		}
		if no != "" {
			why = no
			continue
		}
		d.lifts = append(d.lifts, l)
	}
	if len(d.lifts) == 0 {
		return refused("%s pressed “Approve change”, which lifts nothing: %s", plain(c.By), why), nil
	}
	return d, nil
}

func (s *standing) mayApprove(ctx context.Context, c store.Command, f *verdict.Finding, seen map[string]string) (no string, err error) {
	who := person(c.By, c.ByID)
	switch {
	case seen[f.ID] != s.prints.of(f):
		return movedOn, nil
	case s.makers.has(who):
		return "Nobody approves their own change.", nil
	}
	for _, a := range approvalsOf(s.layers, f) {
		ok, err := s.rights.among(ctx, who, a.From)
		if err != nil {
			return "", err
		}
		if !ok {
			return s.rights.takes("An approval", a.From).of(f.Rule), nil
		}
	}
	return "", nil
}
