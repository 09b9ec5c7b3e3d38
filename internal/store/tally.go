package store

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// The kinds of counts.
const (
	countRule    = "rule"
	countWould   = "observed" // a rule that would stop, were it enforced
	countSeconds = "seconds"
)

const day = int64(24 * time.Hour / time.Microsecond)

// Within are the bounds, in seconds, by which times to verdicts are counted.
var Within = []int{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600}

// maxCountedRules bounds what one verdict adds to the sums.
const maxCountedRules = 50

// tally counts a verdict that is stored. It comes after the verdict's number was
// taken, so nobody else counts meanwhile.
func tally(ctx context.Context, tx *Tx, v Verdict) error {
	on, repo := micros(v.Created)/day, text(v.Subject.Repository())
	_, err := tx.ExecContext(ctx, `INSERT INTO tallies (day, repository, outcome, observed, actor, number) VALUES ($1, $2, $3, $4, $5, 1)
		ON CONFLICT (day, repository, outcome, observed, actor) DO UPDATE SET number = tallies.number + 1`, on, repo, v.Outcome, v.Observed, text(v.Actor))
	if err != nil {
		return fmt.Errorf("count a verdict: %w", explain(err))
	}
	kind := countRule
	if v.Observed && v.Outcome != "incomplete" {
		kind = countWould
	}
	for _, rule := range v.Rules[:min(len(v.Rules), maxCountedRules)] {
		if err := count(ctx, tx, on, repo, kind, text(rule)); err != nil {
			return err
		}
	}
	waited, events, err := waited(ctx, tx, v)
	if err != nil || !events {
		return err
	}
	bound := ""
	for _, seconds := range Within {
		if waited <= time.Duration(seconds)*time.Second {
			bound = strconv.Itoa(seconds)
			break
		}
	}
	return count(ctx, tx, on, repo, countSeconds, bound)
}

func count(ctx context.Context, tx *Tx, on int64, repo, kind, name string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO counts (day, repository, kind, name, number) VALUES ($1, $2, $3, $4, 1)
		ON CONFLICT (day, repository, kind, name) DO UPDATE SET number = counts.number + 1`, on, repo, kind, name)
	if err != nil {
		return fmt.Errorf("count a verdict: %w", explain(err))
	}
	return nil
}

// waited is how long the first of the events that a verdict answers waited.
func waited(ctx context.Context, tx *Tx, v Verdict) (time.Duration, bool, error) {
	var first int64
	err := tx.QueryRowContext(ctx, `SELECT COALESCE(min(d.received_at), 0) FROM deliveries d JOIN subjects s ON s.id = d.subject
		WHERE d.subject = $1 AND d.want > s.done AND d.want <= $2`, v.Subject.ID, v.Subject.Want).Scan(&first)
	if err != nil {
		return 0, false, fmt.Errorf("read since when a verdict was waited for: %w", explain(err))
	}
	return max(0, v.Created.Sub(fromMicros(first))), first > 0, nil
}

// A Tally is how many verdicts of one outcome there were on a day.
type Tally struct {
	Outcome, Actor string
	Observed       bool
	Day            time.Time // UTC, midnight
	Count          int
}

// Tallies counts the verdicts of some repositories since a day, by day, outcome
// and actor.
func (s *Store) Tallies(ctx context.Context, repos []string, since time.Time) ([]Tally, error) {
	where, args := among("lower(t.repository)", repos, []any{micros(since) / day})
	rows, err := s.read.QueryContext(ctx, `SELECT t.outcome, t.actor, t.observed, t.day, SUM(t.number) FROM tallies t WHERE t.day >= $1 AND `+where+`
		GROUP BY t.outcome, t.actor, t.observed, t.day ORDER BY t.day, t.outcome, t.actor, t.observed`, args...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Tally
	for rows.Next() {
		var t Tally
		var on int64
		if err := rows.Scan(&t.Outcome, &t.Actor, &t.Observed, &on, &t.Count); err != nil {
			return nil, explain(err)
		}
		t.Day = fromMicros(on * day)
		list = append(list, t)
	}
	return list, explain(rows.Err())
}

// Stopped is how many verdicts a repository got, and how many of them stopped.
type Stopped struct {
	Repository   string
	All, Stopped int
}

// StoppedIn counts the verdicts of some repositories since a day, those with the
// most first. What only observes stops nothing, unless it is incomplete.
func (s *Store) StoppedIn(ctx context.Context, repos []string, since time.Time, limit int) ([]Stopped, error) {
	where, args := among("lower(t.repository)", repos, []any{micros(since) / day, limit})
	rows, err := s.read.QueryContext(ctx, `SELECT t.repository, SUM(t.number), SUM(CASE WHEN t.outcome = 'pass' OR t.observed AND t.outcome <> 'incomplete' THEN 0 ELSE t.number END) FROM tallies t
		WHERE t.day >= $1 AND `+where+` GROUP BY t.repository ORDER BY 2 DESC, 1 LIMIT $2`, args...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Stopped
	for rows.Next() {
		var r Stopped
		if err := rows.Scan(&r.Repository, &r.All, &r.Stopped); err != nil {
			return nil, explain(err)
		}
		list = append(list, r)
	}
	return list, explain(rows.Err())
}

// A Count is a sum by name.
type Count struct {
	Name  string
	Count int
}

// Stoppers are the rules that stopped the most verdicts of some repositories
// since a day.
func (s *Store) Stoppers(ctx context.Context, repos []string, since time.Time, limit int) ([]Count, error) {
	return s.counts(ctx, countRule, repos, since, limit)
}

// WouldStop are the rules that would have stopped the most verdicts, were they
// enforced.
func (s *Store) WouldStop(ctx context.Context, repos []string, since time.Time, limit int) ([]Count, error) {
	return s.counts(ctx, countWould, repos, since, limit)
}

// Waits are how many verdicts of some repositories came within how many seconds
// of the first event that they answer, one for each of [Within] that there were
// any of, and "" for those that took longer.
func (s *Store) Waits(ctx context.Context, repos []string, since time.Time) ([]Count, error) {
	return s.counts(ctx, countSeconds, repos, since, len(Within)+1)
}

func (s *Store) counts(ctx context.Context, kind string, repos []string, since time.Time, limit int) ([]Count, error) {
	where, args := among("lower(c.repository)", repos, []any{micros(since) / day, kind, limit})
	rows, err := s.read.QueryContext(ctx, `SELECT c.name, SUM(c.number) FROM counts c WHERE c.day >= $1 AND c.kind = $2 AND `+where+`
		GROUP BY c.name ORDER BY 2 DESC, 1 LIMIT $3`, args...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Count
	for rows.Next() {
		var c Count
		if err := rows.Scan(&c.Name, &c.Count); err != nil {
			return nil, explain(err)
		}
		list = append(list, c)
	}
	return list, explain(rows.Err())
}
