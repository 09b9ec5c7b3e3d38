package store

import (
	"context"
	"database/sql"
	"errors"
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
}

// Name is the subject's unique name, "owner/repo#7" or "owner/repo@commit".
func (s Subject) Name() string {
	if s.Kind == Pull {
		return fmt.Sprintf("%s/%s#%d", s.Owner, s.Repo, s.Number)
	}
	return fmt.Sprintf("%s/%s@%s", s.Owner, s.Repo, s.Head)
}

// Repository is "owner/repo".
func (s Subject) Repository() string { return s.Owner + "/" + s.Repo }

// A Delivery is an event as GitHub sent it.
type Delivery struct {
	ID, Event, Action string
	Received          time.Time
}

// Receive notes a delivery and raises its subject's want, in the caller's
// transaction. due is false when the delivery was processed before.
func Receive(ctx context.Context, tx *sql.Tx, d Delivery, s *Subject) (due bool, err error) {
	processed, err := processed(ctx, tx, d.ID)
	if err != nil || processed {
		return false, err
	}
	row := tx.QueryRowContext(ctx, `INSERT INTO subjects (name, kind, installation, owner, repo, number, base, head, ref, want, done, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 0, $10)
		ON CONFLICT (name) DO UPDATE SET want = subjects.want + 1, installation = excluded.installation, updated_at = excluded.updated_at,
		base = CASE WHEN excluded.base = '' THEN subjects.base ELSE excluded.base END,
		head = CASE WHEN excluded.head = '' THEN subjects.head ELSE excluded.head END
		RETURNING id, want`,
		s.Name(), string(s.Kind), s.Installation, s.Owner, s.Repo, s.Number, s.Base, s.Head, s.Ref, micros(d.Received))
	if err := row.Scan(&s.ID, &s.Want); err != nil {
		return false, fmt.Errorf("note %s: %w", s.Name(), err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO deliveries (id, event, action, subject, want, received_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET want = excluded.want`, d.ID, d.Event, d.Action, s.ID, s.Want, micros(d.Received))
	if err != nil {
		return false, fmt.Errorf("note delivery %s: %w", d.ID, err)
	}
	return true, nil
}

// processed reports whether a delivery's subject was evaluated since.
func processed(ctx context.Context, tx *sql.Tx, id string) (bool, error) {
	var want, done int64
	err := tx.QueryRowContext(ctx, `SELECT d.want, s.done FROM deliveries d JOIN subjects s ON s.id = d.subject WHERE d.id = $1`, id).Scan(&want, &done)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil && done >= want, err
}

// Subject reads a subject.
func (s *Store) Subject(ctx context.Context, id int64) (Subject, error) {
	return scanSubject(s.read.QueryRowContext(ctx, selectSubject+` WHERE id = $1`, id))
}

// FindSubject reads a subject by its name.
func (s *Store) FindSubject(ctx context.Context, name string) (Subject, error) {
	return scanSubject(s.read.QueryRowContext(ctx, selectSubject+` WHERE name = $1`, name))
}

const selectSubject = `SELECT id, kind, installation, owner, repo, number, base, head, ref, want, done FROM subjects`

func scanSubject(row *sql.Row) (Subject, error) {
	var x Subject
	err := row.Scan(&x.ID, &x.Kind, &x.Installation, &x.Owner, &x.Repo, &x.Number, &x.Base, &x.Head, &x.Ref, &x.Want, &x.Done)
	return x, explain(err)
}

// Finish sets done to the want that an evaluation began with. moved is true
// when further events arrived since; the subject is then to be evaluated again.
func Finish(ctx context.Context, tx *sql.Tx, id, want int64) (moved bool, err error) {
	var now int64
	err = tx.QueryRowContext(ctx, `UPDATE subjects SET done = CASE WHEN done > $2 THEN done ELSE $2 END WHERE id = $1 RETURNING want`, id, want).Scan(&now)
	return now > want, explain(err)
}

// Waiting counts the subjects with events that were not evaluated yet.
func (s *Store) Waiting(ctx context.Context) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT count(*) FROM subjects WHERE done < want`).Scan(&n)
	return n, explain(err)
}
