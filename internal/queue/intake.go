package queue

import (
	"context"
	"errors"
	"sync"

	"github.com/changeguard/changeguard/internal/store"
)

// intake lets deliveries that arrive together share a transaction and a handful
// of statements: each is answered when all of them are on disk. Nobody waits for
// others to come; the time that one transaction takes is when the next one's
// deliveries gather.
type intake struct {
	write func(ctx context.Context, list []*store.Arrival) error
	queue chan *pending
	done  chan struct{} // closed when the goroutine has ended
	close func()
	crowd crowd
}

// pending is a delivery whose sender waits.
type pending struct {
	arrival *store.Arrival
	result  chan error
}

// mostTogether bounds a transaction to a few milliseconds.
const mostTogether = 64

func newIntake(write func(ctx context.Context, list []*store.Arrival) error) *intake {
	i := &intake{write: write, queue: make(chan *pending, mostTogether), done: make(chan struct{})}
	i.close = sync.OnceFunc(func() { close(i.queue); <-i.done })
	go i.run()
	return i
}

// accept hands a delivery over and waits until it is on disk or was refused.
func (i *intake) accept(ctx context.Context, a *store.Arrival) error {
	p := &pending{a, make(chan error, 1)}
	select {
	case i.queue <- p:
		return <-p.result
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (i *intake) run() {
	defer close(i.done)
	for first := range i.queue {
		list := i.gather(first)
		i.crowd.saw(len(list))
		i.commit(list)
	}
}

// gather takes what is waiting already.
func (i *intake) gather(first *pending) []*pending {
	list := []*pending{first}
	for len(list) < mostTogether {
		select {
		case p, ok := <-i.queue:
			if !ok {
				return list
			}
			list = append(list, p)
		default:
			return list
		}
	}
	return list
}

// commit writes a list; when that fails each is tried alone, so that one bad
// delivery does not refuse the others. What is wrong with the database is wrong
// for all, and nobody waits to hear it twice.
func (i *intake) commit(list []*pending) {
	all := make([]*store.Arrival, len(list))
	for n, p := range list {
		all[n] = p.arrival
	}
	err := i.write(context.Background(), all)
	if err != nil && len(list) > 1 && !forAll(err) {
		for _, p := range list {
			p.result <- i.write(context.Background(), []*store.Arrival{p.arrival})
		}
		return
	}
	for _, p := range list {
		p.result <- err
	}
}

// forAll reports whether an error is the database's.
func forAll(err error) bool {
	for _, known := range []error{store.ErrAway, store.ErrFull, store.ErrLocked, store.ErrDamaged, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}
