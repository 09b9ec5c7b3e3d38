package store

import (
	"context"
	"fmt"
	"strings"
)

// repositoryOf is a subject's, as lists are narrowed by it; an index has it.
const repositoryOf = `lower(s.owner || '/' || s.repo)`

// fewOf is the same without that index: what is few already, as what waits is, is
// found by its own index, and no longer when a repository has much.
const fewOf = `(lower(s.owner) || '/' || lower(s.repo))`

// among narrows a query to repositories, "owner/repo" in lower case, that a
// column names; nil means all of them, an empty list none.
func among(column string, repos []string, args []any) (where string, all []any) {
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
	return column + " IN (" + marks.String() + ")", args
}

// NewestOf is NewestBefore among some repositories.
func (s *Store) NewestOf(ctx context.Context, repos []string, id int64, limit int) ([]Verdict, error) {
	where, args := among(repositoryOf, repos, []any{id, limit})
	rows, err := s.read.QueryContext(ctx, `SELECT `+verdictColumns+` FROM subjects s JOIN verdicts v ON v.id = s.newest
		WHERE s.newest > 0 AND s.newest < $1 AND `+where+` ORDER BY s.newest DESC LIMIT $2`, args...)
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

// History lists a subject's verdicts, the newest first.
func (s *Store) History(ctx context.Context, name string, limit int) ([]Verdict, error) {
	return s.bodies(ctx, `s.name = $1 ORDER BY v.id DESC LIMIT $2`, text(name), limit)
}

// Judged lists the newest verdicts on a repository's pull requests with their
// bodies, the newest first.
func (s *Store) Judged(ctx context.Context, owner, repo string, limit int) ([]Verdict, error) {
	return s.bodies(ctx, `v.id = s.newest AND s.newest > 0 AND s.kind = 'pull' AND `+repositoryOf+` = lower($1) ORDER BY s.newest DESC LIMIT $2`, text(owner+"/"+repo), limit)
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

// NewestEntry is the number of the audit log's last entry, 0 where there is none.
func (s *Store) NewestEntry(ctx context.Context) (id int64, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT last FROM numbers WHERE name = 'audit'`).Scan(&id)
	return id, explain(err)
}

// AuditFind lists entries after one and before another, the newest first: those of
// a kind, "" for all, whose subject is of some repositories, and whose kind, subject
// or actor holds a text.
func (s *Store) AuditFind(ctx context.Context, repos []string, kind, search string, after, before int64, limit int) ([]Entry, error) {
	like := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(text(search))) + "%"
	args := []any{before, limit, like, after}
	where := "1 = 1"
	if repos != nil {
		where, args = among(repositoryOf, repos, args)
		where = "EXISTS (SELECT 1 FROM subjects s WHERE s.name = a.subject AND " + where + ")"
	}
	if kind != "" {
		args = append(args, kind)
		where += fmt.Sprintf(" AND a.kind = $%d", len(args))
	}
	rows, err := s.read.QueryContext(ctx, `SELECT a.id, a.at, a.kind, a.subject, a.actor, a.body, a.previous, a.hash FROM audit a
		WHERE a.id < $1 AND a.id > $4 AND (lower(a.kind) LIKE $3 ESCAPE '!' OR lower(a.subject) LIKE $3 ESCAPE '!' OR lower(a.actor) LIKE $3 ESCAPE '!') AND `+where+` ORDER BY a.id DESC LIMIT $2`, args...)
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
