package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// A Verdict is a stored verdict with its subject.
type Verdict struct {
	ID          int64
	Subject     Subject // as it was read at the start of the evaluation
	Digest      string
	Outcome     string
	Observed    bool
	Waiting     bool // for evidence that may come yet
	Title       string
	Head        string
	Base        string
	MergeBase   string
	Policy      string
	Score       int
	SubjectLine string
	Created     time.Time
	Body        []byte // JSON; not in lists
	Inputs      []byte // JSON, or empty; not in lists
	Origin      []byte // JSON, or empty; only to store it, see Store.Origin

	// What follows is counted and kept when the verdict is stored, and not read
	// with it.
	Actor string   // human, agent or bot
	Rules []string // that stop the change, once each
	Kept  *Kept    // nil for nothing
}

// AddVerdict stores a verdict. One that says the same as the subject's newest
// is not stored again, only what it came out of is; one whose evaluation began
// before that of the newest is refused with ErrOlder.
func (s *Store) AddVerdict(ctx context.Context, v Verdict) error {
	return s.InTx(ctx, func(tx *Tx) error {
		if err := judge(ctx, tx, v.Subject); err != nil {
			return err
		}
		var newest string
		var id int64
		err := tx.QueryRowContext(ctx, `SELECT digest, id FROM verdicts WHERE subject = $1 ORDER BY id DESC LIMIT 1`, v.Subject.ID).Scan(&newest, &id)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if newest == v.Digest {
			return errors.Join(keepInputs(ctx, tx, v), setOrigin(ctx, tx, id, v.Origin), keep(ctx, tx, v))
		}
		if v.ID, err = next(ctx, tx, "verdict"); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO verdicts
			(id, subject, evaluation, digest, outcome, observed, waiting, title, head, base, merge_base, policy, score, subject_line, created_at, body, inputs)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
			v.ID, v.Subject.ID, v.Subject.Want, v.Digest, v.Outcome, v.Observed, v.Waiting, text(v.Title), text(v.Head), text(v.Base), text(v.MergeBase),
			v.Policy, v.Score, text(v.SubjectLine), micros(v.Created), text(string(v.Body)), text(string(v.Inputs)))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE subjects SET score = $2, newest = $3 WHERE id = $1`, v.Subject.ID, v.Score, v.ID); err != nil {
			return err
		}
		if err := errors.Join(tally(ctx, tx, v), keep(ctx, tx, v)); err != nil {
			return err
		}
		if err := setOrigin(ctx, tx, v.ID, v.Origin); err != nil {
			return err
		}
		return auditVerdict(ctx, tx, v)
	})
}

// keepInputs notes what the subject's newest verdict came out of this time.
func keepInputs(ctx context.Context, tx *Tx, v Verdict) error {
	_, err := tx.ExecContext(ctx, `UPDATE verdicts SET inputs = $2 WHERE inputs <> $2 AND id = (SELECT max(id) FROM verdicts WHERE subject = $1)`,
		v.Subject.ID, text(string(v.Inputs)))
	return err
}

// auditVerdict writes a verdict that is stored to the audit log.
func auditVerdict(ctx context.Context, tx *Tx, v Verdict) error {
	body, err := json.Marshal(struct {
		Verdict   string `json:"verdict"`
		Outcome   string `json:"outcome"`
		Observed  bool   `json:"observed"`
		Waiting   bool   `json:"waiting,omitempty"`
		Title     string `json:"title"`
		Head      string `json:"head"`
		Base      string `json:"base"`
		MergeBase string `json:"merge_base"`
		Policy    string `json:"policy"`
	}{v.Digest, v.Outcome, v.Observed, v.Waiting, v.Title, v.Head, v.Base, v.MergeBase, v.Policy})
	if err != nil {
		return fmt.Errorf("write a verdict for the audit log: %w", err)
	}
	return Audit(ctx, tx, Entry{At: v.Created, Kind: AuditVerdict, Subject: v.Subject.Name(), Body: body})
}

// judge keeps the order of evaluations.
func judge(ctx context.Context, tx *Tx, x Subject) error {
	var judged int64
	err := tx.QueryRowContext(ctx, `UPDATE subjects SET judged = CASE WHEN judged > $2 THEN judged ELSE $2 END WHERE id = $1 RETURNING judged`, x.ID, x.Want).Scan(&judged)
	switch {
	case err != nil:
		return fmt.Errorf("store the verdict on %s: %w", x.Name(), explain(err))
	case judged > x.Want:
		return fmt.Errorf("store the verdict on %s: %w", x.Name(), ErrOlder)
	}
	return nil
}

const verdictColumns = `v.id, v.digest, v.outcome, v.observed, v.waiting, v.title, v.head, v.base, v.merge_base, v.policy, v.score, v.subject_line, v.created_at, ` + subjectColumns

func scanVerdict(scan func(...any) error, more ...any) (Verdict, error) {
	var v Verdict
	var created int64
	columns := []any{&v.ID, &v.Digest, &v.Outcome, &v.Observed, &v.Waiting, &v.Title, &v.Head, &v.Base, &v.MergeBase, &v.Policy, &v.Score, &v.SubjectLine, &created}
	columns = append(append(columns, v.Subject.columns()...), more...)
	err := scan(columns...)
	v.Created = fromMicros(created)
	return v, explain(err)
}

// Latest is the newest verdict of a subject.
func (s *Store) Latest(ctx context.Context, name string) (Verdict, error) {
	var body, inputs string
	v, err := scanVerdict(s.read.QueryRowContext(ctx, `SELECT `+verdictColumns+`, v.body, v.inputs FROM verdicts v JOIN subjects s ON s.id = v.subject
		WHERE s.name = $1 ORDER BY v.id DESC LIMIT 1`, text(name)).Scan, &body, &inputs)
	v.Body, v.Inputs = []byte(body), []byte(inputs)
	return v, err
}

// LatestBefore is the newest verdict of a subject that was stored before a time:
// what somebody had before their eyes then.
func (s *Store) LatestBefore(ctx context.Context, name string, before time.Time) (Verdict, error) {
	return s.one(ctx, `s.name = $1 AND v.created_at < $2`, text(name), micros(before))
}

// LatestAt is the newest verdict of a subject on one head.
func (s *Store) LatestAt(ctx context.Context, name, head string) (Verdict, error) {
	return s.one(ctx, `s.name = $1 AND v.head = $2`, text(name), text(head))
}

func (s *Store) one(ctx context.Context, where string, args ...any) (Verdict, error) {
	var body, inputs string
	v, err := scanVerdict(s.read.QueryRowContext(ctx, `SELECT `+verdictColumns+`, v.body, v.inputs FROM verdicts v JOIN subjects s ON s.id = v.subject
		WHERE `+where+` ORDER BY v.id DESC LIMIT 1`, args...).Scan, &body, &inputs)
	v.Body, v.Inputs = []byte(body), []byte(inputs)
	return v, err
}

// Newest lists the newest verdict of each subject, the newest first.
func (s *Store) Newest(ctx context.Context, limit int) ([]Verdict, error) {
	return s.NewestBefore(ctx, math.MaxInt64, limit)
}

// NewestBefore continues the list after the verdict with an id.
func (s *Store) NewestBefore(ctx context.Context, id int64, limit int) ([]Verdict, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+verdictColumns+` FROM verdicts v JOIN subjects s ON s.id = v.subject
		WHERE v.id < $1 AND v.id = (SELECT max(n.id) FROM verdicts n WHERE n.subject = s.id) ORDER BY v.id DESC LIMIT $2`, id, limit)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Verdict
	for rows.Next() {
		v, err := scanVerdict(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, explain(rows.Err())
}
