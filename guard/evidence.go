package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/verdict"
)

// evidence is what others say of the head of an evaluation. It is read when a
// rule asks, and once. Before it is read the subject is entered among those who
// wait for it, so that what comes in between is not missed.
type evidence struct {
	*evaluation
	change *change.Change
	watch  store.Watch
	asked  bool
	stored bool // the watch is as the store has it
	// failed is why something could not be read that may be read later; a verdict
	// without it is not what this evaluation can say.
	failed error
	left   string // the head that waited before
	read   change.Recorded

	runs, statuses, reports bool // were read
}

// watchFor is what the rules ask of others.
func (e *evaluation) watchFor(c *change.Change) {
	e.evidence = &evidence{evaluation: e, change: c}
	c.Evidence = e.evidence
}

// Checks implements change.Evidence. Statuses cost a request of their own, and
// are read where check runs do not answer.
func (v *evidence) Checks(ctx context.Context, names []string) ([]change.Check, error) {
	if err := v.want(ctx, names, false); err != nil {
		return nil, v.fail(err)
	}
	if !v.runs {
		list, err := v.client.CheckRuns(ctx, v.Owner, v.Repo, v.change.Head)
		if err != nil {
			return nil, v.fail(err)
		}
		v.read.HeadChecks, v.runs = list, true
	}
	if v.statuses || answered(names, v.read.HeadChecks) {
		return v.read.HeadChecks, nil
	}
	list, err := v.client.Statuses(ctx, v.Owner, v.Repo, v.change.Head)
	if err != nil {
		return nil, v.fail(err)
	}
	v.read.HeadChecks, v.statuses = append(v.read.HeadChecks, list...), true
	return v.read.HeadChecks, nil
}

// answered reports whether check runs settle it: each name is that of a check,
// and none may be that of a status besides.
func answered(names []string, checks []change.Check) bool {
	for _, text := range names {
		name, err := rules.ParseCheck(text)
		if err != nil || name.Match(change.Check{Name: text, App: change.StatusApp}) && name.MatchesSeveral() {
			return false
		}
		if !slices.ContainsFunc(checks, name.Match) {
			return false
		}
	}
	return true
}

// Reports implements change.Evidence.
func (v *evidence) Reports(ctx context.Context) (head, base []change.Report, err error) {
	if err := v.want(ctx, nil, true); err != nil {
		return nil, nil, v.fail(err)
	}
	if v.reports {
		return v.read.HeadReports, v.read.BaseReports, nil
	}
	if head, err = must(v.Store.EvidenceFor(ctx, v.Repository(), v.change.Head)); err != nil {
		return nil, nil, v.fail(err)
	}
	if base, err = v.baseReports(ctx); err != nil {
		return nil, nil, v.fail(err)
	}
	v.read.HeadReports, v.read.BaseReports, v.reports = head, base, true
	return head, base, nil
}

// fail keeps an error that may not be one later. What GitHub refuses stays so.
func (v *evidence) fail(err error) error {
	final := errors.Is(err, github.ErrForbidden) || errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrInvalid) || errors.Is(err, github.ErrManyChecks)
	if !final && v.failed == nil {
		v.failed = err
	}
	return err
}

// baseReports are those of the merge base, else of the base's tip, else the last
// of the base branch: not every commit is tested.
func (v *evidence) baseReports(ctx context.Context) ([]change.Report, error) {
	for _, id := range []string{v.change.MergeBase, v.change.Base} {
		list, err := v.Store.EvidenceFor(ctx, v.Repository(), id)
		if err != nil || len(list) > 0 {
			return must(list, err)
		}
	}
	branch := v.change.BaseRef
	if branch == "" {
		return nil, nil
	}
	list, err := v.Store.EvidenceOn(ctx, v.Repository(), "refs/heads/"+branch)
	if len(list) > 0 && list[0].Commit == v.change.Head {
		return nil, err // a push, which is no measure of itself
	}
	return must(list, err)
}

