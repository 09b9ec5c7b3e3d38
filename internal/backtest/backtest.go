// Package backtest says what a policy would have done to changes of the past.
//
// # The model
//
// Each change is judged by the engine that judges pull requests, by the policy
// as it is now and, when there is one, by a candidate that would take its place;
// what the policy was at the time does not matter. What comes out is counted by
// rule, by who made the change and by folder.
//
// A clone does not know labels, reviews or what a pull request's text said, so
// rules that ask for those stop everything; [Report.Blind] names them, and their
// numbers say nothing. GitHub tells labels and texts as they are by now.
//
// A source can run dry before all was judged: then what was judged counts, and
// [Report.Stopped] says why there is no more.
package backtest

import (
	"cmp"
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/verdict"
)

// A Trial is one set of policies that judges the past.
type Trial struct {
	Name   string
	Layers []verdict.Layer
}

// Backtest is a run over the past. It is used once.
type Backtest struct {
	Kinds     []rules.Kind
	Engine    string
	Current   Trial
	Candidate *Trial
	Worst     int // how many changes are listed; 0 means 20
	Workers   int // changes judged at once; 0 means one
	// Tells says that the source knows what a pull request's page shows: labels and
	// texts.
	Tells bool
}

// A One is a change of the past and when it was made.
type One struct {
	Change *change.Change // nil where Load loads it
	When   time.Time
	// Load loads the change when its turn comes. An error that is a [*DryError] ends
	// the run early; any other makes the change one that could not be judged.
	Load func(ctx context.Context) (*change.Change, error)
	// Trouble is asked after a change that was loaded was judged: what kept it from
	// being read whole, of the kind that Load returns. nil for nothing.
	Trouble func() error
	Number  int    // of the pull request that Load loads
	Head    string // its last commit
	Closed  bool   // it was closed without being merged
}

// A DryError says that a source gives nothing more for now.
type DryError struct{ Err error }

func (e *DryError) Error() string { return e.Err.Error() }

// Unwrap is the reason.
func (e *DryError) Unwrap() error { return e.Err }

// ErrInterrupted is why a run ended that was told to.
var ErrInterrupted = errors.New("it was interrupted")

// judged is what is kept of a change.
type judged struct {
	entry     Entry
	candidate Entry
	counts    bool // false for one that was not judged before the source ran dry
}

// Run judges what feed hands out, which is called once with the function that
// takes a change, and counts. Progress is told after each change. When the source
// runs dry, or ctx is done, the report is of what was judged until then.
func (b *Backtest) Run(ctx context.Context, feed func(take func(One) error) error, progress func(done int)) (*Report, error) {
	type job struct {
		at  int
		one One
	}
	jobs := make(chan job)
	var mu sync.Mutex // guards what follows
	var all []judged
	var failed error
	var dry *DryError
	done := 0
	asked := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	fed, stop := context.WithCancel(ctx) // ends what is fed, not what is being judged
	defer stop()
	var workers sync.WaitGroup
	for range max(1, b.Workers) {
		workers.Go(func() {
			for j := range jobs {
				mu.Lock()
				over := dry != nil
				mu.Unlock()
				if over {
					continue // it was handed out at the moment that the source ran dry
				}
				result, err := b.judge(ctx, j.one)
				mu.Lock()
				for len(all) <= j.at {
					all = append(all, judged{})
				}
				all[j.at] = result
				switch at := (*DryError)(nil); {
				case errors.As(err, &at):
					if dry == nil {
						dry = at
					}
					stop()
				case err != nil && failed == nil:
					failed = err
					cancel()
				}
				done++
				progress(done)
				mu.Unlock()
			}
		})
	}
	at := 0
	err := feed(func(one One) error {
		select {
		case jobs <- job{at, one}:
			at++
			return nil
		case <-fed.Done():
			return fed.Err()
		}
	})
	close(jobs)
	workers.Wait()
	if failed != nil {
		err = failed
	}
	if err != nil && dry == nil && asked.Err() != nil {
		dry = &DryError{ErrInterrupted}
	}
	if err != nil && dry == nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(j judged) bool { return !j.counts })
	if dry != nil && len(all) == 0 {
		return nil, dry
	}
	r := b.count(all)
	if dry != nil {
		r.Stopped = dry.Error()
	}
	return r, nil
}

func (b *Backtest) judge(ctx context.Context, one One) (judged, error) {
	var j judged
	var err error
	if one.Load != nil {
		if one.Change, err = one.Load(ctx); err != nil {
			return unread(one, err)
		}
	}
	if j.entry, err = b.entry(ctx, b.Current, one); err == nil && b.Candidate != nil {
		j.candidate, err = b.entry(ctx, *b.Candidate, one)
	}
	if err == nil && one.Trouble != nil {
		err = one.Trouble()
	}
	if err == nil {
		err = ctx.Err() // it may have been judged without what was not read any more
	}
	j.counts = err == nil
	return j, err
}

// unread is a change that could not be loaded: it is counted as not judged, unless
// nothing more can be loaded at all.
func unread(one One, err error) (judged, error) {
	if errors.As(err, new(*DryError)) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return judged{}, err
	}
	e := Entry{
		Commit: one.Head, Number: one.Number, When: one.When.UTC(), Outcome: verdict.Incomplete, Actor: "unknown", Closed: one.Closed, Missing: []string{err.Error()},
		Reasons: []Reason{}, rules: make(map[ruleKey]int), folders: make(map[string]int),
	}
	return judged{e, e, true}, nil
}

