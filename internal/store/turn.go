package store

import (
	"context"
	"fmt"
)

// LargeFiles is how many files a change has at most that is not large. Above it
// GitHub's answers come in many pages.
const LargeFiles = 1000

// Large reports whether the subject's change is.
func (s Subject) Large() bool { return s.Files > LargeFiles }

// A Lane is what takes turns: the large subjects of an installation among each
// other, and the others.
type Lane struct {
	Installation int64
	Large        bool
}

// Lane is the subject's.
func (s Subject) Lane() Lane { return Lane{s.Installation, s.Large()} }

// Active counts a lane's subjects that have a job and did not fail, up to a
// limit.
func Active(ctx context.Context, tx *Tx, l Lane, limit int) (n int, err error) {
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM subjects
		WHERE installation = $1 AND done < want AND NOT parked AND failing_since = 0 AND (files > $2) = $3 LIMIT $4) AS active`,
		l.Installation, LargeFiles, l.Large, limit).Scan(&n)
	return n, explain(err)
}

// Park notes that subjects wait for their turn and have no job.
func Park(ctx context.Context, tx *Tx, ids []int64) error {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return inChunks(args, func(some []any) error {
		_, err := tx.ExecContext(ctx, `UPDATE subjects SET parked = TRUE WHERE id IN (`+marks(1, len(some))+`)`, some...)
		return explain(err)
	})
}

// Unpark lets as many of a lane's parked subjects have their turn, those first
// that have waited longest. Each is given out once.
func (s *Store) Unpark(ctx context.Context, tx *Tx, l Lane, most int) ([]int64, error) {
	skip := ""
	if s.postgres {
		skip = "FOR UPDATE SKIP LOCKED" // what another program lets have its turn, or an event is being noted of
	}
	rows, err := tx.QueryContext(ctx, `UPDATE subjects SET parked = FALSE WHERE id IN (SELECT id FROM subjects
		WHERE installation = $1 AND parked AND (files > $2) = $3 ORDER BY updated_at LIMIT $4 `+skip+`) RETURNING id`,
		l.Installation, LargeFiles, l.Large, most)
	if err != nil {
		return nil, fmt.Errorf("let others have their turn: %w", explain(err))
	}
	defer rows.Close()
	var list []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, explain(err)
		}
		list = append(list, id)
	}
	return list, explain(rows.Err())
}

// Parked lists the lanes in which somebody waits for a turn.
func (s *Store) Parked(ctx context.Context) ([]Lane, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT DISTINCT installation, files > $1 FROM subjects WHERE parked`, LargeFiles)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Lane
	for rows.Next() {
		var l Lane
		if err := rows.Scan(&l.Installation, &l.Large); err != nil {
			return nil, explain(err)
		}
		list = append(list, l)
	}
	return list, explain(rows.Err())
}

// Queued reports whether somebody waits for a turn in a lane.
func (s *Store) Queued(ctx context.Context, l Lane) (waits bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM subjects WHERE installation = $1 AND parked AND (files > $2) = $3)`,
		l.Installation, LargeFiles, l.Large).Scan(&waits)
	return waits, explain(err)
}
