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
// People have their say in it: what they ask for by a comment or a button waits
// in the store until the next evaluation, which asks GitHub what they may, writes
// down what they lifted and for which content, and judges again with that. What
// was not seen, or is not the same any more, nobody has lifted.
//
// What goes wrong is never green. When GitHub cannot be asked, the evaluation
// is run again later; when it refuses something, the check run says what is
// missing. A green run that may not hold any longer is replaced by one in
// progress first.
package guard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
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
	Watch     Watch
	SlowAfter time.Duration // how long an evaluation takes before its check run in progress is shown; 0 means 2 s
	// Notice is told what people should hear of beside the check run; nil tells
	// nobody. What fails is told again, so the same may be told twice.
	Notice func(context.Context, Notice) error
}

// A Guard evaluates subjects. It is safe for concurrent use.
type Guard struct {
	Config
	unsure marks    // heads with a run that was sent and not noted
	looked marks    // evaluations that are run a second time
	loaded policies // that were loaded before
	parted marks    // verdicts whose merge base was looked at under a later base
}

// New makes a guard.
func New(c Config) *Guard {
	if c.SlowAfter == 0 {
		c.SlowAfter = slowAfter
	}
	return &Guard{Config: c}
}

// evaluation is one run of a subject.
type evaluation struct {
	*Guard
	client *github.Client
	store.Subject
	progress *progress
	prints   map[string]string // of the findings, by their ids

	inherited []inherited // of a merge group
	evidence  *evidence
	judged    verdict.Input // of the verdict that is published
	sticks    sticks
	doubted   bool // whether the verdict that was stored already was published
}

// Evaluate judges a subject and publishes the verdict.
func (g *Guard) Evaluate(ctx context.Context, s store.Subject) error {
	start := g.Now()
	e := &evaluation{Guard: g, client: g.GitHub.Installation(s.Installation), Subject: s}
	if s.Kind == store.Push {
		if done, err := e.pushed(ctx); err != nil || done {
			return err
		}
	}
	if err := e.begin(ctx); err != nil {
		return waiting(err)
	}
	loaded, v, err := e.loadAndJudge(ctx)
	if err == nil && v != nil {
		err = e.trouble(loaded)
	}
	run := e.progress.end()
	switch {
	case err != nil:
		return e.unloadable(ctx, run, err)
	case v == nil:
		return waiting(e.decline(ctx, loaded, run))
	case run != 0 && v.Head != s.Head:
		if err := e.superseded(ctx, nil, run); err != nil {
			return waiting(err)
		}
		run = 0
	}
	queue.Judged(ctx)
	if err := e.publish(ctx, loaded, v, run); err != nil {
		return waiting(err)
	}
	if err := e.after(ctx, loaded, v); err != nil {
		return waiting(err)
	}
	g.Logger.InfoContext(ctx, "verdict", logkey.Repo, s.Repository(), logkey.PR, s.Number, logkey.Head, v.Head, logkey.Outcome, v.Outcome, logkey.Observed, v.Observed,
		logkey.Verdict, v.ID, logkey.Policy, v.Policy.Digest, logkey.Findings, len(v.Findings), logkey.MS, g.Now().Sub(start).Milliseconds())
	if s.Head != "" && v.Head != s.Head && g.lookAgain(s) {
		return queue.Later(g.Now().Add(lag), errOtherHead)
	}
	return nil
}

