package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// A Watch is a subject whose verdict rests on evidence.
type Watch struct {
	Subject                 int64
	Repository              string
	Head, MergeBase, BaseID string // commits
	Names                   []string
	Reports                 bool
	Since                   time.Time // of this head
	Wake                    time.Time // zero for never
}

const watchColumns = `w.subject, w.repository, w.head, w.merge_base, w.base, w.names, w.reports, w.since, w.wake`

func (w *Watch) scan(scan func(...any) error, more ...any) error {
	var names string
	var since, wake int64
	err := scan(append([]any{&w.Subject, &w.Repository, &w.Head, &w.MergeBase, &w.BaseID, &names, &w.Reports, &since, &wake}, more...)...)
	if err != nil {
		return explain(err)
	}
	w.Since, w.Wake = fromMicros(since), nullless(wake)
	if err := json.Unmarshal([]byte(names), &w.Names); err != nil {
		return fmt.Errorf("read what subject %d waits for: %w", w.Subject, err)
	}
	return nil
}

// Watch reads the watch of a subject.
func (s *Store) Watch(ctx context.Context, subject int64) (w Watch, err error) {
	err = w.scan(s.read.QueryRowContext(ctx, `SELECT `+watchColumns+` FROM watches w WHERE w.subject = $1`, subject).Scan)
	return w, err
}

// SetWatch replaces the watch of a subject.
func (s *Store) SetWatch(ctx context.Context, w Watch) error {
	names, err := json.Marshal(w.Names)
	if err != nil {
		return fmt.Errorf("write what subject %d waits for: %w", w.Subject, err)
	}
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO watches (subject, repository, head, merge_base, base, names, reports, since, wake) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (subject) DO UPDATE SET repository = excluded.repository, head = excluded.head, merge_base = excluded.merge_base, base = excluded.base,
			names = excluded.names, reports = excluded.reports, since = excluded.since, wake = excluded.wake`,
			w.Subject, text(w.Repository), text(w.Head), text(w.MergeBase), text(w.BaseID), text(string(names)), w.Reports, micros(w.Since), microsOrNone(w.Wake))
		return err
	})
}

// Unwatch forgets the watch of a subject.
func (s *Store) Unwatch(ctx context.Context, subject int64) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM watches WHERE subject = $1`, subject)
		return err
	})
}

// A Watcher is a watch with its subject.
type Watcher struct {
	Watch
	Of Subject
}

// Watching lists who watches a commit, as the head or as what it is compared
// with, at most a hundred.
func (s *Store) Watching(ctx context.Context, repository, commit string) ([]Watcher, error) {
	return s.watchers(ctx, `w.repository = $1 AND (w.head = $2 OR w.merge_base = $2 OR w.base = $2)`, text(repository), text(commit))
}

// Due lists watches that are to be woken by a time, at most a hundred.
func (s *Store) Due(ctx context.Context, by time.Time) ([]Watcher, error) {
	return s.watchers(ctx, `w.wake > 0 AND w.wake <= $1`, micros(by))
}

func (s *Store) watchers(ctx context.Context, where string, args ...any) ([]Watcher, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+watchColumns+`, `+subjectColumns+` FROM watches w JOIN subjects s ON s.id = w.subject
		WHERE `+where+fmt.Sprintf(` ORDER BY w.subject DESC LIMIT %d`, maxSharing), args...)
	if err != nil {
		return nil, fmt.Errorf("read who waits: %w", explain(err))
	}
	defer rows.Close()
	var list []Watcher
	for rows.Next() {
		var w Watcher
		if err := w.scan(rows.Scan, w.Of.columns()...); err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, explain(rows.Err())
}

// Roused notes that a watch was woken: not again before it is set anew.
func (s *Store) Roused(ctx context.Context, subject int64, by time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE watches SET wake = 0 WHERE subject = $1 AND wake > 0 AND wake <= $2`, subject, micros(by))
		return err
	})
}
