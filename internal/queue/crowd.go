package queue

import (
	"context"
	"sync/atomic"
	"time"
)

// crowd makes evaluations wait while deliveries come in faster than they are
// written: whoever sent one waits for its answer, and an evaluation can wait. It
// waits for a while only, so that the flood of one sender stops nobody.
type crowd struct {
	until atomic.Int64 // nanoseconds since 1970
}

const (
	crowded     = 4                      // deliveries that waited for one transaction
	crowdLasts  = 100 * time.Millisecond // after such a one
	mostYielded = time.Second            // of an evaluation's time, before it begins
	yieldStep   = 20 * time.Millisecond
)

// saw notes how many deliveries share a transaction.
func (c *crowd) saw(together int) {
	if together >= crowded {
		c.until.Store(time.Now().Add(crowdLasts).UnixNano()) // not the configured clock: it is about this machine
	}
}

// pass returns when there is no crowd, or after mostYielded.
func (c *crowd) pass(ctx context.Context) {
	end := time.Now().Add(mostYielded)
	for {
		now := time.Now()
		if now.UnixNano() >= c.until.Load() || !now.Before(end) {
			return
		}
		select {
		case <-time.After(yieldStep):
		case <-ctx.Done():
			return
		}
	}
}
