package queue

import "sync"

// gate lets writes through until it is closed to them: the intake first, the
// ends of evaluations last.
type gate struct {
	mu      sync.RWMutex // held for reading while something is written
	refused bool         // no deliveries any more
	stopped bool         // nothing any more
}

// intake writes what came from outside.
func (g *gate) intake(write func() error) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.refused {
		return ErrStopped
	}
	return write()
}

// finish writes the end of an evaluation.
func (g *gate) finish(write func() error) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.stopped {
		return ErrStopped
	}
	return write()
}

// refuse ends the intake when what was let through is on disk.
func (g *gate) refuse() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused = true
}

// stop lets nothing through any more.
func (g *gate) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused, g.stopped = true, true
}
