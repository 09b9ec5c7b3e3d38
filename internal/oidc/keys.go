package oidc

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// How keys are fetched and kept.
const (
	fetchTimeout = 10 * time.Second
	keepFor      = time.Hour   // after that a key may have been withdrawn
	anewAfter    = time.Minute // for an unknown key, and after a failure
	maxAnswer    = 1 << 20     // bytes
	maxKeys      = 100
)

// keys are an issuer's.
type keys struct {
	issuer string
	now    func() time.Time
	client *http.Client

	mu      sync.Mutex // held while they are fetched: whoever comes then waits for the same answer
	byID    map[string]*rsa.PublicKey
	fetched time.Time // that succeeded
	tried   time.Time
	failed  error // of the last try
}

// get finds a key, and fetches them where they are old or it is not among them.
func (k *keys) get(ctx context.Context, id string) (*rsa.PublicKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	fresh := !k.fetched.IsZero() && now.Sub(k.fetched) < keepFor && !now.Before(k.fetched)
	if key := k.byID[id]; key != nil && fresh {
		return key, nil
	}
	if pause := now.Sub(k.tried); k.tried.IsZero() || pause >= anewAfter || pause < 0 {
		found, err := k.fetch(context.WithoutCancel(ctx)) // for all who come; whoever goes away does not have it begun anew
		k.tried, k.failed = now, err
		if err == nil {
			k.byID, k.fetched, fresh = found, now, true
		}
	}
	switch key := k.byID[id]; {
	case fresh && key != nil:
		return key, nil
	case fresh && k.failed == nil:
		return nil, refuse("the issuer has no key of its id")
	case k.failed != nil:
		return nil, fmt.Errorf("the issuer's keys are not known: %w", k.failed)
	default:
		return nil, errors.New("the issuer's keys are not known yet; try again in a minute")
	}
}

// fetch asks the issuer where its keys are, and for them.
func (k *keys) fetch(ctx context.Context) (map[string]*rsa.PublicKey, error) {
	var about struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := k.ask(ctx, k.issuer+"/.well-known/openid-configuration", &about); err != nil {
		return nil, err
	}
	if about.Issuer != k.issuer {
		return nil, fmt.Errorf("%s says that it is %.100q", k.issuer, about.Issuer)
	}
	if err := safe(about.Keys); err != nil || !sameHost(k.issuer, about.Keys) {
		return nil, fmt.Errorf("the keys of %s are said to be at %.100q, which is not with it", k.issuer, about.Keys)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := k.ask(ctx, about.Keys, &set); err != nil {
		return nil, err
	}
	found := make(map[string]*rsa.PublicKey)
	for _, raw := range set.Keys[:min(len(set.Keys), maxKeys)] {
		if id, key := parseKey(raw); key != nil {
			found[id] = key
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no key for RS256", k.issuer)
	}
	return found, nil
}

func (k *keys) ask(ctx context.Context, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("ask for %s: %w", address, err)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := k.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the issuer: %w", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read %s: %w", address, err)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answered with %d", address, resp.StatusCode)
	case len(data) > maxAnswer:
		return fmt.Errorf("%s answered with more than %d bytes", address, maxAnswer)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s answered with something else than JSON", address)
	}
	return nil
}

// parseKey reads a key of a set, nil for one that is of no use here: of another
// kind, for another purpose, too short to be safe or too long to be quick.
func parseKey(raw json.RawMessage) (id string, key *rsa.PublicKey) {
	var k struct {
		Kty, Kid, Use, Alg, N, E string
	}
	if json.Unmarshal(raw, &k) != nil || k.Kty != "RSA" || k.Kid == "" || k.Use != "" && k.Use != "sig" || k.Alg != "" && k.Alg != "RS256" {
		return "", nil
	}
	n, errN := base64.RawURLEncoding.DecodeString(strings.TrimRight(k.N, "="))
	e, errE := base64.RawURLEncoding.DecodeString(strings.TrimRight(k.E, "="))
	if errors.Join(errN, errE) != nil || len(e) == 0 || len(e) > 4 {
		return "", nil
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	if bits := public.N.BitLen(); bits < 2048 || bits > 8192 || public.E < 3 || public.E > 1<<31-1 || public.E%2 == 0 {
		return "", nil
	}
	return k.Kid, public
}

// safe wants an address whose answers come from where it says.
func safe(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%.100q is no address like https://HOST", address)
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%.100q is not https", address)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func sameHost(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errors.Join(errX, errY) == nil && x.Host == y.Host && x.Scheme == y.Scheme
}

// IssuerOf is the issuer of Actions' tokens that belongs to GitHub's REST base:
// of github.com, of a data residence (api.NAME.ghe.com), or of an Enterprise
// Server.
func IssuerOf(rest string) string {
	u, err := url.Parse(rest)
	if err != nil {
		return ""
	}
	switch host := u.Host; {
	case host == "api.github.com":
		return "https://token.actions.githubusercontent.com"
	case strings.HasPrefix(host, "api.") && strings.HasSuffix(host, ".ghe.com"):
		return "https://token.actions." + strings.TrimPrefix(host, "api.")
	default:
		return u.Scheme + "://" + host + "/_services/token"
	}
}
