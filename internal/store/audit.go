package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"
)

// An Entry is one line of the audit log. It is never changed: each holds the
// hash of the one before, so that whoever changes, inserts or removes one shows,
// unless they write all that follow anew. Who keeps a hash elsewhere finds that
// out as well.
type Entry struct {
	ID       int64           `json:"id"` // 1, 2, 3, …
	At       time.Time       `json:"at"` // to the microsecond
	Kind     string          `json:"kind"`
	Subject  string          `json:"subject"`
	Actor    string          `json:"actor"`
	Body     json.RawMessage `json:"body"`
	Previous string          `json:"previous"` // hash; empty for the first
	Hash     string          `json:"hash"`
}

// The kinds of entries.
const (
	AuditVerdict     = "verdict"
	AuditSession     = "session"
	AuditOverride    = "override"
	AuditApproval    = "approval"
	AuditLiftSession = "lift-session"
	AuditRefusal     = "refusal"
	AuditLanding     = "landing"

	AuditForeign       = "foreign-check" // a check of somebody else that carries the App's name
	AuditMerge         = "merge"         // what went in by an override
	AuditConfiguration = "configuration" // of the server, or of a repository by it
	AuditPolicy        = "policy"        // of a branch, as it was first seen to differ
	AuditRepository    = "repository"    // that is called otherwise, or another one of the name
	AuditToken         = "token"         // for evidence, made or revoked
	AuditInstallation  = "installation"  // of the App: added, removed, suspended, permissions, repositories
)

// sum is the hash that an entry must have: over all else in it.
func (e Entry) sum() string {
	h := sha256.New()
	for _, part := range []string{e.Previous, fmt.Sprint(e.ID), fmt.Sprint(micros(e.At)), e.Kind, e.Subject, e.Actor, string(e.Body)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Audit appends an entry in the caller's transaction: what is done and that it
// was done are on disk together. Number and hashes are filled in.
func Audit(ctx context.Context, tx *Tx, e Entry) error {
	if len(e.Body) == 0 {
		e.Body = json.RawMessage("{}")
	}
	var err error
	if e.ID, err = next(ctx, tx, "audit"); err != nil {
		return err
	}
	err = tx.QueryRowContext(ctx, `SELECT hash FROM audit WHERE id = $1`, e.ID-1).Scan(&e.Previous)
	if err != nil && !(errors.Is(err, sql.ErrNoRows) && e.ID == 1) {
		return fmt.Errorf("read the audit log's last entry: %w", explain(err))
	}
	e.Subject, e.Actor, e.Body = text(e.Subject), text(e.Actor), json.RawMessage(text(string(e.Body)))
	e.Hash = e.sum()
	_, err = tx.ExecContext(ctx, `INSERT INTO audit (id, at, kind, subject, actor, body, previous, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.ID, micros(e.At), e.Kind, e.Subject, e.Actor, string(e.Body), e.Previous, e.Hash)
	if err != nil {
		return fmt.Errorf("write to the audit log: %w", explain(err))
	}
	return nil
}

// auditAtOnce is how many entries are read together, so that no reader keeps the
// write-ahead log from being folded in.
const auditAtOnce = 500

// AuditLog yields all entries, the oldest first. After an error it ends.
func (s *Store) AuditLog(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for last := int64(0); ; {
			list, err := s.auditAfter(ctx, last)
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for _, e := range list {
				if !yield(e, nil) {
					return
				}
				last = e.ID
			}
			if len(list) < auditAtOnce {
				return
			}
		}
	}
}

func (s *Store) auditAfter(ctx context.Context, id int64) ([]Entry, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, at, kind, subject, actor, body, previous, hash FROM audit WHERE id > $1 ORDER BY id LIMIT $2`, id, auditAtOnce)
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", explain(err))
	}
	defer rows.Close()
	var list []Entry
	for rows.Next() {
		var e Entry
		var at int64
		var body string
		if err := rows.Scan(&e.ID, &at, &e.Kind, &e.Subject, &e.Actor, &body, &e.Previous, &e.Hash); err != nil {
			return nil, fmt.Errorf("read the audit log: %w", explain(err))
		}
		e.At, e.Body = fromMicros(at), json.RawMessage(body)
		list = append(list, e)
	}
	return list, explain(rows.Err())
}

// A Chain checks entries one after the other.
type Chain struct {
	last int64
	hash string
}

// Add takes the next entry and says what is wrong with it, if anything.
func (c *Chain) Add(e Entry) error {
	switch {
	case e.ID != c.last+1:
		return fmt.Errorf("entry %d follows entry %d: what was between them is gone", e.ID, c.last)
	case e.Previous != c.hash:
		return fmt.Errorf("entry %d does not follow entry %d: the one before it was changed or replaced", e.ID, c.last)
	case e.Hash != e.sum():
		return fmt.Errorf("entry %d was changed: its hash is not that of what it says", e.ID)
	}
	c.last, c.hash = e.ID, e.Hash
	return nil
}

// Head is the number and the hash of the last entry that was added.
func (c *Chain) Head() (last int64, hash string) { return c.last, c.hash }
