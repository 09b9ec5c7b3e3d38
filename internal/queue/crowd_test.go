package queue

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// An evaluation waits while deliveries crowd in, for a bounded time, and not for
// one that comes alone.
func TestEvaluationsYieldToACrowd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c crowd
		wait := func() time.Duration {
			began := time.Now()
			c.pass(context.Background())
			return time.Since(began)
		}
		c.saw(crowded - 1)
		if took := wait(); took != 0 {
			t.Errorf("without a crowd: %v", took)
		}
		c.saw(crowded)
		if took := wait(); took < crowdLasts || took > crowdLasts+yieldStep {
			t.Errorf("with one: %v", took)
		}
		stop := make(chan struct{})
		go func() {
			for {
				c.saw(crowded)
				select {
				case <-stop:
					return
				case <-time.After(crowdLasts / 2):
				}
			}
		}()
		synctest.Wait()
		if took := wait(); took < mostYielded || took > mostYielded+yieldStep {
			t.Errorf("with one that does not end: %v", took)
		}
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		began := time.Now()
		c.pass(ended)
		if time.Since(began) > yieldStep {
			t.Error("it waits although it was told to end")
		}
		close(stop)
	})
}
