package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
)

// Enqueue asks for an evaluation of a subject. The id tells what asks.
type Enqueue func(ctx context.Context, id string, s store.Subject) error

// Reconciled is what a reconciliation found, kept from one to the next.
type Reconciled struct {
	At          time.Time        `json:"at"`         // when the last one began that went through, zero before
	Deliveries  time.Time        `json:"deliveries"` // when failed deliveries were last listed
	Redelivered int              `json:"redelivered"`
	Evaluated   int              `json:"evaluated"`
	Asked       map[int64]string `json:"asked,omitempty"` // attempts that were asked for again, with when they failed
	// Refused are the deliveries that were asked for again although they were refused,
	// with when that was.
	Refused map[string]string `json:"refused,omitempty"`
}

const (
	reconciledScope = "reconciled"
	// deliveriesFor is how long GitHub keeps deliveries; overlap is what is
	// looked at twice, since they are listed a little late.
	deliveriesFor = 72 * time.Hour
	overlap       = 15 * time.Minute
	// mendAtOnce and paceAtOnce bound what one reconciliation asks of an
	// installation's hour of requests, about four for each: results that are
	// missing, and those that stand under an older policy.
	mendAtOnce = 300
	paceAtOnce = 60
	// refusedAtOnce bounds the deliveries that are asked for again although they were
	// refused: with a wrong secret all are.
	refusedAtOnce = 100
	// askAtOnce bounds the requests for merge bases, where base branches moved.
	askAtOnce = 60
)

// Reconciled is what the last reconciliation left; zero before the first.
func (g *Guard) Reconciled(ctx context.Context) (r Reconciled, err error) {
	stored, err := g.Store.Records(ctx, []string{reconciledScope})
	if err != nil || stored[reconciledScope] == nil {
		return r, err
	}
	if err := json.Unmarshal(stored[reconciledScope], &r); err != nil {
		return r, fmt.Errorf("%s: %w", reconciledScope, err)
	}
	return r, nil
}

// Reconcile compares what GitHub has with what was judged, since events get
// lost: it has merge groups evaluated that have no result, what came to watched
// branches without an event, and open pull requests that have no result for their
// head, merge base, title, body and labels, or one under another policy, and then asks
// for failed deliveries again. It can be run at any
// time; what is right already costs a query for each twenty repositories. An
// installation that cannot be asked does not keep the others waiting.
func (g *Guard) Reconcile(ctx context.Context, enqueue Enqueue) error {
	last, err := g.Reconciled(ctx)
	if err != nil {
		return err
	}
	now := Reconciled{At: last.At, Deliveries: last.Deliveries, Asked: maps.Clone(last.Asked), Refused: maps.Clone(last.Refused)}
	began := g.Now().UTC()
	installed, err := g.GitHub.Installations(ctx)
	problems := []error{err}
	for _, i := range installed {
		n, err := g.survey(ctx, i, enqueue)
		now.Evaluated += n
		if err != nil {
			problems = append(problems, fmt.Errorf("installation %d of %s: %w", i.ID, i.Owner, err))
		}
	}
	// After an outage these are many, one request each, and most of them tell of what
	// the survey saw.
	problems = append(problems, g.redeliver(ctx, began, &now))
	failed := errors.Join(problems...)
	if failed == nil {
		now.At = began
	}
	if now.Redelivered+now.Evaluated > 0 {
		g.Logger.InfoContext(ctx, "reconciled", logkey.Redelivered, now.Redelivered, logkey.Evaluated, now.Evaluated)
	}
	body, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("write the reconciliation: %w", err)
	}
	if err := errors.Join(failed, g.Store.SetRecords(ctx, map[string][]byte{reconciledScope: body})); err != nil {
		return fmt.Errorf("reconcile: %w", err)
	}
	return nil
}

// redeliver asks for what this server did not take, and once for what it refused: the
// secret may be mended by now, or something before the server refused it.
func (g *Guard) redeliver(ctx context.Context, began time.Time, now *Reconciled) error {
	since := began.Add(-deliveriesFor)
	if from := now.Deliveries.Add(-overlap); from.After(since) {
		since = from
	}
	failed, err := g.GitHub.FailedDeliveries(ctx, since)
	if err != nil {
		return err
	}
	if now.Asked == nil {
		now.Asked = make(map[int64]string)
	}
	if now.Refused == nil {
		now.Refused = make(map[string]string)
	}
	forget(now.Asked, since)
	forget(now.Refused, since.Add(-time.Hour)) // what is sent again may be refused a little later
	var problems []error
	left := refusedAtOnce
	for _, f := range slices.Backward(failed) { // the oldest first
		refused := f.Status != 0 && f.Status < 500
		if now.Asked[f.ID] != "" || refused && (now.Refused[f.GUID] != "" || left == 0) {
			continue
		}
		err := g.GitHub.Redeliver(ctx, f.ID)
		if errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrInvalid) {
			err = nil // too old by now
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		now.Asked[f.ID] = f.At.UTC().Format(time.RFC3339)
		now.Redelivered++
		if refused {
			now.Refused[f.GUID] = began.Format(time.RFC3339)
			left--
		}
	}
	if len(problems) == 0 {
		now.Deliveries = began
	}
	return errors.Join(problems...)
}

