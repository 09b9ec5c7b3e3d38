package guard

import (
	"context"
	"errors"
	"fmt"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
)

// askedBases are the requests that one reconciliation still makes for an
// installation's merge bases.
type askedBases struct {
	client *github.Client
	left   int
}

// baseNeeds finds out whether a pull request still parts from its base where it
// did when it was judged: the base may have got some of its commits, or have been
// set back, and no event tells of it. A base that did not move needs no request,
// and neither does one that was looked at.
func (g *Guard) baseNeeds(ctx context.Context, last store.Verdict, p github.Open, bases *askedBases) (need, error) {
	if p.Tip == "" || last.Base == p.Tip || last.MergeBase == "" {
		return nothing, nil // without a merge base it could not be judged, and the run says so
	}
	mark := fmt.Sprintf("%s %s %s...%s", last.Subject.Name(), last.Digest, p.Tip, p.Head)
	if g.parted.has(mark) {
		return nothing, nil
	}
	if bases.left == 0 {
		return nothing, nil // the next time
	}
	bases.left--
	now, err := bases.client.MergeBase(ctx, p.Owner, p.Repo, p.Tip, p.Head)
	switch {
	case errors.Is(err, github.ErrNoMergeBase):
		return missing, nil
	case errors.Is(err, github.ErrNotFound), errors.Is(err, github.ErrNotComparable):
		return nothing, nil // one of them moved on meanwhile
	case err != nil:
		return nothing, err
	case now != last.MergeBase:
		return missing, nil
	}
	g.parted.add(mark)
	return nothing, nil
}

// groups has merge groups evaluated whose event was lost: no other one follows,
// and GitHub throws out what gets no result.
func (g *Guard) groups(ctx context.Context, i github.Installed, list []github.Queued, enqueue Enqueue) (evaluated int, err error) {
	for _, q := range list {
		s := store.Subject{Kind: store.Group, Installation: i.ID, Owner: q.Owner, Repo: q.Repo, Base: q.Base, Head: q.Head, Ref: q.Ref}
		known, err := g.Store.FindSubject(ctx, s.Name())
		if err == nil && known.Want > known.Done {
			continue // it waits already
		}
		if err == nil {
			var run store.Run
			if run, err = g.Store.Run(ctx, s.Repository(), s.Head); err == nil && (run.Conclusion != "" || run.ExternalID != "") {
				continue
			}
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return evaluated, err
		}
		if err := enqueue(ctx, fmt.Sprintf("reconciliation %d", g.Now().Unix()), s); err != nil {
			return evaluated, err
		}
		evaluated++
	}
	return evaluated, nil
}
