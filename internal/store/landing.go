package store

import (
	"context"
	"errors"
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
// is known already nothing is written again, unless there is more to say of it, which
// join decides by what was said, and puts the two together. It reports whether all was
// told of.
func (s *Store) AddLanding(ctx context.Context, l Landing, join func(known []byte) (both []byte, more bool, err error)) (told bool, err error) {
	err = s.InTx(ctx, func(tx *Tx) error {
		id, err := next(ctx, tx, "landing") // holds the row, so that two do not write the same
		if err != nil {
			return err
		}
		key := []any{text(l.Repository), text(l.Branch), text(l.Before), text(l.After)}
		var known string
		err = tx.QueryRowContext(ctx, `SELECT body, told FROM landings WHERE repository = $1 AND branch = $2 AND before_commit = $3 AND after_commit = $4`, key...).Scan(&known, &told)
		body, more := l.Body, true
		switch err = explain(err); {
		case errors.Is(err, ErrNotFound):
			told = false
			_, err = tx.ExecContext(ctx, `INSERT INTO landings (repository, branch, before_commit, after_commit, id, body, at, told) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
				append(key, id, text(string(body)), micros(l.At), false)...)
		case err == nil:
			if body, more, err = join([]byte(known)); err != nil || !more {
				return err
			}
			told = false
			_, err = tx.ExecContext(ctx, `UPDATE landings SET body = $5, told = $6 WHERE repository = $1 AND branch = $2 AND before_commit = $3 AND after_commit = $4`,
				append(key, text(string(body)), false)...)
		}
		if err != nil {
			return err
		}
		return Audit(ctx, tx, Entry{At: l.At, Kind: AuditLanding, Subject: l.Repository + ":" + l.Branch, Body: body})
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