// forget drops what was before a time; times are kept in whole seconds.
func forget[K comparable](failed map[K]string, before time.Time) {
	maps.DeleteFunc(failed, func(_ K, at string) bool {
		t, err := time.Parse(time.RFC3339, at)
		return err != nil || t.Before(before.Add(-time.Second))
	})
}

// survey has an installation's pull requests evaluated that need it.
func (g *Guard) survey(ctx context.Context, i github.Installed, enqueue Enqueue) (evaluated int, err error) {
	client := g.GitHub.Installation(i.ID)
	repos, err := client.Repositories(ctx)
	if err != nil {
		return 0, err
	}
	watch, ask, err := g.watched(ctx, i.ID, repos)
	if err != nil {
		return 0, err
	}
	found, unseen := client.Survey(ctx, ask)
	list := found.Open
	if evaluated, err = g.groups(ctx, i, found.Queued, enqueue); err != nil { // a merge queue does not wait for long
		return evaluated, errors.Join(unseen, err)
	}
	n, err := g.movedBranches(ctx, watch, found.Tips, enqueue)
	if evaluated += n; err != nil {
		return evaluated, errors.Join(unseen, err)
	}
	var open []string
	for _, p := range list {
		open = append(open, store.Subject{Kind: store.Pull, Owner: p.Owner, Repo: p.Repo, Number: p.Number}.Name())
	}
	if err := g.Store.SeenOpen(ctx, open, g.Now()); err != nil {
		return evaluated, err
	}
	// In another order each time: what needs it again and again, since it cannot be
	// judged, keeps no other one from its turn.
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	left := map[need]int{missing: mendAtOnce, outdated: paceAtOnce}
	bases := &askedBases{client: client, left: askAtOnce}
	for _, p := range list {
		s := store.Subject{Kind: store.Pull, Installation: i.ID, Owner: p.Owner, Repo: p.Repo, Number: p.Number, Base: p.Base, Head: p.Head}
		n, err := g.needs(ctx, s, p, bases)
		if err != nil {
			return evaluated, err
		}
		if n == nothing || left[n] == 0 {
			continue // or the next time
		}
		left[n]--
		if err := enqueue(ctx, fmt.Sprintf("reconciliation %d", g.Now().Unix()), s); err != nil {
			return evaluated, err
		}
		evaluated++
	}
	return evaluated, unseen
}

// need is why a pull request is evaluated again.
type need int

const (
	nothing  need = iota
	missing       // there is no result for its head and base
	outdated      // there is one, which may not be what would come out now
)

// needs compares an open pull request with what was judged.
func (g *Guard) needs(ctx context.Context, s store.Subject, p github.Open, bases *askedBases) (need, error) {
	known, err := g.Store.FindSubject(ctx, s.Name())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return missing, nil
	case err != nil:
		return nothing, err
	case known.Want > known.Done:
		return nothing, nil // it waits already
	}
	run, err := g.Store.Run(ctx, s.Repository(), p.Head)
	if errors.Is(err, store.ErrNotFound) || err == nil && run.Conclusion == "" && run.ExternalID == "" { // with one it waits for evidence
		return missing, nil
	}
	if err != nil {
		return nothing, err
	}
	last, err := g.Store.Latest(ctx, s.Name())
	if errors.Is(err, store.ErrNotFound) {
		return outdated, nil // it could not be judged, and the run says so
	}
	if err != nil {
		return nothing, err
	}
	in, err := readInputs(last)
	switch {
	case err != nil || !p.Unread && !slices.Equal(in.Policies, p.Policies):
		return outdated, nil
	case last.Head != p.Head || in.BaseRef != p.Base, in.Facts != "" && in.Facts != p.Facts:
		return missing, nil
	}
	if moved, err := g.moved(ctx, in.Sticks); err != nil || moved {
		return missing, err
	}
	return g.baseNeeds(ctx, last, p, bases)
}
