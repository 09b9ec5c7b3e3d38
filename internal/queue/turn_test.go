package queue_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
)

// order is a handler that remembers in which order subjects were begun with.
type order struct {
	mu    sync.Mutex
	begun []store.Subject
}

func (o *order) handle(_ context.Context, s store.Subject) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begun = append(o.begun, s)
	return nil
}

func (o *order) position(installation int64, number int) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, s := range o.begun {
		if s.Installation == installation && s.Number == number {
			return i
		}
	}
	return -1
}

func of(installation int64, n int) store.Subject {
	s := pull(n)
	s.Installation, s.Repo = installation, fmt.Sprint("app", installation)
	return s
}

// Behind one installation's backlog nobody else waits, and all of it is done in
// the end.
func TestInstallationsTakeTurns(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		const backlog, workers = 300, 2
		o := &order{}
		q, s := prepare(t, database, queue.Config{Workers: workers, Handler: o.handle})
		for n := range backlog {
			accept(t, q, fmt.Sprint("a", n), of(1, n+1))
		}
		accept(t, q, "again", of(1, backlog)) // which waits for its turn
		accept(t, q, "b", of(2, 1))
		group := store.Subject{Kind: store.Group, Installation: 1, Owner: "acme", Repo: "app1", Head: "0123"}
		accept(t, q, "g", group)
		if err := q.Start(background); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "all of it", idle(t, s))
		// Each installation's jobs at once, and what the workers are at.
		if at, most := o.position(2, 1), 4*workers+2*workers+1; at < 0 || at > most {
			t.Errorf("the other installation's only change was begun as number %d of %d, want among the first %d", at, backlog+2, most)
		}
		if at := o.position(1, 0); at < 0 || at > 2*workers { // the group's number
			t.Errorf("the merge queue's group was begun as number %d", at)
		}
		if len(o.begun) != backlog+2 {
			t.Errorf("%d evaluations of %d subjects", len(o.begun), backlog+2)
		}
	})
}

// Large changes, however many, hold none of the others up.
func TestLargeChangesHaveWorkersOfTheirOwn(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		pass := make(chan struct{})
		var large, most, small atomic.Int32
		q, s := runAt(t, database, queue.Config{Workers: 4, Handler: func(_ context.Context, x store.Subject) error {
			if !x.Large() {
				small.Add(1)
				return nil
			}
			if now := large.Add(1); now > most.Load() {
				most.Store(now)
			}
			<-pass
			large.Add(-1)
			return nil
		}})
		huge := func(n int) store.Subject { s := pull(n); s.Files = store.LargeFiles + 1; return s }
		for n := range 20 {
			accept(t, q, fmt.Sprint("large", n), huge(n+1))
		}
		accept(t, q, "small", pull(30))
		waitFor(t, "the small one", func() bool { return small.Load() == 1 })
		// One that turns out to be large moves over.
		var first sync.WaitGroup
		for n := range 20 {
			first.Go(func() {
				accept(t, q, fmt.Sprint("first", n), pull(40+n))
				accept(t, q, fmt.Sprint("then", n), huge(40+n))
			})
		}
		first.Wait()
		accept(t, q, "last", pull(70))
		waitFor(t, "the last small one", func() bool {
			x, err := s.FindSubject(background, pull(70).Name())
			return err == nil && x.Done == x.Want
		})
		close(pass)
		waitFor(t, "all of it", idle(t, s))
		if most.Load() != 1 {
			t.Errorf("%d large changes at once beside 4 others, want 1", most.Load())
		}
	})
}

var farFuture = time.Now().Add(24 * time.Hour)

// What fails or waits for a rate limit keeps no turn.
func TestWhoWaitsKeepsNoTurn(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		const broken = 60
		var fine atomic.Int32
		q, _ := runAt(t, database, queue.Config{Workers: 1, Handler: func(_ context.Context, x store.Subject) error {
			switch {
			case x.Number > broken:
				fine.Add(1)
				return nil
			case x.Number%2 == 0:
				return queue.Later(farFuture, fmt.Errorf("limited"))
			}
			return fmt.Errorf("broken")
		}})
		for n := range broken {
			accept(t, q, fmt.Sprint("a", n), pull(n+1))
		}
		accept(t, q, "b", pull(broken+1))
		waitFor(t, "the one that works", func() bool { return fine.Load() == 1 })
	})
}