func must(list []store.Evidence, err error) ([]change.Report, error) {
	if err != nil {
		return nil, err
	}
	return reports(list)
}

// reports reads what was attached.
func reports(list []store.Evidence) ([]change.Report, error) {
	var all []change.Report
	for _, e := range list {
		var r change.Report
		if err := json.Unmarshal(e.Body, &r); err != nil {
			return nil, fmt.Errorf("read the evidence for %s: %w", e.Commit, err)
		}
		r.Name, r.Source = e.Suite, e.Source
		all = append(all, r)
	}
	return all, nil
}

// Waited implements change.Evidence.
func (v *evidence) Waited() time.Duration { return v.read.After }

// want notes what is waited for, before it is looked for.
func (v *evidence) want(ctx context.Context, names []string, reports bool) error {
	if !v.asked {
		if err := v.begin(ctx); err != nil {
			return err
		}
	}
	if reports && !v.watch.Reports {
		v.watch.Reports, v.stored = true, false
	}
	for _, name := range names {
		if !slices.Contains(v.watch.Names, name) {
			v.watch.Names, v.stored = append(v.watch.Names, name), false
		}
	}
	return v.keep(ctx)
}

// begin finds out since when the head waits. Somebody who asks for a new result
// has it wait anew.
func (v *evidence) begin(ctx context.Context) error {
	now := v.Now()
	old, err := v.Store.Watch(ctx, v.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		old = store.Watch{}
	case err != nil:
		return err
	}
	v.watch = store.Watch{
		Subject: v.ID, Repository: v.Repository(), Head: v.change.Head, MergeBase: v.change.MergeBase, BaseID: v.change.Base,
		Names: old.Names, Reports: old.Reports, Since: old.Since, Wake: old.Wake,
	}
	v.stored = old.Head == v.change.Head && old.MergeBase == v.change.MergeBase && old.BaseID == v.change.Base && old.Repository == v.Repository()
	if old.Head != v.change.Head {
		v.left = old.Head
	}
	if old.Head != v.change.Head || v.Anew {
		v.watch.Names, v.watch.Reports, v.watch.Since, v.stored = nil, false, now, false
	}
	v.asked, v.read.After = true, max(0, now.Sub(v.watch.Since))
	return nil
}

func (v *evidence) keep(ctx context.Context) error {
	if v.stored {
		return nil
	}
	err := v.Store.SetWatch(ctx, v.watch)
	v.stored = err == nil
	return err
}

// The pauses after which a commit that waits is looked at again without an
// event, which may have been lost: as long as it has waited, and not more often.
const (
	minPause = time.Minute
	maxPause = time.Hour
)

// await has the subject judged again in time, or no more where nothing is
// awaited. What rests on evidence stays among those whom its events wake.
func (e *evaluation) await(ctx context.Context, v *verdict.Verdict) error {
	if e.evidence == nil || !e.evidence.asked {
		return e.unwatch(ctx, v.Head)
	}
	if err := e.leaveHead(ctx, e.evidence.left); err != nil {
		return err
	}
	w := &e.evidence.watch
	wake := time.Time{}
	for i := range v.Findings {
		f := &v.Findings[i]
		if !f.Awaited || f.LiftedBy != nil {
			continue
		}
		if end := w.Since.Add(f.Await); wake.IsZero() || end.Before(wake) {
			wake = end
		}
	}
	if !wake.IsZero() {
		pause := min(max(e.evidence.read.After, minPause), maxPause)
		if soon := e.Now().Add(pause); soon.Before(wake) {
			wake = soon
		}
	}
	wake = wake.Truncate(time.Microsecond) // as it is stored
	if !w.Wake.Equal(wake) {
		w.Wake, e.evidence.stored = wake, false
	}
	return e.evidence.keep(ctx)
}

