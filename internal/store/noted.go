package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// NoteOnce appends entries to the audit log unless that was done under the same
// key, and reports whether it did. A key is kept as long as deliveries are.
func (s *Store) NoteOnce(ctx context.Context, key string, entries ...Entry) (noted bool, err error) {
	err = s.InTx(ctx, func(tx *Tx) error {
		noted = false
		if len(entries) == 0 {
			return nil
		}
		result, err := tx.ExecContext(ctx, `INSERT INTO noted (key, at) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`, text(key), micros(entries[0].At))
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		noted = true
		for _, e := range entries {
			if err := Audit(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("write %s to the audit log: %w", key, explain(err))
	}
	return noted, nil
}

// Note appends an entry to the audit log.
func (s *Store) Note(ctx context.Context, e Entry) error {
	return s.InTx(ctx, func(tx *Tx) error { return Audit(ctx, tx, e) })
}

// DropNoted forgets keys of before a time, and returns how many there were.
func (s *Store) DropNoted(ctx context.Context, before time.Time) (int64, error) {
	return s.drop(ctx, dropAtOnce, `DELETE FROM noted WHERE key IN (SELECT key FROM noted WHERE at < $1 LIMIT $2)`, micros(before))
}

// DropForeignChecks forgets the checks of others that were seen before a time.
func (s *Store) DropForeignChecks(ctx context.Context, before time.Time) (int64, error) {
	return s.drop(ctx, dropAtOnce, `DELETE FROM foreign_checks WHERE (repository, head, subject) IN (SELECT repository, head, subject FROM foreign_checks WHERE at < $1 LIMIT $2)`, micros(before))
}

// LastEntry is the newest entry of a kind about a subject in the audit log.
func (s *Store) LastEntry(ctx context.Context, kind, subject string) (Entry, error) {
	var e Entry
	var at int64
	var body string
	err := s.read.QueryRowContext(ctx, `SELECT id, at, kind, subject, actor, body, previous, hash FROM audit WHERE kind = $1 AND subject = $2 ORDER BY id DESC LIMIT 1`, kind, text(subject)).
		Scan(&e.ID, &at, &e.Kind, &e.Subject, &e.Actor, &body, &e.Previous, &e.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return e, ErrNotFound
	}
	e.At, e.Body = fromMicros(at), []byte(body)
	return e, explain(err)
}

// CommandsSince counts what somebody asked for since a time: on a pull request,
// by its subject's name, and in all of them.
func (s *Store) CommandsSince(ctx context.Context, subject string, by int64, since time.Time) (here, everywhere int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT count(*), COALESCE(sum(CASE WHEN s.name = $1 THEN 1 ELSE 0 END), 0)
		FROM commands c JOIN subjects s ON s.id = c.subject WHERE c.by_id = $2 AND c.made_at >= $3 AND c.comment > 0`, text(subject), by, micros(since)).Scan(&everywhere, &here)
	return here, everywhere, explain(err)
}
