package store

import (
	"context"
	"fmt"
	"time"
)

// A Command is what somebody asked for on GitHub, by a comment or a button.
type Command struct {
	ID      int64
	Cause   string // "comment 123", "event DELIVERY"; one of a cause is obeyed once
	Comment int64  // GitHub's id, 0 for a button
	Head    string // the commit whose button it was, or ""
	By      string // login
	ByID    int64
	Via     string // the App that a comment was made through, or ""
	Body    string
	MadeAt  time.Time
	Answer  []byte // what was decided; empty until then
}

// ask notes a command of a subject, once.
func ask(ctx context.Context, tx *Tx, subject int64, c Command) error {
	id, err := next(ctx, tx, "command")
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO commands (id, subject, cause, comment, head, by_login, by_id, via, body, made_at, answer, answered)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', $11) ON CONFLICT (subject, cause) DO NOTHING`,
		id, subject, text(c.Cause), c.Comment, text(c.Head), text(c.By), c.ByID, text(c.Via), text(c.Body), micros(c.MadeAt), false)
	if err != nil {
		return fmt.Errorf("note a command: %w", explain(err))
	}
	return nil
}

// Commands lists those of a subject that are not answered, the oldest first.
func (s *Store) Commands(ctx context.Context, subject int64) ([]Command, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, cause, comment, head, by_login, by_id, via, body, made_at, answer FROM commands
		WHERE subject = $1 AND NOT answered ORDER BY id`, subject)
	if err != nil {
		return nil, fmt.Errorf("read the commands: %w", explain(err))
	}
	defer rows.Close()
	var list []Command
	for rows.Next() {
		var c Command
		var at int64
		var answer string
		if err := rows.Scan(&c.ID, &c.Cause, &c.Comment, &c.Head, &c.By, &c.ByID, &c.Via, &c.Body, &at, &answer); err != nil {
			return nil, fmt.Errorf("read the commands: %w", explain(err))
		}
		c.MadeAt, c.Answer = fromMicros(at), []byte(answer)
		list = append(list, c)
	}
	return list, explain(rows.Err())
}

// Decide writes what came of a command, in the transaction that carries it out.
func Decide(ctx context.Context, tx *Tx, id int64, answer []byte) error {
	_, err := tx.ExecContext(ctx, `UPDATE commands SET answer = $2 WHERE id = $1`, id, text(string(answer)))
	return explain(err)
}

// Answered notes that GitHub shows the answer.
func (s *Store) Answered(ctx context.Context, id int64) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE commands SET answered = $2 WHERE id = $1`, id, true)
		return err
	})
}

// An Outcome is what comes of a command.
type Outcome struct {
	Answer  []byte // what is told to whoever asked; never empty
	Lifts   []Lift
	Entries []Entry // for the audit log
}

// CarryOut writes what came of a command on a subject, all of it or nothing.
func (s *Store) CarryOut(ctx context.Context, subject, command int64, o Outcome) error {
	return s.InTx(ctx, func(tx *Tx) error {
		for _, l := range o.Lifts {
			if err := AddLift(ctx, tx, subject, l); err != nil {
				return err
			}
		}
		for _, e := range o.Entries {
			if err := Audit(ctx, tx, e); err != nil {
				return err
			}
		}
		return Decide(ctx, tx, command, o.Answer)
	})
}
