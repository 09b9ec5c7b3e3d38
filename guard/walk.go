package guard

import (
	"context"
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/report"
)

// unjudged are the commits of a push that no green verdict speaks for, along the
// first parents.
func (e *evaluation) unjudged(ctx context.Context, c *change.Change) ([]Unjudged, error) {
	chain := pushedChain(c)
	w := &walk{evaluation: e, chain: chain, pushed: make(map[string]bool)}
	for _, commit := range c.Commits {
		w.pushed[commit.ID] = true
	}
	for {
		if err := w.byVerdicts(ctx); err != nil {
			return nil, err
		}
		if len(w.ask) == 0 || w.merged != nil {
			if len(w.left) > 0 {
				return w.left, nil
			}
			return w.strays(ctx, c)
		}
		merged, err := e.client.MergedBy(ctx, e.Owner, e.Repo, w.ask)
		if err != nil {
			return nil, err
		}
		w.merged = merged
	}
}

// pushedChain are the commits from the head along the first parents, as far as
// they were pushed.
func pushedChain(c *change.Change) (chain []change.Commit) {
	byID := make(map[string]change.Commit, len(c.Commits))
	for _, commit := range c.Commits {
		byID[commit.ID] = commit
	}
	for id := c.Head; len(chain) < len(c.Commits); {
		commit, ok := byID[id]
		if !ok {
			break
		}
		chain = append(chain, commit)
		if len(commit.Parents) == 0 {
			break
		}
		id = commit.Parents[0]
	}
	return chain
}

// walk goes down a chain and asks who speaks for each commit.
type walk struct {
	*evaluation
	chain  []change.Commit // the youngest first
	pushed map[string]bool // every commit that is listed, by its id
	merged map[string][]github.Merged
	ask    []string // commits that only a merged pull request can speak for
	left   []Unjudged
	spoken []store.Verdict // what spoke for commits
	joined []change.Commit // merges of what was judged, whoever made them
}

// byVerdicts takes the commits one after the other. What a verdict speaks for is
// passed over with all that it was given for.
func (w *walk) byVerdicts(ctx context.Context) error {
	w.ask, w.left, w.spoken, w.joined = nil, nil, nil, nil
	for i := 0; i < len(w.chain); {
		next, why, err := w.step(ctx, i)
		if err != nil {
			return err
		}
		if next == i {
			c := w.chain[i]
			u := unjudgedOf(c, why)
			for _, m := range w.merged[c.ID] {
				if m.Base == w.Ref {
					u.Pull = m.Number
				}
			}
			w.ask, w.left, next = append(w.ask, c.ID), append(w.left, u), i+1
		}
		i = next
	}
	return nil
}

func unjudgedOf(c change.Commit, why string) Unjudged {
	title, _, _ := strings.Cut(c.Message, "\n")
	return Unjudged{ID: c.ID, Title: clip(report.Visible(title), 100), Author: clip(report.Visible(c.Author.Name+" <"+c.Author.Email+">"), 100), Why: why}
}

// step returns the first commit that is not spoken for, from the i-th on.
func (w *walk) step(ctx context.Context, i int) (next int, why string, err error) {
	c := w.chain[i]
	if green, v, err := w.greenAt(ctx, c.ID); err != nil || green {
		w.spoken = append(w.spoken, v)
		return w.until(i+1, v.Base, v.MergeBase), "", err
	}
	switch {
	case len(c.Parents) == 2 && !w.pushed[c.Parents[1]]:
		why = "what it merges is not among what was pushed, so what it changes is its own"
	case len(c.Parents) == 2:
		if green, v, err := w.greenAt(ctx, c.Parents[1]); err != nil || green {
			w.spoken, w.joined = append(w.spoken, v), append(w.joined, c)
			return i + 1, "", err
		}
		why = "what it merges has no green verdict"
	default:
		why = "it was pushed without a pull request"
	}
	for _, m := range w.merged[c.ID] {
		if m.Base != w.Ref || m.Merge != c.ID {
			continue
		}
		green, v, err := w.green(ctx, store.Subject{Kind: store.Pull, Owner: w.Owner, Repo: w.Repo, Number: m.Number}, m.Head)
		if err != nil {
			return i, "", err
		}
		switch {
		case !green:
			why = fmt.Sprintf("#%d was merged without a green verdict on %s", m.Number, short(m.Head))
		case len(c.Parents) != 1 || w.contains(m.Head):
			why = fmt.Sprintf("it is not what GitHub makes of #%d: the pull request's own commits are below it", m.Number)
		default:
			w.spoken = append(w.spoken, v)
			return w.sameAuthors(i, m), "", nil
		}
	}
	return i, why, nil
}

// sameAuthors passes over the commits that rebasing a pull request makes: the
// last is the one that GitHub names, and it knows the others as its own.
func (w *walk) sameAuthors(i int, m github.Merged) int {
	next := i + 1
	for next < len(w.chain) && next-i < m.Commits && len(w.chain[next].Parents) == 1 && w.chain[next].Committer == w.chain[i].Committer && w.ofPull(next, m.Number) {
		next++
	}
	return next
}

// ofPull reports whether GitHub says that a commit came by a pull request, or says
// nothing of it at all.
func (w *walk) ofPull(i, number int) bool {
	list := w.merged[w.chain[i].ID]
	for _, m := range list {
		if m.Number == number {
			return true
		}
	}
	return len(list) == 0
}

func (w *walk) contains(commit string) bool {
	for _, c := range w.chain {
		if c.ID == commit {
			return true
		}
	}
	return false
}

// until is the index of the first commit, from i on, that a verdict was given
// against; the end when there is none.
func (w *walk) until(i int, against ...string) int {
	for ; i < len(w.chain); i++ {
		for _, a := range against {
			if w.chain[i].ID == a {
				return i
			}
		}
	}
	return i
}
