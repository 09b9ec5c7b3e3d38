package store

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("not in the store")
	ErrFull     = errors.New("the disk is full")
	ErrLocked   = errors.New("another program holds the database")
	ErrDamaged  = errors.New("the file is damaged, or is no database; put a copy back, or move it away and begin anew")
	ErrNewer    = errors.New("the database was written by a newer changeguard; update this one")
	ErrExists   = errors.New("there is one of this name already")
	ErrTooMany  = errors.New("there are too many of them already")
	ErrAway     = errors.New("the database cannot be reached")
	ErrOlder    = errors.New("a later evaluation has stored its verdict already")
)

// explain names the errors that callers tell apart; the engine's own error
// stays in the chain.
func explain(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) || unreachable(err) {
		return explainPostgres(pg, err)
	}
	var engine *sqlite.Error
	if !errors.As(err, &engine) {
		return err
	}
	for _, known := range []error{ErrFull, ErrLocked, ErrDamaged} {
		if errors.Is(err, known) {
			return err // explained by an inner call
		}
	}
	switch {
	case engine.Code()&0xff == sqlite3.SQLITE_FULL, engine.Code() == sqlite3.SQLITE_IOERR_SHMSIZE:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case engine.Code()&0xff == sqlite3.SQLITE_BUSY, engine.Code()&0xff == sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w: %w", ErrLocked, err)
	case engine.Code()&0xff == sqlite3.SQLITE_CORRUPT, engine.Code()&0xff == sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// explainPostgres is given the server's own error, or nil when it did not answer.
func explainPostgres(pg *pgconn.PgError, err error) error {
	switch {
	case errors.Is(err, ErrFull) || errors.Is(err, ErrAway):
		return err // explained by an inner call
	case pg == nil, pg.Code == codeShutdown, pg.Code == codeCrash, pg.Code == codeNotYet, pg.Code == "53300":
		return fmt.Errorf("%w: %w", ErrAway, err)
	case pg.Code == "53100":
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}
