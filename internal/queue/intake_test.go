package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

func waitingFor(n int) (list []*pending) {
	for i := range n {
		list = append(list, &pending{&store.Arrival{Delivery: store.Delivery{ID: fmt.Sprint(i)}}, make(chan error, 1)})
	}
	return list
}

// One bad delivery refuses no other; a database that takes nothing is not asked
// for each.
func TestIntakeAnswersEachForItself(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad")
	writes := 0
	i := &intake{write: func(_ context.Context, list []*store.Arrival) error {
		writes++
		for _, a := range list {
			if a.Delivery.ID == "1" {
				return bad
			}
		}
		return nil
	}}
	list := waitingFor(3)
	i.commit(list)
	for n, want := range []error{nil, bad, nil} {
		if err := <-list[n].result; !errors.Is(err, want) {
			t.Errorf("delivery %d: %v, want %v", n, err, want)
		}
	}
	if writes != 4 {
		t.Errorf("%d writes, want one for all and one for each", writes)
	}
	for _, full := range []error{store.ErrFull, store.ErrAway, store.ErrLocked} {
		writes = 0
		i.write = func(context.Context, []*store.Arrival) error { writes++; return fmt.Errorf("write: %w", full) }
		list = waitingFor(3)
		i.commit(list)
		for _, p := range list {
			if err := <-p.result; !errors.Is(err, full) {
				t.Errorf("answered with %v, want %v", err, full)
			}
		}
		if writes != 1 {
			t.Errorf("%v: %d writes", full, writes)
		}
	}
}

// Those that wait share a transaction, so many at most.
func TestIntakeGathers(t *testing.T) {
	t.Parallel()
	i := &intake{queue: make(chan *pending, 2*mostTogether)}
	list := waitingFor(mostTogether + 10)
	for _, p := range list[1:] {
		i.queue <- p
	}
	if n := len(i.gather(list[0])); n != mostTogether {
		t.Errorf("%d together", n)
	}
	close(i.queue)
	if n := len(i.gather(list[0])); n != 11 {
		t.Errorf("%d together in the end, want those 10 that were left and the first", n)
	}
}

// A delivery waits for the transaction that is under way, and for nothing else: what
// comes meanwhile shares the next one, which begins at once. So nobody waits for others
// to come, not for a moment; the clock of the test moves only where something waits.
func TestIntakeWaitsForNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const takes = 3 * time.Millisecond
		began := time.Now()
		var at []time.Duration
		var many []int
		i := newIntake(func(_ context.Context, list []*store.Arrival) error {
			at, many = append(at, time.Since(began)), append(many, len(list))
			time.Sleep(takes)
			return nil
		})
		defer i.close()
		answered := make(chan time.Duration, 4)
		send := func(after time.Duration) {
			time.Sleep(after)
			if err := i.accept(context.Background(), &store.Arrival{}); err != nil {
				t.Error(err)
			}
			answered <- time.Since(began)
		}
		for _, after := range []time.Duration{0, takes / 3, takes / 2, 4 * takes} {
			go send(after)
		}
		var got []time.Duration
		for range 4 {
			got = append(got, <-answered)
		}
		if want := []time.Duration{0, takes, 4 * takes}; !slices.Equal(at, want) || !slices.Equal(many, []int{1, 2, 1}) {
			t.Errorf("written at %v, %v together; want %v", at, many, want)
		}
		if want := []time.Duration{takes, 2 * takes, 2 * takes, 5 * takes}; !slices.Equal(got, want) {
			t.Errorf("answered at %v, want %v", got, want)
		}
	})
}
