package guard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

// A Trial asks what a verdict would be, were something else. Nothing of it is
// stored or published.
type Trial struct {
	Policy    []byte   // in place of the repository's; nil for the one that judged
	Add       []string // labels, as if set by somebody other than the author
	Remove    []string // labels
	Approvals int      // by further people who may give them
}

// trialRequests bounds what one trial asks of GitHub: contents that rules want
// and that are not at hand. The change itself is at hand.
const trialRequests = 15

// ErrNotKept says that a change is not at hand: it was judged by an older
// version, or is too large to be kept.
var ErrNotKept = errors.New("the change was not kept")

// Try judges a stored change again, as it is and as it would be.
func (g *Guard) Try(ctx context.Context, stored store.Verdict, t Trial) (was, is *verdict.Verdict, err error) {
	r, err := g.retrial(ctx, stored)
	if err != nil {
		return nil, nil, err
	}
	ctx = github.WithBudget(ctx, trialRequests)
	layers, err := r.layers(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	if was, err = r.judge(ctx, layers, r.kept, 0); err != nil {
		return nil, nil, err
	}
	if layers, err = r.layers(ctx, t.Policy); err != nil {
		return nil, nil, err
	}
	k := r.kept
	k.Labels = relabelled(k.Labels, t)
	is, err = r.judge(ctx, layers, k, t.Approvals)
	return was, is, err
}

// relabelled are the labels with those of a trial.
func relabelled(labels []change.Label, t Trial) []change.Label {
	named := func(list []string, name string) bool {
		return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, name) })
	}
	kept := slices.DeleteFunc(slices.Clone(labels), func(l change.Label) bool { return named(t.Remove, l.Name) || named(t.Add, l.Name) })
	for _, name := range t.Add {
		kept = append(kept, change.Label{Name: name})
	}
	return kept
}

// retrial is a stored verdict with the change that it is about.
type retrial struct {
	*Guard
	stored store.Verdict
	was    *verdict.Verdict
	kept   keptChange
	record session.Record
	inputs inputs
	source change.Source
}

func (g *Guard) retrial(ctx context.Context, stored store.Verdict) (*retrial, error) {
	data, err := g.Store.Snapshot(ctx, stored)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNotKept
	}
	if err != nil {
		return nil, err
	}
	r := &retrial{Guard: g, stored: stored}
	if r.kept, err = unpack(data); err != nil {
		return nil, err
	}
	if r.was, err = parse(stored); err != nil {
		return nil, err
	}
	if r.inputs, err = readInputs(stored); err != nil {
		return nil, err
	}
	if r.record, err = g.record(ctx, scopes(r.kept.change(nil), r.kept.Owner)); err != nil {
		return nil, err
	}
	s := stored.Subject
	from := g.GitHub.Installation(s.Installation).Contents(s.Owner, s.Repo, r.kept.MergeBase, r.kept.Head)
	r.source = from
	trees, ok := from.(change.TreeSource)
	commits, ok2 := from.(change.CommitSource)
	if ok && ok2 {
		r.source = contents{trees, commits, r.kept.Lines, len(r.kept.Files)}
	}
	return r, nil
}

// layers are the policies that judged, with another one in place of the
// repository's where one is given. A candidate that does not load is an error,
// its problems.
func (r *retrial) layers(ctx context.Context, candidate []byte) ([]verdict.Layer, error) {
	var layers []verdict.Layer
	for _, l := range r.kept.Layers {
		if l.Name == verdict.RepositoryLayer && candidate != nil {
			continue
		}
		text, err := r.Store.PolicyText(ctx, l.Digest)
		if errors.Is(err, store.ErrNotFound) {
			return nil, fmt.Errorf("%w: the %s's policy is not at hand", ErrNotKept, l.Name)
		}
		if err != nil {
			return nil, err
		}
		layers = append(layers, r.loaded.load(l.Name, github.PolicyFile{Mode: change.Mode(l.Mode), Data: text}, r.Kinds))
	}
	if candidate != nil {
		l := verdict.NewLayer(verdict.RepositoryLayer, candidate, change.Regular, r.Kinds)
		if l.Problems != nil {
			return nil, l.Problems
		}
		layers = append(layers, l)
	}
	if len(layers) == 0 {
		layers = r.loaded.layers(nil, r.Kinds)
	}
	return layers, nil
}

