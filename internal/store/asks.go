package store

import (
	"context"
	"fmt"
	"time"
)

// An Asked is what a policy had done to a pull request besides judging it.
type Asked struct {
	What    string // "label NAME", "review LOGIN" or "review @org/team"
	Refused string // why GitHub did not take it; "" when it is done
	At      time.Time
}

// Asked lists what was done to a pull request, by what it is.
func (s *Store) Asked(ctx context.Context, repository string, number int) (map[string]Asked, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT what, refused, at FROM asks WHERE repository = $1 AND number = $2`, text(repository), number)
	if err != nil {
		return nil, fmt.Errorf("read what was asked for: %w", explain(err))
	}
	defer rows.Close()
	found := make(map[string]Asked)
	for rows.Next() {
		var a Asked
		var at int64
		if err := rows.Scan(&a.What, &a.Refused, &at); err != nil {
			return nil, fmt.Errorf("read what was asked for: %w", explain(err))
		}
		a.At = fromMicros(at)
		found[a.What] = a
	}
	return found, explain(rows.Err())
}

// SetAsked notes what was done, or refused, all of it or nothing.
func (s *Store) SetAsked(ctx context.Context, repository string, number int, list []Asked) error {
	return s.InTx(ctx, func(tx *Tx) error {
		for _, a := range list {
			_, err := tx.ExecContext(ctx, `INSERT INTO asks (repository, number, what, refused, at) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (repository, number, what) DO UPDATE SET refused = excluded.refused, at = excluded.at`,
				text(repository), number, text(a.What), text(a.Refused), micros(a.At))
			if err != nil {
				return fmt.Errorf("note what was asked for: %w", err)
			}
		}
		return nil
	})
}
