package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// remote holds keys for this program as advisory locks of one session of
// PostgreSQL. The locks end with the session, so nobody's death keeps others
// waiting for long; and whoever is alive and has lost the session is told.
// Whoever finds a lease without its lock waits until that has happened.
type remote struct {
	db   *sql.DB // for one connection
	more *sql.DB // for what is said without the session

	mu      sync.Mutex // one statement at a time
	session *session
	serving bool // each session has a server's share
	closed  bool

	watching sync.WaitGroup
}

// session is a connection with what is held by it.
type session struct {
	conn *sql.Conn
	ctx  context.Context // ends when the connection is found broken
	end  context.CancelCauseFunc
}

const (
	// watchEvery is how long the end of a session may go unnoticed that the server
	// says, and lockTimeout how long a server may be silent. A statement waits for
	// nobody, or for rowTimeout.
	watchEvery  = time.Second
	lockTimeout = 4 * time.Second
	rowTimeout  = time.Second
	// grace is how long what somebody lost is not given to others: they have
	// noticed by then.
	grace = watchEvery + lockTimeout + time.Second
)

// holding are the settings of the session. What it writes need not survive a
// crash of the server, which ends all locks.
func holding(c *pgx.ConnConfig) *pgx.ConnConfig {
	c = c.Copy()
	c.RuntimeParams["synchronous_commit"] = "off"
	c.RuntimeParams["lock_timeout"] = fmt.Sprint(rowTimeout.Milliseconds())
	return c
}

// lockKey is the number that stands for a key. Two keys of one number only wait
// for each other.
func lockKey(key string) int64 {
	sum := sha256.Sum256([]byte("changeguard " + key))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// takeLock takes a key with its lease, in one step. A lease that is there without
// its lock was lost: that is noted, and it is taken when enough time has passed.
const takeLock = `WITH lock AS MATERIALIZED (SELECT pg_try_advisory_lock($1) AS ok),
	taken AS (INSERT INTO leases AS l (key, token, taken_at, lost_at)
		SELECT $2, $3, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT), 0 FROM lock WHERE ok
		ON CONFLICT (key) DO UPDATE SET taken_at = excluded.taken_at,
			token = CASE WHEN l.lost_at > 0 AND l.lost_at <= excluded.taken_at - $4 THEN excluded.token ELSE l.token END,
			lost_at = CASE WHEN l.lost_at = 0 THEN excluded.taken_at WHEN l.lost_at <= excluded.taken_at - $4 THEN 0 ELSE l.lost_at END
		RETURNING token)
	SELECT ok, COALESCE((SELECT token = $3 FROM taken), FALSE) FROM lock`

// try takes a key unless another program holds it, or has lost it a moment ago.
func (r *remote) try(ctx context.Context, key string) (held context.Context, letGo func(), ok bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.open(ctx)
	if err != nil {
		return nil, nil, false, fmt.Errorf("hold %s: %w", key, explain(err))
	}
	l := lease{text(key), rand.Text()}
	var locked bool
	err = r.ask(ctx, s, []any{&locked, &ok}, takeLock, lockKey(key), l.key, l.token, grace.Microseconds())
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == codeLockTimeout {
		locked, ok, err = true, false, nil // whoever lost it writes at this moment
	}
	if err == nil && locked && !ok {
		err = r.ask(ctx, s, []any{new(bool)}, `SELECT pg_advisory_unlock($1)`, lockKey(key))
	}
	if err != nil || !ok {
		return nil, nil, false, err
	}
	held, cancel := context.WithCancelCause(withLease(ctx, l))
	stop := context.AfterFunc(s.ctx, func() { cancel(ErrLost) })
	return held, func() {
		stop()
		cancel(nil)
		r.letGo(s, key, l)
	}, true, nil
}

// letGo gives a key back. Where it went with its session only the lease is left
// to be given back, and others need not wait any longer.
func (r *remote) letGo(s *session, key string, l lease) {
	r.mu.Lock()
	over := s.ctx.Err() != nil
	if !over {
		over = r.ask(context.Background(), s, []any{new(bool)},
			`WITH gone AS (DELETE FROM leases WHERE key = $2 AND token = $3) SELECT pg_advisory_unlock($1)`, lockKey(key), l.key, l.token) != nil
	}
	r.mu.Unlock()
	if over {
		ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
		defer cancel()
		_, _ = r.more.ExecContext(ctx, `DELETE FROM leases WHERE key = $1 AND token = $2`, l.key, l.token) // where it fails others wait
	}
}

// ask runs a statement; a session that does not answer is over. The caller's
// end is no reason to break it, nor is a row that somebody writes.
func (r *remote) ask(ctx context.Context, s *session, answers []any, query string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockTimeout)
	defer cancel()
	err := s.conn.QueryRowContext(ctx, query, args...).Scan(answers...)
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &pg) && pg.Code == codeLockTimeout:
		return err
	}
	r.drop(s)
	return fmt.Errorf("%w: %w", ErrLost, explain(err))
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
	if r.serving {
		return s, r.share(s)
	}
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
				_ = r.ask(context.Background(), s, []any{&alive}, `SELECT true`) // which says so to everybody
			}
			r.mu.Unlock()
		}
	}
}

// drop ends a session. The connection is closed rather than used again: it may
// still hold something.
func (r *remote) drop(s *session) {
	s.end(ErrLost)
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
