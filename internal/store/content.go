package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// A Content is something that GitHub showed and that never changes, kept for a
// while. Neither the id nor the body tells what it is.
type Content struct {
	ID           string
	Installation int64 // that was shown it
	Body         string
	Kept         time.Time
}

// contents is the table, which no export holds: whoever misses it asks again.
const contents = "contents"

// Contents are those that are kept under some ids.
func (s *Store) Contents(ctx context.Context, ids []string) (map[string]string, error) {
	var args []any
	for _, id := range ids {
		args = append(args, id)
	}
	found := make(map[string]string, len(ids))
	err := inChunks(args, func(some []any) error {
		rows, err := s.read.QueryContext(ctx, `SELECT id, body FROM contents WHERE id IN (`+marks(1, len(some))+`)`, some...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, body string
			if err := rows.Scan(&id, &body); err != nil {
				return err
			}
			found[id] = body
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read contents: %w", explain(err))
	}
	return found, nil
}

const contentColumns = 5

// SetContents keeps contents, each in the place of an older one of its id.
func (s *Store) SetContents(ctx context.Context, list []Content) error {
	newest := make(map[string]Content, len(list))
	for _, c := range list {
		newest[c.ID] = c
	}
	list = list[:0:0]
	for _, c := range newest {
		list = append(list, c)
	}
	// In one order, so that two programs do not wait for each other.
	slices.SortFunc(list, func(a, b Content) int { return cmp.Compare(a.ID, b.ID) })
	err := s.InTx(ctx, func(tx *Tx) error {
		var args []any
		for _, c := range list {
			args = append(args, c.ID, c.Installation, c.Body, int64(len(c.Body)), micros(c.Kept))
		}
		return inRows(args, contentColumns, func(some []any) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO contents (id, installation, body, size, kept_at) VALUES `+tuples(len(some)/contentColumns, contentColumns, "")+`
				ON CONFLICT (id) DO UPDATE SET installation = excluded.installation, body = excluded.body, size = excluded.size, kept_at = excluded.kept_at`, some...)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("keep contents: %w", explain(err))
	}
	return nil
}

// DropContent forgets one content.
func (s *Store) DropContent(ctx context.Context, id string) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM contents WHERE id = $1`, id)
	return explain(err)
}

// DropContents forgets the contents that were kept before a time, and returns how
// many there were.
func (s *Store) DropContents(ctx context.Context, before time.Time) (int64, error) {
	return s.drop(ctx, dropContentsAtOnce, `DELETE FROM contents WHERE id IN (SELECT id FROM contents WHERE kept_at < $1 ORDER BY kept_at LIMIT $2)`, micros(before))
}

// DropContentsOf forgets the contents that an installation was shown.
func (s *Store) DropContentsOf(ctx context.Context, installation int64) error {
	_, err := s.drop(ctx, dropContentsAtOnce, `DELETE FROM contents WHERE id IN (SELECT id FROM contents WHERE installation = $1 LIMIT $2)`, installation)
	return err
}

// dropContentsAtOnce is how many contents a transaction drops.
const dropContentsAtOnce = 200

// TrimContents forgets the oldest contents until the bodies of those that are left
// have no more than so many bytes.
func (s *Store) TrimContents(ctx context.Context, most int64) error {
	for {
		var held int64
		if err := s.read.QueryRowContext(ctx, `SELECT COALESCE(SUM(size), 0) FROM contents`).Scan(&held); err != nil {
			return explain(err)
		}
		if held <= most {
			return nil
		}
		_, err := s.write.ExecContext(ctx, `DELETE FROM contents WHERE id IN (SELECT id FROM contents ORDER BY kept_at LIMIT $1)`, dropContentsAtOnce)
		if err != nil {
			return explain(err)
		}
	}
}
