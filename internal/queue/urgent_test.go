package queue_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
)

// A merge group, which GitHub throws out of the queue when its result is late, is
// answered before a backlog of 500 pull requests, its own installation's and that
// of others, by workers that are busy when it comes.
func TestMergeGroupsComeBeforeABacklog(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		const backlog, installations, workers = 500, 5, 2
		o, pass := &order{}, make(chan struct{})
		q, s := runAt(t, database, queue.Config{Workers: workers, Handler: func(ctx context.Context, x store.Subject) error {
			err := o.handle(ctx, x)
			<-pass
			return err
		}})
		for n := range backlog {
			accept(t, q, fmt.Sprint("a", n), of(int64(n%installations+1), n+1))
		}
		waitFor(t, "busy workers", func() bool { return o.count() == workers })
		group := store.Subject{Kind: store.Group, Installation: 1, Owner: "acme", Repo: "app1", Head: "0123"}
		accept(t, q, "g", group)
		close(pass)
		waitFor(t, "all of it", idle(t, s))
		at := slices.IndexFunc(o.begun, func(x store.Subject) bool { return x.Kind == store.Group })
		// What was judged, what waited for a slot, and what was fetched together with it.
		if at < 0 || at > 4*workers {
			t.Errorf("the merge queue's group was begun as number %d of %d", at, len(o.begun))
		}
	})
}

func (o *order) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.begun)
}