// unwatch forgets that a subject waited, and ends the run that waited on another
// head than the one that is judged. Most never did, which costs a look.
func (e *evaluation) unwatch(ctx context.Context, head string) error {
	w, err := e.Store.Watch(ctx, e.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil && w.Head != head {
		err = e.leaveHead(ctx, w.Head)
	}
	if err != nil {
		return err
	}
	return e.Store.Unwatch(ctx, e.ID)
}

// leaveHead ends a run that waits on a head which is not judged any more, unless
// another subject has that head.
func (e *evaluation) leaveHead(ctx context.Context, head string) error {
	if head == "" || e.Kind != store.Pull {
		return nil
	}
	standing, err := e.Store.Run(ctx, e.Repository(), head)
	if errors.Is(err, store.ErrNotFound) || err == nil && standing.Conclusion != "" {
		return nil
	}
	if err != nil {
		return err
	}
	others, err := e.Store.Sharing(ctx, e.Owner, e.Repo, head)
	if err != nil || slices.ContainsFunc(others, func(s store.Subject) bool { return s.ID != e.ID }) {
		return err
	}
	err = e.show(ctx, head, report.CheckRun{
		Conclusion: report.Failure, Title: "Superseded", Summary: "The pull request was closed, or has another head by now; the evidence for this commit was not awaited.", ExternalID: "superseded",
	}, standing.RunID)
	if errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrInvalid) {
		return nil // the commit is gone
	}
	return err
}

// recorded is the evidence that a verdict was computed from, nil for none.
func (e *evaluation) recorded() *change.Recorded {
	if e.evidence == nil || !e.evidence.asked {
		return nil
	}
	return &e.evidence.read
}

// showWaiting publishes a run that stays in progress. The head is held.
func (e *evaluation) showWaiting(ctx context.Context, head string, run report.CheckRun, started int64) error {
	standing, err := e.Store.Run(ctx, e.Repository(), head)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	inProgress := standing.RunID != 0 && standing.Conclusion == ""
	if started == 0 && inProgress {
		started = standing.RunID
	}
	if !e.Anew && inProgress && started == standing.RunID && standing.ExternalID == run.ExternalID {
		return nil
	}
	t := e.target(head)
	t.RunID, t.Doubt = started, standing.Doubted()
	id, err := e.client.PublishWaiting(ctx, t, run)
	if err != nil {
		return err
	}
	return e.Store.SetRun(ctx, store.Run{Repository: e.Repository(), Head: head, RunID: id, ExternalID: run.ExternalID}, e.Now())
}

// Awaiting lists whom a check of somebody else on a commit has judged again:
// those whose policy names it, and with no name those that wait at all.
//
// A check with the name of the App's own concerns everybody who has the commit.
func (g *Guard) Awaiting(ctx context.Context, owner, repo, commit, check string) ([]store.Subject, error) {
	if check == g.GitHub.CheckName() {
		return g.Store.Sharing(ctx, owner, repo, commit)
	}
	return g.watching(ctx, owner, repo, commit, func(w store.Watch) bool {
		if w.Head != commit {
			return false
		}
		if check == "" {
			return !w.Wake.IsZero() && len(w.Names) > 0
		}
		return slices.ContainsFunc(w.Names, func(text string) bool {
			name, err := rules.ParseCheck(text)
			return err == nil && name.MatchName(check)
		})
	})
}

// AwaitingReports lists whom a report on a commit has judged again.
func (g *Guard) AwaitingReports(ctx context.Context, owner, repo, commit string) ([]store.Subject, error) {
	return g.watching(ctx, owner, repo, commit, func(w store.Watch) bool { return w.Reports })
}

func (g *Guard) watching(ctx context.Context, owner, repo, commit string, matters func(store.Watch) bool) ([]store.Subject, error) {
	all, err := g.Store.Watching(ctx, store.Subject{Owner: owner, Repo: repo}.Repository(), commit)
	if err != nil {
		return nil, err
	}
	var list []store.Subject
	for _, w := range all {
		if matters(w.Watch) {
			list = append(list, w.Of)
		}
	}
	return list, nil
}
