package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

// scopes are what a declaration sticks to: the pull request, its head branch
// and its commits.
func scopes(c *change.Change) []string {
	var list []string
	if c.Number > 0 {
		list = append(list, fmt.Sprintf("pull %s#%d", c.Repo, c.Number))
	}
	if c.HeadRef != "" && !c.Fork && c.Event == change.PullRequest {
		list = append(list, "branch "+c.Repo+":"+c.HeadRef)
	}
	for _, commit := range c.Commits {
		list = append(list, "commit "+c.Repo+"@"+commit.ID)
	}
	return list
}

// record reads what sticks to the change.
func (g *Guard) record(ctx context.Context, c *change.Change) (session.Record, error) {
	var record session.Record
	list := scopes(c)
	stored, err := g.Store.Records(ctx, list)
	if err != nil {
		return record, err
	}
	for _, scope := range list {
		body, ok := stored[scope]
		if !ok {
			continue
		}
		one, err := session.ParseRecord(body)
		if err != nil {
			return record, fmt.Errorf("%s: %w", scope, err)
		}
		record.Merge(one)
	}
	return record, nil
}

// remember writes what the change declares to everything that it sticks to.
func (g *Guard) remember(ctx context.Context, s store.Subject, c *change.Change, layers []verdict.Layer, record session.Record, v *verdict.Verdict) error {
	if c.Event != change.PullRequest || len(v.Session.Modes) == 0 {
		return nil
	}
	updates := make(map[string][]byte)
	known := session.Recognise(c, nil)
	for _, l := range layers {
		if l.Policy == nil {
			continue
		}
		declared := session.Declare(known, c, l.Policy.Specs(), false, record)
		for _, scope := range scopes(c) {
			if err := g.rememberIn(ctx, updates, scope, declared, c); err != nil {
				return err
			}
		}
	}
	if len(updates) == 0 {
		return nil
	}
	return g.Store.SetRecords(ctx, updates)
}

// rememberIn adds to one scope's record. A commit remembers only what binds it.
func (g *Guard) rememberIn(ctx context.Context, updates map[string][]byte, scope string, declared session.Session, c *change.Change) error {
	body, ok := updates[scope]
	if !ok {
		stored, err := g.Store.Records(ctx, []string{scope})
		if err != nil {
			return err
		}
		body = stored[scope]
	}
	var record session.Record
	if body != nil {
		var err error
		if record, err = session.ParseRecord(body); err != nil {
			return fmt.Errorf("%s: %w", scope, err)
		}
	}
	before := len(record.Declarations)
	if _, id, ok := strings.Cut(scope, "@"); ok && strings.HasPrefix(scope, "commit ") {
		record.RememberCommit(declared, id, c)
	} else {
		record.Remember(declared, c)
	}
	if len(record.Declarations) == before {
		return nil
	}
	data, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("write the record of %s: %w", scope, err)
	}
	updates[scope] = data
	return nil
}

// pushScope is where the branches are kept whose pushes a repository's policy
// wants judged, so that other pushes cost no request.
func pushScope(s store.Subject) string { return "pushes " + s.Repository() }

// pushMatters reports whether a push may have to be judged, by the policy as it
// was last seen. A repository never seen may.
func (g *Guard) pushMatters(ctx context.Context, s store.Subject) (bool, error) {
	stored, err := g.Store.Records(ctx, []string{pushScope(s)})
	if err != nil {
		return false, err
	}
	body, ok := stored[pushScope(s)]
	if !ok {
		return true, nil
	}
	var known struct {
		Branches []string `json:"branches"`
	}
	if err := json.Unmarshal(body, &known); err != nil {
		return false, fmt.Errorf("%s: %w", pushScope(s), err)
	}
	return matchesAny(known.Branches, s.Ref), nil
}

func matchesAny(globs []string, branch string) bool {
	m, err := pathset.Compile(pathset.Protect, globs...)
	return err != nil || m.Match(branch)
}

// rememberPushes notes which branches the policies want judged and reports
// whether this one is among them.
func (g *Guard) rememberPushes(ctx context.Context, s store.Subject, layers []verdict.Layer) (bool, error) {
	branches := []string{}
	wanted := false
	for _, l := range layers {
		if l.Policy == nil {
			return true, nil // a broken policy stops everything
		}
		branches = append(branches, l.Policy.Pushes...)
		wanted = wanted || l.Policy.Branches != nil && l.Policy.Branches.Match(s.Ref)
	}
	body, err := json.Marshal(map[string]any{"branches": branches})
	if err != nil {
		return false, fmt.Errorf("write %s: %w", pushScope(s), err)
	}
	return wanted, g.Store.SetRecords(ctx, map[string][]byte{pushScope(s): body})
}

// members asks that every pull request of a merge group holds a green verdict.
// What is not known is a gap: the group must not pass on a guess.
func (g *Guard) members(ctx context.Context, s store.Subject, c *change.Change) error {
	numbers := queuedPulls(s.Ref)
	if len(numbers) == 0 {
		c.Gaps = append(c.Gaps, change.Gap{What: fmt.Sprintf("the pull requests of the merge group %q are not known", s.Ref), Remedy: "Take the group out of the queue and put it in again."})
	}
	for _, n := range numbers {
		member := store.Subject{Kind: store.Pull, Owner: s.Owner, Repo: s.Repo, Number: n}
		v, err := g.Store.Latest(ctx, member.Name())
		switch {
		case errors.Is(err, store.ErrNotFound):
			c.Gaps = append(c.Gaps, change.Gap{What: fmt.Sprintf("#%d of the merge group has no verdict", n), Remedy: "Re-run its check."})
		case err != nil:
			return err
		case !v.Observed && v.Outcome != string(verdict.Pass):
			c.Gaps = append(c.Gaps, change.Gap{What: fmt.Sprintf("#%d of the merge group does not pass (%s)", n, v.Outcome), Remedy: "Mend it, then queue it again."})
		}
	}
	return nil
}

// queuedPulls reads "gh-readonly-queue/main/pr-104-<commit>".
func queuedPulls(ref string) []int {
	last := ref[strings.LastIndexByte(ref, '/')+1:]
	rest, ok := strings.CutPrefix(last, "pr-")
	number, _, ok2 := strings.Cut(rest, "-")
	n, err := strconv.Atoi(number)
	if !ok || !ok2 || err != nil || n < 1 {
		return nil
	}
	return []int{n}
}
