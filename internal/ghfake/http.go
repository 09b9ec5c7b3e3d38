package ghfake

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// obj is a JSON object.
type obj = map[string]any

// call is one request under way. The server is locked while it is answered.
type call struct {
	r       *http.Request
	body    []byte
	repo    *Repo
	install *installation // nil for an App's own request
	app     *App
	token   token
	answer  *answer
}

// refusal is an answer that is no success.
type refusal struct {
	status  int
	message string
	errors  []any
}

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, message: fmt.Sprintf(format, args...)}
}

// invalid is GitHub's answer to a field that it does not take.
func invalid(resource, field, code, message string) *refusal {
	e := obj{"resource": resource, "field": field, "code": code}
	if message != "" {
		e["message"] = message
	}
	return &refusal{status: http.StatusUnprocessableEntity, message: "Validation Failed", errors: []any{e}}
}

// unfit is GitHub's answer to a body that does not fit the schema.
func unfit(format string, args ...any) *refusal {
	return refuse(http.StatusUnprocessableEntity, "Invalid request.\n\n"+format, args...)
}

var notFound = &refusal{status: http.StatusNotFound, message: "Not Found"}

// answer is what will be written.
type answer struct {
	status int
	body   any    // JSON, or nil for none
	raw    []byte // instead of body
	header http.Header
	cost   int
}

func (a *answer) fail(no *refusal) *answer {
	body := obj{"message": no.message, "documentation_url": "https://docs.github.com/rest", "status": itoa(no.status)}
	if no.errors != nil {
		body["errors"] = no.errors
	}
	a.status, a.body, a.raw = no.status, body, nil
	return a
}

// encode writes the body down.
func (a *answer) encode() []byte {
	if a.raw != nil {
		return a.raw
	}
	if a.body == nil {
		return nil
	}
	data, err := json.Marshal(a.body)
	if err != nil {
		panic(err) // a mistake in this package
	}
	return data
}

func (a *answer) write(w http.ResponseWriter) {
	a.send(w, a.encode())
}

func (a *answer) send(w http.ResponseWriter, data []byte) {
	h := w.Header()
	for k, v := range a.header {
		h[k] = v
	}
	if h.Get("Content-Type") == "" && data != nil {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(data) // the client went away
}

// ServeHTTP answers under / as api.github.com does and under /api as an
// Enterprise Server does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.await(r.Context(), s.options.Latency)
	switch {
	case strings.HasPrefix(r.URL.Path, "/api/v3/"):
		r = rebased(r, "/api/v3")
	case r.URL.Path == "/api/graphql":
		r = rebased(r, "/api")
	}
	if s.serveSite(w, r) {
		return
	}
	if rt := s.router.find(r); rt != nil {
		s.serve(w, r, rt)
	} else {
		(&answer{}).fail(notFound).write(w)
	}
}

// rebased is the request without the prefix of an Enterprise Server.
func rebased(r *http.Request, prefix string) *http.Request {
	u := *r.URL
	u.Path, u.RawPath = strings.TrimPrefix(u.Path, prefix), strings.TrimPrefix(u.RawPath, prefix)
	r2 := new(http.Request)
	*r2 = *r
	r2.URL = &u
	return r2
}

// maxBody is the largest request that is read.
const maxBody = 32 << 20

// serve answers one request of a route, with what faults do to it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, rt *route) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return // the client went away, or asks for too much
	}
	defer s.enter()()
	f := s.faulty(r, rt)
	if f != nil {
		s.await(r.Context(), f.Slow)
		if f.replaces() {
			s.note(r, rt, &call{body: body}, f.written())
			f.write(w)
			return
		}
	}
	c := &call{r: r, body: body, answer: &answer{status: http.StatusOK, header: make(http.Header)}}
	s.carryOut(c, rt)
	data := s.finish(c, rt)
	if f != nil && f.Lost {
		panic(http.ErrAbortHandler) // closes the connection
	}
	c.answer.send(w, data)
}

