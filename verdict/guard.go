package verdict

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
)

// PolicyPath is where a repository's policy is.
const PolicyPath = policy.Path

// Findings about the policy and about names stand whatever a policy says, also
// while it only observes: they are about whether the guard itself can be
// trusted.
const (
	integrityRule  = "guard-integrity"
	integrityKind  = "guard-integrity"
	unreadableRule = "unreadable-path"
	pathsKind      = "protected-paths"
)

// enforce adds a finding that no layer can soften.
func (j *judge) enforce(rule, kind string, level policy.Level, found rules.Finding) {
	j.always(rule, kind, level, found, true)
}

// always adds a finding that needs no rule in a policy.
func (j *judge) always(rule, kind string, level policy.Level, found rules.Finding, enforced bool) {
	f := newFinding(rule, kind, level, found)
	f.Enforced = enforced
	f.LiftableBy = "an override"
	j.verdict.Findings = append(j.verdict.Findings, f)
}

// observing reports whether every layer only observes.
func (j *judge) observing() bool {
	return len(j.policies) > 0 && !slices.ContainsFunc(j.policies, func(p *policy.Policy) bool { return p.Mode != policy.Observe })
}

// unreadablePaths finds names that a person cannot read for what they are.
func (j *judge) unreadablePaths() {
	for _, f := range j.in.Change.Files {
		for _, name := range []string{f.Path, f.OldPath} {
			reason, bad := pathset.Unreadable(name)
			if !bad || name == "" {
				continue
			}
			if name == f.OldPath || f.Status == change.Removed {
				continue // it goes away
			}
			j.always(unreadableRule, pathsKind, policy.Block, rules.Finding{
				Key: "unreadable " + reason, Path: f.Path, PreviousPath: f.OldPath,
				Message: fmt.Sprintf("The name contains %s: what people read is not the file that is changed.", reason),
				Remedy:  rules.Undo(j.in.Change, f),
			}, !j.observing())
		}
	}
}

// headPolicy loads the policy that the change would bring. A broken one would
// turn every later change red.
func (j *judge) headPolicy(ctx context.Context) {
	c := j.in.Change
	at := slices.IndexFunc(c.Files, func(f change.File) bool { return f.HeadPath() == PolicyPath })
	if at < 0 {
		return
	}
	problems, err := j.loadHeadPolicy(ctx, c.Files[at])
	if err != nil {
		j.miss(fmt.Sprintf("the policy at the head could not be read: %v", err), "Run the check again.")
		return
	}
	for _, p := range problems {
		j.enforce(integrityRule, integrityKind, policy.Block, rules.Finding{
			Key: "broken policy: " + p.Message, Path: PolicyPath, Line: p.Line,
			Message: "This policy would not load: " + p.Error(),
			Remedy:  "changeguard policy lint " + PolicyPath,
		})
	}
}

func (j *judge) loadHeadPolicy(ctx context.Context, f change.File) (policy.Problems, error) {
	if f.Mode != change.Regular && f.Mode != change.Executable {
		return notPlain(), nil
	}
	data, err := j.in.Change.Read(ctx, change.AtHead, f.Path)
	switch {
	case errors.Is(err, change.ErrTooLarge):
		return policy.Problems{{File: PolicyPath, Line: 1, Col: 1, Message: err.Error()}}, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	_, problems := policy.Load(data, policy.Source{Name: PolicyPath}, j.in.Kinds)
	return problems, nil
}

// brokenBase reports, with findings, that a layer of policy does not load. Such
// a base stops every change, except that one of class policy alone whose own
// policy loads may be approved, so that the base can be mended.
func (j *judge) brokenBase() bool {
	level := policy.Block
	if j.mends() {
		level = policy.Approve
	}
	broken := false
	for _, l := range j.in.Layers {
		for _, p := range l.Problems {
			broken = true
			j.enforce(integrityRule, integrityKind, level, rules.Finding{
				Key:     "base policy broken: " + l.Name + ": " + p.Message,
				Path:    p.File,
				Line:    p.Line,
				Message: fmt.Sprintf("The %s's policy does not load, so no change can be judged: %s", l.Name, p.Error()),
				Remedy:  "Mend the policy on the base branch: changeguard policy lint",
			})
		}
	}
	j.verdict.PolicyBroken = broken
	return broken
}

// mends reports whether the change touches files of class policy only, brings
// a policy that loads, and the repository's own layer is the broken one.
func (j *judge) mends() bool {
	c := j.in.Change
	if len(c.Files) == 0 || len(j.verdict.Findings) > 0 || len(j.verdict.Missing) > 0 {
		return false
	}
	repairs := false
	for _, f := range c.Files {
		if change.Classify(f.Path, f.Mode) != change.ClassPolicy || f.OldPath != "" && change.Classify(f.OldPath, f.OldMode) != change.ClassPolicy {
			return false
		}
		repairs = repairs || f.HeadPath() == PolicyPath || f.BasePath() == PolicyPath
	}
	for _, l := range j.in.Layers {
		if len(l.Problems) > 0 && l.Name != RepositoryLayer {
			return false
		}
	}
	return repairs
}

func exceptTooLarge(err error) error {
	if errors.Is(err, change.ErrTooLarge) {
		return nil
	}
	return err
}
