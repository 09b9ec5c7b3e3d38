package store

import (
	"context"
	"database/sql"
	"time"
)

// Failing counts the subjects whose evaluation or publishing fails and is tried
// again, with since when the first of them does; the zero time when there is none.
// One that waits for a rate limit does not fail.
func (s *Store) Failing(ctx context.Context) (n int, since time.Time, err error) {
	var micro sql.NullInt64
	err = s.read.QueryRowContext(ctx, `SELECT count(*), min(failing_since) FROM subjects WHERE done < want AND failing_since > 0`).Scan(&n, &micro)
	if err != nil || n == 0 {
		return 0, time.Time{}, explain(err)
	}
	return n, fromMicros(micro.Int64), nil
}
