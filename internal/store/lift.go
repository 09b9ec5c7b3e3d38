package store

import (
	"context"
	"fmt"
	"time"
)

// A Lift is a finding that somebody lifted, in one content.
type Lift struct {
	Kind    string // approval or override
	Finding string // id
	Rule    string
	Print   string // of the content
	By      string
	ByID    int64
	Via     string // comment or button
	Reason  string
	MadeAt  time.Time
	Until   time.Time // zero for an approval
}

// AddLift notes a lift in the caller's transaction.
func AddLift(ctx context.Context, tx *Tx, subject int64, l Lift) error {
	id, err := next(ctx, tx, "lift")
	if err != nil {
		return err
	}
	until := int64(0)
	if !l.Until.IsZero() {
		until = micros(l.Until)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO lifts (id, subject, kind, finding, rule, print, by_login, by_id, via, reason, made_at, until, woken)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		id, subject, l.Kind, l.Finding, text(l.Rule), l.Print, text(l.By), l.ByID, l.Via, text(l.Reason), micros(l.MadeAt), until, false)
	if err != nil {
		return fmt.Errorf("note a lift: %w", explain(err))
	}
	return nil
}

// Lifts lists those of a subject, the oldest first, with those that are over.
func (s *Store) Lifts(ctx context.Context, subject int64) ([]Lift, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT kind, finding, rule, print, by_login, by_id, via, reason, made_at, until FROM lifts WHERE subject = $1 ORDER BY id`, subject)
	if err != nil {
		return nil, fmt.Errorf("read the lifts: %w", explain(err))
	}
	defer rows.Close()
	var list []Lift
	for rows.Next() {
		var l Lift
		var at, until int64
		if err := rows.Scan(&l.Kind, &l.Finding, &l.Rule, &l.Print, &l.By, &l.ByID, &l.Via, &l.Reason, &at, &until); err != nil {
			return nil, fmt.Errorf("read the lifts: %w", explain(err))
		}
		l.MadeAt = fromMicros(at)
		if until > 0 {
			l.Until = fromMicros(until)
		}
		list = append(list, l)
	}
	return list, explain(rows.Err())
}

// Expired lists subjects with a lift that was over before a time, and of which
// [Store.Woken] was not told yet.
func (s *Store) Expired(ctx context.Context, before time.Time) ([]Subject, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+subjectColumns+` FROM subjects s WHERE s.id IN
		(SELECT l.subject FROM lifts l WHERE l.until > 0 AND l.until <= $1 AND NOT l.woken) ORDER BY s.id LIMIT $2`, micros(before), maxSharing)
	return scanSubjects(rows, err)
}

// Woken notes that a subject will be judged again without the lifts that were
// over before a time.
func (s *Store) Woken(ctx context.Context, subject int64, before time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE lifts SET woken = $3 WHERE subject = $1 AND until > 0 AND until <= $2`, subject, micros(before), true)
		return err
	})
}