// listed is how many findings an entry names.
const listed = 5

func (b *Backtest) entry(ctx context.Context, t Trial, one One) (Entry, error) {
	v, err := verdict.Judge(ctx, verdict.Input{Change: one.Change, Layers: t.Layers, Kinds: b.Kinds, Engine: b.Engine})
	if err != nil {
		return Entry{}, err
	}
	c := one.Change
	e := Entry{
		Commit: c.Head, Number: c.Number, Title: c.Title, When: one.When.UTC(), Outcome: v.Outcome, Actor: string(v.Session.Actor),
		Files: len(c.Files), Findings: len(v.Findings), Closed: one.Closed, rules: make(map[ruleKey]int), folders: make(map[string]int),
	}
	if len(c.Commits) > 0 && e.Title == "" {
		e.Title = c.Commits[len(c.Commits)-1].Subject()
	}
	if v.Change.Additions != nil {
		e.Risk = &v.Risk.Score
	}
	for _, f := range v.Findings {
		e.rules[ruleKey{f.Rule, f.Kind, f.Level}]++
		if f.Level == policy.Block || f.Level == policy.Approve {
			e.Stopping++
			e.folders[folder(f.Path)]++
		}
		if len(e.Reasons) < listed {
			e.Reasons = append(e.Reasons, Reason{f.Rule, f.Level, f.Path, f.Message})
		}
	}
	for _, m := range v.Missing {
		if len(e.Missing) < listed {
			e.Missing = append(e.Missing, m.What)
		}
	}
	return e, nil
}

// folder is where a file is, two levels deep, "." for the top.
func folder(name string) string {
	dir := path.Dir(name)
	parts := strings.SplitN(dir, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}

// count makes the report.
func (b *Backtest) count(all []judged) *Report {
	entries := make([]Entry, len(all))
	for i, j := range all {
		entries[i] = j.entry
	}
	r := &Report{Engine: b.Engine, Policy: named(b.Current), Current: b.tally(entries), Blind: b.blind(b.Current)}
	for _, e := range entries {
		if r.First.IsZero() || e.When.Before(r.First) {
			r.First = e.When
		}
		if e.When.After(r.Last) {
			r.Last = e.When
		}
	}
	if b.Candidate == nil {
		return r
	}
	other := make([]Entry, len(all))
	for i, j := range all {
		other[i] = j.candidate
	}
	name, tally := named(*b.Candidate), b.tally(other)
	r.Candidate = &Comparison{Policy: name, Tally: tally}
	for i := range all {
		switch was, is := all[i].entry.Stopped(), all[i].candidate.Stopped(); {
		case is && !was:
			r.Candidate.Stops = append(r.Candidate.Stops, other[i])
		case was && !is:
			r.Candidate.Frees = append(r.Candidate.Frees, entries[i])
		case all[i].entry.Outcome != all[i].candidate.Outcome:
			r.Candidate.Otherwise++
		}
	}
	r.Candidate.StopsCount, r.Candidate.FreesCount = len(r.Candidate.Stops), len(r.Candidate.Frees)
	for _, list := range []*[]Entry{&r.Candidate.Stops, &r.Candidate.Frees} {
		slices.SortStableFunc(*list, worse)
		*list = (*list)[:min(len(*list), b.most())]
	}
	for _, name := range b.blind(*b.Candidate) {
		if !slices.Contains(r.Blind, name) {
			r.Blind = append(r.Blind, name)
		}
	}
	return r
}

func (b *Backtest) most() int { return cmp.Or(b.Worst, 20) }

func named(t Trial) Named {
	var digests []string
	for _, l := range t.Layers {
		if l.Policy != nil {
			digests = append(digests, l.Policy.Digest)
		}
	}
	return Named{t.Name, digests}
}

// blindKinds ask for what a clone does not know.
var blindKinds = []string{"labels", "reviewers", "checklist", "required-evidence"}

// blindOnGitHub ask for what is not asked of GitHub: what was approved, and what
// other checks said.
var blindOnGitHub = []string{"reviewers", "required-evidence"}

func (b *Backtest) blind(t Trial) []string {
	names := []string{}
	kinds := blindKinds
	if b.Tells {
		kinds = blindOnGitHub
	}
	for _, l := range t.Layers {
		if l.Policy == nil {
			continue
		}
		for _, rule := range l.Policy.Rules {
			if slices.Contains(kinds, rule.Kind.Name) && rule.Level != policy.Off {
				names = append(names, rule.Name)
			}
		}
	}
	return names
}

// worse orders entries by outcome, findings that stop, risk and time.
func worse(a, b Entry) int {
	return cmp.Or(-cmp.Compare(rank(a.Outcome), rank(b.Outcome)), -cmp.Compare(a.Stopping, b.Stopping), -cmp.Compare(a.risk(), b.risk()), b.When.Compare(a.When), cmp.Compare(a.Commit, b.Commit))
}

func (e Entry) risk() int {
	if e.Risk == nil {
		return 0
	}
	return *e.Risk
}

func rank(o verdict.Outcome) int {
	return slices.Index([]verdict.Outcome{verdict.Pass, verdict.Approve, verdict.Incomplete, verdict.Fail}, o)
}

// visible is text of the past for a page or a terminal.
func visible(s string) string { return report.Visible(strings.Join(strings.Fields(s), " ")) }