// enter counts a request that is under way, until the returned function is
// called.
func (s *Server) enter() (leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inFlight--
	}
}

// carryOut computes the answer.
func (s *Server) carryOut(c *call, rt *route) {
	s.mu.Lock()
	defer s.mu.Unlock()
	no := s.admit(c, rt)
	if no == nil {
		var body any
		if body, no = rt.do(c); body != nil {
			c.answer.body = body
		}
	}
	if no != nil {
		c.answer.fail(no)
	}
}

// admit lets a request in that is authenticated, permitted and within limits.
func (s *Server) admit(c *call, rt *route) *refusal {
	if what := rt.unknown(c.r); what != "" {
		return refuse(http.StatusNotImplemented, "The stand-in does not know %s here.", what)
	}
	if rt.app {
		return s.authenticateApp(c)
	}
	if no := s.authenticate(c); no != nil {
		return no
	}
	if no := s.meter(c, rt); no != nil {
		return no
	}
	if no := s.findRepo(c, rt); no != nil {
		return no
	}
	if !c.permitted(rt.needs...) {
		c.answer.header.Set("X-Accepted-Github-Permissions", accepted(rt.needs))
		return refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	return nil
}

// finish encodes the answer, answers from the client's cache where it still
// holds, and keeps the books.
func (s *Server) finish(c *call, rt *route) []byte {
	a, data := c.answer, c.answer.encode()
	if c.r.Method == http.MethodGet && a.status == http.StatusOK && !rt.app {
		tag := fmt.Sprintf(`W/"%x"`, sha256.Sum256(data))
		a.header.Set("Etag", tag)
		if sameTag(c.r.Header.Get("If-None-Match"), tag) {
			a.status, data, a.cost = http.StatusNotModified, nil, 0
		}
	}
	s.note(c.r, rt, c, a.status)
	return data
}

// sameTag compares weakly, as conditional reading does.
func sameTag(asked, tag string) bool {
	for one := range strings.SplitSeq(asked, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || one != "" && strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// note writes the request down, counts it and adds the headers of the quota.
func (s *Server) note(r *http.Request, rt *route, c *call, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := Request{Method: r.Method, Route: rt.pattern, Path: r.URL.Path, Status: status, ByApp: rt.app}
	entry.Survey = rt.graph && bytes.Contains(c.body, []byte("r0:repository("))
	if c.install != nil {
		entry.Installation, entry.Cost = c.install.id, c.answer.cost
		s.charge(c, rt)
	}
	s.log = append(s.log, entry)
}

// findRepo resolves {owner} and {repo} of the route; an installation sees only
// its own repositories.
func (s *Server) findRepo(c *call, rt *route) *refusal {
	if !strings.Contains(rt.pattern, "{owner}") {
		return nil
	}
	c.repo = s.visible(c, c.r.PathValue("owner"), c.r.PathValue("repo"))
	if c.repo == nil {
		return notFound
	}
	return nil
}

// visible finds a repository that a request may see.
func (s *Server) visible(c *call, owner, name string) *Repo {
	r := s.repos[strings.ToLower(owner+"/"+name)]
	if r == nil || !r.installations[c.install.id] || c.token.repos != nil && !c.token.repos[r.id] {
		return nil
	}
	return r
}

// read decodes a request's JSON body.
func (c *call) read(into any) *refusal {
	if err := json.Unmarshal(c.body, into); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	return nil
}

// link names other pages of a listing.
func (c *call) link(rel, key, value string) {
	u := url.URL{Scheme: "http", Host: c.r.Host, Path: c.r.URL.Path}
	q := c.r.URL.Query()
	q.Set(key, value)
	u.RawQuery = q.Encode()
	entry := fmt.Sprintf(`<%s>; rel=%q`, u.String(), rel)
	if old := c.answer.header.Get("Link"); old != "" {
		entry = old + ", " + entry
	}
	c.answer.header.Set("Link", entry)
}
