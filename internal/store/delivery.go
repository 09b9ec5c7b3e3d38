package store

import (
	"context"
	"time"
)

// A Delivery is an event as GitHub sent it.
type Delivery struct {
	ID, Event, Action string
	Received          time.Time
	// Anew says that somebody asked on GitHub for a new result; see
	// [Subject.Anew].
	Anew bool
	// Command is what somebody asked for with it, or nil.
	Command *Command
}

// dropAtOnce is how many deliveries a transaction drops, so that no webhook
// waits long for it.
const dropAtOnce = 1000

// DropDeliveries forgets the processed deliveries that came before a time, and
// returns how many there were. GitHub sends none again after so long.
func (s *Store) DropDeliveries(ctx context.Context, before time.Time) (dropped int64, err error) {
	for {
		result, err := s.write.ExecContext(ctx, `DELETE FROM deliveries WHERE id IN (
			SELECT d.id FROM deliveries d JOIN subjects s ON s.id = d.subject
			WHERE d.received_at < $1 AND s.done >= d.want ORDER BY d.received_at LIMIT $2)`, micros(before), dropAtOnce)
		if err != nil {
			return dropped, explain(err)
		}
		n, err := result.RowsAffected()
		dropped += n
		if err != nil || n < dropAtOnce {
			return dropped, err
		}
	}
}

// DropPushes forgets the pushes before a time that were evaluated, got no
// verdict, and of which no delivery is kept: most branches' pushes do not
// matter, and there are many. It returns how many there were.
func (s *Store) DropPushes(ctx context.Context, before time.Time) (dropped int64, err error) {
	for {
		result, err := s.write.ExecContext(ctx, `DELETE FROM subjects WHERE id IN (
			SELECT s.id FROM subjects s WHERE s.kind = 'push' AND s.updated_at < $1 AND s.done >= s.want
			AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.subject = s.id)
			AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subject = s.id) LIMIT $2)`, micros(before), dropAtOnce)
		if err != nil {
			return dropped, explain(err)
		}
		n, err := result.RowsAffected()
		dropped += n
		if err != nil || n < dropAtOnce {
			return dropped, err
		}
	}
}
