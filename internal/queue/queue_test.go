package queue_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
)

// open starts a queue on a fresh database.
func open(tb testing.TB, path string, workers int, timeout time.Duration, h queue.Handler) (*queue.Queue, *store.Store) {
	tb.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite:"+path)
	if err != nil {
		tb.Fatal(err)
	}
	q, err := queue.New(ctx, queue.Config{Store: s, Workers: workers, Handler: h, Logger: slog.New(slog.DiscardHandler), Now: time.Now, Timeout: timeout})
	if err != nil {
		tb.Fatal(err)
	}
	if err := q.Start(ctx); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
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

func delivery(id string) store.Delivery {
	return store.Delivery{ID: id, Event: "pull_request", Action: "synchronize", Received: time.Now()}
}

func waitFor(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	deadline := time.After(30 * time.Second)
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

func TestEventsDuringAnEvaluationAreNotLost(t *testing.T) {
	t.Parallel()
	var running, overlaps, runs atomic.Int32
	var lastSeen atomic.Int64
	q, s := open(t, filepath.Join(t.TempDir(), "q.db"), 8, 0, func(_ context.Context, x store.Subject) error {
		if running.Add(1) > 1 {
			overlaps.Add(1)
		}
		runs.Add(1)
		lastSeen.Store(x.Want)
		running.Add(-1)
		return nil
	})
	const events = 300
	var wg sync.WaitGroup
	for i := range events {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := q.Accept(context.Background(), delivery(fmt.Sprint("d", i)), pull(1)); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	waitFor(t, "the last event", func() bool { return lastSeen.Load() == events })
	waitFor(t, "nothing waiting", func() bool { n, err := s.Waiting(context.Background()); return err == nil && n == 0 })
	if overlaps.Load() > 0 {
		t.Errorf("%d evaluations of one subject overlapped", overlaps.Load())
	}
	if runs.Load() > events/2 {
		t.Errorf("%d runs for %d events", runs.Load(), events)
	}
}

func TestRedeliveryOfProcessedIsNotEvaluatedAgain(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	fail := true
	var mu sync.Mutex
	q, s := open(t, filepath.Join(t.TempDir(), "q.db"), 1, 0, func(context.Context, store.Subject) error {
		mu.Lock()
		defer mu.Unlock()
		runs.Add(1)
		if fail {
			fail = false
			return errors.New("GitHub is down")
		}
		return nil
	})
	ctx := context.Background()
	if err := q.Accept(ctx, delivery("same"), pull(1)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the retry", func() bool { n, _ := s.Waiting(ctx); return n == 0 })
	before := runs.Load()
	if before != 2 {
		t.Errorf("%d runs, want a failure and a success", before)
	}
	if err := q.Accept(ctx, delivery("same"), pull(1)); err != nil {
		t.Fatal(err)
	}
	if err := q.Accept(ctx, delivery("other"), pull(2)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the other", func() bool { n, _ := s.Waiting(ctx); return n == 0 && runs.Load() > before })
	if got := runs.Load(); got != before+1 {
		t.Errorf("%d runs, want %d: a processed delivery came again", got, before+1)
	}
}

func TestLaterHoldsNoWorker(t *testing.T) {
	t.Parallel()
	var limited, others atomic.Int32
	q, _ := open(t, filepath.Join(t.TempDir(), "q.db"), 1, 0, func(_ context.Context, x store.Subject) error {
		if x.Number == 1 {
			if limited.Add(1) == 1 {
				return queue.Later(time.Now().Add(500*time.Millisecond), errors.New("limited"))
			}
			return nil
		}
		others.Add(1)
		return nil
	})
	for n := 1; n <= 3; n++ {
		if err := q.Accept(context.Background(), delivery(fmt.Sprint("d", n)), pull(n)); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "the others", func() bool { return others.Load() == 2 })
	if limited.Load() != 1 {
		t.Errorf("the limited one ran %d times before its time", limited.Load())
	}
	waitFor(t, "the limited one", func() bool { return limited.Load() == 2 })
}

func TestPanicsAreRetried(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	q, s := open(t, filepath.Join(t.TempDir(), "q.db"), 1, 0, func(context.Context, store.Subject) error {
		if runs.Add(1) == 1 {
			panic("broken")
		}
		return nil
	})
	if err := q.Accept(context.Background(), delivery("d"), pull(1)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the second run", func() bool { n, _ := s.Waiting(context.Background()); return runs.Load() == 2 && n == 0 })
}

// A process that is killed in the middle of an evaluation leaves a job that the
// next process runs.
func TestKilledEvaluationIsRunAgain(t *testing.T) {
	t.Parallel()
	if path := os.Getenv("CHANGEGUARD_TEST_VICTIM"); path != "" {
		q, _ := open(t, path, 1, time.Second, func(context.Context, store.Subject) error {
			fmt.Println("evaluating")
			select {} // until killed
		})
		if err := q.Accept(context.Background(), delivery("d"), pull(1)); err != nil {
			t.Fatal(err)
		}
		fmt.Println("accepted")
		select {}
	}
	path := filepath.Join(t.TempDir(), "q.db")
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledEvaluationIsRunAgain$", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), "CHANGEGUARD_TEST_VICTIM="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	buf := make([]byte, 256)
	for !strings.Contains(seen.String(), "evaluating") || !strings.Contains(seen.String(), "accepted") {
		n, err := out.Read(buf)
		if err != nil {
			t.Fatalf("the victim ended: %v, %s", err, seen.String())
		}
		seen.Write(buf[:n])
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed, as it should be
	var runs atomic.Int32
	_, s := open(t, path, 1, time.Second, func(context.Context, store.Subject) error { runs.Add(1); return nil })
	deadline := time.Now().Add(90 * time.Second)
	for n := 1; n > 0; n, err = s.Waiting(context.Background()) {
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("never run again: %v", err)
		}
		<-time.After(50 * time.Millisecond)
	}
	if runs.Load() == 0 {
		t.Error("done without a run")
	}
}

// BenchmarkAccept sends 500 deliveries a second and reports how long the answer
// takes.
func BenchmarkAccept(b *testing.B) {
	q, _ := open(b, filepath.Join(b.TempDir(), "q.db"), 4, 0, func(context.Context, store.Subject) error { return nil })
	var mu sync.Mutex
	var took []time.Duration
	var wg sync.WaitGroup
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	n := 0
	for b.Loop() {
		<-tick.C
		n++
		wg.Add(1)
		go func(n int) {
			defer wg.Done()
			start := time.Now()
			if err := q.Accept(context.Background(), delivery(fmt.Sprint("d", n)), pull(n%200)); err != nil {
				b.Error(err)
			}
			mu.Lock()
			took = append(took, time.Since(start))
			mu.Unlock()
		}(n)
	}
	wg.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
