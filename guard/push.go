package guard

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

// known is what the policies of a repository's branches say of pushes, as they
// were last seen: so that other pushes cost no request.
type known struct {
	// Branches are the globs of the policy by the branch that it was read from.
	Branches map[string]seen `json:"branches"`
	// Default is the default branch; "" while it is not known.
	Default string `json:"default,omitempty"`
}

type seen struct {
	Globs []string  `json:"globs"`
	At    time.Time `json:"at"` // zero when the policy has changed since
	// Broken says that a policy did not load, so that every push is judged.
	Broken bool `json:"broken,omitempty"`
	// Policy are the ids of the policy files, as the last pull request into the
	// branch was judged by them.
	Policy []string `json:"policy,omitempty"`
}

const (
	// staleAfter is how long what a branch's policy said is believed without
	// looking at it: it may change in ways that nobody is told of, an
	// organisation's for instance.
	staleAfter = 24 * time.Hour
	// maxBranches bounds what is kept of a repository.
	maxBranches = 100
)

func pushScope(s store.Subject) string { return "pushes " + s.Repository() }

// pushMatters reports whether a push may have to be judged, by the policies as
// they were last seen. Of a repository never seen, any may.
func (e *evaluation) pushMatters(k known) bool {
	if b, ok := k.Branches[e.Ref]; len(k.Branches) == 0 || k.Default == "" || ok && e.Now().Sub(b.At) > staleAfter {
		return true
	}
	return k.name(e.Ref)
}

// name reports whether any policy names the branch.
func (k known) name(branch string) bool {
	for _, b := range k.Branches {
		if b.Broken || b.matches(branch) {
			return true
		}
	}
	return false
}

func (b seen) matches(branch string) bool {
	m, err := pathset.Compile(pathset.Protect, b.Globs...)
	return err != nil || m.Match(branch)
}

func (g *Guard) pushes(ctx context.Context, s store.Subject) (known, error) {
	stored, err := g.Store.Records(ctx, []string{pushScope(s)})
	if err != nil {
		return known{}, err
	}
	return parseKnown(pushScope(s), stored[pushScope(s)])
}

func parseKnown(scope string, body []byte) (k known, err error) {
	if body != nil {
		if err := json.Unmarshal(body, &k); err != nil {
			return k, fmt.Errorf("%s: %w", scope, err)
		}
	}
	return k, nil
}

// wantsPush reports whether the policies, as they were before the push, name
// its branch, and remembers what they say.
func (e *evaluation) wantsPush(ctx context.Context, loaded *github.Loaded, layers []verdict.Layer) (bool, error) {
	wanted := false
	for _, l := range layers {
		// A broken policy stops everything.
		wanted = wanted || l.Policy == nil || l.Policy.Branches != nil && l.Policy.Branches.Match(e.Ref)
	}
	return wanted, e.rememberPushes(ctx, loaded, layers)
}

// rememberPushes notes which branches the policies at a branch want judged.
// Where the change touches the policy, that will have to be looked at again.
func (e *evaluation) rememberPushes(ctx context.Context, loaded *github.Loaded, layers []verdict.Layer) error {
	c := loaded.Change
	if c.BaseRef == "" {
		return nil
	}
	now := seen{Globs: []string{}, At: e.Now().UTC().Truncate(time.Second)}
	for _, l := range layers {
		if l.Policy == nil {
			now.Broken = true
			continue
		}
		now.Globs = append(now.Globs, l.Policy.Pushes...)
	}
	if slices.Contains(c.Paths(), policy.Path) {
		now.At = time.Time{}
	}
	k, err := e.pushes(ctx, e.Subject)
	now.Policy = k.Branches[c.BaseRef].Policy
	entry, err := e.policyChange(loaded, &now, err)
	if err != nil || k.has(c.BaseRef, now) && k.Default == loaded.Default && entry == nil {
		return err
	}
	scope := pushScope(e.Subject)
	return e.Store.ChangeRecordsOn(ctx, []string{scope}, entry, func(have map[string][]byte) (map[string][]byte, error) {
		k, err := parseKnown(scope, have[scope])
		if err != nil || entry != nil && slices.Equal(k.Branches[c.BaseRef].Policy, now.Policy) {
			return nil, err // somebody else noticed it as well
		}
		k.add(c.BaseRef, now)
		k.Default = loaded.Default
		body, err := json.Marshal(k)
		return map[string][]byte{scope: body}, err
	})
}

// policyChange is the entry of the audit log for a policy that is not the one that
// was last seen, nil where it is.
func (e *evaluation) policyChange(loaded *github.Loaded, now *seen, err error) (*store.Entry, error) {
	if err != nil || e.Kind != store.Pull {
		return nil, err // a push is judged by the policy before it
	}
	before := now.Policy
	now.Policy = nil
	for _, p := range loaded.Policies {
		now.Policy = append(now.Policy, p.ID)
	}
	if slices.Equal(before, now.Policy) {
		return nil, nil
	}
	body, err := json.Marshal(map[string]any{"branch": loaded.Change.BaseRef, "commit": loaded.Change.Base, "before": before, "after": now.Policy, "seen_by": e.Name()})
	if err != nil {
		return nil, fmt.Errorf("write for the audit log: %w", err)
	}
	return &store.Entry{At: e.Now(), Kind: store.AuditPolicy, Subject: e.Repository() + ":" + loaded.Change.BaseRef, Body: body}, nil
}

// has reports whether the same is known and will be for a while.
func (k known) has(branch string, now seen) bool {
	old, ok := k.Branches[branch]
	if !ok || !slices.Equal(old.Globs, now.Globs) || old.At.IsZero() != now.At.IsZero() || old.Broken != now.Broken {
		return false
	}
	return now.At.Sub(old.At) < staleAfter/2
}

// add notes a branch, and forgets the oldest when there are too many.
func (k *known) add(branch string, now seen) {
	if k.Branches == nil {
		k.Branches = make(map[string]seen)
	}
	k.Branches[branch] = now
	if len(k.Branches) > maxBranches {
		oldest := slices.MinFunc(slices.Sorted(maps.Keys(k.Branches)), func(a, b string) int { return k.Branches[a].At.Compare(k.Branches[b].At) })
		delete(k.Branches, oldest)
	}
}
