package store

import (
	"context"
	"time"
)

// quiet are the pull requests that nothing was heard of since a time: no event,
// and not seen open.
const quiet = `s.kind = 'pull' AND s.updated_at < $1 AND s.open_at < $1 AND s.done >= s.want`

// DropQuiet forgets what was kept of pull requests of which nothing was heard
// since a time: the App's own comment, what a policy asked for, what was waited
// for, what people asked for and was answered, and what they lifted. The audit log
// has it. It returns how many rows there were.
func (s *Store) DropQuiet(ctx context.Context, before time.Time) (dropped int64, err error) {
	for _, query := range []string{
		`DELETE FROM comments WHERE (repository, number) IN (SELECT x.repository, x.number FROM comments x
			JOIN subjects s ON s.name = x.repository || '#' || CAST(x.number AS TEXT) WHERE ` + quiet + ` LIMIT $2)`,
		`DELETE FROM asks WHERE (repository, number, what) IN (SELECT x.repository, x.number, x.what FROM asks x
			JOIN subjects s ON s.name = x.repository || '#' || CAST(x.number AS TEXT) WHERE ` + quiet + ` LIMIT $2)`,
		`DELETE FROM watches WHERE subject IN (SELECT x.subject FROM watches x JOIN subjects s ON s.id = x.subject WHERE ` + quiet + ` LIMIT $2)`,
		`DELETE FROM commands WHERE answered AND id IN (SELECT x.id FROM commands x JOIN subjects s ON s.id = x.subject WHERE x.answered AND ` + quiet + ` LIMIT $2)`,
		`DELETE FROM lifts WHERE id IN (SELECT x.id FROM lifts x JOIN subjects s ON s.id = x.subject WHERE ` + quiet + ` LIMIT $2)`,
	} {
		n, err := s.drop(ctx, dropAtOnce, query, micros(before))
		dropped += n
		if err != nil {
			return dropped, err
		}
	}
	return dropped, nil
}

// DropSums forgets the sums of days before a time, what landed unjudged before it,
// and the repositories in which nothing was judged since. It returns how many rows
// there were.
func (s *Store) DropSums(ctx context.Context, before time.Time) (dropped int64, err error) {
	day := before.UnixMicro() / (24 * time.Hour).Microseconds()
	for _, d := range []struct {
		query string
		than  int64
	}{
		{`DELETE FROM tallies WHERE (day, repository, outcome, observed, actor) IN (SELECT day, repository, outcome, observed, actor FROM tallies WHERE day < $1 LIMIT $2)`, day},
		{`DELETE FROM counts WHERE (day, repository, kind, name) IN (SELECT day, repository, kind, name FROM counts WHERE day < $1 LIMIT $2)`, day},
		{`DELETE FROM landings WHERE id IN (SELECT id FROM landings WHERE at < $1 ORDER BY id LIMIT $2)`, micros(before)},
		{`DELETE FROM repositories WHERE judged_at < $1 AND name IN (SELECT r.name FROM repositories r WHERE r.judged_at < $1
			AND NOT EXISTS (SELECT 1 FROM subjects s JOIN verdicts v ON v.subject = s.id WHERE lower(s.owner || '/' || s.repo) = lower(r.name)) LIMIT $2)`, micros(before)},
	} {
		n, err := s.drop(ctx, dropAtOnce, d.query, d.than)
		dropped += n
		if err != nil {
			return dropped, err
		}
	}
	return dropped, nil
}
