package web

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/verdict"
)

// organisationRepo is the repository in which an organisation's policy is.
const organisationRepo = ".github"

// layerWay is the way of a change through one layer of policy.
type layerWay struct {
	Layer string
	Steps []step
	More  int // that are not shown
	Found int // of all
}

type step struct {
	verdict.Step
	Result, Badge string
	Finding       string // the address of its first finding, "" for none
}

// words are what a page says of a result, and how it looks.
var words = map[verdict.Result][2]string{
	verdict.Found:    {"matched", "fail"},
	verdict.Clear:    {"no match", "pass"},
	verdict.Skipped:  {"does not apply", "quiet"},
	verdict.Unjudged: {"could not be judged", "fail"},
}

// ways sorts the steps by their layers. What an organisation's policy says is
// shown to those who may read it; of others, what it found is. Findings are linked
// that have an address.
func ways(v *verdict.Verdict, organisation bool, address map[string]string) (list []layerWay) {
	first := make(map[string]string)
	for _, f := range v.Findings {
		if first[f.Rule] == "" {
			first[f.Rule] = address[f.ID]
		}
	}
	left := room(wayBytes)
	for _, s := range v.Way {
		if len(list) == 0 || list[len(list)-1].Layer != s.Layer {
			list = append(list, layerWay{Layer: s.Layer})
		}
		l := &list[len(list)-1]
		one := step{Step: s, Result: words[s.Result][0], Badge: words[s.Result][1]}
		if s.Result == verdict.Found {
			l.Found++
			one.Finding = first[s.Rule]
			one.Badge = map[string]string{"approve": "approve", "warn": "approve"}[string(s.Level)]
			if one.Badge == "" {
				one.Badge = "fail"
			}
		}
		if s.Layer == verdict.OrganisationLayer && !organisation && s.Result != verdict.Found {
			one.Why = "The organisation's policy is shown to those who may read it."
		}
		if !left.take(330, s.Rule, s.Kind, one.Why) {
			l.More++
			continue
		}
		l.Steps = append(l.Steps, one)
	}
	return list
}

// lifted is what somebody lifted at one time.
type lifted struct {
	store.Lift
	Rules    []string
	Findings int
	Over     bool
}

// maxLifts is how many a page shows, the newest.
const maxLifts = 20

// lifts are what people lifted in a subject, the newest first.
func (s *server) lifts(ctx context.Context, subject int64) (list []lifted, err error) {
	all, err := s.Store.Lifts(ctx, subject)
	if err != nil {
		return nil, err
	}
	for i := len(all) - 1; i >= 0; i-- {
		l := all[i]
		if n := len(list); n == 0 || list[n-1].By != l.By || !list[n-1].MadeAt.Equal(l.MadeAt) || list[n-1].Kind != l.Kind {
			if n == maxLifts {
				break
			}
			list = append(list, lifted{Lift: l, Over: !l.Until.IsZero() && !l.Until.After(s.Now())})
		}
		x := &list[len(list)-1]
		if x.Findings++; len(x.Rules) < 5 && !has(x.Rules, l.Rule) {
			x.Rules = append(x.Rules, l.Rule)
		}
	}
	return list, nil
}

func has(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// past is an earlier verdict with what it changed.
type past struct {
	store.Verdict
	First bool
	difference
}

// remembered is how many earlier verdicts a page shows.
const remembered = 15

func (s *server) history(ctx context.Context, name string) ([]past, error) {
	stored, err := s.Store.History(ctx, name, remembered+1)
	if err != nil {
		return nil, err
	}
	read := make([]*verdict.Verdict, len(stored))
	for i, v := range stored {
		one := new(verdict.Verdict)
		if json.Unmarshal(v.Body, one) == nil { // else its difference says that it cannot be read
			read[i] = one
		}
	}
	var list []past
	for i, v := range stored[:min(len(stored), remembered)] {
		p := past{Verdict: v}
		p.Body, p.Inputs = nil, nil
		if p.First = i+1 == len(stored); !p.First {
			p.difference = differ(read[i+1], read[i])
		}
		list = append(list, p)
	}
	return list, nil
}

// difference is what came and went between two verdicts.
type difference struct {
	Came, Went         []changedFinding
	MoreCame, MoreWent int
	Notes              []string
}

type changedFinding struct{ Rule, Path, Level string }

// namedChanges is how many findings a difference names on each side.
const namedChanges = 5

// Nothing reports whether the two are alike.
func (d difference) Nothing() bool { return len(d.Came)+len(d.Went)+len(d.Notes) == 0 }

// differ says what is different between two verdicts; nil for one that cannot be
// read.
func differ(before, after *verdict.Verdict) (d difference) {
	if before == nil || after == nil {
		d.Notes = []string{"one of the two cannot be read"}
		return d
	}
	d.Came, d.MoreCame = missing(after, before)
	d.Went, d.MoreWent = missing(before, after)
	note := func(differs bool, text string) {
		if differs {
			d.Notes = append(d.Notes, text)
		}
	}
	note(before.Head != after.Head, "another head, "+short(after.Head))
	note(before.MergeBase != after.MergeBase, "another merge base")
	note(before.Policy.Digest != after.Policy.Digest, "another policy")
	note(before.Session.Mode != after.Session.Mode, fmt.Sprintf("session %s, was %s", named(after.Session.Mode), named(before.Session.Mode)))
	note(before.Session.Actor != after.Session.Actor, fmt.Sprintf("made by %s, was %s", article(string(after.Session.Actor)), article(string(before.Session.Actor))))
	note(before.Risk.Score != after.Risk.Score, fmt.Sprintf("risk %d, was %d", after.Risk.Score, before.Risk.Score))
	note(len(before.Missing) != len(after.Missing), fmt.Sprintf("%d things could not be judged, were %d", len(after.Missing), len(before.Missing)))
	note(before.Engine != after.Engine, "another version of changeguard")
	return d
}

func short(commit string) string { return commit[:min(len(commit), 10)] }

func article(who string) string {
	if strings.HasPrefix(who, "a") {
		return "an " + who
	}
	return "a " + who
}

func named(mode string) string {
	if mode == "" {
		return "without a mode"
	}
	return mode
}

// missing are the open findings of one verdict that another has not.
func missing(of, in *verdict.Verdict) (list []changedFinding, more int) {
	open := make(map[string]bool)
	for _, f := range in.Findings {
		open[f.ID] = open[f.ID] || f.LiftedBy == nil
	}
	for _, f := range of.Findings {
		if f.LiftedBy != nil || open[f.ID] {
			continue
		}
		if len(list) == namedChanges {
			more++
			continue
		}
		list = append(list, changedFinding{f.Rule, f.Path, string(f.Level)})
	}
	return list, more
}

// ago is how long ago a time was, in the largest unit.
func ago(d time.Duration) string {
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if n := int(d / u.of); n == 1 {
			return "1 " + u.name
		} else if n > 1 {
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return fmt.Sprintf("%d s", max(0, int(d/time.Second)))
}
