package guard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/verdict"
)

// Watch is told what happens, for metrics and notifications. What is nil is not
// told.
type Watch struct {
	// Seen is told of a verdict once it is published. When it fails, the
	// evaluation is run again, so it may be told twice.
	Seen func(ctx context.Context, s Seen) error
	// Closed is told of a pull request that is not open any more, or gone.
	Closed func(ctx context.Context, s store.Subject) error
	// Unpublished is told what GitHub did not take: "check run" or "comment". A
	// rate limit does not count.
	Unpublished func(what string)
}

// Seen is a verdict that was published.
type Seen struct {
	Subject store.Subject
	Verdict *verdict.Verdict
	Layers  []verdict.Layer // of policy
	Title   string          // of the pull request
	Draft   bool
	Took    time.Duration
}

func (e *evaluation) seen(ctx context.Context, loaded *github.Loaded, v *verdict.Verdict) error {
	if e.Watch.Seen == nil {
		return nil
	}
	s := Seen{
		Subject: e.Subject, Verdict: v, Layers: e.loaded.layers(loaded.Policies, e.Kinds), Title: loaded.Change.Title, Draft: loaded.Change.Draft,
		Took: e.Now().Sub(e.progress.began),
	}
	if err := e.Watch.Seen(ctx, s); err != nil {
		return fmt.Errorf("note the verdict on %s: %w", e.Name(), err)
	}
	return nil
}

func (e *evaluation) closed(ctx context.Context) error {
	if e.Watch.Closed == nil || e.Kind != store.Pull {
		return nil
	}
	return e.Watch.Closed(ctx, e.Subject)
}

// unpublished passes on an error of publishing, and tells of it.
func (e *evaluation) unpublished(what string, err error) error {
	var limit *github.LimitError
	if err != nil && e.Watch.Unpublished != nil && !errors.As(err, &limit) && !errors.Is(err, context.Canceled) {
		e.Watch.Unpublished(what)
	}
	return err
}
