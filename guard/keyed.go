package guard

import "sync"

// keyed is a lock per key.
type keyed struct {
	mu    sync.Mutex
	locks map[string]*lock
}

type lock struct {
	sync.Mutex
	users int
}

// hold locks a key and returns what unlocks it.
func (k *keyed) hold(key string) (release func()) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = make(map[string]*lock)
	}
	l := k.locks[key]
	if l == nil {
		l = new(lock)
		k.locks[key] = l
	}
	l.users++
	k.mu.Unlock()
	l.Lock()
	return func() {
		l.Unlock()
		k.mu.Lock()
		defer k.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(k.locks, key)
		}
	}
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

func (m *marks) remove(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.set, key)
}
