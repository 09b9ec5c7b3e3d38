package queue_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/store/pgtest"
)

var background = context.Background()

func TestMain(m *testing.M) {
	defer pgtest.Stop()
	m.Run()
}

// onEngines runs a test on a fresh database of each engine.
func onEngines(t *testing.T, test func(t *testing.T, database string)) {
	t.Helper()
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, sqlite(t))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, pgtest.Database(t))
	})
}

// sqlite is the address of a fresh database.
func sqlite(tb testing.TB) string {
	tb.Helper()
	return "sqlite:" + filepath.Join(tb.TempDir(), "q.db")
}

// query is a text for the engine of a store.
func query(s *store.Store, sqlite, postgres string) string {
	if s.Listener() == nil {
		return sqlite
	}
	return postgres
}

// runAt starts a queue on a database and stops it when the test ends.
func runAt(tb testing.TB, database string, c queue.Config) (*queue.Queue, *store.Store) {
	tb.Helper()
	q, s := prepare(tb, database, c)
	if err := q.Start(background); err != nil {
		tb.Fatal(err)
	}
	return q, s
}

// prepare makes a queue that was not started.
func prepare(tb testing.TB, database string, c queue.Config) (*queue.Queue, *store.Store) {
	tb.Helper()
	s, err := store.Open(background, database)
	if err != nil {
		tb.Fatal(err)
	}
	c.Store, c.Workers = s, max(c.Workers, 1)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	q, err := queue.New(background, c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(background, 10*time.Second)
		defer cancel()
		if err := errors.Join(q.Stop(ctx), s.Close()); err != nil {
			tb.Error(err)
		}
	})
	return q, s
}

func pull(n int) store.Subject {
	return store.Subject{Kind: store.Pull, Installation: 1, Owner: "acme", Repo: "app", Number: n}
}

func accept(tb testing.TB, q *queue.Queue, id string, s store.Subject) {
	tb.Helper()
	d := store.Delivery{ID: id, Event: "pull_request", Action: "synchronize", Received: time.Now()}
	if err := q.Accept(background, d, s); err != nil {
		tb.Errorf("accept %s: %v", id, err)
	}
}

func waitFor(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			tb.Fatalf("waited in vain for %s", what)
		}
	}
}

// idle reports whether nothing waits to be evaluated.
func idle(tb testing.TB, s *store.Store) func() bool {
	return func() bool {
		n, err := s.Waiting(background)
		if err != nil {
			tb.Error(err)
		}
		return n == 0
	}
}

// watch is a handler that remembers what it was asked.
type watch struct {
	mu       sync.Mutex
	running  map[int64]bool
	seen     map[int64]int64 // subject -> highest want
	runs     map[int64]int
	overlaps int
}

func newWatch() *watch {
	return &watch{running: make(map[int64]bool), seen: make(map[int64]int64), runs: make(map[int64]int)}
}

func (w *watch) begin(s store.Subject) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running[s.ID] {
		w.overlaps++
	}
	w.running[s.ID] = true
	w.seen[s.ID] = max(w.seen[s.ID], s.Want)
	w.runs[s.ID]++
}

func (w *watch) end(s store.Subject) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running[s.ID] = false
}

func (w *watch) count(id int64) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.runs[id]
}

// Five hundred events about one pull request cost few evaluations, one at a
// time, and the last one sees the last event.
func TestManyEventsCostFewEvaluations(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		const events = 500
		w := newWatch()
		pass := make(chan struct{}) // an evaluation takes until it is let through
		var s *store.Store
		q, s := runAt(t, database, queue.Config{Workers: 8, Handler: func(_ context.Context, x store.Subject) error {
			w.begin(x)
			defer w.end(x)
			<-pass
			if got := state(t, s); got != "running" { // or a crash would lose it
				t.Errorf("the job is %s during run %d", got, w.count(x.ID))
			}
			return nil
		}})
		accept(t, q, "first", pull(1))
		waitFor(t, "the first evaluation", func() bool { return w.count(1) == 1 })
		var wg sync.WaitGroup
		for i := range events - 1 {
			wg.Go(func() { accept(t, q, fmt.Sprint("d", i), pull(1)) })
		}
		wg.Wait()
		close(pass)
		waitFor(t, "nothing waiting", idle(t, s))
		if w.overlaps > 0 || w.seen[1] != events || w.runs[1] != 2 {
			t.Errorf("%d overlaps, %d of %d events seen, %d runs (want the first and one for all others)", w.overlaps, w.seen[1], events, w.runs[1])
		}
	})
}

