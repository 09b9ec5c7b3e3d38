package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// A Repository is one of which something was judged.
type Repository struct {
	Name         string // "owner/repo"
	Installation int64
	Observed     bool // as its newest verdict says
	Judged       time.Time
	Layers       []Layer   // of its newest verdict, without their texts; nil when they are not known
	Checked      time.Time // when GitHub was last asked how it is guarded; zero for never
	Guarded      []byte    // what came out, JSON; empty before
}

func keepRepository(ctx context.Context, tx *Tx, v Verdict) error {
	layers, err := json.Marshal(append([]Layer{}, v.Kept.Layers...)) // [] and not null
	if err != nil {
		return fmt.Errorf("write the policies of a repository: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO repositories (name, installation, observed, judged_at, layers, checked_at, guarded) VALUES ($1, $2, $3, $4, $5, 0, '')
		ON CONFLICT (name) DO UPDATE SET installation = excluded.installation, observed = excluded.observed, judged_at = excluded.judged_at, layers = excluded.layers`,
		text(v.Subject.Repository()), v.Subject.Installation, v.Observed, micros(v.Created), text(string(layers)))
	return explain(err)
}

const repositoryColumns = `r.name, r.installation, r.observed, r.judged_at, r.layers, r.checked_at, r.guarded`

func scanRepository(scan func(...any) error) (r Repository, err error) {
	var judged, checked int64
	var layers, guarded string
	if err := scan(&r.Name, &r.Installation, &r.Observed, &judged, &layers, &checked, &guarded); err != nil {
		return r, explain(err)
	}
	r.Judged, r.Guarded = fromMicros(judged), []byte(guarded)
	if checked > 0 {
		r.Checked = fromMicros(checked)
	}
	r.Layers, err = layersOf(layers)
	return r, err
}

// Repository is one by its name, in any case.
func (s *Store) Repository(ctx context.Context, owner, repo string) (Repository, error) {
	return scanRepository(s.read.QueryRowContext(ctx, `SELECT `+repositoryColumns+` FROM repositories r WHERE lower(r.name) = lower($1) ORDER BY r.judged_at DESC LIMIT 1`, text(owner+"/"+repo)).Scan)
}

// Repositories lists some of them, those that were judged last first.
func (s *Store) Repositories(ctx context.Context, repos []string, limit int) ([]Repository, error) {
	where, args := among("lower(r.name)", repos, []any{limit})
	return s.repositories(ctx, where+` ORDER BY r.judged_at DESC, r.name LIMIT $1`, args...)
}

// Unchecked lists those of which GitHub was not asked since a time, the longest
// first, and which were judged since another.
func (s *Store) Unchecked(ctx context.Context, since, judged time.Time, limit int) ([]Repository, error) {
	return s.repositories(ctx, `r.checked_at < $1 AND r.judged_at >= $2 ORDER BY r.checked_at, r.name LIMIT $3`, micros(since), micros(judged), limit)
}

func (s *Store) repositories(ctx context.Context, rest string, args ...any) ([]Repository, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+repositoryColumns+` FROM repositories r WHERE `+rest, args...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Repository
	for rows.Next() {
		r, err := scanRepository(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, explain(rows.Err())
}

// SetGuarded notes how a repository is guarded, JSON, and when that was asked.
func (s *Store) SetGuarded(ctx context.Context, name string, guarded []byte, at time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE repositories SET checked_at = $2, guarded = $3 WHERE name = $1`, text(name), micros(at), text(string(guarded)))
		return explain(err)
	})
}
