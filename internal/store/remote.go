package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"
)

// remote holds keys for this program as advisory locks of one session of
// PostgreSQL. The locks end with the session, so nobody's death keeps others
// waiting; and whoever is alive and has lost the session is told.
type remote struct {
	db *sql.DB // for one connection

	mu      sync.Mutex // one statement at a time
	session *session
	closed  bool

	watching sync.WaitGroup
}

// session is a connection with what is held by it.
type session struct {
	conn *sql.Conn
	ctx  context.Context // ends when the connection is found broken
	end  context.CancelCauseFunc
}

var errLost = errors.New("the connection to the database broke, and with it the right to do this alone")

const (
	// watchEvery is how long the end of a session may go unnoticed.
	watchEvery = 2 * time.Second
	// lockTimeout bounds a statement, which never waits for anybody.
	lockTimeout = 5 * time.Second
)

// lockKey is the number that stands for a key. Two keys of one number only wait
// for each other.
func lockKey(key string) int64 {
	sum := sha256.Sum256([]byte("changeguard " + key))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// try takes a key unless another program holds it.
func (r *remote) try(ctx context.Context, key string) (held context.Context, letGo func(), ok bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.open(ctx)
	if err != nil {
		return nil, nil, false, fmt.Errorf("hold %s: %w", key, explain(err))
	}
	if err := r.ask(ctx, s, &ok, `SELECT pg_try_advisory_lock($1)`, lockKey(key)); err != nil || !ok {
		return nil, nil, false, err
	}
	held, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.ctx, func() { cancel(errLost) })
	return held, func() {
		stop()
		cancel(nil)
		r.letGo(s, key)
	}, true, nil
}

// letGo gives a key back, unless it went with its session.
func (r *remote) letGo(s *session, key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	var had bool
	_ = r.ask(context.Background(), s, &had, `SELECT pg_advisory_unlock($1)`, lockKey(key)) // where it fails the session ends
}

// ask runs a statement; a session that does not answer is over. The caller's
// end is no reason to break it.
func (r *remote) ask(ctx context.Context, s *session, answer *bool, query string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockTimeout)
	defer cancel()
	if err := s.conn.QueryRowContext(ctx, query, args...).Scan(answer); err != nil {
		r.drop(s)
		return fmt.Errorf("%w: %w", errLost, explain(err))
	}
	return nil
}

// open returns the session, a new one where there is none.
func (r *remote) open(ctx context.Context) (*session, error) {
	switch {
	case r.closed:
		return nil, errClosed
	case r.session != nil:
		return r.session, nil
	}
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{conn: conn}
	s.ctx, s.end = context.WithCancelCause(context.Background())
	r.session = s
	r.watching.Go(func() { r.watch(s) })
	return s, nil
}

// watch notices that a session is over while nothing is asked of it.
func (r *remote) watch(s *session) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
			r.mu.Lock()
			var alive bool
			if s.ctx.Err() == nil {
				_ = r.ask(context.Background(), s, &alive, `SELECT true`) // which says so to everybody
			}
			r.mu.Unlock()
		}
	}
}

// drop ends a session. The connection is closed rather than used again: it may
// still hold something.
func (r *remote) drop(s *session) {
	s.end(errLost)
	_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = s.conn.Close() // it is broken
	if r.session == s {
		r.session = nil
	}
}

// close lets everything go.
func (r *remote) close() error {
	r.mu.Lock()
	r.closed = true
	if r.session != nil {
		r.drop(r.session)
	}
	r.mu.Unlock()
	r.watching.Wait()
	return r.db.Close()
}
