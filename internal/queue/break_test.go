package queue_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/store/pgtest"
)

// Connections that break, all of them and again and again, lose nothing that
// was answered, and make no two programs evaluate one subject at once.
func TestBrokenConnectionsLoseNothing(t *testing.T) {
	t.Parallel()
	const rounds, each, subjects = 8, 40, 6
	database := pgtest.Database(t)
	w := newWatch()
	handler := func(ctx context.Context, x store.Subject) error {
		w.begin(x)
		defer w.end(x)
		select {
		case <-ctx.Done(): // the hold was lost
			return ctx.Err()
		case <-time.After(time.Duration(rand.IntN(20)) * time.Millisecond):
			return nil
		}
	}
	q1, s := runAt(t, database, queue.Config{Workers: 2, Handler: handler})
	q2, _ := runAt(t, database, queue.Config{Workers: 2, Handler: handler})
	var mu sync.Mutex
	accepted := make(map[string]bool)
	for round := range rounds {
		var wg sync.WaitGroup
		for i := range each {
			wg.Go(func() {
				id := fmt.Sprint(round, "/", i)
				q := []*queue.Queue{q1, q2}[i%2]
				err := q.Accept(background, store.Delivery{ID: id, Event: "test", Received: time.Now()}, pull(1+i%subjects))
				mu.Lock()
				defer mu.Unlock()
				accepted[id] = err == nil
			})
			if i == each/2 {
				wg.Go(func() { sever(t, database) })
			}
		}
		wg.Wait()
	}
	waitFor(t, "nothing waiting", func() bool {
		n, err := s.Waiting(background)
		return err == nil && n == 0 // a reader may still have a connection that is broken
	})
	for id, answered := range accepted {
		var noted int
		waitFor(t, "an answer", func() bool {
			return s.DB().QueryRowContext(background, `SELECT count(*) FROM deliveries WHERE id = $1`, id).Scan(&noted) == nil
		})
		if answered && noted != 1 {
			t.Errorf("delivery %s was answered and noted %d times", id, noted)
		}
	}
	if w.overlaps > 0 {
		t.Errorf("%d overlaps", w.overlaps)
	}
}

// sever ends all connections to a database but its own.
func sever(t *testing.T, database string) {
	t.Helper()
	s, err := store.Open(background, database)
	if err != nil {
		t.Errorf("open to sever: %v", err)
		return
	}
	defer func() { _ = s.Close() }() // some of it is severed
	var n int
	err = s.DB().QueryRowContext(background, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`).Scan(&n)
	if err != nil {
		t.Errorf("sever: %v", err)
	}
}
