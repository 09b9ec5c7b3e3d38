package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/github"
)

const newToken = "POST /app/installations/{installation_id}/access_tokens"

var jsonHeader = http.Header{"Content-Type": {"application/json; charset=utf-8"}}

// A token that ended before its time is replaced, and the request that met it
// is sent again with its body.
func TestRefusedTokensAreReplaced(t *testing.T) {
	t.Parallel()
	for _, route := range []string{"/compare/", "/graphql", "/check-runs"} {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
			w.load(n)
			w.clock.Pass(2 * time.Minute)
			w.push()
			w.hub.Inject(ghfake.Fault{Route: route, Status: 401, Body: `{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest"}`, Header: jsonHeader})
			w.load(n)
			id, err := w.client.PublishRun(context.Background(), github.Target{Owner: "acme", Repo: "app", Head: w.repo.Tip("feature")}, passed)
			if err != nil || id == 0 {
				t.Error(err)
			}
			if got := w.hub.Count(newToken); got != 2 {
				t.Errorf("%d tokens", got)
			}
		})
	}
}

// An App whose key GitHub does not take must not ask for tokens without end.
func TestYoungTokensAreNotReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.hub.Inject(ghfake.Fault{Route: "/compare/", Times: -1, Status: 401, Body: `{"message":"Bad credentials"}`, Header: jsonHeader})
	for range 3 {
		if _, err := w.client.Load(context.Background(), w.pull(n)); !errors.Is(err, github.ErrForbidden) {
			t.Errorf("got %v", err)
		}
	}
	if got := w.hub.Count(newToken); got != 1 {
		t.Errorf("%d tokens", got)
	}
}

// A token knows the permissions of the moment it was made. What was granted
// since is used at once.
func TestGrantedPermissionsAreUsed(t *testing.T) {
	t.Parallel()
	permissions := ghfake.Permissions()
	delete(permissions, "pull_requests")
	w := newWorld(t, ghfake.Options{}, permissions)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	if _, err := w.client.Load(context.Background(), w.pull(n)); !errors.Is(err, github.ErrForbidden) {
		t.Fatalf("got %v", err)
	}
	w.hub.AddInstallation(1, nil)
	w.clock.Pass(2 * time.Minute)
	w.load(n)
}

// A token is renewed before it ends.
func TestTokensAreRenewedInTime(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/access_tokens") {
			if got := r.Header.Get("Authorization"); got != fmt.Sprint("token ghs_", asked.Load()) {
				t.Errorf("asked with %q after %d tokens", got, asked.Load())
			}
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"token": "ghs_%d", "expires_at": %q}`, asked.Add(1), time.Now().Add(30*time.Second).Format(time.RFC3339))
	}))
	t.Cleanup(server.Close)
	app, err := github.New(github.Options{BaseURL: server.URL, AppID: 1, Key: ghtest.PEM()})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, _ = app.Installation(3).Load(context.Background(), somewhere)
	}
	if asked.Load() != 3 {
		t.Errorf("%d tokens for three requests that each came in the last minute of one", asked.Load())
	}
}

// Installations ask for their tokens at the same time; the race detector
// watches.
func TestManyInstallationsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	r := w.pull(n)
	var all sync.WaitGroup
	for id := range int64(8) {
		w.hub.AddInstallation(id+10, nil)
		w.repo.Share(id + 10)
		all.Go(func() {
			if _, err := w.app.Installation(id+10).Load(context.Background(), r); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// A redirection to another host does not get the token.
func TestTokensStayWithGitHub(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was sent elsewhere with %q", r.URL, r.Header.Get("Authorization"))
	}))
	t.Cleanup(other.Close)
	gh := client(t, ghtest.NewClock(time.Now()), "/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusMovedPermanently)
	})
	if _, err := gh.Load(context.Background(), somewhere); err == nil {
		t.Error("followed")
	}
}

// A repository that was renamed is found under its new address.
func TestRenamedRepositories(t *testing.T) {
	t.Parallel()
	var paths []string
	gh := client(t, ghtest.NewClock(time.Now()), "/", func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		if strings.HasPrefix(r.URL.Path, "/repos/") {
			http.Redirect(w, r, "/repositories/17"+strings.TrimPrefix(r.URL.Path, "/repos/acme/app"), http.StatusMovedPermanently)
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, "{}")
	})
	_, _ = gh.Load(context.Background(), somewhere)
	if len(paths) < 2 || !strings.HasPrefix(paths[1], "/repositories/17/compare/") {
		t.Errorf("%v", paths)
	}
}
