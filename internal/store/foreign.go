package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ForeignChecks are checks of others that carry the name of the App's own, as the
// evaluation of a subject saw them on its head.
type ForeignChecks struct {
	Repository, Head string
	Subject          int64 // its id
	Body             []byte
	At               time.Time
	Told             bool // whoever is to be notified was
}

// ForeignChecks lists those of a head.
func (s *Store) ForeignChecks(ctx context.Context, repository, head string) ([]ForeignChecks, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT subject, body, at, told FROM foreign_checks WHERE repository = $1 AND head = $2 ORDER BY subject`, text(repository), text(head))
	if err != nil {
		return nil, fmt.Errorf("read the checks of others: %w", explain(err))
	}
	defer rows.Close()
	var list []ForeignChecks
	for rows.Next() {
		x := ForeignChecks{Repository: repository, Head: head}
		var body string
		var at int64
		if err := rows.Scan(&x.Subject, &body, &at, &x.Told); err != nil {
			return nil, fmt.Errorf("read the checks of others: %w", explain(err))
		}
		x.Body, x.At = []byte(body), fromMicros(at)
		list = append(list, x)
	}
	return list, explain(rows.Err())
}

// SetForeignChecks notes what was seen, with an entry in the audit log where it
// was not seen before. An empty body means that nothing was.
func (s *Store) SetForeignChecks(ctx context.Context, x ForeignChecks, entry Entry) error {
	err := s.InTx(ctx, func(tx *Tx) error {
		key := []any{text(x.Repository), text(x.Head), x.Subject}
		if len(x.Body) == 0 {
			_, err := tx.ExecContext(ctx, `DELETE FROM foreign_checks WHERE repository = $1 AND head = $2 AND subject = $3`, key...)
			return err
		}
		var before string
		err := tx.QueryRowContext(ctx, `SELECT body FROM foreign_checks WHERE repository = $1 AND head = $2 AND subject = $3`, key...).Scan(&before)
		if err != nil && !errors.Is(err, sql.ErrNoRows) || err == nil && before == text(string(x.Body)) {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO foreign_checks (repository, head, subject, body, at, told) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (repository, head, subject) DO UPDATE SET body = excluded.body, at = excluded.at, told = excluded.told`,
			append(key, text(string(x.Body)), micros(x.At), false)...)
		if err != nil {
			return err
		}
		return Audit(ctx, tx, entry)
	})
	if err != nil {
		return fmt.Errorf("note the checks of others on %s@%s: %w", x.Repository, x.Head, explain(err))
	}
	return nil
}

// ToldForeignChecks notes that whoever is to be notified was.
func (s *Store) ToldForeignChecks(ctx context.Context, x ForeignChecks) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE foreign_checks SET told = $4 WHERE repository = $1 AND head = $2 AND subject = $3`, text(x.Repository), text(x.Head), x.Subject, true)
		return err
	})
}
