package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/verdict"
)

// A Notice is something that people are to be told of beside the check run.
type Notice struct {
	// Kind is "landing": a watched branch got what has no green verdict; or
	// [NoticeForeign], of which After and Note say all.
	Kind       string     `json:"kind"`
	Repository string     `json:"repository"` // "owner/repo"
	Branch     string     `json:"branch"`
	Before     string     `json:"before"` // commit, or the default branch of which a new branch was made
	After      string     `json:"after"`  // commit; zeros when the branch was deleted
	Forced     bool       `json:"forced"`
	Deleted    bool       `json:"deleted"`
	Commits    []Unjudged `json:"commits"` // at most 100, the youngest first
	More       int        `json:"more"`    // how many others there are
	Note       string     `json:"note"`    // what could not be told, or ""
	At         time.Time  `json:"at"`
}

// Unjudged is a commit that reached a watched branch without a green verdict.
type Unjudged struct {
	ID     string `json:"id"`
	Title  string `json:"title"`  // its first line, at most 100 bytes
	Author string `json:"author"` // as the commit says, at most 100 bytes
	Pull   int    `json:"pull"`   // the pull request that it came by, or 0
	Why    string `json:"why"`
}

// maxUnjudged is how many commits a notice names.
const maxUnjudged = 100

// pushed does what a push asks for without loading anything, and reports whether
// that was all.
func (e *evaluation) pushed(ctx context.Context) (done bool, err error) {
	k, err := e.pushes(ctx, e.Subject)
	if err != nil {
		return false, err
	}
	if isNothing(e.Head) {
		if !k.watches(e.Ref) {
			return true, nil
		}
		return true, e.land(ctx, Notice{Deleted: true})
	}
	if e.pushMatters(k) {
		return false, nil
	}
	if !k.watches(e.Ref) {
		return true, nil
	}
	return true, waiting(e.landing(ctx, nil, nil))
}

func isNothing(commit string) bool { return strings.Trim(commit, "0") == "" }

// watches reports whether what reaches a branch without a green verdict is
// recorded: the default branch, and those that a policy names under pushes.
func (k known) watches(branch string) bool {
	if branch == k.Default && branch != "" {
		return true
	}
	for _, b := range k.Branches {
		if !b.Broken && b.matches(branch) {
			return true
		}
	}
	return false
}

// landing records what of a push has no green verdict: neither its own, nor that
// of a merge group, nor that of the pull requests that it merged. c is the pushed
// change where it was loaded, else nil; v is the push's own verdict, else nil.
func (e *evaluation) landing(ctx context.Context, c *change.Change, v *verdict.Verdict) error {
	if v == nil {
		if k, err := e.pushes(ctx, e.Subject); err != nil || !k.watches(e.Ref) {
			return err
		}
		if known, err := e.landedWhole(ctx); err != nil || known {
			return err
		}
	}
	if c == nil {
		var err error
		c, err = e.client.Pushed(ctx, e.Owner, e.Repo, e.Base, e.Head)
		if errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrNoMergeBase) || errors.Is(err, github.ErrNotComparable) {
			return e.land(ctx, Notice{Forced: true, Note: "the commits before the push cannot be compared with those after it: " + clip(err.Error(), 200)})
		}
		if err != nil {
			return err
		}
	}
	n := Notice{Forced: isCommit(e.Base) && c.MergeBase != e.Base}
	if v == nil || report.Conclude(v) != report.Success {
		var err error
		if n.Commits, err = e.unjudged(ctx, c); err != nil {
			return err
		}
	}
	if len(n.Commits) == 0 && !n.Forced {
		return nil
	}
	if e.lookAgain(e.Subject) {
		// GitHub may not say yet which pull request was merged.
		return queue.Later(e.Now().Add(lag), errUnjudged)
	}
	return e.land(ctx, n)
}

var errUnjudged = errors.New("commits reached a watched branch without a green verdict, as far as GitHub says")

