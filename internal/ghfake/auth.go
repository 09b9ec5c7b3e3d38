package ghfake

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// A permission is one that a route asks for.
type permission struct{ name, level string }

// need reads permissions written as "checks:write pull_requests:read", any one
// of which is enough.
func need(text string) []permission {
	var list []permission
	for one := range strings.FieldsSeq(text) {
		name, level, _ := strings.Cut(one, ":")
		list = append(list, permission{name, level})
	}
	return list
}

// accepted names permissions as GitHub's header does.
func accepted(list []permission) string {
	var parts []string
	for _, p := range list {
		parts = append(parts, p.name+"="+p.level)
	}
	return strings.Join(parts, "; ")
}

// allows compares permissions: write includes read.
func allows(have, need string) bool {
	return have != "" && (have == need || have == "admin" || have == "write" && need == "read")
}

// permitted reports whether the token has one of the permissions. Whoever sees
// a repository may read its metadata.
func (c *call) permitted(any ...permission) bool {
	if len(any) == 0 {
		return true
	}
	return slices.ContainsFunc(any, func(p permission) bool {
		return p.name == "metadata" || allows(c.token.permissions[p.name], p.level) && allows(c.install.permissions[p.name], p.level)
	})
}

type token struct {
	installation int64
	expires      time.Time
	permissions  map[string]string
	repos        map[int64]bool // nil means all of the installation
}

// bearer is the token of a request.
func bearer(r *http.Request) string {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "token") && !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return value
}

var (
	badCredentials = &refusal{status: http.StatusUnauthorized, message: "Bad credentials"}
	suspended      = &refusal{status: http.StatusForbidden, message: "This installation has been suspended"}
)

// authenticate finds the installation of a token.
func (s *Server) authenticate(c *call) *refusal {
	if c.r.Header.Get("Authorization") == "" {
		return refuse(http.StatusUnauthorized, "Requires authentication")
	}
	t, ok := s.tokens[bearer(c.r)]
	if !ok || !s.options.Now().Before(t.expires) {
		return badCredentials
	}
	i := s.installations[t.installation]
	if i == nil {
		return badCredentials
	}
	if i.suspended {
		return suspended
	}
	c.token, c.install, c.app = t, i, s.apps[i.app]
	return nil
}

// Tokens of Apps live for ten minutes at most; GitHub bears a minute of skew.
const (
	appTokenLife = 10 * time.Minute
	clockSkew    = time.Minute
)

// authenticateApp checks an App's own signed token.
func (s *Server) authenticateApp(c *call) *refusal {
	const undecodable = "A JSON web token could not be decoded"
	claims := new(jwt.RegisteredClaims)
	unknown := false
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(bearer(c.r), claims, func(*jwt.Token) (any, error) {
		id, err := strconv.ParseInt(claims.Issuer, 10, 64)
		if c.app = s.apps[id]; err != nil || c.app == nil || c.app.Key == nil {
			unknown = err == nil
			return nil, jwt.ErrTokenInvalidIssuer
		}
		return c.app.Key, nil
	})
	now := s.options.Now()
	switch {
	case unknown:
		return refuse(http.StatusNotFound, "Integration not found")
	case err != nil:
		return refuse(http.StatusUnauthorized, undecodable)
	case claims.IssuedAt == nil || claims.IssuedAt.After(now.Add(clockSkew)):
		return refuse(http.StatusUnauthorized, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	case claims.ExpiresAt == nil || !now.Before(claims.ExpiresAt.Time):
		return refuse(http.StatusUnauthorized, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	case claims.ExpiresAt.Sub(now) > appTokenLife+clockSkew:
		return refuse(http.StatusUnauthorized, "'Expiration time' claim ('exp') is too far in the future")
	}
	return nil
}

// tokenRequest is what a request for a token may narrow.
type tokenRequest struct {
	Repositories  []string          `json:"repositories"`
	RepositoryIDs []int64           `json:"repository_ids"`
	Permissions   map[string]string `json:"permissions"`
}

// createToken answers with a token of an installation that lives for an hour.
func (s *Server) createToken(c *call) (any, *refusal) {
	i, no := s.ownInstallation(c)
	if no != nil {
		return nil, no
	}
	var b tokenRequest
	if len(c.body) > 0 {
		if no := c.read(&b); no != nil {
			return nil, no
		}
	}
	t := token{installation: i.id, expires: s.now().Add(time.Hour), permissions: i.permissions}
	if b.Permissions != nil {
		for name, level := range b.Permissions {
			if !allows(i.permissions[name], level) {
				return nil, refuse(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
			}
		}
		t.permissions = b.Permissions
	}
	if t.repos, no = s.narrowed(i, &b); no != nil {
		return nil, no
	}
	value := s.newToken(c.app)
	s.tokens[value] = t
	c.answer.status = http.StatusCreated
	selection := "all"
	if t.repos != nil {
		selection = "selected"
	}
	return obj{"token": value, "expires_at": t.expires.Format(time.RFC3339), "permissions": t.permissions, "repository_selection": selection}, nil
}

// maxNarrowed is how many repositories a token can be narrowed to by name.
const maxNarrowed = 500

// narrowed is the choice of repositories, nil for all.
func (s *Server) narrowed(i *installation, b *tokenRequest) (map[int64]bool, *refusal) {
	switch n := len(b.Repositories) + len(b.RepositoryIDs); {
	case n == 0:
		return nil, nil
	case n > maxNarrowed:
		return nil, refuse(http.StatusUnprocessableEntity, "No more than %d repositories can be listed.", maxNarrowed)
	}
	chosen := make(map[int64]bool)
	for _, r := range s.repos {
		if r.installations[i.id] && (slices.Contains(b.Repositories, r.Name) || slices.Contains(b.RepositoryIDs, r.id)) {
			chosen[r.id] = true
		}
	}
	if len(chosen) != len(b.Repositories)+len(b.RepositoryIDs) {
		return nil, refuse(http.StatusUnprocessableEntity, "There is at least one repository that does not exist or is not accessible to the parent installation.")
	}
	return chosen, nil
}

// newToken makes a token; every other one has the long form, which clients must
// not take for anything but opaque.
func (s *Server) newToken(a *App) string {
	n := s.id()
	random := make([]byte, 180)
	_, _ = rand.Read(random) // never fails
	text := base64.RawURLEncoding.EncodeToString(random)
	if n%2 == 0 {
		return "ghs_" + itoa(a.ID) + "_" + text[:80] + "." + text[80:160] + "." + text[160:]
	}
	return "ghs_" + strings.NewReplacer("-", "a", "_", "b").Replace(text[:36])
}

// ownInstallation is the installation that the route names, if it is of the App
// that asks.
func (s *Server) ownInstallation(c *call) (*installation, *refusal) {
	id, err := strconv.ParseInt(c.r.PathValue("installation_id"), 10, 64)
	i := s.installations[id]
	if err != nil || i == nil || i.app != c.app.ID {
		return nil, notFound
	}
	if i.suspended {
		return nil, suspended
	}
	return i, nil
}
