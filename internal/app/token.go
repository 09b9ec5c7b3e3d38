package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/store"
)

// tokenPrefix tells API tokens from those of Actions, and lets scanners of
// secrets find one that was lost.
const tokenPrefix = "cge_"

// hashToken is what is kept of a token. It is 256 bits of chance, so that a fast
// hash is as good as a slow one.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Tokens are the API tokens of evidence, as commands on the server's database
// make and end them.
type Tokens struct {
	DatabaseURL string
	Now         func() time.Time
}

// maxTokenLife bounds how long a token holds.
const maxTokenLife = 366 * 24 * time.Hour

var tokenName = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$`)

// Create makes a token for an owner, or for one repository of it, and prints it.
// Nobody can show it again.
func (t Tokens) Create(ctx context.Context, name, scope string, life time.Duration, stdout, stderr io.Writer) int {
	owner, repo, _ := strings.Cut(scope, "/")
	switch {
	case !tokenName.MatchString(name):
		return t.wrong(stderr, "a token's name has letters, digits, dots, hyphens and underscores, and %q is none", name)
	case !tokenName.MatchString(owner) || strings.Contains(scope, "/") && !repositoryName.MatchString(scope):
		return t.wrong(stderr, "--for must be OWNER or OWNER/REPO, and is %q", scope)
	case life < time.Minute || life > maxTokenLife:
		return t.wrong(stderr, "--expires must be from 1m to %s", maxTokenLife)
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails
	token := tokenPrefix + base64.RawURLEncoding.EncodeToString(secret)
	now := t.Now().UTC()
	err := t.with(ctx, func(s *store.Store) error {
		return s.AddToken(ctx, store.Token{Hash: hashToken(token), Name: name, Owner: owner, Repo: repo, Made: now, Expires: now.Add(life)})
	})
	if errors.Is(err, store.ErrExists) {
		return t.wrong(stderr, "there is or was a token %q; take another name", name)
	}
	if err != nil {
		return t.failed(stderr, err)
	}
	fmt.Fprintln(stdout, token)
	fmt.Fprintf(stderr, "Keep it as a secret: it is not shown again. It attaches evidence in %s until %s.\n", scope, now.Add(life).Format(time.RFC3339))
	return ExitPass
}

// List shows the tokens, and whether they hold.
func (t Tokens) List(ctx context.Context, stdout, stderr io.Writer) int {
	var list []store.Token
	err := t.with(ctx, func(s *store.Store) (err error) {
		list, err = s.Tokens(ctx)
		return err
	})
	if err != nil {
		return t.failed(stderr, err)
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tFOR\tMADE\tENDS\tSTATE")
	for _, x := range list {
		state := "holds"
		switch {
		case !x.Revoked.IsZero():
			state = "revoked " + x.Revoked.Format(time.RFC3339)
		case !t.Now().Before(x.Expires):
			state = "ended"
		}
		scope := x.Owner
		if x.Repo != "" {
			scope += "/" + x.Repo
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", x.Name, scope, x.Made.Format(time.RFC3339), x.Expires.Format(time.RFC3339), state)
	}
	if err := w.Flush(); err != nil {
		return t.failed(stderr, err)
	}
	return ExitPass
}

// Revoke ends a token at once.
func (t Tokens) Revoke(ctx context.Context, name string, stdout, stderr io.Writer) int {
	err := t.with(ctx, func(s *store.Store) error { return s.RevokeToken(ctx, name, t.Now()) })
	if errors.Is(err, store.ErrNotFound) {
		return t.wrong(stderr, "no token %q holds", name)
	}
	if err != nil {
		return t.failed(stderr, err)
	}
	fmt.Fprintf(stdout, "The token %s is revoked. What it attached stays.\n", name)
	return ExitPass
}

func (t Tokens) with(ctx context.Context, do func(*store.Store) error) (err error) {
	s, err := store.Open(ctx, t.DatabaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return do(s)
}

func (t Tokens) wrong(stderr io.Writer, format string, args ...any) int {
	fmt.Fprintf(stderr, "changeguard: "+format+"\n", args...)
	return ExitUsage
}

func (t Tokens) failed(stderr io.Writer, err error) int {
	fmt.Fprintln(stderr, "changeguard:", err)
	return ExitUsage
}