// isCommit tells a commit's id from the name of a branch.
func isCommit(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// landedWhole reports whether one stored verdict speaks for the whole push: a
// merge group's, or that of a pull request whose head the branch was moved to.
// That costs no request.
func (e *evaluation) landedWhole(ctx context.Context) (bool, error) {
	green, v, err := e.greenAt(ctx, e.Head)
	return green && (v.Base == e.Base || v.MergeBase == e.Base), err
}

// greenAt looks for a green verdict on a commit that counts for the branch: of a
// merge group, or of a pull request into it.
func (e *evaluation) greenAt(ctx context.Context, commit string) (green bool, v store.Verdict, err error) {
	sharing, err := e.Store.Sharing(ctx, e.Owner, e.Repo, commit)
	if err != nil {
		return false, v, err
	}
	for _, s := range sharing {
		if s.Kind == store.Push {
			continue
		}
		green, v, err := e.green(ctx, s, commit)
		if green || err != nil {
			return green, v, err
		}
	}
	return false, v, nil
}

// green reports whether a subject passed at a commit, for the pushed branch.
func (e *evaluation) green(ctx context.Context, s store.Subject, commit string) (bool, store.Verdict, error) {
	stored, err := e.Store.LatestAt(ctx, s.Name(), commit)
	if errors.Is(err, store.ErrNotFound) {
		return false, stored, nil
	}
	if err != nil {
		return false, stored, err
	}
	in, err := readInputs(stored)
	if err != nil {
		return false, stored, nil // of another version: nothing is known of it
	}
	v, err := parse(stored)
	if err != nil {
		return false, stored, err
	}
	return in.BaseRef == e.Ref && report.Conclude(v) == report.Success, stored, nil
}

// unjudged are the commits of a push that no green verdict speaks for, along the
// first parents.
func (e *evaluation) unjudged(ctx context.Context, c *change.Change) ([]Unjudged, error) {
	chain := pushedChain(c)
	w := &walk{evaluation: e, chain: chain}
	for {
		if err := w.byVerdicts(ctx); err != nil {
			return nil, err
		}
		if len(w.ask) == 0 || w.merged != nil {
			return w.left, nil
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
	merged map[string][]github.Merged
	ask    []string // commits that only a merged pull request can speak for
	left   []Unjudged
}

// byVerdicts takes the commits one after the other. What a verdict speaks for is
// passed over with all that it was given for.
func (w *walk) byVerdicts(ctx context.Context) error {
	w.ask, w.left = nil, nil
	for i := 0; i < len(w.chain); {
		next, why, err := w.step(ctx, i)
		if err != nil {
			return err
		}
		if next == i {
			c := w.chain[i]
			title, _, _ := strings.Cut(c.Message, "\n")
			u := Unjudged{ID: c.ID, Title: clip(report.Visible(title), 100), Author: clip(report.Visible(c.Author.Name+" <"+c.Author.Email+">"), 100), Why: why}
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

// step returns the first commit that is not spoken for, from the i-th on.
func (w *walk) step(ctx context.Context, i int) (next int, why string, err error) {
	c := w.chain[i]
	if green, v, err := w.greenAt(ctx, c.ID); err != nil || green {
		return w.until(i+1, v.Base, v.MergeBase), "", err
	}
	if len(c.Parents) == 2 {
		if green, _, err := w.greenAt(ctx, c.Parents[1]); err != nil || green {
			return i + 1, "", err
		}
		why = "what it merges has no green verdict"
	} else {
		why = "it was pushed without a pull request"
	}
	for _, m := range w.merged[c.ID] {
		if m.Base != w.Ref || m.Merge != c.ID {
			continue
		}
		green, _, err := w.green(ctx, store.Subject{Kind: store.Pull, Owner: w.Owner, Repo: w.Repo, Number: m.Number}, m.Head)
		if err != nil {
			return i, "", err
		}
		switch {
		case !green:
			why = fmt.Sprintf("#%d was merged without a green verdict on %s", m.Number, short(m.Head))
		case len(c.Parents) != 1 || w.contains(m.Head):
			why = fmt.Sprintf("it is not what GitHub makes of #%d: the pull request's own commits are below it", m.Number)
		default:
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

func short(commit string) string { return commit[:min(len(commit), 12)] }

// land writes down what reached a branch, and tells of it.
func (e *evaluation) land(ctx context.Context, n Notice) error {
	n.Kind, n.Repository, n.Branch, n.Before, n.After, n.At = "landing", e.Repository(), e.Ref, e.Base, e.Head, e.Now().UTC()
	if n.More = len(n.Commits) - maxUnjudged; n.More > 0 {
		n.Commits = n.Commits[:maxUnjudged]
	}
	n.More = max(n.More, 0)
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write a notice: %w", err)
	}
	l := store.Landing{Repository: n.Repository, Branch: n.Branch, Before: n.Before, After: n.After, Body: body, At: n.At}
	told, err := e.Store.AddLanding(ctx, l)
	if err != nil || told {
		return err
	}
	e.Logger.WarnContext(ctx, "a watched branch got what has no green verdict", logkey.Subject, e.Name(), logkey.Forced, n.Forced, logkey.Deleted, n.Deleted, logkey.Commits, len(n.Commits)+n.More)
	if e.Notice != nil {
		if err := e.Notice(ctx, n); err != nil {
			return fmt.Errorf("tell what reached %s:%s: %w", n.Repository, n.Branch, err)
		}
	}
	return e.Store.ToldLanding(ctx, l)
}
