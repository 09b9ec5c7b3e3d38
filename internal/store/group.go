package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// group lets writes that arrive together share a transaction: each is answered
// when all of them are on disk, since the write to disk is what costs. Nobody
// waits for others to come; the time that one transaction takes is when the next
// one's writes gather.
type group struct {
	transact func(ctx context.Context, list []*write) error
	queue    chan *write
	done     chan struct{} // closed when the goroutine has ended

	mu     sync.RWMutex // held for reading while sending to queue
	closed bool
}

// write is one of them.
type write struct {
	do     func(tx *Tx) error
	result chan error
}

const (
	maxGroup = 128
	// writeTimeout is below the ten seconds that GitHub waits for an answer.
	writeTimeout = 8 * time.Second
)

var errClosed = errors.New("the database is closed")

// newGroup starts a group; close ends it.
func newGroup(transact func(ctx context.Context, list []*write) error) *group {
	g := &group{transact: transact, queue: make(chan *write, maxGroup), done: make(chan struct{})}
	go g.run()
	return g
}

// write hands a write over and waits until it is on disk or undone, which takes
// writeTimeout at most once it has begun.
func (g *group) write(ctx context.Context, do func(tx *Tx) error) error {
	w := &write{do, make(chan error, 1)}
	if err := g.send(ctx, w); err != nil {
		return err
	}
	err := <-w.result
	var p *panicked
	if errors.As(err, &p) {
		panic(p.value) // where it belongs: with whoever wrote
	}
	return err
}

// send hands a write over. What was handed over is always answered.
func (g *group) send(ctx context.Context, w *write) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return errClosed
	}
	select {
	case g.queue <- w:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close answers what was handed over and ends the group.
func (g *group) close() {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		close(g.queue)
	}
	g.mu.Unlock()
	<-g.done
}

func (g *group) run() {
	defer close(g.done)
	for first := range g.queue {
		g.commit(g.gather(first))
	}
}

// gather takes what is waiting already.
func (g *group) gather(first *write) []*write {
	list := []*write{first}
	for len(list) < maxGroup {
		select {
		case w, ok := <-g.queue:
			if !ok {
				return list
			}
			list = append(list, w)
		default:
			return list
		}
	}
	return list
}

// commit writes a list; when that fails each is tried alone, so that one bad
// write does not refuse the others.
func (g *group) commit(list []*write) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	err := g.transact(ctx, list)
	if err == nil || len(list) == 1 {
		for _, w := range list {
			w.result <- err
		}
		return
	}
	for _, w := range list {
		w.result <- g.transact(ctx, []*write{w})
	}
}

// panicked carries a panic from the group to whoever wrote.
type panicked struct{ value any }

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// carryOut does one write of a transaction.
func (w *write) carryOut(tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{p}
		}
	}()
	return w.do(tx)
}
