package store

import (
	"context"
	"time"
)

// A Session is somebody who signed in to the pages.
type Session struct {
	ID      string // SHA-256 of the cookie, in hexadecimal digits
	Login   string
	Sealed  string // the person's token at GitHub
	Expires time.Time
}

// AddSession keeps a session, and forgets those that have ended.
func (s *Store) AddSession(ctx context.Context, x Session, now time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires_at <= $1`, micros(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions (id, login, body, expires_at) VALUES ($1, $2, $3, $4)`, x.ID, text(x.Login), x.Sealed, micros(x.Expires))
		return err
	})
}

// Session reads a session that has not ended.
func (s *Store) Session(ctx context.Context, id string, now time.Time) (Session, error) {
	x := Session{ID: id}
	var expires int64
	err := s.read.QueryRowContext(ctx, `SELECT login, body, expires_at FROM sessions WHERE id = $1 AND expires_at > $2`, text(id), micros(now)).
		Scan(&x.Login, &x.Sealed, &expires)
	x.Expires = fromMicros(expires)
	return x, explain(err)
}

// EndSession forgets a session.
func (s *Store) EndSession(ctx context.Context, id string) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE id = $1`, text(id))
		return err
	})
}
