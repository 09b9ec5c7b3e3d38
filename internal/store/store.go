// Package store keeps what must outlive a restart: deliveries, what is to be
// evaluated, verdicts, the check runs and comments on GitHub, and what sticks
// to pull requests, branches and commits.
//
// # The model
//
// A [Subject] is what is evaluated. Every event about it raises its want; an
// evaluation reads want first, and when it is finished sets done to what it
// read. An event is processed when done has reached the want that it raised. So
// an event that arrives during an evaluation is never lost, and many events
// cost one evaluation.
//
// SQLite has one writer and a pool of readers; every write is on disk before it
// is acknowledged. No method holds a transaction while somebody asks GitHub.
// Times come in as arguments.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed schema/*.sql
var schema embed.FS

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("not in the store")
	ErrFull     = errors.New("the disk is full")
)

// A Store is an open database.
type Store struct {
	write *sql.DB // one connection
	read  *sql.DB
	tidy  *sql.DB // moves the log into the database file

	quit, done chan struct{} // end the tidying
}

// tidyEvery is how often the write-ahead log is moved into the database file. It
// is done beside the writer, because done by the writer it would make somebody
// wait for two further writes to disk.
const tidyEvery = 500 * time.Millisecond

// Open opens or creates the database that an address names: "sqlite:PATH".
func Open(ctx context.Context, address string) (*Store, error) {
	path, ok := strings.CutPrefix(address, "sqlite:")
	if !ok || path == "" {
		return nil, fmt.Errorf("%q names no database; write sqlite:PATH", strings.SplitN(address, "@", 2)[0])
	}
	s := &Store{}
	var err error
	if s.write, err = open(path, "_txlock=immediate&_pragma=wal_autocheckpoint(0)"); err == nil {
		s.write.SetMaxOpenConns(1)
		err = s.migrate(ctx)
	}
	if err == nil {
		if s.read, err = open(path, "_pragma=query_only(1)"); err == nil {
			s.read.SetMaxOpenConns(4)
			s.tidy, err = open(path, "_pragma=wal_autocheckpoint(0)")
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s: %w", path, err), s.Close())
	}
	s.quit, s.done = make(chan struct{}), make(chan struct{})
	go s.tidyUp()
	return s, nil
}

// tidyUp moves the log into the database until the store is closed. A failure
// loses nothing: the log keeps what was written, and closing tries again.
func (s *Store) tidyUp() {
	defer close(s.done)
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_, _ = s.tidy.Exec(`PRAGMA wal_checkpoint(PASSIVE)`)
		case <-s.quit:
			return
		}
	}
}

func open(path, more string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(abs)}
	u.RawQuery = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&" + more
	return sql.Open("sqlite", u.String())
}

// Close closes the database.
func (s *Store) Close() error {
	var errs []error
	if s.quit != nil {
		close(s.quit)
		<-s.done
	}
	for _, db := range []*sql.DB{s.read, s.tidy, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// DB is the writing connection, for the queue, which keeps its jobs in the same
// database.
func (s *Store) DB() *sql.DB { return s.write }

// Ping asks whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	return s.read.PingContext(ctx)
}

// migrate brings the schema up to date, one transaction per step.
func (s *Store) migrate(ctx context.Context) error {
	if _, err := s.write.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT NOT NULL PRIMARY KEY)`); err != nil {
		return err
	}
	files, err := schema.ReadDir("schema")
	if err != nil {
		return err
	}
	known := make(map[string]bool)
	for _, f := range files {
		known[f.Name()] = true
		if err := s.step(ctx, f.Name()); err != nil {
			return fmt.Errorf("migrate to %s: %w", f.Name(), err)
		}
	}
	return s.refuseNewer(ctx, known)
}

func (s *Store) step(ctx context.Context, name string) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM schema_migrations WHERE name = $1`, name).Scan(&n); err != nil || n > 0 {
			return err
		}
		text, err := schema.ReadFile("schema/" + name)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, string(text)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO schema_migrations (name) VALUES ($1)`, name)
		return err
	})
}

// refuseNewer keeps an old program from a database that a newer one changed.
func (s *Store) refuseNewer(ctx context.Context, known map[string]bool) error {
	rows, err := s.write.QueryContext(ctx, `SELECT name FROM schema_migrations`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		if !known[name] {
			return fmt.Errorf("it was written by a newer changeguard (%s); update this one", name)
		}
	}
	return rows.Err()
}

// InTx runs a function in a writing transaction.
func (s *Store) InTx(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return explain(err)
	}
	if err := do(tx); err != nil {
		return errors.Join(explain(err), ignoreDone(tx.Rollback()))
	}
	return explain(tx.Commit())
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// explain names the errors that callers tell apart.
func explain(err error) error {
	var s *sqlite.Error
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case errors.As(err, &s) && (s.Code()&0xff == sqlite3.SQLITE_FULL || s.Code()&0xff == sqlite3.SQLITE_IOERR):
		return fmt.Errorf("%w: %w", ErrFull, err)
	default:
		return err
	}
}

func micros(t time.Time) int64     { return t.UnixMicro() }
func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }
