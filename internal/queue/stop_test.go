package queue_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
)

func TestStopWaitsForEvaluations(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		begun, pass := make(chan struct{}), make(chan struct{})
		q, s := runAt(t, database, queue.Config{Handler: func(ctx context.Context, _ store.Subject) error {
			close(begun)
			<-pass
			return ctx.Err()
		}})
		accept(t, q, "d", pull(1))
		<-begun
		stopped := make(chan error)
		go func() { stopped <- q.Stop(background) }()
		waitFor(t, "the intake to end", func() bool {
			return errors.Is(q.Accept(background, store.Delivery{ID: "late", Received: time.Now()}, pull(2)), queue.ErrStopped)
		})
		close(pass)
		if err := <-stopped; err != nil {
			t.Fatal(err)
		}
		n, err := s.Waiting(background)
		if err != nil || n > 1 { // an Accept may have come before the end of the intake
			t.Errorf("%d waiting after the stop, %v", n, err)
		}
		if got, err := s.FindSubject(background, pull(1).Name()); err != nil || got.Done != 1 {
			t.Errorf("the evaluation under way did not finish: %+v, %v", got, err)
		}
	})
}

// An evaluation that takes too long for a stop is cancelled and run again by
// the next process at once.
func TestStopCancelsInTheEnd(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		begun := make(chan struct{})
		q, s := runAt(t, database, queue.Config{Handler: func(ctx context.Context, _ store.Subject) error {
			close(begun)
			<-ctx.Done()
			return errors.New("ask GitHub: the connection was closed")
		}})
		accept(t, q, "d", pull(1))
		<-begun
		ctx, cancel := context.WithTimeout(background, 2*time.Second)
		defer cancel()
		if err := q.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		if got := state(t, s); got != "available" {
			t.Errorf("the job is %s", got)
		}
		if got := failures(t, s); got != 0 {
			t.Errorf("the stop counted as %d failures", got)
		}
		_, s2 := runAt(t, database, queue.Config{Handler: func(context.Context, store.Subject) error { return nil }})
		waitFor(t, "the next process", idle(t, s2))
	})
}

// A stop that has no time left still lets go of what is under way, so that the
// next process runs it at once.
func TestStopWithoutTime(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		begun := make(chan struct{})
		q, s := runAt(t, database, queue.Config{Handler: func(ctx context.Context, _ store.Subject) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		}})
		accept(t, q, "d", pull(1))
		<-begun
		gone, cancel := context.WithCancel(background)
		cancel()
		if err := q.Stop(gone); err != nil {
			t.Error(err)
		}
		if got := state(t, s); got != "available" {
			t.Errorf("the job is %s", got)
		}
	})
}

func TestAcceptAfterStop(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		q, _ := prepare(t, database, queue.Config{Handler: func(context.Context, store.Subject) error { return nil }})
		if err := q.Stop(background); err != nil {
			t.Fatal(err)
		}
		if err := q.Accept(background, store.Delivery{ID: "d", Received: time.Now()}, pull(1)); !errors.Is(err, queue.ErrStopped) {
			t.Errorf("%v", err)
		}
	})
}

// Everybody who calls Accept while the queue stops is answered, and what was
// answered with success is in the database.
func TestStopAnswersEverybody(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		q, s := prepare(t, database, queue.Config{Handler: func(context.Context, store.Subject) error { return nil }})
		var accepted atomic.Int64
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				err := q.Accept(background, store.Delivery{ID: fmt.Sprint("d", i), Received: time.Now()}, pull(1))
				switch {
				case err == nil:
					accepted.Add(1)
				case !errors.Is(err, queue.ErrStopped):
					t.Errorf("accept: %v", err)
				}
			})
			if i == 100 {
				wg.Go(func() {
					if err := q.Stop(background); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		got, err := s.FindSubject(background, pull(1).Name())
		if err != nil || got.Want != accepted.Load() {
			t.Errorf("%d accepted, %d in the database, %v", accepted.Load(), got.Want, err)
		}
	})
}

// A full disk refuses deliveries, and accepts them when there is room again.
func TestAcceptOnFullDisk(t *testing.T) {
	t.Parallel()
	q, s := runAt(t, sqlite(t), queue.Config{Handler: func(context.Context, store.Subject) error { return nil }})
	accept(t, q, "before", pull(1))
	waitFor(t, "the first", idle(t, s))
	limit := func(pages string) {
		if _, err := s.DB().ExecContext(background, `PRAGMA max_page_count = `+pages); err != nil {
			t.Fatal(err)
		}
	}
	limit("1") // no smaller than it is
	large := pull(2)
	large.Base = strings.Repeat("x", 1<<20)
	d := store.Delivery{ID: "during", Event: "pull_request", Received: time.Now()}
	if err := q.Accept(background, d, large); !errors.Is(err, store.ErrFull) {
		t.Errorf("on a full disk: %v", err)
	}
	limit("1000000")
	if err := q.Accept(background, d, large); err != nil {
		t.Errorf("with room again: %v", err)
	}
	waitFor(t, "the second", idle(t, s))
}

// victim is what a process does that is going to be killed.
const victim = "CHANGEGUARD_TEST_VICTIM"

// A process that is killed in the middle of an evaluation leaves a job that the
// next process runs, together with what it had only accepted.
func TestKilledEvaluationIsRunAgain(t *testing.T) {
	if database := os.Getenv(victim); database != "" {
		beVictim(t, database)
	}
	onEngines(t, func(t *testing.T, database string) {
		kill(t, database)
		w := newWatch()
		_, s := runAt(t, database, queue.Config{Workers: 2, Timeout: time.Second, Handler: func(_ context.Context, x store.Subject) error {
			w.begin(x)
			w.end(x)
			return nil
		}})
		waitFor(t, "what the victim left", idle(t, s))
		if w.count(1) == 0 || w.count(2) == 0 {
			t.Errorf("done without a run: %v", w.runs)
		}
	})
}

func beVictim(t *testing.T, database string) {
	begun := make(chan struct{})
	q, _ := runAt(t, database, queue.Config{Timeout: time.Second, Handler: func(context.Context, store.Subject) error {
		close(begun)
		select {} // until killed
	}})
	accept(t, q, "d1", pull(1))
	<-begun
	accept(t, q, "d2", pull(2))
	fmt.Println("one under way, one accepted")
	select {}
}

// kill runs the victim until it has begun, and kills it.
func kill(t *testing.T, database string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledEvaluationIsRunAgain$", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), victim+"="+database)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	buf := make([]byte, 256)
	for !strings.Contains(seen.String(), "one accepted") {
		n, err := out.Read(buf)
		if err != nil {
			t.Fatalf("the victim ended: %v, %s", err, seen.String())
		}
		seen.Write(buf[:n])
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var killed *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &killed) {
		t.Fatalf("the victim was not killed: %v", err)
	}
}
