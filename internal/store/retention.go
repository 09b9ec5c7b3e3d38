package store

import (
	"context"
	"time"
)

// What is dropped goes in small steps, each a transaction of its own, so that no
// webhook waits long for one. Verdicts are large.
const (
	dropAtOnce      = 1000
	dropLargeAtOnce = 50
)

// drop repeats a statement that deletes so many rows at most until there are no
// more, and returns how many there were.
func (s *Store) drop(ctx context.Context, atOnce int64, query string, args ...any) (dropped int64, err error) {
	for {
		result, err := s.write.ExecContext(ctx, query, append(args, atOnce)...)
		if err != nil {
			return dropped, explain(err)
		}
		n, err := result.RowsAffected()
		dropped += n
		if err != nil || n < atOnce {
			return dropped, err
		}
	}
}

// DropDeliveries forgets the processed deliveries that came before a time, and
// returns how many there were. GitHub sends none again after so long.
func (s *Store) DropDeliveries(ctx context.Context, before time.Time) (int64, error) {
	return s.drop(ctx, dropAtOnce, `DELETE FROM deliveries WHERE (subject, id) IN (
		SELECT d.subject, d.id FROM deliveries d JOIN subjects s ON s.id = d.subject
		WHERE d.received_at < $1 AND s.done >= d.want ORDER BY d.received_at LIMIT $2)`, micros(before))
}

// DropIdle forgets the subjects of a kind, pushes or groups, of before a time
// that were evaluated, have no verdict, and of which no delivery is kept: most
// branches' pushes do not matter, and there are many. It returns how many there
// were.
func (s *Store) DropIdle(ctx context.Context, kind Kind, before time.Time) (int64, error) {
	// What is said of the row itself is looked at again when an event was noted
	// meanwhile.
	return s.drop(ctx, dropAtOnce, `DELETE FROM subjects WHERE done >= want AND updated_at < $2 AND id IN (
		SELECT s.id FROM subjects s WHERE s.kind = $1 AND s.updated_at < $2 AND s.done >= s.want
		AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.subject = s.id)
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subject = s.id) LIMIT $3)`, string(kind), micros(before))
}

// DropVerdicts forgets the verdicts of before a time, but for what may still be
// asked for: the newest of a subject, and the newest on the head that it has,
// while there was an event about it or it was seen open since, or while it waits
// to be judged. It returns how many there were.
func (s *Store) DropVerdicts(ctx context.Context, before time.Time) (int64, error) {
	n, err := s.drop(ctx, dropLargeAtOnce, `DELETE FROM verdicts WHERE id IN (
		SELECT v.id FROM verdicts v JOIN subjects s ON s.id = v.subject WHERE v.created_at < $1
		AND (s.updated_at < $1 AND s.open_at < $1 AND s.done >= s.want
			OR v.id < (SELECT max(n.id) FROM verdicts n WHERE n.subject = v.subject)
			AND v.id < COALESCE((SELECT max(n.id) FROM verdicts n WHERE n.subject = v.subject AND n.head = s.head), v.id + 1))
		ORDER BY v.created_at LIMIT $2)`, micros(before))
	if err != nil {
		return n, err
	}
	return n, s.dropOrigins(ctx)
}

// DropRuns forgets the check runs that were published before a time: GitHub has
// forgotten them as well, and an open pull request needs another one.
func (s *Store) DropRuns(ctx context.Context, before time.Time) (int64, error) {
	return s.drop(ctx, dropAtOnce, `DELETE FROM runs WHERE (repository, head) IN (SELECT repository, head FROM runs WHERE updated_at < $1 LIMIT $2)`, micros(before))
}

// seenAgain is how exactly it is known when a pull request was seen open.
const seenAgain = 24 * time.Hour

// SeenOpen notes that pull requests are open, by the names of their subjects.
func (s *Store) SeenOpen(ctx context.Context, names []string, now time.Time) error {
	args := make([]any, len(names))
	for i, name := range names {
		args[i] = text(name)
	}
	return inChunks(args, func(some []any) error {
		_, err := s.write.ExecContext(ctx, `UPDATE subjects SET open_at = $1 WHERE open_at < $2 AND name IN (`+marks(3, len(some))+`)`,
			append([]any{micros(now), micros(now.Add(-seenAgain))}, some...)...)
		return explain(err)
	})
}
