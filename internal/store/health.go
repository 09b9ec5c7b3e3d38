package store

import (
	"context"
	"time"
)

// A Received is a delivery about a subject, and what became of it.
type Received struct {
	Event, Action string
	Subject       Subject
	At            time.Time
	Processed     bool // what it raised was evaluated
}

// Arrivals lists the last deliveries about some repositories, the newest first. The
// order of a cross join holds SQLite to those of the time asked for: a repository's
// changes are as many as there ever were.
func (s *Store) Arrivals(ctx context.Context, repos []string, since time.Time, limit int) ([]Received, error) {
	where, args := among(repositoryOf, repos, []any{micros(since), limit})
	rows, err := s.read.QueryContext(ctx, `SELECT d.event, d.action, d.received_at, s.done >= d.want, `+subjectColumns+` FROM deliveries d CROSS JOIN subjects s
		WHERE s.id = d.subject AND d.received_at >= $1 AND `+where+` ORDER BY d.received_at DESC LIMIT $2`, args...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Received
	for rows.Next() {
		var a Received
		var at int64
		if err := rows.Scan(append([]any{&a.Event, &a.Action, &at, &a.Processed}, a.Subject.columns()...)...); err != nil {
			return nil, explain(err)
		}
		a.At = fromMicros(at)
		list = append(list, a)
	}
	return list, explain(rows.Err())
}

// Arrived counts the deliveries about some repositories since a time, and those
// of them that were evaluated.
func (s *Store) Arrived(ctx context.Context, repos []string, since time.Time) (all, processed int, err error) {
	where, args := among(repositoryOf, repos, []any{micros(since)})
	of := ` FROM deliveries d CROSS JOIN subjects s WHERE s.id = d.subject AND d.received_at >= $1 AND ` + where
	if repos == nil {
		of = ` FROM deliveries d WHERE d.received_at >= $1` // from an index alone
	}
	few, _ := among(fewOf, repos, []any{0})
	// Few are open: they are found from the subjects that wait.
	open := 0
	err = s.read.QueryRowContext(ctx, `SELECT (SELECT COUNT(*)`+of+`), (SELECT COUNT(*) FROM subjects s CROSS JOIN deliveries d
		WHERE d.subject = s.id AND s.done < s.want AND d.want > s.done AND d.received_at >= $1 AND `+few+`)`, args...).Scan(&all, &open)
	return all, all - open, explain(err)
}

// A Stuck is a subject whose evaluation fails.
type Stuck struct {
	Subject Subject
	Since   time.Time
}

// Stuck lists the subjects of some repositories whose evaluations fail, the
// longest first.
func (s *Store) Stuck(ctx context.Context, repos []string, limit int) ([]Stuck, error) {
	where, args := among(fewOf, repos, []any{limit})
	rows, err := s.read.QueryContext(ctx, `SELECT s.failing_since, `+subjectColumns+` FROM subjects s WHERE s.done < s.want AND s.failing_since > 0 AND `+where+`
		ORDER BY s.failing_since, s.id LIMIT $1`, args...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Stuck
	for rows.Next() {
		var x Stuck
		var since int64
		if err := rows.Scan(append([]any{&since}, x.Subject.columns()...)...); err != nil {
			return nil, explain(err)
		}
		x.Since = fromMicros(since)
		list = append(list, x)
	}
	return list, explain(rows.Err())
}

// An Overridden is a finding that somebody lifted by an override.
type Overridden struct {
	Lift
	Subject Subject
}

// Overrides lists what was overridden in some repositories since a time, the
// newest first, once for each time that somebody asked.
func (s *Store) Overrides(ctx context.Context, repos []string, since time.Time, limit int) ([]Overridden, error) {
	where, args := among(repositoryOf, repos, []any{micros(since), limit})
	rows, err := s.read.QueryContext(ctx, `SELECT l.rule, l.by_login, l.via, l.reason, l.made_at, l.until, `+subjectColumns+` FROM lifts l JOIN subjects s ON s.id = l.subject
		WHERE l.made_at >= $1 AND l.kind = 'override' AND l.id = (SELECT min(o.id) FROM lifts o WHERE o.subject = l.subject AND o.made_at = l.made_at AND o.by_id = l.by_id AND o.kind = l.kind)
		AND `+where+` ORDER BY l.id DESC LIMIT $2`, args...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Overridden
	for rows.Next() {
		var x Overridden
		var at, until int64
		if err := rows.Scan(append([]any{&x.Rule, &x.By, &x.Via, &x.Reason, &at, &until}, x.Subject.columns()...)...); err != nil {
			return nil, explain(err)
		}
		x.MadeAt, x.Until = fromMicros(at), fromMicros(until)
		list = append(list, x)
	}
	return list, explain(rows.Err())
}

// Overridden counts the overrides in some repositories since a time: how often
// somebody asked.
func (s *Store) Overridden(ctx context.Context, repos []string, since time.Time) (n int, err error) {
	where, args := among(repositoryOf, repos, []any{micros(since)})
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT DISTINCT l.subject, l.made_at, l.by_id FROM lifts l JOIN subjects s ON s.id = l.subject
		WHERE l.made_at >= $1 AND l.kind = 'override' AND `+where+`) AS asked`, args...).Scan(&n)
	return n, explain(err)
}
