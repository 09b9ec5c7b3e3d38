package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/metrics"
	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
)

// watch tells the metrics and the notifications what happens.
func (s *Server) watch() guard.Watch {
	return guard.Watch{Seen: s.seen, Closed: s.notifier.Green, Unpublished: s.unpublished}
}

// evaluate counts evaluations.
func (s *Server) evaluate(ctx context.Context, x store.Subject) error {
	err := s.guard.Evaluate(ctx, x)
	switch {
	case err == nil:
		s.metrics.Evaluation("done")
	case queue.Waits(err):
		s.metrics.Evaluation("waiting")
	default:
		s.metrics.Evaluation("failed")
	}
	return err
}

func (s *Server) seen(ctx context.Context, x guard.Seen) error {
	v := metrics.Verdict{Outcome: string(x.Verdict.Outcome), Observed: x.Verdict.Observed, Took: x.Took}
	for _, f := range x.Verdict.Findings { // the worst first
		if f.LiftedBy == nil && f.Level != policy.Off {
			v.Findings = append(v.Findings, metrics.Finding{Rule: f.Rule, Kind: f.Kind, Level: string(f.Level)})
		}
	}
	at, err := s.store.EventAt(ctx, x.Subject.ID)
	if err != nil {
		return err
	}
	v.Since = s.outside.Now().Sub(at)
	s.metrics.Verdict(v)
	if err := s.requeue(ctx, x); err != nil {
		return err
	}
	return s.tell(ctx, x)
}

// look is what the metrics see when somebody asks.
type look struct{ *Server }

// Look implements metrics.Live.
func (l look) Look(ctx context.Context) metrics.State {
	if l.store == nil {
		return metrics.State{Up: true}
	}
	var m metrics.State
	for _, c := range l.github.CacheUses() {
		m.Caches = append(m.Caches, metrics.Cache(c))
	}
	if err := l.waits(ctx, &m); err != nil {
		l.outside.Logger.WarnContext(ctx, "the metrics lack what the database says", logkey.Err, err)
		return m
	}
	m.Up = true
	return m
}

func (l look) waits(ctx context.Context, m *metrics.State) (err error) {
	if m.Waiting, err = l.store.Waiting(ctx); err != nil {
		return err
	}
	since, waits, err := l.store.WaitingSince(ctx)
	if err != nil {
		return err
	}
	if waits {
		m.Oldest = max(0, l.outside.Now().Sub(since))
	}
	if m.NotificationsWaiting, err = l.store.CountNotifications(ctx); err != nil {
		return err
	}
	last, err := l.guard.Reconciled(ctx)
	if err != nil {
		return err
	}
	m.Reconciled, m.Redelivered, m.Evaluated = last.At, last.Redelivered, last.Evaluated
	return nil
}

// When those who ask whether the server is ready are told that it is slow.
const (
	lateRounds     = 3 // of reconciliation
	lateEvaluation = 10 * time.Minute
)

// warnings are what an operator should know, a line each, although deliveries
// can be stored.
func (s *Server) warnings(ctx context.Context, last guard.Reconciled) string {
	var b strings.Builder
	now, began := s.outside.Now(), last.At
	if began.IsZero() { // none since the start, or ever
		began = s.vitals.since
	}
	if late := now.Sub(began); s.config.every > 0 && late > lateRounds*s.config.every {
		fmt.Fprintf(&b, "warning: no reconciliation went through for %s; the log says why\n", late.Round(time.Minute))
	}
	failing, first, err := s.store.Failing(ctx)
	if err != nil {
		return b.String() + "warning: what fails cannot be listed: " + cause(err) + "\n"
	}
	if failing > 0 {
		fmt.Fprintf(&b, "warning: %d could not be evaluated or published, the first since %s; they are tried again for a week, and the log says why\n", failing, first.UTC().Format(time.RFC3339))
	}
	since, waits, err := s.store.WaitingSince(ctx)
	if err != nil {
		return b.String() + "warning: what waits cannot be listed: " + cause(err) + "\n"
	}
	if late := now.Sub(since); waits && late > lateEvaluation {
		fmt.Fprintf(&b, "warning: something waits to be evaluated for %s; GitHub cannot be asked, or its rate limit is reached\n", late.Round(time.Minute))
	}
	return b.String()
}
