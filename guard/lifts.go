package guard

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

// The ways in which somebody lifts something.
const (
	byComment = "comment"
	byButton  = "button"
)

// standing is what is known of a pull request when people have their say.
type standing struct {
	*evaluation
	loaded  *github.Loaded
	layers  []verdict.Layer
	verdict *verdict.Verdict // without anything lifted
	prints  *prints
	makers  makers
	rights  *rights
}

func (e *evaluation) standing(loaded *github.Loaded, layers []verdict.Layer, v *verdict.Verdict) *standing {
	return &standing{e, loaded, layers, v, newPrints(loaded.Change), makersOf(loaded), &rights{evaluation: e, roles: make(map[string]bool), teams: make(map[string]bool)}}
}

// people lets people have their say in a verdict on a pull request: it carries
// out what they asked for and judges again with what they lifted.
func (e *evaluation) people(ctx context.Context, loaded *github.Loaded, in verdict.Input, v *verdict.Verdict, scopes []string) (*verdict.Verdict, session.Record, error) {
	s := e.standing(loaded, in.Layers, v)
	lifted, err := s.obey(ctx)
	if err != nil {
		return nil, in.Record, err
	}
	if lifted { // a session
		if in.Record, err = e.record(ctx, scopes); err != nil {
			return nil, in.Record, err
		}
		if s.verdict, err = verdict.Judge(ctx, in); err != nil {
			return nil, in.Record, err
		}
	}
	e.prints = s.prints.all(s.verdict)
	in.Lifts, err = s.lifts(ctx)
	e.judged = in
	if err != nil || len(in.Lifts) == 0 {
		return s.verdict, in.Record, err
	}
	v, err = verdict.Judge(ctx, in)
	return v, in.Record, err
}

// lifts are the approvals and overrides in force, by finding.
func (s *standing) lifts(ctx context.Context) (map[string]verdict.Lift, error) {
	if len(s.evaluation.prints) == 0 {
		return nil, nil
	}
	stored, err := s.Store.Lifts(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	if len(stored) == 0 && len(s.loaded.Approvals) == 0 {
		return nil, nil
	}
	if err := s.meet(ctx); err != nil {
		return nil, err
	}
	found := make(map[string]verdict.Lift)
	for i := range s.verdict.Findings {
		f := &s.verdict.Findings[i]
		if f.Final() {
			continue
		}
		if l, ok := s.override(f, stored); ok {
			found[f.ID] = l
			continue
		}
		if f.Level != policy.Approve {
			continue
		}
		l, ok, err := s.approval(ctx, f, stored)
		if err != nil {
			return nil, err
		}
		if ok {
			found[f.ID] = l
		}
	}
	return found, nil
}

// override is the last one of a finding in this content that is not over.
func (s *standing) override(f *verdict.Finding, stored []store.Lift) (verdict.Lift, bool) {
	print := s.prints.of(f)
	for _, l := range slices.Backward(stored) {
		if l.Kind != string(verdict.Override) || l.Finding != f.ID || l.Print != print || !l.Until.After(s.Now()) {
			continue
		}
		if why := s.ownChange(person(l.By, l.ByID), l.Via, overridesOf(s.layers, f)); why != "" {
			continue // it is theirs by now, or an agent shows
		}
		return verdict.Lift{Kind: verdict.Override, By: []string{l.By}, Reason: l.Reason, Until: l.Until.UTC().Truncate(time.Second).Format(time.RFC3339)}, true
	}
	return verdict.Lift{}, false
}

func person(login string, id int64) change.Person {
	return change.Person{Login: login, ID: id, Kind: change.User}
}

// ownChange says why somebody may not lift anything in their own change, "" if
// they may or it is not theirs.
func (s *standing) ownChange(who change.Person, via string, asked []policy.Overrides) string {
	if !s.makers.has(who) {
		return ""
	}
	for _, o := range asked {
		if !o.Self {
			return "this is your own change, and the policy lets nobody override in their own (`overrides.self`)"
		}
	}
	if s.verdict.Session.Actor == session.Agent && via != byButton {
		return "an agent was recognised in this change, so comments of the people whose change it is lift nothing; the button of the check run can"
	}
	return ""
}

// approval counts the people who approve a finding in this content, by a review
// or by the button.
func (s *standing) approval(ctx context.Context, f *verdict.Finding, stored []store.Lift) (verdict.Lift, bool, error) {
	people, err := s.approvers(ctx, f, stored)
	if err != nil || len(people) == 0 {
		return verdict.Lift{}, false, err
	}
	var by []string
	for _, asked := range approvalsOf(s.layers, f) {
		n := 0
		for _, p := range people {
			ok, err := s.rights.among(ctx, p, asked.From)
			if err != nil {
				return verdict.Lift{}, false, err
			}
			if ok {
				n++
				by = append(by, p.Login)
			}
		}
		if n < max(1, asked.Count) {
			return verdict.Lift{}, false, nil
		}
	}
	slices.Sort(by)
	return verdict.Lift{Kind: verdict.Approval, By: slices.Compact(by)}, true, nil
}

// approvers are those who approved the finding in this content, and whose change
// it is not. Each is counted once.
func (s *standing) approvers(ctx context.Context, f *verdict.Finding, stored []store.Lift) ([]change.Person, error) {
	var people []change.Person
	add := func(p change.Person) {
		same := func(q change.Person) bool { return q.ID == p.ID || strings.EqualFold(q.Login, p.Login) }
		if !s.makers.has(p) && !slices.ContainsFunc(people, same) {
			people = append(people, p)
		}
	}
	print := s.prints.of(f)
	for _, r := range s.loaded.Approvals {
		same, err := s.sameAt(ctx, r.Commit, f.ID, print)
		if err != nil {
			return nil, err
		}
		if same {
			add(r.By)
		}
	}
	for _, l := range stored {
		if l.Kind == string(verdict.Approval) && l.Finding == f.ID && l.Print == print {
			add(person(l.By, l.ByID))
		}
	}
	return people, nil
}

// sameAt reports whether a finding was the same, in the same content, at a head.
func (s *standing) sameAt(ctx context.Context, head, finding, print string) (bool, error) {
	switch head {
	case s.loaded.Change.Head:
		return true, nil
	case "":
		return false, nil
	}
	stored, err := s.Store.LatestAt(ctx, s.Name(), head)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && printsOf(stored)[finding] == print, err
}
