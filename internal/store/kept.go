package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// Kept is what is kept beside a subject's newest verdict, to judge it again by
// another policy.
type Kept struct {
	Change []byte // as whoever stored it writes a change; empty for none
	Layers []Layer
}

// A Layer is a policy that judged.
type Layer struct {
	Name   string `json:"name"` // repository, organisation, built-in default
	Digest string `json:"digest"`
	Mode   string `json:"mode"` // of the file in git
	Text   []byte `json:"-"`
}

// keep writes what is kept beside a verdict.
func keep(ctx context.Context, tx *Tx, v Verdict) error {
	if v.Kept == nil {
		return nil
	}
	for _, l := range v.Kept.Layers {
		if len(l.Text) == 0 {
			continue
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO policies (digest, body, seen_at) VALUES ($1, $2, $3)
			ON CONFLICT (digest) DO UPDATE SET seen_at = excluded.seen_at WHERE policies.seen_at < excluded.seen_at - $4`,
			l.Digest, base64.StdEncoding.EncodeToString(l.Text), micros(v.Created), day)
		if err != nil {
			return fmt.Errorf("keep a policy: %w", explain(err))
		}
	}
	if err := keepRepository(ctx, tx, v); err != nil {
		return err
	}
	if len(v.Kept.Change) == 0 {
		_, err := tx.ExecContext(ctx, `DELETE FROM snapshots WHERE subject = $1`, v.Subject.ID)
		return explain(err)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO snapshots (subject, verdict, body, kept_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (subject) DO UPDATE SET verdict = excluded.verdict, body = excluded.body, kept_at = excluded.kept_at
		WHERE snapshots.body <> excluded.body OR snapshots.verdict <> excluded.verdict`,
		v.Subject.ID, v.Digest, base64.StdEncoding.EncodeToString(v.Kept.Change), micros(v.Created))
	return explain(err)
}

// Snapshot is the change that a verdict is about, as it was kept. ErrNotFound
// says that none was, or that of another verdict.
func (s *Store) Snapshot(ctx context.Context, v Verdict) ([]byte, error) {
	var body string
	err := s.read.QueryRowContext(ctx, `SELECT body FROM snapshots WHERE subject = $1 AND verdict = $2`, v.Subject.ID, v.Digest).Scan(&body)
	if err != nil {
		return nil, explain(err)
	}
	return base64.StdEncoding.DecodeString(body)
}

// PolicyText is the text of a policy that judged something.
func (s *Store) PolicyText(ctx context.Context, digest string) ([]byte, error) {
	var body string
	if err := s.read.QueryRowContext(ctx, `SELECT body FROM policies WHERE digest = $1`, digest).Scan(&body); err != nil {
		return nil, explain(err)
	}
	return base64.StdEncoding.DecodeString(body)
}

// DropKept forgets what was kept of before a time: changes of subjects whose
// verdicts are gone, and policies that judged nothing since. It returns how many rows
// there were.
func (s *Store) DropKept(ctx context.Context, before time.Time) (int64, error) {
	n, err := s.drop(ctx, dropLargeAtOnce, `DELETE FROM snapshots WHERE subject IN (SELECT k.subject FROM snapshots k WHERE k.kept_at < $1
		AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.subject = k.subject) LIMIT $2)`, micros(before))
	if err != nil {
		return n, err
	}
	m, err := s.drop(ctx, dropAtOnce, `DELETE FROM policies WHERE digest IN (SELECT digest FROM policies WHERE seen_at < $1 LIMIT $2)`, micros(before.Add(-24*time.Hour)))
	return n + m, err
}

// layersOf reads the layers of a repository; nil where they are not known.
func layersOf(body string) ([]Layer, error) {
	var list []Layer
	if body == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		return nil, fmt.Errorf("read the policies of a repository: %w", err)
	}
	return list, nil
}
