package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A Delivery is an event as GitHub sent it.
type Delivery struct {
	ID, Event, Action string
	Received          time.Time
	// Anew says that somebody asked on GitHub for a new result; see
	// [Subject.Anew].
	Anew bool
	// Command is what somebody asked for with it, or nil.
	Command *Command
}

// Receive notes a delivery and raises its subject's want, in the caller's
// transaction. due is false when the delivery was processed for this subject
// before; the subject is then left as it was.
func Receive(ctx context.Context, tx *Tx, d Delivery, s *Subject) (due bool, err error) {
	done, err := processed(ctx, tx, d.ID, s.Name())
	if err != nil {
		return false, fmt.Errorf("look for delivery %s: %w", d.ID, explain(err))
	}
	if done {
		return false, nil
	}
	if err := raise(ctx, tx, s, d.Received); err != nil {
		return false, fmt.Errorf("note %s: %w", s.Name(), explain(err))
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO deliveries (id, event, action, subject, want, received_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (subject, id) DO UPDATE SET want = excluded.want`,
		text(d.ID), text(d.Event), text(d.Action), s.ID, s.Want, micros(d.Received))
	if err != nil {
		return false, fmt.Errorf("note delivery %s: %w", d.ID, explain(err))
	}
	if d.Command != nil {
		if err := ask(ctx, tx, s.ID, *d.Command); err != nil {
			return false, err
		}
	}
	if d.Anew {
		if _, err := tx.ExecContext(ctx, `UPDATE subjects SET anew = want WHERE id = $1`, s.ID); err != nil {
			return false, fmt.Errorf("note what %s asks of %s: %w", d.ID, s.Name(), explain(err))
		}
	}
	return true, nil
}

// processed reports whether a delivery's subject was evaluated since.
func processed(ctx context.Context, tx *Tx, id, subject string) (bool, error) {
	var want, done int64
	err := tx.QueryRowContext(ctx, `SELECT d.want, s.done FROM subjects s JOIN deliveries d ON d.subject = s.id AND d.id = $1 WHERE s.name = $2`, text(id), text(subject)).
		Scan(&want, &done)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil && done >= want, err
}

// dropAtOnce is how many deliveries a transaction drops, so that no webhook
// waits long for it.
const dropAtOnce = 1000

// DropDeliveries forgets the processed deliveries that came before a time, and
// returns how many there were. GitHub sends none again after so long.
func (s *Store) DropDeliveries(ctx context.Context, before time.Time) (dropped int64, err error) {
	for {
		result, err := s.write.ExecContext(ctx, `DELETE FROM deliveries WHERE id IN (
			SELECT d.id FROM deliveries d JOIN subjects s ON s.id = d.subject
			WHERE d.received_at < $1 AND s.done >= d.want ORDER BY d.received_at LIMIT $2)`, micros(before), dropAtOnce)
		if err != nil {
			return dropped, explain(err)
		}
		n, err := result.RowsAffected()
		dropped += n
		if err != nil || n < dropAtOnce {
			return dropped, err
		}
	}
}

// DropPushes forgets the pushes before a time that were evaluated, got no
// verdict, and of which no delivery is kept: most branches' pushes do not
// matter, and there are many. It returns how many there were.
func (s *Store) DropPushes(ctx context.Context, before time.Time) (dropped int64, err error) {
	for {
		result, err := s.write.ExecContext(ctx, `DELETE FROM subjects WHERE id IN (
			SELECT s.id FROM subjects s WHERE s.kind = 'push' AND s.updated_at < $1 AND s.done >= s.want
			AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.subject = s.id)
			AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subject = s.id) LIMIT $2)`, micros(before), dropAtOnce)
		if err != nil {
			return dropped, explain(err)
		}
		n, err := result.RowsAffected()
		dropped += n
		if err != nil || n < dropAtOnce {
			return dropped, err
		}
	}
}
