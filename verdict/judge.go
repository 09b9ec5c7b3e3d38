package verdict

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/session"
)

// Input is everything that a verdict depends on.
type Input struct {
	Change *change.Change
	// Layers are the policies that apply, the organisation's first. An empty
	// list means the built-in default.
	Layers []Layer
	// Kinds are the rules that exist; policies on the head are checked by them.
	Kinds []rules.Kind
	// Record holds the declarations that stick.
	Record session.Record
	// Engine is the name and version of the program, "changeguard 0.1.0".
	Engine string
	// Lifts are the approvals and overrides in force, by finding id: who gave
	// them had the right to, and an override's Until was compared with the clock.
	// One of a kind that the finding's level does not take changes nothing.
	Lifts map[string]Lift
}

// A Layer is one policy file as it was read, or the problems that it has.
type Layer struct {
	Name     string // "repository", "organisation", "built-in default", or a file's name
	Policy   *policy.Policy
	Problems policy.Problems // when it does not load; Policy is then nil
	Digest   string          // of the file's bytes; with Problems, since Policy carries its own
}

// NewLayer loads a policy file as it was found in a repository.
func NewLayer(name string, data []byte, mode change.Mode, kinds []rules.Kind) Layer {
	l := Layer{Name: name, Digest: policy.Digest(data)}
	if mode == change.Symlink || mode == change.Submodule {
		l.Problems = notPlain()
		return l
	}
	l.Policy, l.Problems = policy.Load(data, policy.Source{Name: PolicyPath}, kinds)
	return l
}

// notPlain is the problem of a policy that is no plain file.
func notPlain() policy.Problems {
	return policy.Problems{{File: PolicyPath, Line: 1, Col: 1, Message: "the policy must be a plain file, not a link or a submodule"}}
}

func (l Layer) digest() string {
	if l.Policy != nil {
		return l.Policy.Digest
	}
	return l.Digest
}

// judge is the work in progress on one verdict.
type judge struct {
	in       Input
	verdict  *Verdict
	known    session.Session // recognised, before any layer's modes
	policies []*policy.Policy
	names    []string        // of each policy's layer
	views    []*view         // of each policy
	builtIn  []rules.Classes // of each file, before any policy has a say
}

// Judge lays the layers on the change. An error means that the program itself
// cannot go on (the context ended); everything about the change, however
// broken, is a verdict.
func Judge(ctx context.Context, in Input) (*Verdict, error) {
	j := &judge{in: in, verdict: newVerdict(in)}
	for _, gap := range in.Change.Gaps {
		j.miss(gap.What, gap.Remedy)
	}
	if len(in.Layers) == 0 {
		j.in.Layers = []Layer{{Name: "built-in default", Policy: policy.Default(in.Kinds)}}
	}
	j.describePolicy()
	j.unreadablePaths()
	j.headPolicy(ctx)
	j.brokenBase()
	j.known = session.Recognise(in.Change, j.agents())
	j.showSession(j.known)
	j.builtIn = builtIn(in.Change)
	for _, p := range j.policies {
		j.views = append(j.views, newView(in.Change, p, j.builtIn))
	}
	j.countRisk(ctx)
	for i, p := range j.policies {
		j.layer(ctx, j.names[i], p, j.views[i])
	}
	return j.finish(ctx)
}

func newVerdict(in Input) *Verdict {
	c := in.Change
	return &Verdict{
		Engine: in.Engine, Base: c.Base, MergeBase: c.MergeBase, Head: c.Head,
		Session:  Session{Modes: []string{}, IDs: []string{}, Evidence: []session.Evidence{}, Actor: session.Human},
		Change:   Size{Files: len(c.Files), Commits: len(c.Commits)},
		Risk:     Risk{Level: "low", Factors: []Factor{}},
		Findings: []Finding{},
	}
}

// add takes a finding into the verdict.
func (j *judge) add(f Finding) *Finding {
	j.verdict.Findings = append(j.verdict.Findings, f)
	return &j.verdict.Findings[len(j.verdict.Findings)-1]
}

// finish puts the findings in order, applies lifts and seals the verdict.
func (j *judge) finish(ctx context.Context) (*Verdict, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("judge %s: %w", j.in.Change.Head, err)
	}
	v := j.verdict
	v.Findings = unite(v.Findings)
	sortFindings(v.Findings)
	numberTwins(v.Findings)
	for i := range v.Findings {
		f := &v.Findings[i]
		if lift, ok := j.in.Lifts[f.ID]; ok && f.canBeLifted(lift) {
			lift.By = append([]string{}, lift.By...) // [] and not null
			f.LiftedBy = &lift
		}
	}
	slices.SortFunc(v.Missing, func(a, b Missing) int { return cmp.Compare(a.What, b.What) })
	v.Missing = slices.Compact(v.Missing)
	if err := v.seal(j.observing()); err != nil {
		return nil, err
	}
	return v, nil
}

