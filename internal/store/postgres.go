package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// The connections of one program to PostgreSQL. Two more are the one that hears
// of new jobs and the one that holds what [Store.Hold] was asked for.
const (
	pgWriters = 8
	pgReaders = 4
)

const (
	// connectTimeout bounds how long one host of an address is tried.
	connectTimeout = 5 * time.Second
	// connLife lets a replica find the server that took over from another.
	connLife = 30 * time.Minute
)

// isPostgres reports whether an address names a PostgreSQL.
func isPostgres(address string) bool {
	scheme, _, _ := strings.Cut(address, ":")
	return scheme == "postgres" || scheme == "postgresql"
}

// errAddress repeats nothing of the address: a part of the password may be what
// is wrong with it.
var errAddress = errors.New("the address cannot be read; write postgres://USER:PASSWORD@HOST/DATABASE, and what is neither a letter nor a digit in the password as %XX")

// pgConfig reads an address.
func pgConfig(address string) (*pgx.ConnConfig, error) {
	c, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errAddress
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	// A server that vanished without a word is noticed within half a minute.
	dialer := &net.Dialer{Timeout: c.ConnectTimeout, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}}
	c.DialFunc = dialer.DialContext
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "changeguard"
	}
	return c, nil
}

// pgOpen makes a pool, which connects when it is used.
func pgOpen(c *pgx.ConnConfig, most int) *sql.DB {
	db := stdlib.OpenDB(*c)
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	db.SetConnMaxIdleTime(connLife / 6)
	db.SetConnMaxLifetime(connLife)
	return db
}

// pgReadOnly is a pool of connections that refuse to write.
func pgReadOnly(c *pgx.ConnConfig) *sql.DB {
	c = c.Copy()
	c.RuntimeParams["default_transaction_read_only"] = "on"
	return pgOpen(c, pgReaders)
}

func openPostgres(ctx context.Context, address string) (*Store, error) {
	c, err := pgConfig(address)
	if err != nil {
		return nil, err
	}
	// A program that is halted in the middle of a transaction keeps the others
	// waiting no longer than this.
	c.RuntimeParams["idle_in_transaction_session_timeout"] = "10000" // milliseconds
	s := &Store{write: pgOpen(c, pgWriters), read: pgReadOnly(c), postgres: true}
	s.holds.remote = &remote{db: pgOpen(holding(c), 1), more: s.write}
	if s.listen, err = pgListener(ctx, c); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.Migrating(ctx, s.migrate); err != nil {
		return nil, errors.Join(explain(err), s.Close())
	}
	return s, nil
}

// pgListener is a pool for the one connection that hears of new jobs, which the
// queue takes out of it and keeps.
func pgListener(ctx context.Context, c *pgx.ConnConfig) (*pgxpool.Pool, error) {
	pool, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, fmt.Errorf("prepare to listen: %w", err)
	}
	pool.ConnConfig, pool.MaxConns, pool.MinConns = c.Copy(), 1, 0
	return pgxpool.NewWithConfig(ctx, pool)
}

// Listener is the pool for a connection that hears of new jobs, nil on SQLite.
func (s *Store) Listener() *pgxpool.Pool { return s.listen }

// migrationLock is the number under which programs that start together wait for
// each other; any other would do.
const migrationLock = 7_243_392_114

// Migrating runs a function while no other program that shares the database does
// so, since two cannot create the same table at once.
func (s *Store) Migrating(ctx context.Context, do func(context.Context) error) error {
	if !s.postgres {
		return do(ctx) // one writer at a time, in any program
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("reach the database: %w", explain(err))
	}
	defer func() { _ = tx.Rollback() }() // it only holds the lock
	// The transaction does nothing while the function runs, for however long.
	if _, err := tx.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
		return fmt.Errorf("reach the database: %w", explain(err))
	}
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrationLock)); err != nil {
		return fmt.Errorf("wait for other programs to migrate: %w", explain(err))
	}
	return do(ctx)
}
