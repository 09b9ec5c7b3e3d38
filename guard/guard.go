// Package guard holds the use cases of the server: evaluate a pull request, a
// merge group or a push, and publish what came out.
//
// # The model
//
// An evaluation reads everything anew from GitHub, judges it, stores the
// verdict and what sticks, and makes GitHub show it: one check run per head,
// with the worst verdict over all open pull requests that share the head, and
// one comment per pull request. It can be run any number of times; what is on
// GitHub already is not written again.
//
// What goes wrong is never green. When GitHub cannot be asked, the evaluation
// is run again later; when it refuses something, the check run says what is
// missing.
package guard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/verdict"
)

// Config of a Guard.
type Config struct {
	Store     *store.Store
	GitHub    *github.App
	Kinds     []rules.Kind
	Engine    string
	PublicURL string // for links; "" means none
	Logger    *slog.Logger
	Now       func() time.Time
	Limits    change.Limits
}

// A Guard evaluates subjects. It is safe for concurrent use.
type Guard struct {
	Config
	heads keyed // publishing on one head is one at a time
}

// New makes a guard.
func New(c Config) *Guard { return &Guard{Config: c} }

// slowAfter is when a check run in progress is shown.
const slowAfter = 2 * time.Second

// Evaluate judges a subject and publishes the verdict.
func (g *Guard) Evaluate(ctx context.Context, s store.Subject) error {
	start := g.Now()
	client := g.GitHub.Installation(s.Installation)
	if s.Kind == store.Push {
		if relevant, err := g.pushMatters(ctx, s); err != nil || !relevant {
			return err
		}
	}
	progress := g.progress(ctx, client, s)
	loaded, v, err := g.loadAndJudge(ctx, client, s)
	run := progress.end()
	if err != nil {
		return g.unloadable(ctx, client, s, run, err)
	}
	if v == nil {
		return g.superseded(ctx, client, s, run)
	}
	if run != 0 && v.Head != s.Head {
		if err := g.superseded(ctx, client, s, run); err != nil {
			return err
		}
		run = 0
	}
	if err := g.publish(ctx, client, s, loaded, v, run); err != nil {
		return waiting(err)
	}
	g.Logger.InfoContext(ctx, "verdict", logkey.Repo, s.Repository(), logkey.PR, s.Number, logkey.Head, v.Head, logkey.Outcome, v.Outcome, logkey.Observed, v.Observed,
		logkey.Verdict, v.ID, logkey.Policy, v.Policy.Digest, logkey.Findings, len(v.Findings), logkey.MS, g.Now().Sub(start).Milliseconds())
	return nil
}

// loadAndJudge returns no verdict for what needs none: a pull request that is
// closed, a push that the policy does not name.
func (g *Guard) loadAndJudge(ctx context.Context, client *github.Client, s store.Subject) (*github.Loaded, *verdict.Verdict, error) {
	loaded, err := client.Load(ctx, github.Range{Owner: s.Owner, Repo: s.Repo, Number: s.Number, Base: s.Base, Head: s.Head})
	if err != nil {
		return nil, nil, err
	}
	loaded.Change.Limits = g.Limits
	if s.Kind == store.Pull && loaded.State != "OPEN" {
		return nil, nil, nil // its head keeps the verdict that it has
	}
	v, err := g.judge(ctx, client, s, loaded)
	return loaded, v, err
}

// superseded ends a run in progress whose commit is not judged any more.
func (g *Guard) superseded(ctx context.Context, client *github.Client, s store.Subject, run int64) error {
	if run == 0 {
		return nil
	}
	_, err := client.PublishRun(ctx, github.Target{Owner: s.Owner, Repo: s.Repo, Head: s.Head, RunID: run}, report.CheckRun{
		Conclusion: report.Failure, Title: "Superseded", Summary: "The pull request was closed, or has another head by now; this commit was not judged.", ExternalID: "superseded",
	})
	return waiting(err)
}

// waiting turns a rate limit into a wait.
func waiting(err error) error {
	var limit *github.LimitError
	if errors.As(err, &limit) {
		return queue.Later(limit.Until, err)
	}
	return err
}

// unloadable decides what a change means that could not be loaded.
func (g *Guard) unloadable(ctx context.Context, client *github.Client, s store.Subject, run int64, err error) error {
	switch {
	case errors.Is(err, github.ErrNoMergeBase), errors.Is(err, github.ErrForbidden):
		return g.refuse(ctx, client, s, run, err)
	case errors.Is(err, github.ErrNotFound):
		g.Logger.InfoContext(ctx, "nothing to evaluate: it is gone, or not visible to the installation", logkey.Subject, s.Name(), logkey.Err, err)
		return nil
	default:
		return waiting(err)
	}
}

// refuse publishes that the change could not be judged.
func (g *Guard) refuse(ctx context.Context, client *github.Client, s store.Subject, run int64, cause error) error {
	if s.Head == "" {
		return cause
	}
	remedy := "Rebase the branch onto its base."
	if errors.Is(cause, github.ErrForbidden) {
		remedy = "Grant the App the permissions it asks for, then re-run the check."
	}
	c := &change.Change{Event: change.PullRequest, Repo: s.Repository(), Number: s.Number, Base: s.Base, Head: s.Head, Gaps: []change.Gap{{What: cause.Error(), Remedy: remedy}}}
	v, err := verdict.Judge(ctx, verdict.Input{Change: c, Kinds: g.Kinds, Engine: g.Engine})
	if err != nil {
		return err
	}
	if err := g.publish(ctx, client, s, &github.Loaded{Change: c}, v, run); err != nil {
		return waiting(errors.Join(cause, err))
	}
	return nil
}

// judge computes the verdict and stores it with what sticks. It returns nil
// when the policy does not want this subject judged.
func (g *Guard) judge(ctx context.Context, client *github.Client, s store.Subject, loaded *github.Loaded) (*verdict.Verdict, error) {
	c := loaded.Change
	layers := g.layers(loaded.Policies)
	switch s.Kind {
	case store.Group:
		c.Event, c.HeadRef = change.MergeGroup, s.Ref
		if err := g.members(ctx, s, c); err != nil {
			return nil, err
		}
	case store.Push:
		c.Event, c.HeadRef, c.BaseRef = change.Push, s.Ref, s.Ref
		if wanted, err := g.rememberPushes(ctx, s, layers); err != nil || !wanted {
			return nil, err
		}
	}
	if err := g.headProtected(ctx, client, s, c, layers); err != nil {
		return nil, err
	}
	record, err := g.record(ctx, c)
	if err != nil {
		return nil, err
	}
	v, err := verdict.Judge(ctx, verdict.Input{Change: c, Layers: layers, Kinds: g.Kinds, Record: record, Engine: g.Engine})
	if err != nil {
		return nil, err
	}
	return v, g.remember(ctx, s, c, layers, record, v)
}

// layers loads the policies that were found.
func (g *Guard) layers(files []github.PolicyFile) []verdict.Layer {
	var layers []verdict.Layer
	for _, f := range files {
		name := verdict.RepositoryLayer
		if f.Organisation {
			name = verdict.OrganisationLayer
		}
		layers = append(layers, verdict.NewLayer(name, f.Data, f.Mode, g.Kinds))
	}
	if len(layers) == 0 {
		layers = []verdict.Layer{{Name: verdict.DefaultLayer, Policy: policy.Default(g.Kinds)}}
	}
	return layers
}

// headProtected asks whether the head is a protected branch, where that could
// change what a trailer binds.
func (g *Guard) headProtected(ctx context.Context, client *github.Client, s store.Subject, c *change.Change, layers []verdict.Layer) error {
	if c.Event != change.PullRequest || c.Fork || c.HeadRef == "" || !trailersDeclare(c, layers) {
		return nil
	}
	protected, err := client.Protected(ctx, s.Owner, s.Repo, c.HeadRef)
	c.HeadProtected = protected
	return err
}

// trailersDeclare reports whether a commit's trailer declares a mode.
func trailersDeclare(c *change.Change, layers []verdict.Layer) bool {
	keys := make(map[string]bool)
	for _, l := range layers {
		if l.Policy == nil {
			continue
		}
		for _, spec := range l.Policy.Specs() {
			for _, t := range spec.Trailers {
				keys[strings.ToLower(t.Key)] = true
			}
		}
	}
	for _, commit := range c.Commits {
		for _, t := range change.Trailers(commit.Message) {
			if keys[strings.ToLower(t.Key)] {
				return true
			}
		}
	}
	return false
}

// progress shows a check run in progress when an evaluation takes long.
type progress struct {
	stop chan struct{}
	run  chan int64
}

func (g *Guard) progress(ctx context.Context, client *github.Client, s store.Subject) *progress {
	p := &progress{make(chan struct{}), make(chan int64, 1)}
	if s.Head == "" {
		p.run <- 0
		return p
	}
	go func() {
		timer := time.NewTimer(slowAfter)
		defer timer.Stop()
		select {
		case <-p.stop:
			p.run <- 0
		case <-timer.C:
			id, err := client.StartRun(ctx, github.Target{Owner: s.Owner, Repo: s.Repo, Head: s.Head, Details: g.details(s)})
			if err == nil {
				// Noted, so that the next attempt ends it if this one dies.
				err = g.Store.SetRun(ctx, store.Run{Repository: s.Repository(), Head: s.Head, RunID: id}, g.Now())
			}
			if err != nil {
				g.Logger.WarnContext(ctx, "the check run in progress could not be shown or noted", logkey.Subject, s.Name(), logkey.Err, err)
			}
			p.run <- id
		}
	}()
	return p
}

// end returns the run that was started, 0 for none.
func (p *progress) end() int64 {
	close(p.stop)
	return <-p.run
}

// details is the address of the page about a subject.
func (g *Guard) details(s store.Subject) string {
	if g.PublicURL == "" || s.Kind != store.Pull {
		return ""
	}
	return fmt.Sprintf("%s/%s/%s/pull/%d", strings.TrimSuffix(g.PublicURL, "/"), s.Owner, s.Repo, s.Number)
}

// keyed is a lock per key.
type keyed struct {
	mu    sync.Mutex
	locks map[string]*lock
}

type lock struct {
	sync.Mutex
	users int
}

// hold locks a key and returns what unlocks it.
func (k *keyed) hold(key string) (release func()) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = make(map[string]*lock)
	}
	l := k.locks[key]
	if l == nil {
		l = new(lock)
		k.locks[key] = l
	}
	l.users++
	k.mu.Unlock()
	l.Lock()
	return func() {
		l.Unlock()
		k.mu.Lock()
		defer k.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(k.locks, key)
		}
	}
}