// Whatever the moment at which an event arrives, an evaluation begins after it.
func TestNoEventIsLost(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		const subjects, senders, each = 5, 8, 60
		w := newWatch()
		q, s := runAt(t, database, queue.Config{Workers: 4, Handler: func(_ context.Context, x store.Subject) error {
			w.begin(x)
			defer w.end(x)
			if rand.IntN(20) == 0 {
				panic("now and then")
			}
			return nil
		}})
		var sent [subjects + 1]atomic.Int64
		var wg sync.WaitGroup
		for sender := range senders {
			wg.Go(func() {
				for i := range each {
					n := 1 + rand.IntN(subjects)
					accept(t, q, fmt.Sprintf("%d/%d", sender, i), pull(n))
					sent[n].Add(1)
					if rand.IntN(4) == 0 { // let evaluations end, so that jobs complete while others arrive
						waitFor(t, "the subject", func() bool {
							x, err := s.FindSubject(background, pull(n).Name())
							return err == nil && (x.Done == x.Want || rand.IntN(4) == 0)
						})
					}
				}
			})
		}
		wg.Wait()
		waitFor(t, "nothing waiting", idle(t, s))
		for n := 1; n <= subjects; n++ {
			x, err := s.FindSubject(background, pull(n).Name())
			if err != nil {
				t.Fatal(err)
			}
			if got, want := w.seen[x.ID], sent[n].Load(); got != want || x.Done != want {
				t.Errorf("subject %d: %d events sent, %d seen, %d done", n, want, got, x.Done)
			}
		}
		if w.overlaps > 0 {
			t.Errorf("%d overlaps", w.overlaps)
		}
	})
}

func TestRedeliveryOfProcessedIsNotEvaluatedAgain(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		w := newWatch()
		q, s := runAt(t, database, queue.Config{Handler: func(_ context.Context, x store.Subject) error {
			w.begin(x)
			defer w.end(x)
			if x.Number == 1 && w.count(x.ID) == 1 {
				return errors.New("GitHub is down")
			}
			return nil
		}})
		accept(t, q, "same", pull(1))
		waitFor(t, "the retry", idle(t, s))
		if n := w.count(1); n != 2 {
			t.Errorf("%d runs, want a failure and a success", n)
		}
		accept(t, q, "same", pull(1))
		accept(t, q, "other", pull(2))
		waitFor(t, "the other", func() bool { return idle(t, s)() && w.count(2) == 1 })
		if n := w.count(1); n != 2 {
			t.Errorf("%d runs: a processed delivery was evaluated again", n)
		}
	})
}

// A delivery that was received but not processed is evaluated when it comes
// again, also when its job was lost or given up.
func TestRedeliveryOfUnprocessedIsEvaluated(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		w := newWatch()
		q, s := prepare(t, database, queue.Config{Handler: func(_ context.Context, x store.Subject) error { w.begin(x); w.end(x); return nil }})
		if err := q.Start(background); err != nil {
			t.Fatal(err)
		}
		err := s.InTx(background, func(tx *store.Tx) error {
			x := pull(1)
			_, err := store.Receive(background, tx, store.Delivery{ID: "d", Received: time.Now()}, &x)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		accept(t, q, "d", pull(1))
		waitFor(t, "the evaluation", idle(t, s))
		if w.count(1) != 1 || w.seen[1] != 2 {
			t.Errorf("%d runs, want %d seen", w.count(1), w.seen[1])
		}
	})
}

