package store

import (
	"context"
	"time"
)

// AddSecret keeps something that was sealed, unless the name holds something:
// of two programs that try, one does.
func (s *Store) AddSecret(ctx context.Context, name, sealed string, now time.Time) (added bool, err error) {
	err = s.InTx(ctx, func(tx *Tx) error {
		r, err := tx.ExecContext(ctx, `INSERT INTO secrets (name, body, updated_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING`, text(name), sealed, micros(now))
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		added = n == 1
		return err
	})
	return added, err
}

// TakeSecret reads what was kept under a name and forgets it: it is given out
// once.
func (s *Store) TakeSecret(ctx context.Context, name string) (sealed string, err error) {
	err = s.InTx(ctx, func(tx *Tx) error {
		return explain(tx.QueryRowContext(ctx, `DELETE FROM secrets WHERE name = $1 RETURNING body`, text(name)).Scan(&sealed))
	})
	return sealed, err
}

// ForgetSecrets forgets what was kept before a time under names that begin with a
// text, which has no wildcards.
func (s *Store) ForgetSecrets(ctx context.Context, prefix string, before time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM secrets WHERE name LIKE $1 AND updated_at < $2`, text(prefix)+"%", micros(before))
		return err
	})
}
