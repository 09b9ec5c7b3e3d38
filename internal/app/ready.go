package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
)

// intake remembers how storing what the webhook hands over went last.
type intake struct {
	mu   sync.Mutex
	last error // of the last delivery that could not be stored
	at   time.Time
}

// remembered is how long a delivery that could not be stored keeps the server
// from being ready. After that it is tried again.
const remembered = 30 * time.Second

// accept hands a delivery to the queue.
func (s *Server) accept(ctx context.Context, d store.Delivery, x store.Subject) error {
	d, drop, err := s.limited(ctx, d, x)
	if err == nil && !drop {
		err = s.queue.Accept(ctx, d, x)
	}
	if err == nil {
		s.metrics.Delivery(true)
		s.intake.note(nil, s.outside.Now())
		return nil
	}
	s.metrics.Delivery(false)
	if ctx.Err() == nil && !errors.Is(err, queue.ErrStopped) { // whoever went away says nothing about the database
		s.intake.note(err, s.outside.Now())
	}
	return err
}

func (i *intake) note(err error, now time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last, i.at = err, now
}

func (i *intake) problem(now time.Time) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if since := now.Sub(i.at); since < 0 || since > remembered {
		return nil
	}
	return i.last
}

// probe tries the database, not more often than needed: everybody may ask.
type probe struct {
	mu sync.Mutex
	at time.Time // of the last success
}

const (
	probeEvery   = 5 * time.Second
	probeTimeout = 2 * time.Second
)

func (p *probe) check(ctx context.Context, now time.Time, try func(context.Context) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if since := now.Sub(p.at); since >= 0 && since < probeEvery {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if err := try(ctx); err != nil {
		return err
	}
	p.at = now
	return nil
}

// ready says whether the server can take deliveries, and why not.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if !s.live.Load() {
		answer(w, http.StatusServiceUnavailable, "not set up: no credentials; see /setup\n")
		return
	}
	now := s.outside.Now()
	err := s.intake.problem(now)
	if err == nil {
		err = s.probe.check(r.Context(), now, s.store.Writable)
	}
	waiting := 0
	if err == nil {
		waiting, err = s.store.Waiting(r.Context())
	}
	if err != nil {
		answer(w, http.StatusServiceUnavailable, "no delivery can be stored: "+cause(err)+"\n")
		return
	}
	last, err := s.guard.Reconciled(r.Context())
	if err != nil {
		answer(w, http.StatusServiceUnavailable, "no delivery can be stored: "+cause(err)+"\n")
		return
	}
	reconciled := "not reconciled yet"
	if !last.At.IsZero() {
		reconciled = "last reconciled " + last.At.Format(time.RFC3339)
	}
	answer(w, http.StatusOK, fmt.Sprintf("ready; %d waiting to be evaluated; %s\n", waiting, reconciled)+s.warnings(r.Context(), last))
}

// cause says in a few words what is wrong with the database. The log has the
// rest, which is not for everybody.
func cause(err error) string {
	for _, known := range []error{store.ErrFull, store.ErrLocked, store.ErrDamaged, store.ErrAway} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "the database does not answer as it should; the log says more"
}