func TestLaterHoldsNoWorker(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		var limited, others atomic.Int32
		q, s := runAt(t, database, queue.Config{Handler: func(_ context.Context, x store.Subject) error {
			if x.Number == 1 {
				if limited.Add(1) == 1 {
					return queue.Later(time.Now().Add(500*time.Millisecond), errors.New("limited"))
				}
				return nil
			}
			others.Add(1)
			return nil
		}})
		for n := 1; n <= 3; n++ {
			accept(t, q, fmt.Sprint("d", n), pull(n))
		}
		waitFor(t, "the others", func() bool { return others.Load() == 2 })
		accept(t, q, "more", pull(1)) // an event does not lift a rate limit
		if limited.Load() != 1 {
			t.Errorf("the limited one ran %d times before its time", limited.Load())
		}
		waitFor(t, "the limited one", func() bool { return limited.Load() == 2 && idle(t, s)() })
		if got := failures(t, s); got != 0 {
			t.Errorf("waiting counted as %d failures", got)
		}
	})
}

// failures counts the attempts of all evaluations that failed.
func failures(tb testing.TB, s *store.Store) (n int) {
	tb.Helper()
	if err := s.DB().QueryRowContext(background, query(s,
		`SELECT coalesce(sum(json_array_length(errors)), 0) FROM river_job WHERE kind = 'evaluate'`,
		`SELECT coalesce(sum(array_length(errors, 1)), 0) FROM river_job WHERE kind = 'evaluate'`)).Scan(&n); err != nil {
		tb.Error(err)
	}
	return n
}

func TestLaterKeepsItsReason(t *testing.T) {
	t.Parallel()
	reason := errors.New("limited")
	if err := queue.Later(time.Now(), reason); !errors.Is(err, reason) || err.Error() != "limited" {
		t.Errorf("%v", err)
	}
}

func TestPanicsAreRetried(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		var runs atomic.Int32
		var log ghtest.Log
		q, s := runAt(t, database, queue.Config{Logger: slog.New(slog.NewTextHandler(&log, nil)), Handler: func(context.Context, store.Subject) error {
			if runs.Add(1) == 1 {
				panic("broken")
			}
			return nil
		}})
		accept(t, q, "d", pull(1))
		waitFor(t, "the second run", func() bool { return runs.Load() == 2 && idle(t, s)() })
		if text := log.String(); !strings.Contains(text, "evaluation panicked") || !strings.Contains(text, "panic=broken") {
			t.Errorf("the log does not say so:\n%s", text)
		}
		if strings.Contains(log.String(), "River") {
			t.Errorf("River speaks:\n%s", log.String())
		}
	})
}

// What failed waits longer and longer, but not once something has changed.
func TestEventBringsRetryForward(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		var runs atomic.Int32
		ahead := func() time.Time { return time.Now().Add(time.Hour) } // so that a retry is an hour away
		q, s := runAt(t, database, queue.Config{Now: ahead, Handler: func(context.Context, store.Subject) error {
			if runs.Add(1) == 1 {
				return errors.New("the head cannot be read")
			}
			return nil
		}})
		accept(t, q, "d1", pull(1))
		waitFor(t, "the retry to be planned", func() bool { return state(t, s) == "retryable" })
		accept(t, q, "d2", pull(1))
		waitFor(t, "the evaluation", idle(t, s))
		if runs.Load() != 2 {
			t.Errorf("%d runs", runs.Load())
		}
	})
}

// state is that of the only evaluation's job.
func state(tb testing.TB, s *store.Store) (state string) {
	tb.Helper()
	if err := s.DB().QueryRowContext(background, `SELECT state FROM river_job WHERE kind = 'evaluate' ORDER BY id DESC LIMIT 1`).Scan(&state); err != nil {
		tb.Error(err)
	}
	return state
}