// loadAndJudge returns no verdict for what needs none: a pull request that is
// closed, a push that the policy does not name.
func (e *evaluation) loadAndJudge(ctx context.Context) (*github.Loaded, *verdict.Verdict, error) {
	r := github.Range{Owner: e.Owner, Repo: e.Repo, Number: e.Number, Base: e.Base, Head: e.Head}
	if e.Kind == store.Group {
		r.Queue = e.Ref
	}
	loaded, err := e.client.Load(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	loaded.Change.Limits = e.Limits
	if e.Kind == store.Pull && loaded.State != "OPEN" {
		return loaded, nil, nil // its head keeps the verdict that it has
	}
	if err := e.organisation(ctx, loaded); err != nil {
		return nil, nil, err
	}
	v, err := e.judge(ctx, loaded)
	return loaded, v, err
}

// after does what follows a result: commands are answered, and what a push
// brought without a green verdict is recorded.
func (e *evaluation) after(ctx context.Context, loaded *github.Loaded, v *verdict.Verdict) error {
	switch e.Kind {
	case store.Pull:
		return e.tell(ctx)
	case store.Push:
		return e.landing(ctx, loaded.Change, v)
	}
	return nil
}

// decline ends the evaluation of what is not judged.
func (e *evaluation) decline(ctx context.Context, loaded *github.Loaded, run int64) error {
	if err := e.unwatch(ctx, ""); err != nil {
		return err
	}
	if e.Kind == store.Push {
		return e.landing(ctx, loaded.Change, nil)
	}
	if err := e.superseded(ctx, loaded, run); err != nil || e.Kind != store.Pull {
		return err
	}
	if err := e.closed(ctx); err != nil {
		return err
	}
	if err := e.turnDown(ctx, "The pull request is not open, so nothing is judged."); err != nil {
		return err
	}
	return e.tell(ctx)
}

// waiting turns a rate limit into a wait.
func waiting(err error) error {
	var limit *github.LimitError
	if errors.As(err, &limit) {
		return queue.Later(limit.Until, err)
	}
	return err
}

// judge computes the verdict and stores what sticks. It returns nil when the
// policy does not want this subject judged.
func (e *evaluation) judge(ctx context.Context, loaded *github.Loaded) (*verdict.Verdict, error) {
	c := loaded.Change
	if err := e.identify(ctx, loaded); err != nil {
		return nil, err
	}
	e.watchFor(c)
	layers := e.loaded.layers(loaded.Policies, e.Kinds)
	switch e.Kind {
	case store.Group:
		c.Event, c.HeadRef, c.BaseRef = change.MergeGroup, e.Ref, loaded.Group.Base
		if err := e.members(ctx, c, loaded.Group); err != nil {
			return nil, err
		}
	case store.Push:
		c.Event, c.HeadRef, c.BaseRef = change.Push, e.Ref, e.Ref
		if wanted, err := e.wantsPush(ctx, loaded, layers); err != nil || !wanted {
			return nil, err
		}
	default:
		if err := e.rememberPushes(ctx, loaded, layers); err != nil {
			return nil, err
		}
	}
	if err := e.headProtected(ctx, c, layers); err != nil {
		return nil, err
	}
	scopes := scopes(c, loaded.Owner)
	record, err := e.record(ctx, scopes)
	if err != nil {
		return nil, err
	}
	in := verdict.Input{Change: c, Layers: layers, Kinds: e.Kinds, Record: record, Engine: e.Engine}
	v, err := verdict.Judge(ctx, in)
	if err = errors.Join(err, e.evidence.failed); err != nil {
		return nil, err
	}
	if in.Lifts = e.heirlooms(c, v); len(in.Lifts) > 0 {
		if v, err = verdict.Judge(ctx, in); err != nil {
			return nil, err
		}
	}
	e.judged = in
	if e.Kind == store.Pull {
		if v, record, err = e.people(ctx, loaded, in, v, scopes); err != nil {
			return nil, err
		}
	}
	return v, e.remember(ctx, c, layers, record, scopes, v)
}

// headProtected asks whether the head is a protected branch, where that could
// change what a trailer binds.
func (e *evaluation) headProtected(ctx context.Context, c *change.Change, layers []verdict.Layer) error {
	if c.Event != change.PullRequest || c.Fork || c.HeadRef == "" || !trailersDeclare(c, layers) {
		return nil
	}
	protected, err := e.client.Protected(ctx, e.Owner, e.Repo, c.HeadRef)
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

// details is the address of the page about a subject.
func (g *Guard) details(s store.Subject) string {
	if g.PublicURL == "" || s.Kind != store.Pull {
		return ""
	}
	return fmt.Sprintf("%s/%s/%s/pull/%d", strings.TrimSuffix(g.PublicURL, "/"), s.Owner, s.Repo, s.Number)
}
