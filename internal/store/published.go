package store

import (
	"context"
	"time"
)

// A Run is the check run that stands on a head.
type Run struct {
	Repository, Head string
	RunID            int64
	ExternalID       string
	Conclusion       string // "" while in progress
}

// Doubted reports whether it is not known to be what stands on GitHub: a finished
// run that another may have replaced, or one that was about to be started.
func (r Run) Doubted() bool {
	return r.Head != "" && r.ExternalID == "" && (r.RunID != 0) == (r.Conclusion != "")
}

// DoubtRun notes that what stands on a head is not known. Whoever says so need
// not hold anything.
func (s *Store) DoubtRun(ctx context.Context, repository, head string) error {
	_, err := s.write.ExecContext(ctx, `UPDATE runs SET external_id = '' WHERE repository = $1 AND head = $2`, text(repository), text(head))
	return explain(err)
}

// Starting notes that a run is about to be started on a head, by a program that may
// not live to note which one.
func (s *Store) Starting(ctx context.Context, repository, head string, now time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO runs (repository, head, run_id, external_id, conclusion, updated_at) VALUES ($1, $2, 0, '', '', $3)
			ON CONFLICT (repository, head) DO UPDATE SET external_id = ''`, text(repository), text(head), micros(now))
		return err
	})
}

// Run reads the run of a head.
func (s *Store) Run(ctx context.Context, repository, head string) (Run, error) {
	r := Run{Repository: repository, Head: head}
	err := s.read.QueryRowContext(ctx, `SELECT run_id, external_id, conclusion FROM runs WHERE repository = $1 AND head = $2`, text(repository), text(head)).
		Scan(&r.RunID, &r.ExternalID, &r.Conclusion)
	if err != nil {
		return Run{}, explain(err)
	}
	return r, nil
}

// SetRun notes the run of a head.
func (s *Store) SetRun(ctx context.Context, r Run, now time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO runs (repository, head, run_id, external_id, conclusion, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (repository, head) DO UPDATE SET
			run_id = excluded.run_id, external_id = excluded.external_id, conclusion = excluded.conclusion, updated_at = excluded.updated_at`,
			text(r.Repository), text(r.Head), r.RunID, r.ExternalID, r.Conclusion, micros(now))
		return err
	})
}

// Comment reads the comment of a pull request.
func (s *Store) Comment(ctx context.Context, repository string, number int) (id int64, digest string, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT comment_id, digest FROM comments WHERE repository = $1 AND number = $2`, text(repository), number).Scan(&id, &digest)
	return id, digest, explain(err)
}

// SetComment notes the comment of a pull request.
func (s *Store) SetComment(ctx context.Context, repository string, number int, id int64, digest string) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO comments (repository, number, comment_id, digest) VALUES ($1, $2, $3, $4)
			ON CONFLICT (repository, number) DO UPDATE SET comment_id = excluded.comment_id, digest = excluded.digest`, text(repository), number, id, digest)
		return err
	})
}
