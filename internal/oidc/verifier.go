package oidc

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The bounds of a token.
const (
	MaxToken = 16 << 10 // bytes; GitHub's have about 2,000
	Skew     = time.Minute
	// maxAge is how long after its issue a token is taken at most, whatever its
	// end; GitHub's end after a few minutes.
	maxAge = time.Hour
)

// Claims are what a token of GitHub Actions says, as far as it is looked at.
type Claims struct {
	Issuer         string   `json:"iss"`
	Audience       audience `json:"aud"`
	Subject        string   `json:"sub"`
	Expires        int64    `json:"exp"`
	NotBefore      int64    `json:"nbf"`
	IssuedAt       int64    `json:"iat"`
	Repository     string   `json:"repository"` // "owner/repo"
	SHA            string   `json:"sha"`
	Ref            string   `json:"ref"`
	EventName      string   `json:"event_name"`
	WorkflowRef    string   `json:"workflow_ref"`     // "owner/repo/.github/workflows/ci.yml@refs/heads/main"
	JobWorkflowRef string   `json:"job_workflow_ref"` // of a reusable workflow
	RunID          string   `json:"run_id"`
	RunAttempt     string   `json:"run_attempt"`
}

// audience is one or several.
type audience []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// ErrRefused says that a token is not taken; the error around it says why.
// Another error says that it could not be checked.
var ErrRefused = errors.New("the token is not taken")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
}

// Config of a Verifier.
type Config struct {
	Issuer    string // https://…, without a slash at the end; http only on this machine
	Audience  string
	Transport http.RoundTripper // nil means the usual one
	Now       func() time.Time
}

// A Verifier checks tokens. It is safe for concurrent use.
type Verifier struct {
	config Config
	keys   keys
}

// New makes a verifier. It asks nobody yet.
func New(c Config) (*Verifier, error) {
	if err := safe(c.Issuer); err != nil {
		return nil, fmt.Errorf("the issuer of tokens: %w", err)
	}
	if c.Audience == "" {
		return nil, errors.New("tokens need an audience")
	}
	return &Verifier{config: c, keys: keys{issuer: c.Issuer, now: c.Now, client: &http.Client{
		Transport: c.Transport, Timeout: fetchTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}}, nil
}

// Verify checks a token and returns what it says.
func (v *Verifier) Verify(ctx context.Context, token string) (Claims, error) {
	var claims Claims
	if len(token) > MaxToken {
		return claims, refuse("it has more than %d bytes", MaxToken)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims, refuse("it has not the form of one")
	}
	var header struct {
		Alg  string `json:"alg"`
		Kid  string `json:"kid"`
		Crit []any  `json:"crit"`
	}
	if err := decode(parts[0], &header); err != nil {
		return claims, refuse("its header: %v", err)
	}
	switch {
	case header.Alg != "RS256":
		return claims, refuse("it is signed with %.20q, and only RS256 is taken", header.Alg)
	case header.Crit != nil:
		return claims, refuse("its header asks for extensions that are not known")
	case header.Kid == "" || len(header.Kid) > 200:
		return claims, refuse("it does not name its key")
	}
	if err := decode(parts[1], &claims); err != nil {
		return claims, refuse("what it says: %v", err)
	}
	if err := v.accept(claims); err != nil { // before anybody is asked for keys
		return Claims{}, err
	}
	key, err := v.keys.get(ctx, header.Kid)
	if err != nil {
		return Claims{}, err
	}
	if err := signed(parts[0]+"."+parts[1], parts[2], key); err != nil {
		return Claims{}, err
	}
	return claims, nil
}

// decode reads a part: base64 as JOSE has it, one JSON object.
func decode(part string, into any) error {
	data, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return errors.New("it is not written in base64")
	}
	if err := json.Unmarshal(data, into); err != nil {
		return errors.New("it is no JSON of the expected form")
	}
	return nil
}

func signed(text, signature string, key *rsa.PublicKey) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	if err != nil {
		return refuse("its signature is not written in base64")
	}
	sum := sha256.Sum256([]byte(text))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw) != nil {
		return refuse("its signature is not the issuer's")
	}
	return nil
}

// accept checks for whom and for when a token is.
func (v *Verifier) accept(c Claims) error {
	now := v.config.Now()
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	const far = 1 << 40 // beyond it arithmetic with times is of no use
	switch {
	case c.Issuer != v.config.Issuer:
		return refuse("its issuer is %.100q, not %s", c.Issuer, v.config.Issuer)
	case len(c.Audience) != 1 || c.Audience[0] != v.config.Audience:
		return refuse("its audience is %.100q, not %s", strings.Join(c.Audience, " "), v.config.Audience)
	case c.Expires <= 0 || c.IssuedAt <= 0 || c.NotBefore < 0 || max(c.Expires, c.IssuedAt, c.NotBefore) > far:
		return refuse("it does not say when it was issued and when it ends")
	case !now.Before(at(c.Expires).Add(Skew)):
		return refuse("it ended at %s", at(c.Expires).UTC().Format(time.RFC3339))
	case now.Add(Skew).Before(at(c.NotBefore)), now.Add(Skew).Before(at(c.IssuedAt)):
		return refuse("it holds only later; compare the clocks")
	case !now.Before(at(c.IssuedAt).Add(maxAge)):
		return refuse("it was issued at %s, too long ago", at(c.IssuedAt).UTC().Format(time.RFC3339))
	}
	return nil
}
