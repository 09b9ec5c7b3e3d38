package store

import (
	"context"
	"fmt"
	"time"
)

// Evidence is a report that was attached to a commit.
type Evidence struct {
	Repository, Commit string
	Source, Suite      string // a later one of the same replaces it
	Ref                string // as GitHub signed it, or ""
	Run                string
	Body               []byte // the report as JSON
	Received           time.Time
}

// MaxEvidence is how many reports a commit can have.
const MaxEvidence = 200

// AddEvidence attaches a report, or returns ErrTooMany.
func (s *Store) AddEvidence(ctx context.Context, e Evidence) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO evidence (repository, commit_id, source, suite, ref, run, body, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (repository, commit_id, source, suite) DO UPDATE SET ref = excluded.ref, run = excluded.run, body = excluded.body, received_at = excluded.received_at`,
			text(e.Repository), text(e.Commit), text(e.Source), text(e.Suite), text(e.Ref), text(e.Run), text(string(e.Body)), micros(e.Received))
		if err != nil {
			return fmt.Errorf("attach evidence: %w", err)
		}
		var n int
		err = tx.QueryRowContext(ctx, `SELECT count(*) FROM evidence WHERE repository = $1 AND commit_id = $2`, text(e.Repository), text(e.Commit)).Scan(&n)
		if err == nil && n > MaxEvidence {
			err = ErrTooMany
		}
		return err
	})
}

const evidenceColumns = `SELECT repository, commit_id, source, suite, ref, run, body, received_at FROM evidence `

// EvidenceFor lists the reports of a commit, in the order of their names.
func (s *Store) EvidenceFor(ctx context.Context, repository, commit string) ([]Evidence, error) {
	return s.evidence(ctx, evidenceColumns+`WHERE repository = $1 AND commit_id = $2 ORDER BY source, suite`, text(repository), text(commit))
}

// EvidenceOn lists the reports of the commit of a ref that got one last.
func (s *Store) EvidenceOn(ctx context.Context, repository, ref string) ([]Evidence, error) {
	return s.evidence(ctx, evidenceColumns+`WHERE repository = $1 AND ref = $2 AND commit_id =
		(SELECT l.commit_id FROM evidence l WHERE l.repository = $1 AND l.ref = $2 ORDER BY l.received_at DESC, l.commit_id LIMIT 1) ORDER BY source, suite`,
		text(repository), text(ref))
}

func (s *Store) evidence(ctx context.Context, query string, args ...any) ([]Evidence, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", explain(err))
	}
	defer rows.Close()
	var list []Evidence
	for rows.Next() {
		var e Evidence
		var body string
		var received int64
		if err := rows.Scan(&e.Repository, &e.Commit, &e.Source, &e.Suite, &e.Ref, &e.Run, &body, &received); err != nil {
			return nil, fmt.Errorf("read evidence: %w", explain(err))
		}
		e.Body, e.Received = []byte(body), fromMicros(received)
		list = append(list, e)
	}
	return list, explain(rows.Err())
}

// DropEvidence deletes reports that were attached before a time, and watches that
// began before it, at most a thousand of each, and returns how many were gone.
func (s *Store) DropEvidence(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.InTx(ctx, func(tx *Tx) error {
		n = 0
		for _, query := range []string{
			`DELETE FROM evidence WHERE (repository, commit_id, source, suite) IN
				(SELECT e.repository, e.commit_id, e.source, e.suite FROM evidence e WHERE e.received_at < $1 ORDER BY e.received_at LIMIT 1000)`,
			`DELETE FROM watches WHERE subject IN (SELECT w.subject FROM watches w WHERE w.since < $1 ORDER BY w.subject LIMIT 1000)`,
		} {
			result, err := tx.ExecContext(ctx, query, micros(before))
			if err != nil {
				return err
			}
			gone, err := result.RowsAffected()
			if err != nil {
				return err
			}
			n += gone
		}
		return nil
	})
	return n, err
}

// KnownRepository finds a subject of a repository, which says that the App was
// told of it, and through which installation: the youngest. The name is compared
// exactly.
func (s *Store) KnownRepository(ctx context.Context, owner, repo string) (Subject, error) {
	var x Subject
	err := s.read.QueryRowContext(ctx, `SELECT `+subjectColumns+` FROM subjects s WHERE s.owner = $1 AND s.repo = $2 ORDER BY s.id DESC LIMIT 1`,
		text(owner), text(repo)).Scan(x.columns()...)
	return x, explain(err)
}

// nullless reads times of which 0 means none.
func nullless(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return fromMicros(n)
}

func microsOrNone(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return micros(t)
}
