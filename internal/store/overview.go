package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// within narrows a query to repositories, "owner/repo" in lower case; nil means
// all of them, an empty list none.
func within(repos []string, args []any) (where string, all []any) {
	if repos == nil {
		return "1 = 1", args
	}
	if len(repos) == 0 {
		return "1 = 0", args
	}
	var marks strings.Builder
	for i, r := range repos {
		if i > 0 {
			marks.WriteString(", ")
		}
		fmt.Fprintf(&marks, "$%d", len(args)+1)
		args = append(args, text(r))
	}
	return "lower(s.owner || '/' || s.repo) IN (" + marks.String() + ")", args
}

// NewestOf is NewestBefore among some repositories.
func (s *Store) NewestOf(ctx context.Context, repos []string, id int64, limit int) ([]Verdict, error) {
	where, args := within(repos, []any{id, limit})
	rows, err := s.read.QueryContext(ctx, `SELECT `+verdictColumns+` FROM verdicts v JOIN subjects s ON s.id = v.subject
		WHERE v.id < $1 AND v.id = (SELECT max(n.id) FROM verdicts n WHERE n.subject = s.id) AND `+where+` ORDER BY v.id DESC LIMIT $2`, args...)
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

// A Tally is how many verdicts of one outcome a repository got on a day.
type Tally struct {
	Repository, Outcome string
	Observed            bool
	Day                 time.Time // UTC, midnight
	Count               int
}

const day = int64(24 * time.Hour / time.Microsecond)

// Tallies counts the verdicts since a time, by repository, day and outcome.
func (s *Store) Tallies(ctx context.Context, repos []string, since time.Time) ([]Tally, error) {
	where, args := within(repos, []any{micros(since), day})
	rows, err := s.read.QueryContext(ctx, `SELECT s.owner || '/' || s.repo, t.outcome, t.observed, t.day, SUM(t.n) FROM
		(SELECT v.subject, v.outcome, v.observed, v.created_at / $2 AS day, count(*) AS n FROM verdicts v WHERE v.created_at >= $1 GROUP BY 1, 2, 3, 4) AS t
		JOIN subjects s ON s.id = t.subject WHERE `+where+` GROUP BY s.owner, s.repo, t.outcome, t.observed, t.day ORDER BY 1, 4, 2, 3`, args...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Tally
	for rows.Next() {
		var t Tally
		var d int64
		if err := rows.Scan(&t.Repository, &t.Outcome, &t.Observed, &d, &t.Count); err != nil {
			return nil, explain(err)
		}
		t.Day = fromMicros(d * day)
		list = append(list, t)
	}
	return list, explain(rows.Err())
}

// History lists a subject's verdicts, the newest first.
func (s *Store) History(ctx context.Context, name string, limit int) ([]Verdict, error) {
	return s.bodies(ctx, `s.name = $1 ORDER BY v.id DESC LIMIT $2`, text(name), limit)
}

// Recent lists the last verdicts of some repositories with their bodies.
func (s *Store) Recent(ctx context.Context, repos []string, limit int) ([]Verdict, error) {
	where, args := within(repos, []any{limit})
	return s.bodies(ctx, where+` ORDER BY v.id DESC LIMIT $1`, args...)
}

func (s *Store) bodies(ctx context.Context, rest string, args ...any) ([]Verdict, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+verdictColumns+`, v.body, v.inputs FROM verdicts v JOIN subjects s ON s.id = v.subject WHERE `+rest, args...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Verdict
	for rows.Next() {
		var body, inputs string
		v, err := scanVerdict(rows.Scan, &body, &inputs)
		if err != nil {
			return nil, err
		}
		v.Body, v.Inputs = []byte(body), []byte(inputs)
		list = append(list, v)
	}
	return list, explain(rows.Err())
}

// AuditFind lists entries before one, the newest first: those whose subject is
// of some repositories, and whose kind, subject or actor holds a text.
func (s *Store) AuditFind(ctx context.Context, repos []string, search string, before int64, limit int) ([]Entry, error) {
	like := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(text(search))) + "%"
	args := []any{before, limit, like}
	where := "1 = 1"
	if repos != nil {
		where, args = within(repos, args)
		where = "EXISTS (SELECT 1 FROM subjects s WHERE s.name = a.subject AND " + where + ")"
	}
	rows, err := s.read.QueryContext(ctx, `SELECT a.id, a.at, a.kind, a.subject, a.actor, a.body, a.previous, a.hash FROM audit a
		WHERE a.id < $1 AND (lower(a.kind) LIKE $3 ESCAPE '!' OR lower(a.subject) LIKE $3 ESCAPE '!' OR lower(a.actor) LIKE $3 ESCAPE '!') AND `+where+` ORDER BY a.id DESC LIMIT $2`, args...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Entry
	for rows.Next() {
		var e Entry
		var at int64
		var body string
		if err := rows.Scan(&e.ID, &at, &e.Kind, &e.Subject, &e.Actor, &body, &e.Previous, &e.Hash); err != nil {
			return nil, explain(err)
		}
		e.At, e.Body = fromMicros(at), []byte(body)
		list = append(list, e)
	}
	return list, explain(rows.Err())
}
