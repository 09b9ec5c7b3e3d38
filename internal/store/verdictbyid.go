package store

import "context"

// VerdictByID is one stored verdict.
func (s *Store) VerdictByID(ctx context.Context, id int64) (Verdict, error) {
	return s.one(ctx, `v.id = $1`, id)
}
