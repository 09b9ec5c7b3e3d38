package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
)

// Errors of servers and imports that meet. An import writes rows, and numbers that are
// counted up, under a server that counts on being told of what it has not written
// itself: neither would hold what it promises.
var (
	ErrServing   = errors.New("a server uses the database: stop all servers on it, or name another database, and import again")
	ErrImporting = errors.New("an export is being imported into the database: start again when that has ended")
)

// Serving says that a server uses the database from now on, until the store is closed
// or the program dies: nothing is imported meanwhile. Any number of servers may.
func (s *Store) Serving(ctx context.Context) error {
	if s.postgres {
		return s.holds.remote.serve(ctx)
	}
	var err error
	s.unmark, err = marked(s.path, false)
	return err
}

// keepServersAway makes sure that no server uses the database, and that none does
// until release is called or the transaction has ended.
func (s *Store) keepServersAway(ctx context.Context, tx *Tx) (release func() error, err error) {
	if !s.postgres {
		return marked(s.path, true)
	}
	var free bool
	if err := tx.QueryRowContext(ctx, `SELECT pg_try_advisory_xact_lock($1)`, lockKey(servingKey)).Scan(&free); err != nil {
		return nil, err
	}
	if !free {
		return nil, ErrServing
	}
	return func() error { return nil }, nil
}

// servingKey is what servers on a PostgreSQL share, each by its session, and an import
// has for itself.
const servingKey = "serving"

// serve takes a server's share, again in each session.
func (r *remote) serve(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.open(ctx)
	if err != nil {
		return fmt.Errorf("note that a server uses the database: %w", explain(err))
	}
	r.serving = true
	return r.share(s)
}

func (r *remote) share(s *session) error {
	var free bool
	if err := r.ask(context.Background(), s, []any{&free}, `SELECT pg_try_advisory_lock_shared($1)`, lockKey(servingKey)); err != nil {
		return err
	}
	if !free {
		r.drop(s)
		return ErrImporting
	}
	return nil
}

// marked locks the file beside an SQLite database by which servers and imports see
// each other: the engine's own locks end with the program, however it ends. Servers
// read it and never stop, an import has it for itself.
func marked(path string, alone bool) (unmark func() error, err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil { // one database, by whichever name
		path = real
	}
	file := path + "-serving"
	if err := touch(file); err != nil {
		return nil, fmt.Errorf("make %s: %w", file, err)
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(file), RawQuery: "_pragma=busy_timeout(0)&_pragma=journal_mode(DELETE)"}
	busy := ErrImporting
	if alone {
		u.RawQuery += "&_txlock=exclusive"
		busy = ErrServing
	}
	c, err := newConnector(u.String())
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(c)
	tx, err := db.BeginTx(context.Background(), nil)
	if err == nil {
		unmark = func() error { return errors.Join(tx.Rollback(), db.Close()) }
	} else {
		unmark = db.Close
	}
	if err == nil && !alone {
		var n int
		err = tx.QueryRowContext(context.Background(), `SELECT count(*) FROM sqlite_master`).Scan(&n)
	}
	if err = explain(err); errors.Is(err, ErrLocked) {
		err = busy
	}
	if err != nil {
		return nil, errors.Join(err, unmark())
	}
	return unmark, nil
}
