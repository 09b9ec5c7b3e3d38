package queue

import (
	"context"
	"sync"
	"time"

	"github.com/riverqueue/river"
)

// slots are for the evaluations that read and judge, which take this machine's
// time and memory. One whose verdict is found only waits for GitHub to take it, so
// as many more as there are slots may be at that.
type slots struct {
	free     chan struct{} // has room for as many as are taken
	stopping chan struct{} // closed when none is given any more
	stop     func()
}

// publishing is how many jobs there are for each slot.
const publishing = 2

// slotPatience is how long a job waits for a slot before another one, which may be
// more urgent by then, gets its worker.
const slotPatience = time.Second

func newSlots(n int) *slots {
	s := &slots{free: make(chan struct{}, n), stopping: make(chan struct{})}
	s.stop = sync.OnceFunc(func() { close(s.stopping) })
	return s
}

// slotKey is the key of a context's slot.
type slotKey struct{}

// take waits for a slot, which release or [Judged] gives back. A job that gets none
// keeps its place among the others, which is as old as since.
func (s *slots) take(ctx context.Context, since time.Time) (held context.Context, release func(), err error) {
	select {
	case <-s.stopping: // also where one is free
		return nil, nil, inItsPlace(since)
	default:
	}
	patience := time.NewTimer(slotPatience)
	defer patience.Stop()
	select {
	case s.free <- struct{}{}:
	case <-s.stopping:
		return nil, nil, inItsPlace(since)
	case <-patience.C:
		return nil, nil, inItsPlace(since)
	case <-ctx.Done():
		return nil, nil, inItsPlace(since)
	}
	release = sync.OnceFunc(func() { <-s.free })
	return context.WithValue(ctx, slotKey{}, release), release, nil
}

// inItsPlace lets a job be taken again as soon as a worker is free, in the order of
// when it was due and not behind all that came meanwhile.
func inItsPlace(due time.Time) error {
	return &river.JobSnoozeError{Duration: min(0, time.Until(due))}
}

// Judged says that what is left of the evaluation waits for others: the next one
// may begin. The subject is held on.
func Judged(ctx context.Context) {
	if release, ok := ctx.Value(slotKey{}).(func()); ok {
		release()
	}
}
