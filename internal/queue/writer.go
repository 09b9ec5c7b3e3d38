package queue

import (
	"context"
	"sync"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

// writer lets writes that arrive together share a transaction: each is answered
// when all of them are on disk. Nobody waits for others to come; the time that
// one transaction takes is when the next one's writes gather.
type writer struct {
	store *store.Store
	queue chan *write
	done  chan struct{} // closed when the goroutine has ended

	mu      sync.RWMutex // held for reading while sending to queue
	refused bool         // no deliveries any more
	stopped bool         // nothing any more
}

// write is one of them.
type write struct {
	do     func(ctx context.Context, b *batch) error
	result chan error
}

// batch is a transaction under way.
type batch struct {
	tx       *store.Tx
	enqueued map[int64]bool // subjects that were given a job in it
}

const (
	maxBatch = 128
	// writeTimeout is below the ten seconds that GitHub waits for an answer.
	writeTimeout = 8 * time.Second
)

// newWriter starts a writer; stop ends it.
func newWriter(s *store.Store) *writer {
	w := &writer{store: s, queue: make(chan *write, maxBatch), done: make(chan struct{})}
	go w.run()
	return w
}

// intake writes what came from outside.
func (w *writer) intake(ctx context.Context, do func(ctx context.Context, b *batch) error) error {
	return w.write(ctx, do, &w.refused)
}

// finish writes the end of an evaluation, which is worth waiting for even where
// the evaluation took all its time.
func (w *writer) finish(do func(ctx context.Context, b *batch) error) error {
	return w.write(context.Background(), do, &w.stopped)
}

func (w *writer) write(ctx context.Context, do func(ctx context.Context, b *batch) error, closed *bool) error {
	x := &write{do, make(chan error, 1)}
	if err := w.send(ctx, x, closed); err != nil {
		return err
	}
	select {
	case err := <-x.result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// send hands a write over. What was handed over is always answered.
func (w *writer) send(ctx context.Context, x *write, closed *bool) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if *closed || w.stopped {
		return ErrStopped
	}
	select {
	case w.queue <- x:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// refuse ends the intake.
func (w *writer) refuse() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused = true
}

// stop answers what was handed over and ends the writer. It can be called
// again.
func (w *writer) stop() {
	w.mu.Lock()
	if !w.stopped {
		w.refused, w.stopped = true, true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.done
}

func (w *writer) run() {
	defer close(w.done)
	for first := range w.queue {
		w.commit(w.gather(first))
	}
}

// gather takes what is waiting already.
func (w *writer) gather(first *write) []*write {
	list := []*write{first}
	for len(list) < maxBatch {
		select {
		case x, ok := <-w.queue:
			if !ok {
				return list
			}
			list = append(list, x)
		default:
			return list
		}
	}
	return list
}

// commit writes a list; when that fails each is tried alone, so that one bad
// write does not refuse the others.
func (w *writer) commit(list []*write) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	err := w.transact(ctx, list)
	if err == nil || len(list) == 1 {
		for _, x := range list {
			x.result <- err
		}
		return
	}
	for _, x := range list {
		x.result <- w.transact(ctx, []*write{x})
	}
}

func (w *writer) transact(ctx context.Context, list []*write) error {
	return w.store.InTx(ctx, func(tx *store.Tx) error {
		b := &batch{tx, make(map[int64]bool)}
		for _, x := range list {
			if err := x.do(ctx, b); err != nil {
				return err
			}
		}
		return nil
	})
}
