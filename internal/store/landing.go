package store

import (
	"context"
	"fmt"
	"time"
)

// A Landing is a push that brought a watched branch what has no green verdict.
type Landing struct {
	ID         int64
	Repository string // "owner/repo"
	Branch     string
	Before     string
	After      string
	Body       []byte // JSON
	At         time.Time
	Told       bool // whoever is to be notified was
}

// AddLanding writes a landing and its entry in the audit log, once: of one that
// is known already nothing is written again. It reports whether it was told of.
func (s *Store) AddLanding(ctx context.Context, l Landing) (told bool, err error) {
	err = s.InTx(ctx, func(tx *Tx) error {
		id, err := next(ctx, tx, "landing") // holds the row, so that two do not write the same
		if err != nil {
			return err
		}
		var n int64
		told = false
		key := []any{text(l.Repository), text(l.Branch), text(l.Before), text(l.After)}
		const known = `SELECT count(*), COALESCE(max(CASE WHEN told THEN 1 ELSE 0 END), 0) FROM landings WHERE repository = $1 AND branch = $2 AND before_commit = $3 AND after_commit = $4`
		var said int64
		if err := tx.QueryRowContext(ctx, known, key...).Scan(&n, &said); err != nil {
			return err
		}
		if told = said > 0; n > 0 {
			return nil
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO landings (repository, branch, before_commit, after_commit, id, body, at, told) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			append(key, id, text(string(l.Body)), micros(l.At), false)...)
		if err != nil {
			return err
		}
		return Audit(ctx, tx, Entry{At: l.At, Kind: AuditLanding, Subject: l.Repository + ":" + l.Branch, Body: l.Body})
	})
	if err != nil {
		return false, fmt.Errorf("note what reached %s:%s: %w", l.Repository, l.Branch, explain(err))
	}
	return told, nil
}

// ToldLanding notes that whoever is to be notified was.
func (s *Store) ToldLanding(ctx context.Context, l Landing) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE landings SET told = $5 WHERE repository = $1 AND branch = $2 AND before_commit = $3 AND after_commit = $4`,
			text(l.Repository), text(l.Branch), text(l.Before), text(l.After), true)
		return err
	})
}

// Landings lists the newest, at most limit.
func (s *Store) Landings(ctx context.Context, limit int) ([]Landing, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, repository, branch, before_commit, after_commit, body, at, told FROM landings ORDER BY id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Landing
	for rows.Next() {
		var l Landing
		var body string
		var at int64
		if err := rows.Scan(&l.ID, &l.Repository, &l.Branch, &l.Before, &l.After, &body, &at, &l.Told); err != nil {
			return nil, explain(err)
		}
		l.Body, l.At = []byte(body), fromMicros(at)
		list = append(list, l)
	}
	return list, explain(rows.Err())
}