// miss records that something could not be judged.
func (j *judge) miss(what, remedy string) {
	j.verdict.Missing = append(j.verdict.Missing, Missing{what, remedy})
}

// describePolicy fills the verdict's policy part and collects what loaded.
func (j *judge) describePolicy() {
	var layers []*policy.Policy
	var digests, sources []string
	organisation := false
	for _, l := range j.in.Layers {
		digests = append(digests, l.digest())
		sources = append(sources, l.Name+" "+l.digest())
		organisation = organisation || l.Name == OrganisationLayer
		if l.Policy != nil {
			layers = append(layers, l.Policy)
			j.names = append(j.names, l.Name)
		}
	}
	if !organisation {
		sources = append(sources, "no organisation policy seen")
	}
	j.policies = policy.Layers(layers).Effective()
	j.verdict.Policy = Policy{Digest: joinDigests(digests), Sources: sources}
}

// The names of layers; verdicts show them.
const (
	OrganisationLayer = "organisation"
	RepositoryLayer   = "repository"
	DefaultLayer      = "built-in default"
)

// joinDigests makes one digest of several; a single one stays as it is.
func joinDigests(digests []string) string {
	if len(digests) == 1 {
		return digests[0]
	}
	sum := sha256.Sum256([]byte(strings.Join(digests, "\n")))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// agents are those that any layer knows: one more known agent only tightens.
func (j *judge) agents() []session.Known {
	var known []session.Known
	for _, p := range j.policies {
		known = append(known, p.Agents...)
	}
	return known
}

// layer judges the change by one policy.
func (j *judge) layer(ctx context.Context, name string, p *policy.Policy, view *view) {
	c := j.in.Change
	s := session.Declare(j.known, c, p.Specs(), p.UndeclaredAgent() != nil, j.in.Record)
	j.showSession(s)
	vars := j.vars(ctx, s, view)
	l := &laying{judge: j, name: name, policy: p, session: s, view: view, vars: vars}
	l.unknownModes()
	if !j.mergeGroup() {
		for _, bound := range s.Modes {
			found, missing := len(j.verdict.Findings), len(j.verdict.Missing)
			l.mode(ctx, bound)
			l.modeStep(bound, found, missing)
		}
	}
	l.modeSteps()
	for i := range p.Rules {
		l.rule(ctx, &p.Rules[i])
	}
	l.riskLevel()
}

// mergeGroup reports whether the change is several pull requests put together,
// whose people and texts were judged in each of them.
func (j *judge) mergeGroup() bool { return j.in.Change.Event == change.MergeGroup }

// showSession unites what the layers say of the session.
func (j *judge) showSession(s session.Session) {
	shown := &j.verdict.Session
	shown.Actor, shown.Agent = s.Actor, s.Agent
	if shown.Mode == "" {
		shown.Mode = s.Mode
	}
	for _, bound := range s.Modes {
		if !slices.Contains(shown.Modes, bound.Name) {
			shown.Modes = append(shown.Modes, bound.Name)
		}
	}
	for _, id := range s.IDs {
		if !slices.Contains(shown.IDs, id) {
			shown.IDs = append(shown.IDs, id)
		}
	}
	for _, e := range s.Evidence {
		if !slices.Contains(shown.Evidence, e) {
			shown.Evidence = append(shown.Evidence, e)
		}
	}
}

// vars are what conditions see under one layer.
func (j *judge) vars(ctx context.Context, s session.Session, view *view) *condition.Vars {
	c := j.in.Change
	v := &condition.Vars{
		Event:   string(c.Event),
		Session: condition.SessionVars{Mode: s.Mode, Actor: string(s.Actor), Agent: s.Agent, IDs: s.IDs},
		Author:  condition.AuthorVars{Login: c.Author.Login, Kind: string(c.Author.Kind)},
		PR: condition.PRVars{
			Title: c.Title, Body: c.Body, Base: c.BaseRef, Head: c.HeadRef,
			Draft: c.Draft, Fork: c.Fork,
		},
		Change:  condition.ChangeVars{Files: int64(len(c.Files)), Commits: int64(len(c.Commits)), Paths: c.Paths()},
		Risk:    condition.RiskVars{Score: int64(j.verdict.Risk.Score), Level: j.verdict.Risk.Level},
		Classes: view.classNames(),
		Lines: func() (int64, int64, error) {
			sum, err := j.countLines(ctx)
			return int64(sum.Added), int64(sum.Deleted), err
		},
	}
	for _, label := range c.Labels {
		v.PR.Labels = append(v.PR.Labels, label.Name)
	}
	return v
}

// countLines counts the change's lines and shows them in the verdict: what a
// rule asked for is known from then on.
func (j *judge) countLines(ctx context.Context) (change.Lines, error) {
	_, sum, err := j.in.Change.CountLines(ctx)
	if err != nil {
		return change.Lines{}, fmt.Errorf("count changed lines: %w", err)
	}
	j.verdict.Change.Additions, j.verdict.Change.Deletions = &sum.Added, &sum.Deleted
	return sum, nil
}
