package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// uncertain is the error of a commit: what was written may be there.
type uncertain struct{ err error }

func (e *uncertain) Error() string { return e.err.Error() }
func (e *uncertain) Unwrap() error { return e.err }

// PostgreSQL's names for what is gone when it is tried again. The first two say
// that two transactions stood in each other's way and that this one was undone,
// also when a commit says so.
const (
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeLockTimeout   = "55P03"
	codeShutdown      = "57P01"
	codeCrash         = "57P02"
	codeNotYet        = "57P03"
)

// passes reports whether a transaction that failed is undone for certain and
// may succeed the next time.
func passes(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == codeSerialization || pg.Code == codeDeadlock) {
		return true
	}
	var unsure *uncertain
	if errors.As(err, &unsure) {
		return false
	}
	if errors.Is(err, errVanished) {
		return true
	}
	if pg != nil {
		return slices.Contains([]string{codeLockTimeout, codeShutdown, codeCrash, codeNotYet}, pg.Code)
	}
	return unreachable(err)
}

// unreachable reports whether the server could not be asked, or not to the end.
func unreachable(err error) bool {
	var connect *pgconn.ConnectError
	var network *net.OpError
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// The pauses between attempts. A server that is restarted is back within
// seconds; two transactions that met do not meet again at once.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = time.Second
)

// retry runs a transaction until it succeeds, fails for good, or the context
// ends.
func retry(ctx context.Context, do func() error) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := do()
		if err == nil || !passes(err) {
			return err
		}
		if pauseFor(ctx, pause) != nil {
			return err
		}
	}
}

// alone runs one write in a transaction of its own. Like a shared one it is not
// given up when the caller goes away, and takes writeTimeout at most.
func (s *Store) alone(ctx context.Context, do func(tx *Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	err := retry(ctx, func() error { return s.transact(ctx, []*write{{do: do}}) })
	var p *panicked
	if errors.As(err, &p) {
		panic(p.value)
	}
	return err
}
