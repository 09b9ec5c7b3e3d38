package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Kind is what a subject is.
type Kind string

// The kinds of subject.
const (
	Pull  Kind = "pull"
	Group Kind = "group"
	Push  Kind = "push"
)

// A Subject is what is evaluated. Base and Head are hints from the last event;
// what GitHub says when it is evaluated counts.
type Subject struct {
	ID           int64
	Kind         Kind
	Installation int64
	Owner, Repo  string
	Number       int
	Base, Head   string
	Ref          string
	Want, Done   int64
	Files        int  // that it changes, as the last event that said so did; 0 for unknown
	Parked       bool // it waits for its turn; see [Park]
	// Anew is true from when somebody asked for a new result until an
	// evaluation that began after it is finished: what stands on GitHub is then
	// published again, also where it says the same.
	Anew bool
}

// Name is the subject's unique name. A commit that a merge queue made is then
// pushed as it is, perhaps to several branches, and each is a subject. A push is one
// from a commit to another: what came between is not the same when a branch gets to a
// commit from elsewhere, and each way is looked at, however close they follow.
func (s Subject) Name() string {
	switch s.Kind {
	case Pull:
		return fmt.Sprintf("%s#%d", s.Repository(), s.Number)
	case Push:
		return fmt.Sprintf("%s:%s@%s..%s", s.Repository(), s.Ref, s.Base, s.Head)
	default:
		return fmt.Sprintf("%s@%s", s.Repository(), s.Head)
	}
}

// Repository is "owner/repo".
func (s Subject) Repository() string { return s.Owner + "/" + s.Repo }

const subjectColumns = `s.id, s.kind, s.installation, s.owner, s.repo, s.number, s.base, s.head, s.ref, s.want, s.done, s.anew > s.done, s.files, s.parked`

// columns are where subjectColumns are scanned to.
func (s *Subject) columns() []any {
	return []any{&s.ID, &s.Kind, &s.Installation, &s.Owner, &s.Repo, &s.Number, &s.Base, &s.Head, &s.Ref, &s.Want, &s.Done, &s.Anew, &s.Files, &s.Parked}
}

// Subject reads a subject.
func (s *Store) Subject(ctx context.Context, id int64) (Subject, error) {
	return scanSubject(s.read.QueryRowContext(ctx, `SELECT `+subjectColumns+` FROM subjects s WHERE s.id = $1`, id))
}

// FindSubject reads a subject by its name.
func (s *Store) FindSubject(ctx context.Context, name string) (Subject, error) {
	return scanSubject(s.read.QueryRowContext(ctx, `SELECT `+subjectColumns+` FROM subjects s WHERE s.name = $1`, text(name)))
}

// maxSharing bounds how many subjects one event can wake.
const maxSharing = 100

// Sharing lists what is known of a repository with a commit as its head, as the
// last event about each said, the youngest first and at most a hundred.
func (s *Store) Sharing(ctx context.Context, owner, repo, head string) ([]Subject, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+subjectColumns+` FROM subjects s WHERE s.head = $1 AND s.owner = $2 AND s.repo = $3 ORDER BY s.id DESC LIMIT $4`,
		text(head), text(owner), text(repo), maxSharing)
	return scanSubjects(rows, err)
}

// GroupsSince lists a repository's merge groups of which something was heard since a
// time, the youngest first and at most a hundred.
func (s *Store) GroupsSince(ctx context.Context, owner, repo string, since time.Time) ([]Subject, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+subjectColumns+` FROM subjects s WHERE s.kind = 'group' AND s.updated_at >= $1 AND s.owner = $2 AND s.repo = $3
		ORDER BY s.updated_at DESC LIMIT $4`, micros(since), text(owner), text(repo), maxSharing)
	return scanSubjects(rows, err)
}

// PushesAfter lists the pushes to a branch of which the first event came after a
// subject was, in that order.
func (s *Store) PushesAfter(ctx context.Context, owner, repo, ref string, after int64) ([]Subject, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+subjectColumns+` FROM subjects s WHERE s.kind = 'push' AND s.repo = $1 AND s.ref = $2 AND s.id > $3 AND s.owner = $4 ORDER BY s.id`,
		text(repo), text(ref), after, text(owner))
	return scanSubjects(rows, err)
}

// NewestSubject is the id of the subject that came last, 0 where there is none.
func (s *Store) NewestSubject(ctx context.Context) (id int64, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT last FROM numbers WHERE name = 'subject'`).Scan(&id)
	return id, explain(err)
}

// scanSubjects reads the answer of a query for subjects.
func scanSubjects(rows *sql.Rows, err error) ([]Subject, error) {
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Subject
	for rows.Next() {
		var x Subject
		if err := rows.Scan(x.columns()...); err != nil {
			return nil, explain(err)
		}
		list = append(list, x)
	}
	return list, explain(rows.Err())
}

func scanSubject(row *sql.Row) (Subject, error) {
	var x Subject
	err := row.Scan(x.columns()...)
	return x, explain(err)
}

// Finish sets done to the want that an evaluation began with. moved is true
// when further events arrived since; the subject is then to be evaluated again.
func Finish(ctx context.Context, tx *Tx, id, want int64) (moved bool, err error) {
	var now int64
	err = tx.QueryRowContext(ctx, `UPDATE subjects SET done = CASE WHEN done > $2 THEN done ELSE $2 END, failing_since = 0, parked = FALSE
		WHERE id = $1 RETURNING want`, id, want).Scan(&now)
	return now > want, explain(err)
}

// Fail notes that an evaluation failed and returns since when every one has,
// counted from the last event.
func (s *Store) Fail(ctx context.Context, id int64, now time.Time) (since time.Time, err error) {
	var micro int64
	err = s.write.QueryRowContext(ctx, `UPDATE subjects SET failing_since = CASE WHEN failing_since = 0 THEN $2 ELSE failing_since END
		WHERE id = $1 RETURNING failing_since`, id, micros(now)).Scan(&micro)
	return fromMicros(micro), explain(err)
}

// Waiting counts the subjects with events that were not evaluated yet.
func (s *Store) Waiting(ctx context.Context) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT count(*) FROM subjects WHERE done < want`).Scan(&n)
	return n, explain(err)
}

// WaitingSince is when the last event came about the subject that has waited
// longest, and false when none waits.
func (s *Store) WaitingSince(ctx context.Context) (since time.Time, waits bool, err error) {
	var micro sql.NullInt64
	err = s.read.QueryRowContext(ctx, `SELECT min(updated_at) FROM subjects WHERE done < want`).Scan(&micro)
	return fromMicros(micro.Int64), micro.Valid, explain(err)
}

// WaitingIn counts the subjects of some repositories that wait, and says when the
// last event came about the one of them that has waited longest.
func (s *Store) WaitingIn(ctx context.Context, repos []string) (n int, since time.Time, err error) {
	var micro sql.NullInt64
	where, args := among(fewOf, repos, nil)
	err = s.read.QueryRowContext(ctx, `SELECT count(*), min(s.updated_at) FROM subjects s WHERE s.done < s.want AND `+where, args...).Scan(&n, &micro)
	return n, fromMicros(micro.Int64), explain(err)
}

// Unfinished lists the subjects that wait and should have a job, the oldest
// first.
func (s *Store) Unfinished(ctx context.Context) ([]Subject, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+subjectColumns+` FROM subjects s WHERE s.done < s.want AND NOT s.parked ORDER BY s.id`)
	return scanSubjects(rows, err)
}
