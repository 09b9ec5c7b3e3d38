package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// A Token is what is kept of a token: its hash, never itself.
type Token struct {
	Hash        string
	Name        string
	Owner, Repo string // Repo is "" for all of the owner's
	Made        time.Time
	Expires     time.Time
	Revoked     time.Time // zero while it holds
}

// AddToken notes a new token. ErrExists says that there is one of its name.
func (s *Store) AddToken(ctx context.Context, t Token) error {
	return s.InTx(ctx, func(tx *Tx) error {
		result, err := tx.ExecContext(ctx, `INSERT INTO tokens (hash, name, owner, repo, made_at, expires_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, 0)
			ON CONFLICT (name) DO NOTHING`, t.Hash, text(t.Name), text(t.Owner), text(t.Repo), micros(t.Made), micros(t.Expires))
		if err != nil {
			return fmt.Errorf("note a token: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return orElse(err, ErrExists)
		}
		return auditToken(ctx, tx, t.Name, t.Made, map[string]string{"action": "created", "owner": t.Owner, "repo": t.Repo, "expires": t.Expires.UTC().Format(time.RFC3339)})
	})
}

// auditToken writes down what becomes of a token, and nothing of itself.
func auditToken(ctx context.Context, tx *Tx, name string, at time.Time, body map[string]string) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write for the audit log: %w", err)
	}
	return Audit(ctx, tx, Entry{At: at, Kind: AuditToken, Subject: name, Body: data})
}

// orElse is an error, or another where there is none.
func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

const tokenColumns = `SELECT hash, name, owner, repo, made_at, expires_at, revoked_at FROM tokens `

func (t *Token) scan(scan func(...any) error) error {
	var made, expires, revoked int64
	err := scan(&t.Hash, &t.Name, &t.Owner, &t.Repo, &made, &expires, &revoked)
	t.Made, t.Expires, t.Revoked = fromMicros(made), fromMicros(expires), nullless(revoked)
	return explain(err)
}

// Token finds a token by its hash, also one that holds no more.
func (s *Store) Token(ctx context.Context, hash string) (t Token, err error) {
	err = t.scan(s.read.QueryRowContext(ctx, tokenColumns+`WHERE hash = $1`, hash).Scan)
	return t, err
}

// Tokens lists all tokens by name.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	rows, err := s.read.QueryContext(ctx, tokenColumns+`ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list the tokens: %w", explain(err))
	}
	defer rows.Close()
	var list []Token
	for rows.Next() {
		var t Token
		if err := t.scan(rows.Scan); err != nil {
			return nil, fmt.Errorf("list the tokens: %w", err)
		}
		list = append(list, t)
	}
	return list, explain(rows.Err())
}

// RevokeToken ends a token for good. ErrNotFound says that none of this name
// holds.
func (s *Store) RevokeToken(ctx context.Context, name string, now time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE tokens SET revoked_at = $2 WHERE name = $1 AND revoked_at = 0`, text(name), micros(now))
		if err != nil {
			return fmt.Errorf("revoke a token: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return orElse(err, ErrNotFound)
		}
		return auditToken(ctx, tx, name, now, map[string]string{"action": "revoked"})
	})
}
