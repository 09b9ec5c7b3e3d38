package ghfake_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghschema"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

type obj = map[string]any

// world is a stand-in with one App, one installation and one repository.
type world struct {
	t     testing.TB
	hub   *ghfake.Server
	repo  *ghfake.Repo
	clock *ghtest.Clock
	serve http.Handler
	token string
}

// newWorld makes the repository acme/app, visible to installation 1.
func newWorld(t testing.TB, o ghfake.Options, permissions map[string]string) *world {
	t.Helper()
	w := &world{t: t, clock: ghtest.NewClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))}
	o.AppID, o.Key, o.Secret, o.Now = ghtest.AppID, &ghtest.Key().PublicKey, ghtest.Secret, w.clock.Now
	w.hub = ghfake.New(o)
	w.hub.AddInstallation(1, permissions)
	w.hub.AddAccount(ghfake.Account{Login: "acme", ID: 99, Type: "Organization"})
	w.repo = w.hub.AddRepo(1, "acme", "app")
	w.serve = ghschema.Wrap(t, w.hub)
	return w
}

var author = ghtest.Author

// reply is an answer.
type reply struct {
	t      testing.TB
	status int
	header http.Header
	raw    []byte
}

func (r *reply) object() obj {
	r.t.Helper()
	var o obj
	if err := json.Unmarshal(r.raw, &o); err != nil {
		r.t.Fatalf("%v in %s", err, r.raw)
	}
	return o
}

func (r *reply) list() []obj {
	r.t.Helper()
	var l []obj
	if err := json.Unmarshal(r.raw, &l); err != nil {
		r.t.Fatalf("%v in %s", err, r.raw)
	}
	return l
}

// at reads a value inside an object by its keys, joined with dots.
func at(o any, keys string) any {
	for k := range strings.SplitSeq(keys, ".") {
		switch v := o.(type) {
		case obj:
			o = v[k]
		case []any:
			i, err := strconv.Atoi(k)
			if err != nil || i >= len(v) {
				return nil
			}
			o = v[i]
		default:
			return nil
		}
	}
	return o
}

// want fails unless the status is right.
func (r *reply) want(status int) *reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("status %d, want %d: %s", r.status, status, r.raw[:min(len(r.raw), 600)])
	}
	return r
}

// says fails unless the message of a refusal has a text.
func (r *reply) says(text string) *reply {
	r.t.Helper()
	if !strings.Contains(string(r.raw), strings.ReplaceAll(text, `"`, `\"`)) {
		r.t.Fatalf("%q is not in %s", text, r.raw[:min(len(r.raw), 600)])
	}
	return r
}

// send makes one request; the headers come in pairs.
func (w *world) send(method, path string, body any, header ...string) *reply {
	w.t.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		data, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	r := httptest.NewRequest(method, path, reader)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.serve.ServeHTTP(rec, r)
	return &reply{w.t, rec.Code, rec.Header(), rec.Body.Bytes()}
}

// jwt signs a token of the App; claims replace the usual ones.
func (w *world) jwt(claims map[string]any) string {
	w.t.Helper()
	now := w.clock.Now()
	all := jwt.MapClaims{"iss": strconv.Itoa(ghtest.AppID), "iat": now.Add(-time.Minute).Unix(), "exp": now.Add(9 * time.Minute).Unix()}
	maps.Copy(all, claims)
	text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, all).SignedString(ghtest.Key())
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// app makes a request with the App's own token.
func (w *world) app(method, path string, body any) *reply {
	w.t.Helper()
	return w.send(method, path, body, "Authorization", "Bearer "+w.jwt(nil))
}

// newToken asks for a token of installation 1.
func (w *world) newToken(narrow any) string {
	w.t.Helper()
	token, ok := w.app("POST", "/app/installations/1/access_tokens", narrow).want(201).object()["token"].(string)
	if !ok {
		w.t.Fatal("no token came")
	}
	return token
}

// call makes a request with the installation's token.
func (w *world) call(method, path string, body any, header ...string) *reply {
	w.t.Helper()
	if w.token == "" {
		w.token = w.newToken(nil)
	}
	return w.send(method, path, body, append([]string{"Authorization", "token " + w.token}, header...)...)
}

func (w *world) get(path string, header ...string) *reply {
	w.t.Helper()
	return w.call("GET", path, nil, header...)
}

// query runs a query and returns the whole answer.
func (w *world) query(text string, variables obj) obj {
	w.t.Helper()
	return w.call("POST", "/graphql", obj{"query": text, "variables": variables}).want(200).object()
}

// data runs a query that must have no errors.
func (w *world) data(text string, variables obj) obj {
	w.t.Helper()
	answer := w.query(text, variables)
	if answer["errors"] != nil {
		w.t.Fatalf("errors: %v", answer["errors"])
	}
	return answer["data"].(obj)
}

// open makes a base, a branch with changes, and a pull request.
func (w *world) open(changes ghfake.Files) *ghfake.Pull {
	w.t.Helper()
	w.repo.Commit("main", "first", ghfake.Files{"README.md": ghfake.Text("hello\n"), "lib/a.go": ghfake.Text("package a\n\nvar x = 1\n")}, author)
	w.repo.Branch("feature", "main")
	w.repo.Commit("feature", "a change", changes, author)
	return w.repo.Open(ghfake.Pull{Title: "A change", Base: "main", Head: "feature", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}})
}

// many makes that many added files.
func many(n int) ghfake.Files {
	files := make(ghfake.Files, n)
	for i := range n {
		files[fmt.Sprintf("many/f%05d.txt", i)] = ghfake.Text(fmt.Sprintf("%d\n", i))
	}
	return files
}
