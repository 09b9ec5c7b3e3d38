package store

import (
	"context"
	"fmt"
	"strings"
)

// Scopes lists those that have a record and begin with a text, in their order from
// one on.
func (s *Store) Scopes(ctx context.Context, prefix, after string, limit int) (list []string, err error) {
	like := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text(prefix)) + "%"
	rows, err := s.read.QueryContext(ctx, `SELECT scope FROM records WHERE scope LIKE $1 ESCAPE '!' AND scope > $2 ORDER BY scope LIMIT $3`, like, text(after), limit)
	if err != nil {
		return nil, fmt.Errorf("list the records of %s: %w", prefix, explain(err))
	}
	defer rows.Close()
	for rows.Next() {
		var scope string
		if err := rows.Scan(&scope); err != nil {
			return nil, explain(err)
		}
		if strings.HasPrefix(scope, text(prefix)) { // one of the engines ignores case
			list = append(list, scope)
		}
	}
	return list, explain(rows.Err())
}

// ForgetRepository forgets what stands on GitHub in a repository, and what people
// lifted in it: another one has its name.
func (s *Store) ForgetRepository(ctx context.Context, owner, repo string) error {
	name := text(owner) + "/" + text(repo)
	return s.InTx(ctx, func(tx *Tx) error {
		for _, query := range []string{
			`DELETE FROM runs WHERE repository = $1`,
			`DELETE FROM comments WHERE repository = $1`,
			`DELETE FROM asks WHERE repository = $1`,
			`DELETE FROM foreign_checks WHERE repository = $1`,
			`DELETE FROM lifts WHERE subject IN (SELECT id FROM subjects WHERE owner || '/' || repo = $1)`,
		} {
			if _, err := tx.ExecContext(ctx, query, name); err != nil {
				return fmt.Errorf("forget what stands in %s: %w", name, explain(err))
			}
		}
		return nil
	})
}
