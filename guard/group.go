package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/verdict"
)

// members asks that every pull request of a merge group holds a green verdict
// for the head that went into the group. What is not known is a gap: the group
// must not pass on a guess.
func (e *evaluation) members(ctx context.Context, c *change.Change, group github.Group) error {
	var gaps []change.Gap
	gap := func(remedy, format string, args ...any) {
		gaps = append(gaps, change.Gap{What: fmt.Sprintf(format, args...), Remedy: remedy})
	}
	if group.Unknown != "" {
		gap("Take the group out of the queue and put it in again; the App needs to read the merge queue.",
			"the pull request that commit %s of the merge group comes from is not known", group.Unknown)
	}
	for _, m := range group.Members {
		stored, err := e.Store.Latest(ctx, store.Subject{Kind: store.Pull, Owner: e.Owner, Repo: e.Repo, Number: m.Number}.Name())
		if errors.Is(err, store.ErrNotFound) {
			gap("Re-run its check.", "#%d of the merge group has no verdict", m.Number)
			continue
		}
		if err != nil {
			return err
		}
		if stored.Head != m.Head {
			gap("Re-run its check, then queue it again.", "#%d of the merge group was judged at %s, and %s went in", m.Number, stored.Head, m.Head)
			continue
		}
		v, err := parse(stored)
		if err != nil {
			return err
		}
		if report.Conclude(v) != report.Success {
			gap("Mend it, then queue it again.", "#%d of the merge group does not pass (%s)", m.Number, v.Outcome)
			continue
		}
		if e.leans(v) {
			gap("Have it lifted again, then queue it again.", "an override in #%d of the merge group is over", m.Number)
			continue
		}
		if in, err := readInputs(stored); err != nil || in.BaseRef != group.Base {
			// Its title, labels and size were held to another policy.
			gap("Re-run its check, then queue it again.", "#%d of the merge group was judged for %s, and the queue is that of %s", m.Number, named(in.BaseRef), named(group.Base))
			continue
		}
		e.inherit(v, printsOf(stored))
	}
	if len(gaps) > 0 && e.lookAgain(e.Subject) {
		// A group that fails is thrown out of the queue; a member may be judged
		// at this moment.
		return queue.Later(e.Now().Add(lag), errors.New(gaps[0].What))
	}
	c.Gaps = append(c.Gaps, gaps...)
	return nil
}

// named words a branch, whose name may not be known.
func named(branch string) string {
	if branch == "" {
		return "a branch that is not known"
	}
	return branch
}

// parse reads a stored verdict.
func parse(stored store.Verdict) (*verdict.Verdict, error) {
	v := new(verdict.Verdict)
	if err := json.Unmarshal(stored.Body, v); err != nil {
		return nil, fmt.Errorf("read the stored verdict of %s: %w", stored.Subject.Name(), err)
	}
	v.Recall(stored.Inputs)
	return v, nil
}
