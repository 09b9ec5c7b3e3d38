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

// stage counts the evaluations that judge and those that publish.
type stage struct {
	mu                   sync.Mutex
	judging, publishing  int
	mostJudge, mostAtAll int
}

func (s *stage) step(judging, publishing int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judging += judging
	s.publishing += publishing
	s.mostJudge, s.mostAtAll = max(s.mostJudge, s.judging), max(s.mostAtAll, s.judging+s.publishing)
}

// While verdicts are published the next changes are judged, as many at once as
// there are workers and never more.
func TestTheNextAreJudgedWhileVerdictsArePublished(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		const workers, pulls = 2, 40
		var at stage
		q, s := prepare(t, database, queue.Config{Workers: workers, Handler: func(ctx context.Context, _ store.Subject) error {
			at.step(1, 0)
			time.Sleep(5 * time.Millisecond)
			at.step(-1, 1)
			queue.Judged(ctx)
			time.Sleep(5 * time.Millisecond)
			at.step(0, -1)
			return nil
		}})
		for n := range pulls {
			accept(t, q, "d"+string(rune('A'+n)), pull(n+1))
		}
		if err := q.Start(background); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "all", idle(t, s))
		if at.mostJudge != workers || at.mostAtAll <= workers || at.mostAtAll > 2*workers {
			t.Errorf("at most %d judged and %d were evaluated at once, with %d workers", at.mostJudge, at.mostAtAll, workers)
		}
	})
}

// Where no verdict is ever found and all workers are taken, a merge group does not
// wait: it needs no slot, and the jobs that wait for one give their workers back.
func TestAMergeGroupNeedsNoSlot(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		const workers = 2
		var busy atomic.Int32
		pass, group := make(chan struct{}), make(chan struct{})
		q, s := runAt(t, database, queue.Config{Workers: workers, Handler: func(_ context.Context, x store.Subject) error {
			if x.Kind == store.Group {
				close(group)
				return nil
			}
			busy.Add(1)
			<-pass
			return nil
		}})
		for n := range 4 * workers {
			accept(t, q, "d"+string(rune('A'+n)), pull(n+1))
		}
		waitFor(t, "busy workers", func() bool { return busy.Load() == workers })
		accept(t, q, "g", store.Subject{Kind: store.Group, Installation: 1, Owner: "acme", Repo: "app", Head: "0123"})
		select {
		case <-group:
		case <-time.After(time.Minute):
			t.Error("the merge group waited for a pull request")
		}
		close(pass)
		waitFor(t, "all", idle(t, s))
	})
}

// Stop begins nothing that only waited for its slot; the next queue has it.
func TestStopBeginsNothingThatWaitedForASlot(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		var begun, later atomic.Int32
		pass, stopped := make(chan struct{}), make(chan error, 1)
		q, _ := runAt(t, database, queue.Config{Workers: 1, Handler: func(context.Context, store.Subject) error {
			begun.Add(1)
			<-pass
			return nil
		}})
		for n := range 4 {
			accept(t, q, "d"+string(rune('A'+n)), pull(n+1))
		}
		waitFor(t, "a busy worker", func() bool { return begun.Load() == 1 })
		time.Sleep(50 * time.Millisecond) // the next job waits for the slot
		go func() { stopped <- q.Stop(background) }()
		waitFor(t, "the stop", func() bool {
			return q.Accept(background, store.Delivery{ID: "late", Event: "pull_request", Received: time.Now()}, pull(9)) != nil
		})
		time.Sleep(50 * time.Millisecond) // and gives up
		close(pass)
		if err := <-stopped; err != nil {
			t.Fatal(err)
		}
		if n := begun.Load(); n != 1 {
			t.Errorf("%d evaluations began, one of them before the stop", n)
		}
		_, s := runAt(t, database, queue.Config{Workers: 1, Handler: func(context.Context, store.Subject) error {
			later.Add(1)
			return nil
		}})
		waitFor(t, "the others", idle(t, s))
		if later.Load() < 3 {
			t.Errorf("%d of 3 were evaluated by the next queue", later.Load())
		}
	})
}

// Whoever waits for a slot longer than a worker waits with it keeps its place: it
// is not put behind what came later. What came for it meanwhile needs no second
// evaluation.
func TestWhoWaitsForASlotKeepsItsPlace(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		const workers, pulls = 2, 30
		o := &order{}
		pass := make(chan struct{})
		q, s := prepare(t, database, queue.Config{Workers: workers, Handler: func(ctx context.Context, x store.Subject) error {
			err := o.handle(ctx, x)
			<-pass
			time.Sleep(100 * time.Millisecond) // in which River writes who waits again
			return err
		}})
		for n := range pulls {
			accept(t, q, fmt.Sprint("d", n), of(int64(n+1), n+1))
		}
		if err := q.Start(background); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "busy workers", func() bool { return o.count() == workers })
		time.Sleep(2500 * time.Millisecond) // more than one wait for a slot
		for n := range pulls {
			if o.position(int64(n+1), n+1) < 0 {
				accept(t, q, fmt.Sprint("again", n), of(int64(n+1), n+1))
			}
		}
		close(pass)
		waitFor(t, "all", idle(t, s))
		for n := range 2 * workers { // the first that came
			if at := o.position(int64(n+1), n+1); at > pulls/2 {
				t.Errorf("number %d was begun as number %d of %d", n, at, pulls)
			}
		}
		if len(o.begun) != pulls {
			t.Errorf("%d evaluations of %d subjects", len(o.begun), pulls)
		}
	})
}
