package store

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
)

// schema holds the numbered steps. A step that was released is never edited.
//
// Replicas are replaced one by one, so programs run on a schema that is newer
// than they are. A step therefore only adds: tables, indexes, and columns that
// may be left out when a row is written; and every statement of the program
// names its columns. A step that an older program would not survive says so by
// its name, NNNN_breaks_NAME.sql: an older program then refuses to start, and
// those that run are to be stopped first.
//
//go:embed schema/*.sql
var schema embed.FS

// migrate brings the schema up to date, forward only, one transaction per step.
func (s *Store) migrate(ctx context.Context) error {
	if _, err := s.write.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT NOT NULL PRIMARY KEY)`); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	files, err := schema.ReadDir("schema") // sorted
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	if err := s.refuseNewer(ctx, names); err != nil {
		return err
	}
	for _, name := range names {
		if err := s.step(ctx, name); err != nil {
			return fmt.Errorf("migrate to %s: %w", name, err)
		}
	}
	return nil
}

// breaks reports whether a program that does not know a step must not run after
// it.
func breaks(step string) bool {
	_, name, _ := strings.Cut(step, "_")
	return strings.HasPrefix(name, "breaks_")
}

// refuseNewer keeps an old program from a database that a newer one changed in
// a way that the old one does not survive.
func (s *Store) refuseNewer(ctx context.Context, known []string) error {
	rows, err := s.write.QueryContext(ctx, `SELECT name FROM schema_migrations ORDER BY name`)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return fmt.Errorf("read the schema's version: %w", err)
		}
		if breaks(name) && !slices.Contains(known, name) {
			return fmt.Errorf("%w (it is at %s)", ErrNewer, name)
		}
	}
	return rows.Err()
}

// step applies one file unless it was applied.
func (s *Store) step(ctx context.Context, name string) error {
	body, err := schema.ReadFile("schema/" + name)
	if err != nil {
		return err
	}
	// By itself, and for as long as it takes.
	return retry(ctx, func() error {
		return s.transact(ctx, []*write{{do: func(tx *Tx) error {
			if err := s.waitBriefly(ctx, tx); err != nil {
				return err
			}
			// Of two programs that start together, the second waits here.
			result, err := tx.ExecContext(ctx, `INSERT INTO schema_migrations (name) VALUES ($1) ON CONFLICT (name) DO NOTHING`, name)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n == 0 {
				return err
			}
			_, err = tx.ExecContext(ctx, string(body))
			return err
		}}})
	})
}

// waitBriefly keeps a step from standing in line for a table for long: behind it
// everybody else would wait. It is tried again.
func (s *Store) waitBriefly(ctx context.Context, tx *Tx) error {
	if !s.postgres {
		return nil
	}
	_, err := tx.ExecContext(ctx, `SET LOCAL lock_timeout = '2s'`)
	return err
}
