package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A Verdict is a stored verdict with its subject.
type Verdict struct {
	ID          int64
	Subject     Subject
	Digest      string
	Outcome     string
	Observed    bool
	Title       string
	Head        string
	MergeBase   string
	Policy      string
	Score       int
	SubjectLine string
	Created     time.Time
	Body        []byte // JSON; only Latest fills it
}

// AddVerdict stores a verdict. One that says the same as the subject's newest
// is not stored again.
func (s *Store) AddVerdict(ctx context.Context, v Verdict) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		var newest string
		err := tx.QueryRowContext(ctx, `SELECT digest FROM verdicts WHERE subject = $1 ORDER BY id DESC LIMIT 1`, v.Subject.ID).Scan(&newest)
		if err != nil && !errors.Is(err, sql.ErrNoRows) || newest == v.Digest {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO verdicts (subject, digest, outcome, observed, title, head, merge_base, policy, score, subject_line, created_at, body)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			v.Subject.ID, v.Digest, v.Outcome, v.Observed, v.Title, v.Head, v.MergeBase, v.Policy, v.Score, v.SubjectLine, micros(v.Created), string(v.Body))
		return err
	})
}

const verdictColumns = `v.id, v.digest, v.outcome, v.observed, v.title, v.head, v.merge_base, v.policy, v.score, v.subject_line, v.created_at,
	s.id, s.kind, s.installation, s.owner, s.repo, s.number, s.base, s.head, s.ref, s.want, s.done`

func scanVerdict(scan func(...any) error, more ...any) (Verdict, error) {
	var v Verdict
	var created int64
	x := &v.Subject
	err := scan(append([]any{
		&v.ID, &v.Digest, &v.Outcome, &v.Observed, &v.Title, &v.Head, &v.MergeBase, &v.Policy, &v.Score, &v.SubjectLine, &created,
		&x.ID, &x.Kind, &x.Installation, &x.Owner, &x.Repo, &x.Number, &x.Base, &x.Head, &x.Ref, &x.Want, &x.Done,
	}, more...)...)
	v.Created = fromMicros(created)
	return v, explain(err)
}

// Latest is the newest verdict of a subject.
func (s *Store) Latest(ctx context.Context, name string) (Verdict, error) {
	var body string
	v, err := scanVerdict(s.read.QueryRowContext(ctx, `SELECT `+verdictColumns+`, v.body FROM verdicts v JOIN subjects s ON s.id = v.subject
		WHERE s.name = $1 ORDER BY v.id DESC LIMIT 1`, name).Scan, &body)
	v.Body = []byte(body)
	return v, err
}

// Newest lists the newest verdict of each subject, the newest first.
func (s *Store) Newest(ctx context.Context, limit int) ([]Verdict, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+verdictColumns+` FROM verdicts v JOIN subjects s ON s.id = v.subject
		WHERE v.id = (SELECT max(id) FROM verdicts WHERE subject = s.id) ORDER BY v.id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Verdict
	for rows.Next() {
		v, err := scanVerdict(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, explain(rows.Err())
}

// A Run is the check run that stands on a head.
type Run struct {
	Repository, Head string
	RunID            int64
	ExternalID       string
	Conclusion       string // "" while in progress
}

// Run reads the run of a head.
func (s *Store) Run(ctx context.Context, repository, head string) (Run, error) {
	r := Run{Repository: repository, Head: head}
	err := s.read.QueryRowContext(ctx, `SELECT run_id, external_id, conclusion FROM runs WHERE repository = $1 AND head = $2`, repository, head).
		Scan(&r.RunID, &r.ExternalID, &r.Conclusion)
	return r, explain(err)
}

// SetRun notes the run of a head.
func (s *Store) SetRun(ctx context.Context, r Run, now time.Time) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO runs (repository, head, run_id, external_id, conclusion, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (repository, head) DO UPDATE SET run_id = excluded.run_id, external_id = excluded.external_id, conclusion = excluded.conclusion, updated_at = excluded.updated_at`,
		r.Repository, r.Head, r.RunID, r.ExternalID, r.Conclusion, micros(now))
	return explain(err)
}

// Comment reads the comment of a pull request.
func (s *Store) Comment(ctx context.Context, repository string, number int) (id int64, digest string, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT comment_id, digest FROM comments WHERE repository = $1 AND number = $2`, repository, number).Scan(&id, &digest)
	return id, digest, explain(err)
}

// SetComment notes the comment of a pull request.
func (s *Store) SetComment(ctx context.Context, repository string, number int, id int64, digest string) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO comments (repository, number, comment_id, digest) VALUES ($1, $2, $3, $4)
		ON CONFLICT (repository, number) DO UPDATE SET comment_id = excluded.comment_id, digest = excluded.digest`, repository, number, id, digest)
	return explain(err)
}

// Records reads what sticks to the scopes; those without a record are left out.
func (s *Store) Records(ctx context.Context, scopes []string) (map[string][]byte, error) {
	found := make(map[string][]byte)
	for _, scope := range scopes {
		var body string
		err := explain(s.read.QueryRowContext(ctx, `SELECT body FROM records WHERE scope = $1`, scope).Scan(&body))
		switch {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return nil, fmt.Errorf("read the record of %s: %w", scope, err)
		default:
			found[scope] = []byte(body)
		}
	}
	return found, nil
}

// SetRecords writes what sticks, all of it or nothing.
func (s *Store) SetRecords(ctx context.Context, records map[string][]byte) error {
	return s.InTx(ctx, func(tx *sql.Tx) error {
		for scope, body := range records {
			if _, err := tx.ExecContext(ctx, `INSERT INTO records (scope, body) VALUES ($1, $2) ON CONFLICT (scope) DO UPDATE SET body = excluded.body`, scope, string(body)); err != nil {
				return fmt.Errorf("write the record of %s: %w", scope, err)
			}
		}
		return nil
	})
}
