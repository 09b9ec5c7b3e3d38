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
			if e.lookAgain(e.Subject) {
				return queue.Later(e.Now().Add(lag), err) // it may be there in a moment
			}
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
		n.Note = unlisted(c)
	}
	if len(n.Commits) == 0 && !n.Forced && n.Note == "" {
		return nil
	}
	if e.lookAgain(e.Subject) {
		// GitHub may not say yet which pull request was merged.
		return queue.Later(e.Now().Add(lag), errUnjudged)
	}
	return e.land(ctx, n)
}

var errUnjudged = errors.New("commits reached a watched branch without a green verdict, as far as GitHub says")

// unlisted says what is not known of a push of which GitHub does not list all
// commits: those that it leaves out may be of nobody.
func unlisted(c *change.Change) string {
	if len(c.Commits) == 0 {
		return ""
	}
	for _, commit := range c.Commits {
		if commit.ID == c.Head && len(c.Gaps) == 0 {
			return ""
		}
	}
	why := "the list does not lead to the branch's head"
	if len(c.Gaps) > 0 {
		why = c.Gaps[0].What
	}
	return "what else was pushed is not known: " + why
}

// isCommit tells a commit's id from the name of a branch.
func isCommit(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// landedWhole reports whether one stored verdict speaks for the whole push: a
// merge group's, or that of a pull request whose head the branch was moved to. It
// parts from the branch where that was; from an older commit, the push was forced.
// That costs no request.
func (e *evaluation) landedWhole(ctx context.Context) (bool, error) {
	green, v, err := e.greenAt(ctx, e.Head)
	return green && v.MergeBase == e.Base, err
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
	told, err := e.Store.AddLanding(ctx, l, n.join)
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
