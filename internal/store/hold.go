package store

import (
	"context"
	"sync"
	"time"
)

// holds are the keys that this program holds. On PostgreSQL each is held there
// as well, so that no other program does.
type holds struct {
	remote *remote // nil on SQLite, which one program uses

	mu    sync.Mutex
	taken map[string]*place
}

// place is where those wait who want a key.
type place struct {
	free  chan struct{} // has room for whoever holds the key
	users int           // those who hold it or wait; by holds.mu
}

// Hold waits until nobody else holds a key, in any program that shares a
// PostgreSQL, and holds it until release is called. held ends with ctx, or
// earlier where the hold is lost because the connection broke: whatever must
// not happen twice at once is done with it. Nobody may wait for a key who holds
// another.
func (s *Store) Hold(ctx context.Context, key string) (held context.Context, release func(), err error) {
	p := s.holds.enter(key)
	select {
	case p.free <- struct{}{}:
	case <-ctx.Done():
		s.holds.leave(key, p)
		return ctx, nil, ctx.Err()
	}
	for pause := firstPause; ; pause = min(2*pause, maxHoldPause) {
		held, letGo, ok, err := s.holds.try(ctx, key)
		if err == nil && ok {
			return held, s.holds.releaser(key, p, letGo), nil
		}
		if err == nil {
			err = pauseFor(ctx, pause)
		}
		if err != nil {
			<-p.free
			s.holds.leave(key, p)
			return ctx, nil, err
		}
	}
}

// maxHoldPause is how long another program's hold may be over unnoticed.
const maxHoldPause = 200 * time.Millisecond

// TryHold is Hold that does not wait: ok is false while somebody else holds the
// key.
func (s *Store) TryHold(ctx context.Context, key string) (held context.Context, release func(), ok bool, err error) {
	p := s.holds.enter(key)
	select {
	case p.free <- struct{}{}:
	default:
		s.holds.leave(key, p)
		return nil, nil, false, nil
	}
	held, letGo, ok, err := s.holds.try(ctx, key)
	if err != nil || !ok {
		<-p.free
		s.holds.leave(key, p)
		return nil, nil, false, err
	}
	return held, s.holds.releaser(key, p, letGo), true, nil
}

func (h *holds) enter(key string) *place {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.taken == nil {
		h.taken = make(map[string]*place)
	}
	p := h.taken[key]
	if p == nil {
		p = &place{free: make(chan struct{}, 1)}
		h.taken[key] = p
	}
	p.users++
	return p
}

func (h *holds) leave(key string, p *place) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p.users--; p.users == 0 {
		delete(h.taken, key)
	}
}

// try takes the key from other programs.
func (h *holds) try(ctx context.Context, key string) (held context.Context, letGo func(), ok bool, err error) {
	if h.remote == nil {
		return ctx, func() {}, true, nil
	}
	return h.remote.try(ctx, key)
}

func (h *holds) releaser(key string, p *place, letGo func()) func() {
	return sync.OnceFunc(func() {
		letGo()
		<-p.free
		h.leave(key, p)
	})
}

// pauseFor waits, unless the context ends.
func pauseFor(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