// A weekend of failures loses nothing. After a week nothing is tried any more,
// until something happens.
func TestGivenUpAfterAWeek(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		var shift atomic.Int64 // of the clock
		now := func() time.Time { return time.Now().Add(time.Duration(shift.Load())) }
		var runs, mended atomic.Int32
		handler := func(context.Context, store.Subject) error {
			runs.Add(1)
			if mended.Load() == 0 {
				return errors.New("broken")
			}
			return nil
		}
		q, s := runAt(t, database, queue.Config{Now: now, Handler: handler})
		accept(t, q, "d1", pull(1))
		waitFor(t, "a failure", func() bool { return runs.Load() >= 1 && state(t, s) != "running" })
		shift.Store(int64(6 * 24 * time.Hour))
		before := runs.Load()
		waitFor(t, "another try", func() bool { return runs.Load() > before && state(t, s) == "retryable" })
		if _, err := s.DB().ExecContext(background, query(s,
			`UPDATE river_job SET state = 'available', scheduled_at = datetime('now') WHERE kind = 'evaluate'`,
			`UPDATE river_job SET state = 'available', scheduled_at = now() WHERE kind = 'evaluate'`)); err != nil {
			t.Fatal(err)
		}
		shift.Store(int64(8 * 24 * time.Hour))
		waitFor(t, "the end", func() bool { return state(t, s) == "cancelled" })
		if idle(t, s)() {
			t.Error("what was given up counts as evaluated")
		}

		// The next start of the program tries it again, and so does an event.
		before = runs.Load()
		if err := q.Stop(background); err != nil {
			t.Fatal(err)
		}
		q2, s2 := runAt(t, database, queue.Config{Now: now, Handler: handler})
		waitFor(t, "a run at the start", func() bool { return runs.Load() > before && state(t, s2) == "cancelled" })
		mended.Store(1)
		accept(t, q2, "d1", pull(1))
		waitFor(t, "the evaluation", idle(t, s2))
	})
}

// A clock that is set back does not hold up what was to begin at once.
func TestEventBringsForwardWhatTheClockHoldsUp(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		q, s := prepare(t, database, queue.Config{Handler: nothing})
		accept(t, q, "d1", pull(1))
		if _, err := s.DB().ExecContext(background, query(s,
			`UPDATE river_job SET scheduled_at = datetime('now', '+1 hour') WHERE kind = 'evaluate'`,
			`UPDATE river_job SET scheduled_at = now() + interval '1 hour' WHERE kind = 'evaluate'`)); err != nil {
			t.Fatal(err)
		}
		accept(t, q, "d2", pull(1))
		var ahead int
		err := s.DB().QueryRowContext(background, query(s,
			`SELECT count(*) FROM river_job WHERE scheduled_at > datetime('now', '+10 minutes')`,
			`SELECT count(*) FROM river_job WHERE scheduled_at > now() + interval '10 minutes'`)).Scan(&ahead)
		if err != nil || ahead != 0 || state(t, s) != "available" {
			t.Errorf("%d jobs an hour ahead, %v", ahead, err)
		}
	})
}

// An id that is used for something else takes nothing away from it.
func TestReusedDeliveryID(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		w := newWatch()
		q, s := runAt(t, database, queue.Config{Handler: func(_ context.Context, x store.Subject) error { w.begin(x); w.end(x); return nil }})
		accept(t, q, "same", pull(1))
		waitFor(t, "the first", idle(t, s))
		accept(t, q, "same", pull(2))
		waitFor(t, "the second", func() bool { return idle(t, s)() && w.count(2) == 1 })
	})
}

// A subject that waits without a job, for whatever reason, is found at the
// start.
func TestStartFindsWhatHasNoJob(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		q, s := prepare(t, database, queue.Config{Handler: func(context.Context, store.Subject) error { return nil }})
		accept(t, q, "d1", pull(1))
		accept(t, q, "d2", pull(2))
		if _, err := s.DB().ExecContext(background, `DELETE FROM river_job`); err != nil {
			t.Fatal(err)
		}
		if err := q.Start(background); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "the evaluations", idle(t, s))
	})
}

// Two processes on one database share the work.
func TestTwoQueuesOnOneDatabase(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		w := newWatch()
		handler := func(_ context.Context, x store.Subject) error { w.begin(x); defer w.end(x); return nil }
		q1, s := runAt(t, database, queue.Config{Workers: 2, Handler: handler})
		q2, _ := runAt(t, database, queue.Config{Workers: 2, Handler: handler})
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() { accept(t, q1, fmt.Sprint("a", i), pull(1+i%5)) })
			wg.Go(func() { accept(t, q2, fmt.Sprint("b", i), pull(1+i%5)) })
		}
		wg.Wait()
		waitFor(t, "nothing waiting", idle(t, s))
		for n := 1; n <= 5; n++ {
			x, err := s.FindSubject(background, pull(n).Name())
			if err != nil || w.seen[x.ID] != 40 {
				t.Errorf("subject %d: %d of 40 events seen, %v", n, w.seen[x.ID], err)
			}
		}
		if w.overlaps > 0 {
			t.Errorf("%d overlaps", w.overlaps)
		}
	})
}
