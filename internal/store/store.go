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
// cost one evaluation. The want that an evaluation began with is also its
// number: one that began earlier never replaces the verdict of a later one.
//
// Every write is on disk before it is acknowledged. No method holds a
// transaction while somebody asks GitHub. Times come in as arguments. Text that
// came from outside is stored as valid UTF-8 without NUL, which is what every
// engine takes.
//
// # The engines
//
// One text of SQL serves both. SQLite has one writer, in one program, and a pool
// of readers that cannot write; writes that arrive together share a transaction.
//
// Several programs can share a PostgreSQL. Each statement sees what was
// committed before it (READ COMMITTED), so whatever depends on what it has read
// holds a row first: of the subject, or of the number that is counted up, until
// the end of its transaction. Rows are taken in one order: numbers for subjects,
// subjects by their names, jobs, then the numbers records, lift, verdict, audit.
// Where two transactions meet all the same, one is undone and run again. What
// must not happen twice at once outside of the database is held by [Store.Hold].
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Tx is a writing transaction.
type Tx = sql.Tx

// A Store is an open database. It is safe for concurrent use.
type Store struct {
	write *sql.DB // one connection to SQLite, so that writers wait in line and never fail as busy
	read  *sql.DB // refuses to write
	group *group  // of writes, nil on PostgreSQL
	tidy  *checkpoints
	path  string // of SQLite's file

	unmark func() error // ends saying that a server uses that file; nil where none does

	holds    holds
	postgres bool
	listen   *pgxpool.Pool // of PostgreSQL, else nil, as what is above is of SQLite
}

// readers is how many pages can be read at once while something is written.
const (
	readers    = 4
	readersFor = 20 * time.Second // without use; what one keeps in memory is given back then
)

// Open opens the database that an address names, "sqlite:PATH", which is created
// where there is none, or "postgres://…", and brings its schema up to date.
func Open(ctx context.Context, address string) (*Store, error) {
	if isPostgres(address) {
		s, err := openPostgres(ctx, address)
		if err != nil {
			return nil, fmt.Errorf("open the database: %w", err)
		}
		return s, nil
	}
	path, err := sqlitePath(address)
	if err != nil {
		return nil, fmt.Errorf("the database: %w", err)
	}
	s, err := openSQLite(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	return s, nil
}

// Check says what is wrong with an address, without opening it.
func Check(address string) error {
	if isPostgres(address) {
		_, err := pgConfig(address)
		return err
	}
	path, err := sqlitePath(address)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s for the database", dir)
	}
	return nil
}

// sqlitePath takes the path out of an address. An address may hold a password,
// so no more than its scheme is repeated.
func sqlitePath(address string) (string, error) {
	scheme, path, _ := strings.Cut(address, ":")
	switch {
	case scheme != "sqlite" || path == "":
		return "", errors.New("the address names no database; write sqlite:PATH, or postgres://USER:PASSWORD@HOST/DATABASE")
	case strings.HasPrefix(path, ":memory:"):
		return "", errors.New("a database in memory loses what was acknowledged; write sqlite:PATH")
	case strings.HasPrefix(path, "//") && !strings.HasPrefix(path, "///"):
		return "", errors.New("what follows sqlite: is a path, not a host; write sqlite:PATH, or sqlite:/PATH from the root")
	}
	return path, nil
}

func openSQLite(ctx context.Context, path string) (*Store, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := touch(abs); err != nil {
		return nil, err
	}
	s := &Store{path: abs}
	if s.write, err = connect(abs, patience, "_txlock=immediate&_pragma=wal_autocheckpoint(0)&"+pages(1000)); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = connect(abs, patience, "_pragma=query_only(1)&"+pages(500)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	s.read.SetConnMaxIdleTime(readersFor)
	s.group = newGroup(s.transact)
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(explain(err), s.Close())
	}
	tidy, err := connect(abs, maxPause, "_pragma=wal_autocheckpoint(0)&"+pages(100))
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.tidy = startCheckpoints(tidy, maxLog)
	return s, nil
}

// touch creates the file, readable by its owner only: it holds what private
// repositories say. The system's own error tells more than SQLite's.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		var place *os.PathError
		if errors.As(err, &place) {
			err = place.Err // the path is in the message already
		}
		return err
	}
	return f.Close()
}

// patience is how long a connection waits for another one's lock.
const patience = 5 * time.Second

// pages bounds what a connection keeps of the database in memory, in KiB: what falls
// out is in the system's cache.
func pages(kib int) string { return fmt.Sprintf("_pragma=cache_size(-%d)", kib) }

func connect(path string, patience time.Duration, more string) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	u.RawQuery = fmt.Sprintf("_pragma=busy_timeout(%d)", patience.Milliseconds()) + "&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
		"&_pragma=journal_size_limit(67108864)&" + more
	c, err := newConnector(u.String())
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

// Close closes the database.
func (s *Store) Close() error {
	var errs []error
	if s.group != nil {
		s.group.close()
	}
	if s.tidy != nil {
		errs = append(errs, s.tidy.close())
	}
	if s.holds.remote != nil {
		errs = append(errs, s.holds.remote.close())
	}
	if s.listen != nil {
		s.listen.Close()
	}
	for _, db := range []*sql.DB{s.read, s.write} { // the writer last: it folds the log into the file
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.unmark != nil {
		errs = append(errs, s.unmark())
	}
	return errors.Join(errs...)
}

// DB is what is written with, for the queue, which keeps its jobs in the same
// database.
func (s *Store) DB() *sql.DB { return s.write }

// Writable tries whether something can be written: a lock or a broken disk does
// not show in reading. It writes in place, which may still work on a full disk.
func (s *Store) Writable(ctx context.Context) error {
	_, err := s.write.ExecContext(ctx, `UPDATE numbers SET last = last WHERE name = 'records'`)
	return explain(err)
}

// InTx runs a function in a writing transaction. What it wrote is on disk when
// InTx returns nil, and undone when it returns an error, unless the connection
// broke while it was committed. Functions that arrive together may share a
// transaction; one may be run a second time after what it did was undone, so it
// must set what it hands out rather than add to it. In a context of [Store.Hold]
// it is refused with [ErrLost] when what is held no longer is.
func (s *Store) InTx(ctx context.Context, do func(tx *Tx) error) error {
	if s.postgres {
		return s.alone(ctx, fence(ctx, do))
	}
	return s.group.write(ctx, do)
}

// transact runs writes in one transaction.
func (s *Store) transact(ctx context.Context, list []*write) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return explain(err)
	}
	for _, w := range list {
		if err := w.carryOut(tx); err != nil {
			_ = tx.Rollback() // fails only when the engine has rolled back by itself
			return explain(err)
		}
	}
	if err := tx.Commit(); err != nil {
		return explain(&uncertain{err})
	}
	return nil
}

// next gives out a number.
func next(ctx context.Context, tx *Tx, name string) (n int64, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE numbers SET last = last + 1 WHERE name = $1 RETURNING last`, name).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("number a %s: %w", name, err)
	}
	return n, nil
}

// text makes a string from outside storable.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }
