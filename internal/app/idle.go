package app

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"
)

// What a burst of work took of the system's memory is given back soon after, where
// that is worth a collection: a server that waits for the next pull request shares
// its machine.
const (
	giveBackEvery = 15 * time.Second
	worthGiving   = 2 << 20 // bytes
)

// giveBack does so until the context ends.
func giveBack(ctx context.Context) {
	tick := time.NewTicker(giveBackEvery)
	defer tick.Stop()
	least := held()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		now := held()
		least = min(least, now)
		if now > least+worthGiving {
			debug.FreeOSMemory()
			least = held()
		}
	}
}

// held is what the heap has of the system's memory, in bytes.
func held() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapSys - m.HeapReleased
}
