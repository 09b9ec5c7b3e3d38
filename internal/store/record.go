package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// scopesAtOnce keeps a query below what every engine takes as arguments.
const scopesAtOnce = 500

// queryer is a database or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Records reads what sticks to the scopes; those without a record are left out.
func (s *Store) Records(ctx context.Context, scopes []string) (map[string][]byte, error) {
	return records(ctx, s.read, scopes)
}

// SetRecords writes what sticks, all of it or nothing.
func (s *Store) SetRecords(ctx context.Context, records map[string][]byte) error {
	return s.InTx(ctx, func(tx *Tx) error { return setRecords(ctx, tx, records) })
}

// ChangeRecords lets a function change the records of scopes: it is given those
// that there are and returns those to write. Nobody else writes in between, so
// two evaluations that declare something for one branch both leave their mark.
func (s *Store) ChangeRecords(ctx context.Context, scopes []string, change func(have map[string][]byte) (map[string][]byte, error)) error {
	return s.ChangeRecordsOn(ctx, scopes, nil, change)
}

// ChangeRecordsOn is ChangeRecords, with an entry in the audit log where
// something is changed.
func (s *Store) ChangeRecordsOn(ctx context.Context, scopes []string, entry *Entry, change func(have map[string][]byte) (map[string][]byte, error)) error {
	return s.InTx(ctx, func(tx *Tx) error {
		// Where several programs write, the first takes this row and the
		// others wait until its records are there to be read.
		if _, err := next(ctx, tx, "records"); err != nil {
			return err
		}
		have, err := records(ctx, tx, scopes)
		if err != nil {
			return err
		}
		changed, err := change(have)
		if err != nil {
			return err
		}
		if entry != nil && len(changed) > 0 {
			if err := Audit(ctx, tx, *entry); err != nil {
				return err
			}
		}
		return setRecords(ctx, tx, changed)
	})
}

func records(ctx context.Context, q queryer, scopes []string) (map[string][]byte, error) {
	found := make(map[string][]byte)
	for some := range slices.Chunk(scopes, scopesAtOnce) {
		stored, err := readRecords(ctx, q, some)
		if err != nil {
			return nil, fmt.Errorf("read the records: %w", explain(err))
		}
		for _, scope := range some {
			if body, ok := stored[text(scope)]; ok {
				found[scope] = body
			}
		}
	}
	return found, nil
}

// readRecords reads records by their stored scopes.
func readRecords(ctx context.Context, q queryer, scopes []string) (map[string][]byte, error) {
	var marks strings.Builder
	args := make([]any, len(scopes))
	for i, scope := range scopes {
		fmt.Fprintf(&marks, ", $%d", i+1)
		args[i] = text(scope)
	}
	rows, err := q.QueryContext(ctx, `SELECT scope, body FROM records WHERE scope IN (`+marks.String()[2:]+`)`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	stored := make(map[string][]byte)
	for rows.Next() {
		var scope, body string
		if err := rows.Scan(&scope, &body); err != nil {
			return nil, err
		}
		stored[scope] = []byte(body)
	}
	return stored, rows.Err()
}

func setRecords(ctx context.Context, tx *Tx, records map[string][]byte) error {
	for _, scope := range slices.Sorted(maps.Keys(records)) { // always in one order, so that no two writers wait for each other
		_, err := tx.ExecContext(ctx, `INSERT INTO records (scope, body) VALUES ($1, $2) ON CONFLICT (scope) DO UPDATE SET body = excluded.body`,
			text(scope), text(string(records[scope])))
		if err != nil {
			return fmt.Errorf("write the record of %s: %w", scope, err)
		}
	}
	return nil
}
