package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrLost says that a hold is over which somebody believes to have: nothing is
// written for them.
var ErrLost = errors.New("the connection to the database broke, and with it the right to do this alone")

// A lease is the part of a hold that outlives its connection.
type lease struct{ key, token string }

type leasesKey struct{}

// leasesOf are the leases of what is held in a context, by this and outer holds.
func leasesOf(ctx context.Context) []lease {
	list, _ := ctx.Value(leasesKey{}).([]lease)
	return list
}

func withLease(ctx context.Context, l lease) context.Context {
	outer := leasesOf(ctx)
	return context.WithValue(ctx, leasesKey{}, append(outer[:len(outer):len(outer)], l))
}

// fence lets a transaction begin with making sure that what is held in a context
// still is. Nobody can take it before the transaction has ended.
func fence(ctx context.Context, do func(tx *Tx) error) func(tx *Tx) error {
	held := leasesOf(ctx)
	if len(held) == 0 {
		return do
	}
	ctx = context.WithoutCancel(ctx) // what was lost is said so, also where that ended the context
	return func(tx *Tx) error {
		for _, l := range held {
			var one int
			err := tx.QueryRowContext(ctx, `SELECT 1 FROM leases WHERE key = $1 AND token = $2 AND lost_at = 0 FOR SHARE`, l.key, l.token).Scan(&one)
			if err := lostOr(l, err); err != nil {
				return err
			}
		}
		return do(tx)
	}
}

func lostOr(l lease, err error) error {
	if err = explain(err); errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%s: %w", l.key, ErrLost)
	}
	return err
}

// StillHeld returns [ErrLost] when somebody else may have by now what is held in
// a context that [Store.Hold] or [Store.TryHold] returned. It is asked before
// something is done outside of the database; what is written in it is refused
// then in any case.
func (s *Store) StillHeld(ctx context.Context) error {
	for _, l := range leasesOf(ctx) {
		var one int
		err := s.read.QueryRowContext(ctx, `SELECT 1 FROM leases WHERE key = $1 AND token = $2 AND lost_at = 0`, l.key, l.token).Scan(&one)
		if err := lostOr(l, err); err != nil {
			return err
		}
	}
	return nil
}

// DropLeases forgets those that were taken before a time by programs that died,
// and that nobody has wanted since.
func (s *Store) DropLeases(ctx context.Context, before time.Time) (int64, error) {
	return s.drop(ctx, dropAtOnce, `DELETE FROM leases WHERE key IN (SELECT key FROM leases WHERE taken_at < $1 ORDER BY taken_at LIMIT $2)`, micros(before))
}
