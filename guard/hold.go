package guard

import (
	"context"
	"sync"
)

// holdHead waits until nobody else publishes on a commit, in whichever program:
// the verdicts of all that share it are combined from the store, so whoever
// publishes last has seen all of them, and none makes a second run.
func (e *evaluation) holdHead(ctx context.Context, head string) (held context.Context, release func(), err error) {
	return e.Store.Hold(ctx, "head "+e.Repository()+"@"+head)
}

// maxMarks bounds what is remembered between evaluations.
const maxMarks = 10_000

// marks is a small set that forgets everything when it is full: what it is used
// for is no worse without it than after a restart.
type marks struct {
	mu  sync.Mutex
	set map[string]bool
}

// add reports whether the mark is new.
func (m *marks) add(key string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.set == nil || len(m.set) >= maxMarks {
		m.set = make(map[string]bool)
	}
	known := m.set[key]
	m.set[key] = true
	return !known
}

func (m *marks) has(key string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.set[key]
}

func (m *marks) remove(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.set, key)
}
