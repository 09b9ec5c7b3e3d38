package store

import (
	"context"
	"fmt"
	"time"
)

// The states of a notification.
const (
	NotificationHeld    = "held" // until its time comes and what it is about is found to be so still
	NotificationWaiting = "waiting"
	NotificationSent    = "sent"
	NotificationDropped = "dropped" // given up
)

// The kinds of notification.
const (
	NotificationFinding    = "finding"
	NotificationEscalation = "escalation"
	NotificationNotice     = "notice"
)

// A Notification is something to be told outside.
type Notification struct {
	ID       int64
	Key      string // what is told, and where; it is told once
	Channel  string
	Subject  int64 // 0 for none
	Kind     string
	Body     []byte // JSON
	State    string
	Attempts int
	Next     time.Time // when it is due
	Created  time.Time
}

// AddNotifications notes what is to be told, unless it was before.
func (s *Store) AddNotifications(ctx context.Context, list []Notification) error {
	if len(list) == 0 {
		return nil
	}
	return s.InTx(ctx, func(tx *Tx) error {
		for _, n := range list {
			id, err := next(ctx, tx, "notification")
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO notifications (id, key, channel, subject, kind, body, state, attempts, next_at, created_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9) ON CONFLICT (key) DO NOTHING`,
				id, text(n.Key), text(n.Channel), n.Subject, n.Kind, text(string(n.Body)), n.State, micros(n.Next), micros(n.Created))
			if err != nil {
				return fmt.Errorf("note a notification: %w", err)
			}
		}
		return nil
	})
}

// DueNotifications lists what is due at a time in a state, the longest due first.
func (s *Store) DueNotifications(ctx context.Context, state string, at time.Time, most int) ([]Notification, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, key, channel, subject, kind, body, state, attempts, next_at, created_at FROM notifications
		WHERE state = $1 AND next_at <= $2 ORDER BY next_at, id LIMIT $3`, state, micros(at), most)
	if err != nil {
		return nil, fmt.Errorf("list the notifications: %w", explain(err))
	}
	defer rows.Close()
	var list []Notification
	for rows.Next() {
		var n Notification
		var body string
		var due, created int64
		if err := rows.Scan(&n.ID, &n.Key, &n.Channel, &n.Subject, &n.Kind, &body, &n.State, &n.Attempts, &due, &created); err != nil {
			return nil, fmt.Errorf("list the notifications: %w", explain(err))
		}
		n.Body, n.Next, n.Created = []byte(body), fromMicros(due), fromMicros(created)
		list = append(list, n)
	}
	return list, explain(rows.Err())
}

// MoveNotification notes how an attempt ended: the new state, and when it is due
// again.
func (s *Store) MoveNotification(ctx context.Context, id int64, state string, attempts int, due time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE notifications SET state = $2, attempts = $3, next_at = $4 WHERE id = $1`, id, state, attempts, micros(due))
		return err
	})
}

// ConfirmEscalations lets those of a subject be sent that are due: it was found
// to be red still.
func (s *Store) ConfirmEscalations(ctx context.Context, subject int64, at time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE notifications SET state = $3, next_at = $2 WHERE subject = $1 AND state = $4 AND created_at <= $2 AND attempts > 0`,
			subject, micros(at), NotificationWaiting, NotificationHeld)
		return err
	})
}

// EndNotifications forgets what was to be told of a subject, and what was, but
// what has one of the keys: it is green, or gone. What comes up later is told anew.
func (s *Store) EndNotifications(ctx context.Context, subject int64, but ...string) error {
	var n int
	if err := s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM notifications WHERE subject = $1`, subject).Scan(&n); err != nil || n == 0 {
		return explain(err)
	}
	query, args := `DELETE FROM notifications WHERE subject = $1 AND kind <> $2`, []any{subject, NotificationNotice}
	for _, key := range but {
		args = append(args, text(key))
		query += fmt.Sprintf(" AND key <> $%d", len(args))
	}
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
}

// CountNotifications counts what waits to be sent.
func (s *Store) CountNotifications(ctx context.Context) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM notifications WHERE state = $1`, NotificationWaiting).Scan(&n)
	return n, explain(err)
}

// DropNotifications forgets what was created before a time.
func (s *Store) DropNotifications(ctx context.Context, before time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM notifications WHERE created_at < $1`, micros(before))
		return err
	})
}
