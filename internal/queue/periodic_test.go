package queue_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
)

// Work of the house is done at the start and holds up no evaluation; a failure
// is logged.
func TestPeriodic(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		var log ghtest.Log
		var begun, broken, often atomic.Int32
		pass := make(chan struct{})
		q, s := runAt(t, database, queue.Config{
			Logger:  slog.New(slog.NewTextHandler(&log, nil)),
			Handler: func(context.Context, store.Subject) error { return nil },
			Periodic: []queue.Periodic{
				{Name: "broken work", Every: time.Hour, Do: func(context.Context) error { broken.Add(1); return errors.New("no such thing") }},
				{Name: "frequent work", Every: 200 * time.Millisecond, Do: func(context.Context) error { often.Add(1); return nil }},
				{Name: "long work", Every: time.Hour, Do: func(context.Context) error { begun.Add(1); <-pass; return nil }},
			},
		})
		waitFor(t, "the long work", func() bool { return begun.Load() == 1 })
		accept(t, q, "d", pull(1))
		waitFor(t, "the evaluation", idle(t, s))
		close(pass)
		waitFor(t, "the broken work", func() bool { return broken.Load() == 1 && strings.Contains(log.String(), "no such thing") })
		waitFor(t, "the frequent work", func() bool { return often.Load() >= 3 })
	})
}

// Of several programs on one database one does the periodic work, as often as one
// alone would, and never twice at once. When it goes, another one does.
func TestPeriodicWorkIsDoneByOne(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		const every = 100 * time.Millisecond
		var running, overlaps, runs atomic.Int32
		config := queue.Config{
			Handler: func(context.Context, store.Subject) error { return nil },
			Periodic: []queue.Periodic{{Name: "frequent work", Every: every, Do: func(context.Context) error {
				if running.Add(1) > 1 {
					overlaps.Add(1)
				}
				time.Sleep(every / 5) // so that another one would be seen at it
				running.Add(-1)
				runs.Add(1)
				return nil
			}}},
		}
		begin := time.Now()
		var programs []*queue.Queue
		shared := false // SQLite is one program's, but for a moment while it is replaced
		for range 3 {
			q, s := runAt(t, database, config)
			programs, shared = append(programs, q), s.Listener() != nil
		}
		waitFor(t, "the work", func() bool { return runs.Load() >= 8 })
		// One at the start of whoever leads, and the last one that is due.
		if most := int32(time.Since(begin)/every) + 3; runs.Load() > most {
			t.Errorf("done %d times where one program alone does it %d times at most", runs.Load(), most)
		}
		for _, q := range programs[:2] {
			if !shared {
				break
			}
			if err := q.Stop(background); err != nil {
				t.Fatal(err)
			}
			before := runs.Load()
			waitFor(t, "another one to do it", func() bool { return runs.Load() >= before+3 })
		}
		if n := overlaps.Load(); n > 0 {
			t.Errorf("%d times while it was being done", n)
		}
	})
}

// Deliveries are forgotten when GitHub cannot send them again.
func TestOldDeliveriesAreDropped(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		handler := func(context.Context, store.Subject) error { return nil }
		q, s := runAt(t, database, queue.Config{Handler: handler})
		for id, age := range map[string]time.Duration{"old": 31 * 24 * time.Hour, "young": 29 * 24 * time.Hour} {
			if err := q.Accept(background, store.Delivery{ID: id, Received: time.Now().Add(-age)}, pull(1)); err != nil {
				t.Fatal(err)
			}
		}
		waitFor(t, "the evaluation", idle(t, s))
		if err := q.Stop(background); err != nil {
			t.Fatal(err)
		}
		_, s = runAt(t, database, queue.Config{Handler: handler})
		var left string
		waitFor(t, "the old one to go", func() bool {
			err := s.DB().QueryRowContext(background, query(s, `SELECT group_concat(id) FROM deliveries`, `SELECT string_agg(id, ',') FROM deliveries`)).Scan(&left)
			return err == nil && left == "young"
		})
	})
}

// Verdicts are kept for as long as GitHub keeps check runs, and what the audit log
// says of them for ever.
func TestVerdictsAreKeptFor400Days(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		handler := func(context.Context, store.Subject) error { return nil }
		q, s := runAt(t, database, queue.Config{Handler: handler})
		for n, age := range map[int]time.Duration{1: 401 * 24 * time.Hour, 2: 399 * 24 * time.Hour} {
			at := time.Now().Add(-age)
			if err := q.Accept(background, store.Delivery{ID: "d", Received: at}, pull(n)); err != nil {
				t.Fatal(err)
			}
			waitFor(t, "the evaluation", idle(t, s))
			x, err := s.FindSubject(background, pull(n).Name())
			if err := errors.Join(err, s.AddVerdict(background, store.Verdict{Subject: x, Digest: "v", Head: "h", Created: at, Body: []byte("{}")})); err != nil {
				t.Fatal(err)
			}
		}
		if err := q.Stop(background); err != nil {
			t.Fatal(err)
		}
		_, s = runAt(t, database, queue.Config{Handler: handler})
		waitFor(t, "the old one to go", func() bool {
			_, err := s.Latest(background, pull(1).Name())
			return errors.Is(err, store.ErrNotFound)
		})
		if _, err := s.Latest(background, pull(2).Name()); err != nil {
			t.Errorf("the younger one: %v", err)
		}
		told := 0
		for _, err := range s.AuditLog(background) {
			if err != nil {
				t.Fatal(err)
			}
			told++
		}
		if told != 2 {
			t.Errorf("the audit log has %d entries of 2", told)
		}
	})
}
