package ghfake

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// ActionsPath is where an Enterprise Server has the issuer of Actions' tokens,
// and where [Actions] wants to be mounted.
const ActionsPath = "/_services/token/"

// tokenLife is how long a job's token holds.
const tokenLife = 10 * time.Minute

// Actions is the stand-in for the issuer of the tokens that GitHub Actions gives
// to jobs. It is safe for concurrent use.
type Actions struct {
	now func() time.Time

	mu      sync.Mutex
	keys    []actionsKey // the last one signs
	jobs    map[string]map[string]any
	fetched int
	broken  bool
}

type actionsKey struct {
	id  string
	key *rsa.PrivateKey
}

// NewActions makes an issuer with a key.
func NewActions(now func() time.Time) *Actions {
	a := &Actions{now: now, jobs: make(map[string]map[string]any)}
	a.Rotate()
	return a
}

// spare are keys that were made before: they are slow to make.
var spare struct {
	sync.Mutex
	keys []*rsa.PrivateKey
}

func spareKey(n int) *rsa.PrivateKey {
	spare.Lock()
	defer spare.Unlock()
	for len(spare.keys) <= n {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		spare.keys = append(spare.keys, key)
	}
	return spare.keys[n]
}

// Rotate adds a key that signs from now on.
func (a *Actions) Rotate() {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.keys)
	a.keys = append(a.keys, actionsKey{fmt.Sprintf("key-%d", n), spareKey(n)})
}

// Break has the keys refused from now on, or not any more.
func (a *Actions) Break(broken bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.broken = broken
}

// Fetched is how often somebody asked for the keys.
func (a *Actions) Fetched() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fetched
}

// Job begins a job whose tokens say what the claims say. It returns the secret
// that the job asks for its tokens with, ACTIONS_ID_TOKEN_REQUEST_TOKEN; the
// address to ask is ActionsPath with "request?job=1" behind it.
func (a *Actions) Job(claims map[string]any) (secret string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	secret = fmt.Sprintf("secret of job %d", len(a.jobs)+1)
	a.jobs[secret] = claims
	return secret
}

// Token is a token of the issuer at an address, with claims over the usual ones;
// a claim that is nil is left out.
func (a *Actions) Token(issuer, audience string, claims map[string]any) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.token(issuer, audience, claims)
}

func (a *Actions) token(issuer, audience string, claims map[string]any) string {
	now := a.now()
	all := jwt.MapClaims{
		"iss": issuer, "aud": audience, "sub": "repo:acme/app:ref:refs/heads/main", "iat": now.Unix(), "nbf": now.Add(-10 * time.Minute).Unix(), "exp": now.Add(tokenLife).Unix(),
		"run_id": "77", "run_attempt": "1",
	}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	last := a.keys[len(a.keys)-1]
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, all)
	t.Header["kid"] = last.id
	text, err := t.SignedString(last.key)
	if err != nil {
		panic(err)
	}
	return text
}

// ServeHTTP implements http.Handler.
func (a *Actions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	issuer := "http://" + r.Host + strings.TrimSuffix(ActionsPath, "/")
	var answer any
	switch strings.TrimPrefix(r.URL.Path, ActionsPath) {
	case ".well-known/openid-configuration":
		answer = obj{"issuer": issuer, "jwks_uri": issuer + "/.well-known/jwks", "id_token_signing_alg_values_supported": []string{"RS256"}}
	case ".well-known/jwks":
		a.fetched++
		if a.broken {
			http.Error(w, "unavailable", http.StatusServiceUnavailable)
			return
		}
		answer = obj{"keys": mapped(a.keys, actionsKey.json)}
	case "request":
		claims, ok := a.jobs[bearer(r)]
		if !ok || r.URL.Query().Get("job") == "" {
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		answer = obj{"value": a.token(issuer, r.URL.Query().Get("audience"), claims)}
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		return // the client went away
	}
}

func (k actionsKey) json() obj {
	e := big.NewInt(int64(k.key.E)).Bytes()
	return obj{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": k.id, "n": base64.RawURLEncoding.EncodeToString(k.key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(e),
	}
}
