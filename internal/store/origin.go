package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// setOrigin keeps what a verdict came out of; of one that is judged again with the
// same result, what it came out of last.
func setOrigin(ctx context.Context, tx *Tx, verdict int64, body []byte) error {
	if len(body) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO origins (verdict, body) VALUES ($1, $2) ON CONFLICT (verdict) DO UPDATE SET body = excluded.body WHERE origins.body <> excluded.body`,
		verdict, text(string(body)))
	if err != nil {
		return fmt.Errorf("keep what a verdict came out of: %w", err)
	}
	return nil
}

// Origin is what a verdict came out of, by the verdict's id, or ErrNotFound.
func (s *Store) Origin(ctx context.Context, verdict int64) ([]byte, error) {
	var body string
	err := s.read.QueryRowContext(ctx, `SELECT body FROM origins WHERE verdict = $1`, verdict).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("what the verdict %d came out of: %w", verdict, ErrNotFound)
	}
	return []byte(body), explain(err)
}

// dropOrigins forgets those whose verdicts are gone.
func (s *Store) dropOrigins(ctx context.Context) error {
	_, err := s.drop(ctx, dropLargeAtOnce, `DELETE FROM origins WHERE verdict IN (
		SELECT o.verdict FROM origins o WHERE NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.id = o.verdict) LIMIT $1)`)
	return err
}
