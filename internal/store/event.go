package store

import (
	"context"
	"time"
)

// EventAt is when the last event about a subject came.
func (s *Store) EventAt(ctx context.Context, subject int64) (time.Time, error) {
	var at int64
	if err := s.read.QueryRowContext(ctx, `SELECT updated_at FROM subjects WHERE id = $1`, subject).Scan(&at); err != nil {
		return time.Time{}, explain(err)
	}
	return fromMicros(at), nil
}
