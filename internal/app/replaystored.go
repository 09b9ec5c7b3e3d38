package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/version"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

// database reads a verdict of the server with what it came out of, which is nil
// for one that a version before kept nothing of, or that says only that nothing
// could be judged.
func (k Replay) database(ctx context.Context, id int64) (body []byte, origin *guard.Origin, err error) {
	s, err := store.View(ctx, k.DatabaseURL)
	if err != nil {
		return nil, nil, badInput("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	v, err := s.VerdictByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, badInput("no verdict has the id %d", id)
	}
	if err != nil {
		return nil, nil, err
	}
	kept, err := s.Origin(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return v.Body, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	origin, err = guard.ParseOrigin(kept)
	return v.Body, origin, err
}

// recompute judges again what the server judged, from a clone's commits and what
// was kept beside the verdict.
func (k Replay) recompute(ctx context.Context, o *guard.Origin) (v *verdict.Verdict, err error) {
	if k.Event != "" || k.Session != "" || k.Record != "" || k.OrgPolicy != "" || k.Policy != "" {
		return nil, badInput("the database has all that verdict %s came out of; leave out --event, --session, --record, --policy and --org-policy", k.What)
	}
	repo, err := gitrepo.Open(ctx, k.Repo)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, repo.Close()) }()
	c, err := repo.Load(ctx, gitrepo.Options{Base: k.Base, Head: k.Head, Env: noEnvironment, Limits: o.Limits})
	if err != nil {
		return nil, err
	}
	if len(c.Gaps) > 0 {
		g := c.Gaps[0]
		return nil, fmt.Errorf("%s; %s", g.What, g.Remedy)
	}
	o.Apply(c)
	layers, err := k.layers(ctx, repo, c)
	if err != nil {
		return nil, err
	}
	if p := o.Organisation; p != nil {
		if layers[0].Name == verdict.DefaultLayer {
			layers = nil // it stands for no policy anywhere
		}
		layers = append([]verdict.Layer{verdict.NewLayer(verdict.OrganisationLayer, p.Data, p.Mode, catalogue.Kinds())}, layers...)
	}
	return verdict.Judge(ctx, verdict.Input{Change: c, Layers: layers, Kinds: catalogue.Kinds(), Record: o.Record, Lifts: o.Lifts, Engine: version.Engine()})
}

// noEnvironment keeps what the shell says out of what is computed again.
func noEnvironment(string) string { return "" }
