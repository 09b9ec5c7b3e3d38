package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/backtest"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/version"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

const (
	// lastPulls is how many pull requests are judged when nobody says how many: at
	// two or three requests each they leave most of an hour's requests.
	lastPulls = 100
	// mostPulls bounds what can be asked for, since the list is held in memory.
	mostPulls = 10000
	// atOnce is how many are read at once: GitHub asks for patience, and each may
	// hold its contents in memory.
	atOnce = 4
)

// onGitHub judges the closed pull requests of a repository, read through the API.
func (k Backtest) onGitHub(ctx context.Context) (*backtest.Report, error) {
	owner, repo, _ := strings.Cut(k.GitHub, "/")
	client, err := k.client(k.Transport)
	if err != nil {
		return nil, err
	}
	b, head, err := k.trialsOnGitHub(ctx, client, owner, repo)
	if err != nil {
		return nil, k.refused(err)
	}
	from, ok := k.from()
	if k.Since != "" && !ok {
		return nil, badInput("--since %s is no day such as 2025-08-31 and no age such as 90d, 12w or 3 months, which is what pull requests can be chosen by", k.Since)
	}
	pulls, err := client.Closed(ctx, owner, repo, min(mostPulls, cmp.Or(k.Last, lastPulls)), from)
	if err != nil {
		return nil, k.refused(err)
	}
	if len(pulls) == 0 {
		return nil, badInput("%s has no closed pull requests since %s", k.GitHub, cmp.Or(k.Since, "the beginning"))
	}
	transport, err := keepAnswers(k.Transport, k.Cache, k.Now)
	if err != nil {
		return nil, badInput("keep what GitHub says, so that a later run goes on from there: %w; --cache names another folder, and --cache none keeps nothing", err)
	}
	loads, err := k.client(transport)
	if err != nil {
		return nil, err
	}
	r, err := b.Run(ctx, func(take func(backtest.One) error) error {
		for _, p := range pulls {
			if err := take(onePull(loads, p)); err != nil {
				return err
			}
		}
		return nil
	}, k.progress(len(pulls)))
	if err != nil {
		return nil, k.refused(err)
	}
	r.By, r.Since, r.Head = ByPull, k.Since, head
	reached(r, len(pulls), "pull request")
	return r, nil
}

// client signs with the token that the environment has.
func (k Backtest) client(transport http.RoundTripper) (*github.Client, error) {
	token := cmp.Or(k.Env("GITHUB_TOKEN"), k.Env("GH_TOKEN"))
	if token == "" {
		return nil, badInput("to read pull requests it needs a token that may read contents and pull requests of %s: set GITHUB_TOKEN or GH_TOKEN, for instance to what `gh auth token` prints", k.GitHub)
	}
	base := cmp.Or(k.Env("CHANGEGUARD_GITHUB_URL"), k.Env("GITHUB_API_URL"), github.DefaultBaseURL)
	client, err := github.WithToken(github.Options{BaseURL: base, Transport: transport, CheckName: "changeguard"}, token)
	if err != nil {
		return nil, badInput("%w", err)
	}
	return client, nil
}

// trialsOnGitHub reads the policies in force at the default branch, in the place of
// which files can be named.
func (k Backtest) trialsOnGitHub(ctx context.Context, client *github.Client, owner, repo string) (*backtest.Backtest, string, error) {
	b := &backtest.Backtest{Kinds: catalogue.Kinds(), Engine: version.Engine(), Worst: k.Worst, Workers: atOnce, Tells: true}
	files, head, err := client.Policies(ctx, owner, repo)
	if err != nil {
		return nil, "", err
	}
	named, err := namedLayers(k.OrgPolicy, k.Policy)
	if err != nil {
		return nil, "", err
	}
	b.Current.Name, b.Current.Layers = cmp.Or(k.Policy, policy.Path), k.inForce(files, named)
	for _, l := range b.Current.Layers {
		if l.Problems != nil {
			return nil, "", l.Problems
		}
	}
	if len(b.Current.Layers) == 0 {
		b.Current.Name = "the built-in default policy"
		b.Current.Layers = []verdict.Layer{{Name: verdict.DefaultLayer, Policy: policy.Default(catalogue.Kinds())}}
	}
	if k.Candidate == "" {
		return b, head, nil
	}
	candidate, err := namedLayers("", k.Candidate)
	if err != nil {
		return nil, "", err
	}
	for _, l := range b.Current.Layers {
		if l.Name == verdict.OrganisationLayer {
			candidate = append([]verdict.Layer{l}, candidate...)
		}
	}
	b.Candidate = &backtest.Trial{Name: k.Candidate, Layers: candidate}
	return b, head, nil
}

// inForce are the layers, the organisation's first.
func (k Backtest) inForce(files []github.PolicyFile, named []verdict.Layer) (layers []verdict.Layer) {
	for _, layer := range []struct {
		name  string
		file  string
		isOrg bool
	}{{verdict.OrganisationLayer, k.OrgPolicy, true}, {verdict.RepositoryLayer, k.Policy, false}} {
		for _, l := range named {
			if l.Name == layer.name {
				layers = append(layers, l)
			}
		}
		for _, f := range files {
			if layer.file == "" && f.Organisation == layer.isOrg {
				layers = append(layers, verdict.NewLayer(layer.name, f.Data, f.Mode, catalogue.Kinds()))
			}
		}
	}
	return layers
}

// onePull is one pull request, which is read when its turn comes.
func onePull(client *github.Client, p github.Closed) backtest.One {
	var loaded *github.Loaded
	return backtest.One{
		Number: p.Number, Head: p.Head, When: p.Closed, Closed: !p.Merged,
		Load: func(ctx context.Context) (*change.Change, error) {
			var err error
			if loaded, err = client.Load(ctx, p.Range); err != nil {
				return nil, dry(err)
			}
			return loaded.Change, nil
		},
		Trouble: func() error {
			err, _ := loaded.Trouble()
			var none *backtest.DryError
			if err = dry(err); errors.As(err, &none) {
				return err
			}
			return nil // the verdict says what could not be read
		},
	}
}

// dry tells what ends the run from what concerns one pull request: a limit, and a
// token that is not taken any more.
func dry(err error) error {
	var limit *github.LimitError
	switch {
	case errors.As(err, &limit):
		return &backtest.DryError{Err: limit}
	case errors.Is(err, github.ErrUnauthorized):
		return &backtest.DryError{Err: err}
	}
	return err
}

// refused words what the person can do about an error of GitHub's.
func (k Backtest) refused(err error) error {
	const needs = "the token must be able to read contents and pull requests (a classic one: the scope repo), and be authorised for the organisation where it uses single sign-on"
	var limit *github.LimitError
	switch {
	case errors.Is(err, backtest.ErrInterrupted):
		return fmt.Errorf("%w; nothing was judged", backtest.ErrInterrupted)
	case errors.As(err, &limit):
		return fmt.Errorf("%w; nothing was judged, ask again then", limit)
	case errors.Is(err, github.ErrForbidden):
		return badInput("GitHub does not take the token for %s, or not for this: %w; %s", k.GitHub, err, needs)
	case errors.Is(err, github.ErrNotFound), errors.Is(err, github.ErrGone):
		return badInput("GitHub shows no repository %s to this token: it is written otherwise, or private; %s", k.GitHub, needs)
	}
	return err
}