// judge lays policies on the change. What people lifted stays lifted where the
// same is found: the content is the same.
func (r *retrial) judge(ctx context.Context, layers []verdict.Layer, k keptChange, approvals int) (*verdict.Verdict, error) {
	c := k.change(r.source)
	c.Limits = r.Limits
	c.Normalise()
	if r.inputs.Evidence != nil {
		c.Evidence = r.inputs.Evidence
	}
	in := verdict.Input{Change: c, Layers: layers, Kinds: r.Kinds, Record: r.record, Engine: r.Engine, Lifts: r.standing()}
	v, err := verdict.Judge(ctx, in)
	if err != nil || approvals == 0 {
		return v, err
	}
	before := len(in.Lifts)
	for i := range v.Findings {
		if f := &v.Findings[i]; f.LiftedBy == nil && !f.Final() && approvals >= needed(layers, f) {
			in.Lifts[f.ID] = verdict.Lift{Kind: verdict.Approval, By: []string{furtherPeople(approvals)}}
		}
	}
	if len(in.Lifts) == before {
		return v, nil
	}
	return verdict.Judge(ctx, in)
}

func furtherPeople(n int) string {
	if n == 1 {
		return "a further person"
	}
	return fmt.Sprintf("%d further people", n)
}

// needed is how many approvals lift a finding, if approvals do.
func needed(layers []verdict.Layer, f *verdict.Finding) int {
	if f.Approvals != nil {
		return max(1, f.Approvals.Count)
	}
	most := 1
	for _, asked := range approvalsOf(layers, f) {
		most = max(most, asked.Count)
	}
	return most
}

// standing are the lifts that the stored verdict names and that are not over.
func (r *retrial) standing() map[string]verdict.Lift {
	lifts := make(map[string]verdict.Lift)
	for _, f := range r.was.Findings {
		if f.LiftedBy == nil {
			continue
		}
		if until, err := time.Parse(time.RFC3339, f.LiftedBy.Until); f.LiftedBy.Until != "" && (err != nil || !until.After(r.Now())) {
			continue
		}
		lifts[f.ID] = *f.LiftedBy
	}
	return lifts
}

// blastRequests bounds what judging a repository's past asks of GitHub.
const blastRequests = 100

// A Past is a pull request's newest verdict, and what another policy would have
// said.
type Past struct {
	Stored store.Verdict
	Is     *verdict.Verdict // nil where Why says why there is none
	Why    string
}

// Blast judges the last pull requests of a repository by another policy, as far
// as the context's time goes. A policy that does not load is an error, its
// problems.
func (g *Guard) Blast(ctx context.Context, owner, repo string, candidate []byte, limit int) ([]Past, error) {
	if l := verdict.NewLayer(verdict.RepositoryLayer, candidate, change.Regular, g.Kinds); l.Problems != nil {
		return nil, l.Problems
	}
	stored, err := g.Store.Judged(ctx, owner, repo, limit)
	if err != nil {
		return nil, err
	}
	budgeted := github.WithBudget(ctx, blastRequests)
	list := make([]Past, 0, len(stored))
	for _, s := range stored {
		p := Past{Stored: s}
		p.Is, err = g.again(budgeted, s, candidate)
		switch {
		case ctx.Err() != nil:
			p.Is, p.Why = nil, "there was no time left"
		case errors.Is(err, ErrNotKept):
			p.Why = "its change is not at hand: it was judged by an older version, or is too large to be kept"
		case err != nil:
			return nil, err
		case p.Is.Outcome == verdict.Incomplete && s.Outcome != string(verdict.Incomplete):
			p.Why = p.Is.Missing[0].What
			p.Is = nil
		}
		list = append(list, p)
	}
	return list, nil
}

func (g *Guard) again(ctx context.Context, s store.Verdict, candidate []byte) (*verdict.Verdict, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, err := g.retrial(ctx, s)
	if err != nil {
		return nil, err
	}
	layers, err := r.layers(ctx, candidate)
	if err != nil {
		return nil, err
	}
	return r.judge(ctx, layers, r.kept, 0)
}
