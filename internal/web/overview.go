package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/verdict"
)

// days is how far the overview looks back, sampled how many of the newest
// verdicts it reads whole, named how many rules and repositories it shows.
const (
	days    = 30
	sampled = 200
	named   = 12
)

// overview is what the last days were like.
type overview struct {
	All, Stopped, Share    int
	Sample, Agents, People int
	AgentsStopped          int
	PeopleStopped          int
	Bars                   []bar
	From, Words            string
	Rules                  []counted
	Repositories           []repository
}

type counted struct {
	Name  string
	Count int
}

type repository struct {
	Name, State  string
	All, Stopped int
}

// bar is a day of the chart, in its units.
type bar struct {
	Title                                          string
	X                                              int
	PassY, PassH, ApproveY, ApproveH, FailY, FailH int
	pass, approve, fail                            int
}

func (s *server) overview(ctx context.Context, repos []string) (*overview, error) {
	today := s.Now().UTC().Truncate(24 * time.Hour)
	first := today.AddDate(0, 0, 1-days)
	tallies, err := s.Store.Tallies(ctx, repos, first)
	if err != nil {
		return nil, err
	}
	recent, err := s.Store.Recent(ctx, repos, sampled)
	if err != nil {
		return nil, err
	}
	o := &overview{From: first.Format("2 Jan"), Bars: make([]bar, days)}
	o.count(tallies, first)
	o.draw(first)
	o.sample(recent)
	return o, nil
}

// count adds up the days and the repositories.
func (o *overview) count(tallies []store.Tally, first time.Time) {
	repos := make(map[string]*repository)
	for _, t := range tallies {
		r := repos[t.Repository]
		if r == nil {
			r = &repository{Name: t.Repository, State: "observing"}
			repos[t.Repository] = r
		}
		if !t.Observed {
			r.State = "enforcing"
		}
		b := &o.Bars[min(max(int(t.Day.Sub(first)/(24*time.Hour)), 0), days-1)]
		r.All += t.Count
		o.All += t.Count
		switch verdict.Outcome(t.Outcome) {
		case verdict.Pass:
			b.pass += t.Count
			continue
		case verdict.Approve:
			b.approve += t.Count
		default:
			b.fail += t.Count
		}
		r.Stopped += t.Count
		o.Stopped += t.Count
	}
	if o.All > 0 {
		o.Share = o.Stopped * 100 / o.All
	}
	for _, r := range repos {
		o.Repositories = append(o.Repositories, *r)
	}
	slices.SortFunc(o.Repositories, func(a, b repository) int { return cmp.Or(cmp.Compare(b.All, a.All), cmp.Compare(a.Name, b.Name)) })
	o.Repositories = o.Repositories[:min(len(o.Repositories), named)]
}

// The chart's height, and how far its bars are apart.
const (
	height = 96
	step   = 20
	floor  = 100
)

// draw turns counts into heights.
func (o *overview) draw(first time.Time) {
	most := 1
	for _, b := range o.Bars {
		most = max(most, b.pass+b.approve+b.fail)
	}
	for i := range o.Bars {
		b := &o.Bars[i]
		b.X = i*step + 2
		b.PassH, b.ApproveH, b.FailH = b.pass*height/most, b.approve*height/most, b.fail*height/most
		b.PassY = floor - b.PassH
		b.ApproveY = b.PassY - b.ApproveH
		b.FailY = b.ApproveY - b.FailH
		b.Title = fmt.Sprintf("%s: %d passed, %d need approval, %d blocked or incomplete", first.AddDate(0, 0, i).Format("2 Jan"), b.pass, b.approve, b.fail)
	}
	o.Words = fmt.Sprintf("%d verdicts in %d days, %d of them stopped the change; the most on a day were %d.", o.All, days, o.Stopped, most)
}

// sample looks into the newest verdicts: who made the changes, and what stopped
// them.
func (o *overview) sample(recent []store.Verdict) {
	rules := make(map[string]int)
	for _, stored := range recent {
		v := new(verdict.Verdict)
		if json.Unmarshal(stored.Body, v) != nil {
			continue // its own page says that it cannot be read
		}
		v.Recall(stored.Inputs)
		o.Sample++
		stopped := 0
		if v.Outcome != verdict.Pass {
			stopped = 1
		}
		if v.Session.Actor == "agent" {
			o.Agents++
			o.AgentsStopped += stopped
		} else {
			o.People++
			o.PeopleStopped += stopped
		}
		for name := range stoppers(v) {
			rules[name]++
		}
	}
	for name, n := range rules {
		o.Rules = append(o.Rules, counted{name, n})
	}
	slices.SortFunc(o.Rules, func(a, b counted) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
	o.Rules = o.Rules[:min(len(o.Rules), named)]
}

// stoppers are the rules that stop a change.
func stoppers(v *verdict.Verdict) map[string]bool {
	names := make(map[string]bool)
	for _, f := range v.Findings {
		if f.LiftedBy == nil && f.Level != policy.Warn && !report.ObservedOnly(v, f) {
			names[f.Rule] = true
		}
	}
	return names
}

// past is an earlier verdict with what it changed.
type past struct {
	store.Verdict
	Changed string
}

// remembered is how many earlier verdicts a page shows.
const remembered = 20

func (s *server) history(ctx context.Context, name string) ([]past, error) {
	stored, err := s.Store.History(ctx, name, remembered+1)
	if err != nil {
		return nil, err
	}
	var list []past
	for i, v := range stored[:min(len(stored), remembered)] {
		p := past{Verdict: v, Changed: "the first verdict"}
		if i+1 < len(stored) {
			p.Changed = changed(stored[i+1], v)
		}
		list = append(list, p)
	}
	return list, nil
}

// changed says what is different between two verdicts.
func changed(before, after store.Verdict) string {
	var a, b verdict.Verdict
	if json.Unmarshal(before.Body, &a) != nil || json.Unmarshal(after.Body, &b) != nil {
		return "one of the two cannot be read"
	}
	open := func(v *verdict.Verdict) map[string]bool {
		ids := make(map[string]bool)
		for _, f := range v.Findings {
			if f.LiftedBy == nil {
				ids[f.ID] = true
			}
		}
		return ids
	}
	was, is := open(&a), open(&b)
	appeared, went := 0, 0
	for id := range is {
		if !was[id] {
			appeared++
		}
	}
	for id := range was {
		if !is[id] {
			went++
		}
	}
	text := fmt.Sprintf("%d findings came, %d went or were lifted", appeared, went)
	if before.Head != after.Head {
		text += "; another head"
	}
	if before.Policy != after.Policy {
		text += "; another policy"
	}
	return text
}
