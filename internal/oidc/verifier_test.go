package oidc_test

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/oidc"
)

const (
	issuer   = "https://issuer.example"
	audience = "https://guard.example"
)

// key is the issuer's.
var key = ghtest.Key

// site answers for the issuer.
type site struct {
	mu    sync.Mutex
	pages map[string]string
	asked []string
}

func (s *site) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.String())
	text, ok := s.pages[r.URL.String()]
	status := http.StatusOK
	if !ok {
		status = http.StatusNotFound
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(text)), Header: make(http.Header), Request: r}, nil
}

func jwk(kid string, k *rsa.PublicKey, more string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return fmt.Sprintf(`{"kty":"RSA","kid":%q,"n":%q,"e":%q%s}`, kid, enc(k.N.Bytes()), enc(big.NewInt(int64(k.E)).Bytes()), more)
}

func newSite(keys ...string) *site {
	return &site{pages: map[string]string{
		issuer + "/.well-known/openid-configuration": `{"issuer": "` + issuer + `", "jwks_uri": "` + issuer + `/.well-known/jwks"}`,
		issuer + "/.well-known/jwks":                 `{"keys": [` + strings.Join(keys, ",") + `]}`,
	}}
}

func verifier(t testing.TB, s *site) (*oidc.Verifier, *ghtest.Clock) {
	t.Helper()
	c := ghtest.NewClock(time.Unix(1_800_000_000, 0))
	v, err := oidc.New(oidc.Config{Issuer: issuer, Audience: audience, Transport: s, Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	return v, c
}

func encode(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func claims(c *ghtest.Clock) map[string]any {
	now := c.Now().Unix()
	return map[string]any{"iss": issuer, "aud": audience, "iat": now, "nbf": now, "exp": now + 300, "repository": "acme/app", "sha": "abc"}
}

func sign(header, claims map[string]any) string {
	text := encode(header) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key(), crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func head(kid string) map[string]any {
	return map[string]any{"alg": "RS256", "typ": "JWT", "kid": kid}
}

func TestTokenIsTaken(t *testing.T) {
	t.Parallel()
	s := newSite(jwk("a", &key().PublicKey, `,"use":"sig","alg":"RS256","x5c":["x"]`))
	v, c := verifier(t, s)
	for range 3 {
		c.Pass(15 * time.Minute) // the keys are kept for an hour
		got, err := v.Verify(t.Context(), sign(head("a"), claims(c)))
		if err != nil || got.Repository != "acme/app" || got.SHA != "abc" {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if len(s.asked) != 2 {
		t.Errorf("asked for %v", s.asked)
	}
	c.Pass(2 * time.Hour)
	if _, err := v.Verify(t.Context(), sign(head("a"), claims(c))); err != nil || len(s.asked) != 4 {
		t.Errorf("after two hours: %v, asked for %v", err, s.asked)
	}
}

// What is forged, for somebody else, or out of its time is refused.
func TestTokensAreRefused(t *testing.T) {
	t.Parallel()
	v, c := verifier(t, newSite(jwk("a", &key().PublicKey, "")))
	now := c.Now().Unix()
	with := func(name string, value any) string {
		all := claims(c)
		if all[name] = value; value == nil {
			delete(all, name)
		}
		return sign(head("a"), all)
	}
	header := func(name string, value any) string {
		h := head("a")
		h[name] = value
		return sign(h, claims(c))
	}
	good := sign(head("a"), claims(c))
	parts := strings.Split(good, ".")
	symmetric := encode(map[string]any{"alg": "HS256", "kid": "a"}) + "." + parts[1]
	mac := hmac.New(sha256.New, key().PublicKey.N.Bytes())
	mac.Write([]byte(symmetric))
	for name, token := range map[string]string{
		"empty":                     "",
		"two parts":                 parts[0] + "." + parts[1],
		"four parts":                good + ".x",
		"padded":                    parts[0] + "=." + parts[1] + "." + parts[2],
		"no signature":              parts[0] + "." + parts[1] + ".",
		"another text":              parts[0] + "." + encode(claims(ghtest.NewClock(c.Now().Add(time.Second)))) + "." + parts[2],
		"none":                      encode(map[string]any{"alg": "none", "kid": "a"}) + "." + parts[1] + ".",
		"the key as a secret":       symmetric + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
		"RS384":                     header("alg", "RS384"),
		"extensions":                header("crit", []string{"exp"}),
		"no key":                    header("kid", ""),
		"an unknown key":            header("kid", "b"),
		"its own key":               header("kid", "") + `{"jwk": {}}`,
		"another issuer":            with("iss", issuer+".evil"),
		"an issuer with a slash":    with("iss", issuer+"/"),
		"another audience":          with("aud", "https://other.example"),
		"two audiences":             with("aud", []string{audience, "https://other.example"}),
		"no audience":               with("aud", nil),
		"ended":                     with("exp", now-60),
		"without end":               with("exp", nil),
		"an end beyond all":         with("exp", int64(1)<<62),
		"a text as end":             with("exp", "tomorrow"),
		"later":                     with("nbf", now+61),
		"issued later":              with("iat", now+61),
		"issued long ago":           with("iat", now-3600),
		"not issued":                with("iat", nil),
		"large":                     strings.Repeat("a", oidc.MaxToken+1),
		"many dots":                 strings.Repeat(".", 1000),
		"an object as a repository": with("repository", map[string]any{}),
	} {
		if got, err := v.Verify(t.Context(), token); !errors.Is(err, oidc.ErrRefused) {
			t.Errorf("%s: %+v, %v", name, got, err)
		} else if len(err.Error()) > 500 {
			t.Errorf("%s: the error repeats the token", name)
		}
	}
	for name, token := range map[string]string{"just ended": with("exp", now-59), "nearly": with("nbf", now+60), "one in a list": with("aud", []string{audience})} {
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A key that came after the others were fetched is found, at most once a minute;
// one that was withdrawn is not used for longer than an hour.
func TestKeysRotate(t *testing.T) {
	t.Parallel()
	s := newSite(jwk("a", &key().PublicKey, ""))
	v, c := verifier(t, s)
	if _, err := v.Verify(t.Context(), sign(head("a"), claims(c))); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := v.Verify(t.Context(), sign(head("b"), claims(c))); !errors.Is(err, oidc.ErrRefused) {
			t.Fatal(err)
		}
	}
	if len(s.asked) != 2 {
		t.Errorf("strangers had the issuer asked for %d pages", len(s.asked))
	}
	s.pages[issuer+"/.well-known/jwks"] = `{"keys": [` + jwk("b", &key().PublicKey, "") + `]}`
	c.Pass(time.Minute)
	if _, err := v.Verify(t.Context(), sign(head("b"), claims(c))); err != nil {
		t.Errorf("the new key: %v", err)
	}
	if _, err := v.Verify(t.Context(), sign(head("a"), claims(c))); !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("the old key: %v", err)
	}
}

// An issuer that answers with something else, or points elsewhere, is an error
// that is no refusal; keys that are of no use are not used.
func TestIssuersThatCannotBe(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	about, where := issuer+"/.well-known/openid-configuration", issuer+"/.well-known/jwks"
	for name, pages := range map[string]map[string]string{
		"nothing":         {},
		"no JSON":         {about: "<html>"},
		"another issuer":  {about: `{"issuer": "https://evil.example", "jwks_uri": "` + where + `"}`},
		"another host":    {about: `{"issuer": "` + issuer + `", "jwks_uri": "https://evil.example/jwks"}`},
		"http":            {about: `{"issuer": "` + issuer + `", "jwks_uri": "http://issuer.example/jwks"}`},
		"no keys":         {where: `{"keys": []}`},
		"a short key":     {where: `{"keys": [` + jwk("a", &small.PublicKey, "") + `]}`},
		"to encrypt with": {where: `{"keys": [` + jwk("a", &key().PublicKey, `,"use":"enc"`) + `]}`},
		"even":            {where: `{"keys": [{"kty":"RSA","kid":"a","n":"` + strings.Repeat("_", 400) + `","e":"Ag"}]}`},
		"large":           {where: strings.Repeat(" ", 2<<20)},
	} {
		s := newSite(jwk("a", &key().PublicKey, ""))
		if name == "nothing" {
			s.pages = nil
		}
		for page, text := range pages {
			s.pages[page] = text
		}
		v, c := verifier(t, s)
		for range 2 {
			if _, err := v.Verify(t.Context(), sign(head("a"), claims(c))); err == nil || errors.Is(err, oidc.ErrRefused) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if len(s.asked) > 2 {
			t.Errorf("%s: asked %d times", name, len(s.asked))
		}
		for _, address := range s.asked {
			if !strings.HasPrefix(address, issuer+"/") {
				t.Errorf("%s: asked %s", name, address)
			}
		}
	}
}

func TestIssuerOf(t *testing.T) {
	t.Parallel()
	for rest, want := range map[string]string{
		"https://api.github.com/":      "https://token.actions.githubusercontent.com",
		"https://api.octo.ghe.com/":    "https://token.actions.octo.ghe.com",
		"https://ghe.example/api/v3/":  "https://ghe.example/_services/token",
		"http://127.0.0.1:1234/":       "http://127.0.0.1:1234/_services/token",
		"http://ghe.example/api/v3/":   "http://ghe.example/_services/token",
		"https://api.github.com.evil/": "https://api.github.com.evil/_services/token",
	} {
		if got := oidc.IssuerOf(rest); got != want {
			t.Errorf("%s: %s, want %s", rest, got, want)
		}
	}
	for _, unsafe := range []string{"", "http://ghe.example/_services/token", "ftp://x", "https://a:b@x", "https://x?y", "https://"} {
		if _, err := oidc.New(oidc.Config{Issuer: unsafe, Audience: audience, Now: time.Now}); err == nil {
			t.Errorf("%q is taken for an issuer", unsafe)
		}
	}
}

// No token that is not the issuer's is taken, whatever it is.
func FuzzVerify(f *testing.F) {
	s := newSite(jwk("a", &key().PublicKey, ""))
	v, c := verifier(f, s)
	good := sign(head("a"), claims(c))
	f.Add(good[:len(good)-1])
	f.Add(encode(map[string]any{"alg": "none"}) + "." + encode(claims(c)) + ".")
	f.Add("..")
	f.Add("e30.e30.e30")
	f.Fuzz(func(t *testing.T, token string) {
		if token == good {
			return
		}
		if got, err := v.Verify(context.Background(), token); err == nil {
			t.Fatalf("%q is taken: %+v", token, got)
		}
	})
}
