package store

import "context"

// Compared is how many pull requests a risk score is compared with at most.
const Compared = 500

// Rank says how a score compares with the newest verdicts of the repository's
// other pull requests that were judged, the last [Compared] of them in the order
// in which they were first heard of: how many have a lower score, of how many.
func (s *Store) Rank(ctx context.Context, subject Subject, score int) (below, of int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT COALESCE(SUM(CASE WHEN score < $1 THEN 1 ELSE 0 END), 0), COUNT(*) FROM (
			SELECT s.score FROM subjects s WHERE s.owner = $2 AND s.repo = $3 AND s.kind = 'pull' AND s.id <> COALESCE((SELECT o.id FROM subjects o WHERE o.name = $4), -1) AND s.score >= 0
			ORDER BY s.id DESC LIMIT $5) AS recent`,
		score, text(subject.Owner), text(subject.Repo), text(subject.Name()), Compared).Scan(&below, &of)
	return below, of, explain(err)
}
