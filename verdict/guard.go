package verdict

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/lazyregexp"
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
func (j *judge) enforce(rule, kind string, level policy.Level, found rules.Finding) *Finding {
	return j.always(rule, kind, level, found, true)
}

// always adds a finding that needs no rule in a policy.
func (j *judge) always(rule, kind string, level policy.Level, found rules.Finding, enforced bool) *Finding {
	f := newFinding("", rule, kind, level, found)
	f.Enforced = enforced
	f.LiftableBy = "an override"
	return j.add(f)
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
		f := j.enforce(integrityRule, integrityKind, policy.Block, rules.Finding{
			Key: "broken policy: " + withoutLines(p.Message), Path: PolicyPath, Line: p.Line,
			Message: "This policy would not load: " + p.Error(),
			Remedy:  "changeguard policy lint " + PolicyPath,
		})
		f.gist = "the policy that it brings does not load: " + p.Error()
	}
}

var lineNumber = lazyregexp.New(`\bline \d+`)

// withoutLines takes the numbers of lines out of a problem, for the finding's
// key: a line that moves does not make another mistake of it.
func withoutLines(message string) string { return lineNumber.ReplaceAllString(message, "line") }

func (j *judge) loadHeadPolicy(ctx context.Context, f change.File) (policy.Problems, error) {
	if f.Mode != change.Regular && f.Mode != change.Executable {
		return notPlain(), nil
	}
	data, err := j.in.Change.Read(ctx, change.AtHead, f.Path)
	switch {
	case errors.Is(err, change.ErrTooLarge):
		return policy.Problems{{File: PolicyPath, Line: 1, Col: 1, Message: err.Error()}}, nil
	case err != nil:
		return nil, err
	}
	_, problems := policy.Load(data, policy.Source{Name: PolicyPath}, j.in.Kinds)
	return problems, nil
}

// brokenBase finds layers of policy that do not load. Such a base stops every
// change, and nobody can lift that: the rules are not known, so none was held.
// Only a change of class policy alone whose own policy loads may be approved, so
// that the base can be mended. The layers that load are judged all the same.
func (j *judge) brokenBase() {
	mends := j.mends()
	for _, l := range j.in.Layers {
		switch {
		case len(l.Problems) > 0:
			j.verdict.PolicyBroken = true
			j.brokenLayer(l, mends)
		case l.Policy == nil:
			j.miss("the "+l.Name+"'s policy was not loaded", "Run the check again.")
		}
	}
}

func (j *judge) brokenLayer(l Layer, mends bool) {
	for _, p := range l.Problems {
		found := rules.Finding{
			Key:     "base policy broken: " + l.Name + ": " + withoutLines(p.Message),
			Message: fmt.Sprintf("The %s's policy does not load, so no change can be judged: %s", l.Name, p.Error()),
			Remedy:  "Mend the policy of the " + l.Name + " first; changeguard policy lint shows its mistakes.",
		}
		if l.Name == RepositoryLayer {
			found.Path, found.Line = p.File, p.Line
			found.Remedy = "Mend the policy on the base branch, in a change of its own; changeguard policy lint shows its mistakes."
			if j.touches(p.File) {
				found.Line = 0 // it is the base's, and the head's lines are others
			}
		}
		level, by := policy.Block, "nobody, until the policy loads"
		if mends {
			level, by = policy.Approve, "1 approval, since this change mends it"
		}
		f := j.enforce(integrityRule, integrityKind, level, found)
		f.gist, f.LiftableBy = "the "+l.Name+"'s policy does not load: "+p.Error(), by
		f.final = !mends
	}
}

// touches reports whether the change has a file of this name.
func (j *judge) touches(path string) bool {
	return slices.ContainsFunc(j.in.Change.Files, func(f change.File) bool { return f.Path == path || f.OldPath == path })
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
