package store

import (
	"context"
	"time"
)

// Secret reads what was kept under a name, sealed as it was given.
func (s *Store) Secret(ctx context.Context, name string) (sealed string, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT body FROM secrets WHERE name = $1`, text(name)).Scan(&sealed)
	return sealed, explain(err)
}

// SetSecret keeps something that was sealed, in place of what the name held.
func (s *Store) SetSecret(ctx context.Context, name, sealed string, now time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO secrets (name, body, updated_at) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at`, text(name), sealed, micros(now))
		return err
	})
}
