package ghfake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// call is one authenticated request.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	repo    *Repo
	install *installation
}

// refuse is an answer that is no success.
type refuse struct {
	status  int
	message string
}

func refusal(status int, format string, args ...any) *refuse {
	return &refuse{status, fmt.Sprintf(format, args...)}
}

var notFound = &refuse{http.StatusNotFound, "Not Found"}

// ServeHTTP answers under / as api.github.com does and under /api as an
// Enterprise Server does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.options.Latency > 0 {
		select {
		case <-time.After(s.options.Latency):
		case <-r.Context().Done():
			return
		}
	}
	if path, ok := strings.CutPrefix(r.URL.Path, "/api/v3"); ok {
		r.URL.Path = path
	} else if r.URL.Path == "/api/graphql" {
		r.URL.Path = "/graphql"
	}
	r.URL.RawPath = ""
	if s.faulty(w, r) {
		return
	}
	s.mux.ServeHTTP(w, r)
}

// faulty lets a prepared fault answer.
func (s *Server) faulty(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.faults {
		f := &s.faults[i]
		if f.left > 0 && strings.Contains(r.Method+" "+r.URL.Path, f.route) {
			f.left--
			f.answer(w)
			return true
		}
	}
	return false
}

// handle registers a route that needs an installation's token and permissions.
// The server is locked while the function runs.
func (s *Server) handle(route, permission, level string, do func(c *call) (any, *refuse)) {
	s.mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		status := s.serve(&call{w: w, r: r}, permission, level, do)
		s.log = append(s.log, Request{r.Method, route, status, 0})
	})
}

func (s *Server) serve(c *call, permission, level string, do func(c *call) (any, *refuse)) int {
	inst, no := s.authenticate(c.r)
	if no == nil {
		c.install = inst
		no = s.meter(c.w, inst)
	}
	if no == nil {
		no = s.findRepo(c)
	}
	if no == nil && !allows(inst.permissions[permission], level) {
		no = refusal(http.StatusForbidden, "Resource not accessible by integration")
	}
	var body any
	if no == nil {
		body, no = do(c)
	}
	if no != nil {
		return writeJSON(c.w, no.status, map[string]any{"message": no.message, "documentation_url": "https://docs.github.com/rest"})
	}
	if created, ok := body.(created); ok {
		return writeJSON(c.w, http.StatusCreated, created.body)
	}
	if raw, ok := body.([]byte); ok {
		c.w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = c.w.Write(raw) // the client went away
		return http.StatusOK
	}
	return writeJSON(c.w, http.StatusOK, body)
}

// created is a body that is answered with 201.
type created struct{ body any }

func writeJSON(w http.ResponseWriter, status int, body any) int {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err) // a mistake in this package
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(data) // the client went away
	return status
}

// allows compares permissions: write includes read.
func allows(have, need string) bool {
	return have == need || have == "write" && need == "read"
}

// authenticate finds the installation of a token.
func (s *Server) authenticate(r *http.Request) (*installation, *refuse) {
	_, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	t, ok := s.tokens[value]
	if !ok || s.options.Now().After(t.expires) {
		return nil, refusal(http.StatusUnauthorized, "Bad credentials")
	}
	return s.installations[t.installation], nil
}

// meter counts against the hourly quota.
func (s *Server) meter(w http.ResponseWriter, i *installation) *refuse {
	now := s.options.Now()
	if now.After(i.reset) {
		i.used, i.reset = 0, now.Add(time.Hour)
	}
	i.used++
	left := s.options.Quota - i.used
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(s.options.Quota))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, left)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(i.reset.Unix(), 10))
	if left < 0 {
		return refusal(http.StatusForbidden, "API rate limit exceeded for installation ID %d.", i.id)
	}
	return nil
}

// findRepo resolves {owner} and {repo} of the route; an installation sees only
// its own repositories.
func (s *Server) findRepo(c *call) *refuse {
	owner, name := c.r.PathValue("owner"), c.r.PathValue("repo")
	if owner == "" {
		return nil
	}
	repo := s.repos[strings.ToLower(owner+"/"+name)]
	if repo == nil || repo.installation != c.install.id {
		return notFound
	}
	c.repo = repo
	return nil
}

// read decodes a request's JSON body.
func (c *call) read(into any) *refuse {
	data, err := io.ReadAll(io.LimitReader(c.r.Body, 32<<20))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return refusal(http.StatusBadRequest, "Problems parsing JSON")
	}
	return nil
}

// page reads per_page and page.
func (c *call) page() (size, number int) {
	q := c.r.URL.Query()
	size, _ = strconv.Atoi(cmp.Or(q.Get("per_page"), "30"))
	number, _ = strconv.Atoi(cmp.Or(q.Get("page"), "1"))
	return max(1, min(size, 100)), max(1, number)
}

// slice cuts a list to the asked page and links to the next.
func slice[T any](c *call, all []T) []T {
	size, number := c.page()
	from, to := min(len(all), (number-1)*size), min(len(all), number*size)
	if to < len(all) {
		u := *c.r.URL
		q := u.Query()
		q.Set("page", strconv.Itoa(number+1))
		u.RawQuery = q.Encode()
		c.w.Header().Set("Link", fmt.Sprintf(`<http://%s%s>; rel="next"`, c.r.Host, u.RequestURI()))
	}
	return all[from:to]
}

// appToken checks the App's own signed token.
func (s *Server) appToken(r *http.Request) *refuse {
	_, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	claims := new(jwt.RegisteredClaims)
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(value, claims, func(*jwt.Token) (any, error) { return s.options.Key, nil })
	now := s.options.Now()
	switch {
	case err != nil:
		return refusal(http.StatusUnauthorized, "A JSON web token could not be decoded")
	case claims.Issuer != strconv.FormatInt(s.options.AppID, 10):
		return refusal(http.StatusUnauthorized, "'Issuer' claim ('iss') must be an Integer")
	case claims.ExpiresAt == nil || now.After(claims.ExpiresAt.Time):
		return refusal(http.StatusUnauthorized, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	case claims.ExpiresAt.Sub(now) > 10*time.Minute+time.Second:
		return refusal(http.StatusUnauthorized, "'Expiration time' claim ('exp') is too far in the future")
	}
	return nil
}

// handleApp registers a route that needs the App's own token.
func (s *Server) handleApp(route string, do func(c *call) (any, *refuse)) {
	s.mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if no := s.appToken(r); no != nil {
			writeJSON(w, no.status, map[string]any{"message": no.message})
			return
		}
		body, no := do(&call{w: w, r: r})
		if no != nil {
			writeJSON(w, no.status, map[string]any{"message": no.message})
			return
		}
		if c, ok := body.(created); ok {
			writeJSON(w, http.StatusCreated, c.body)
			return
		}
		writeJSON(w, http.StatusOK, body)
	})
}
