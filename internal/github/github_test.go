package github_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/github"
)

// client speaks to a handler; asking for tokens is answered aside.
func client(t *testing.T, c *ghtest.Clock, base string, h http.HandlerFunc) *github.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/access_tokens") {
			w.WriteHeader(http.StatusCreated)
			_ = json.NewEncoder(w).Encode(map[string]any{"token": "ghs_test", "expires_at": time.Now().Add(time.Hour).Format(time.RFC3339)})
			return
		}
		h(w, r)
	}))
	t.Cleanup(server.Close)
	app, err := github.New(github.Options{BaseURL: server.URL + base, AppID: 1, Key: ghtest.PEM(), Now: c.Now, CheckName: "changeguard"})
	if err != nil {
		t.Fatal(err)
	}
	first, second := app.Installation(3), app.Installation(3)
	if first != second {
		t.Error("an installation has two clients")
	}
	return first
}

var somewhere = github.Range{Owner: "acme", Repo: "app", Base: "main", Head: strings.Repeat("a", 40)}

func TestLimitsAreObeyed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		header map[string]string
		wait   time.Duration
	}{
		"secondary with Retry-After": {403, map[string]string{"Retry-After": "30"}, 30 * time.Second},
		"429 with Retry-After":       {429, map[string]string{"Retry-After": "5"}, 5 * time.Second},
		"429 without":                {429, nil, time.Minute},
		"primary":                    {403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000600"}, 601 * time.Second},
		"nonsense":                   {429, map[string]string{"Retry-After": "99999999"}, 2 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := ghtest.NewClock(time.Unix(1000000, 0))
			var asked atomic.Int32
			gh := client(t, at, "/", func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				for k, v := range c.header {
					w.Header().Set(k, v)
				}
				w.WriteHeader(c.status)
				fmt.Fprint(w, `{"message": "limited"}`)
			})
			var limit *github.LimitError
			for range 3 {
				if _, err := gh.Load(context.Background(), somewhere); !errors.As(err, &limit) {
					t.Fatalf("got %v", err)
				}
			}
			if got := limit.Until.Sub(at.Now()); got != c.wait || asked.Load() != 1 {
				t.Errorf("waits %s, want %s; asked %d times", got, c.wait, asked.Load())
			}
			at.Pass(c.wait + time.Second)
			_, _ = gh.Load(context.Background(), somewhere)
			if asked.Load() != 2 {
				t.Error("not asked again after the wait")
			}
		})
	}
}

func TestForbiddenIsNoLimit(t *testing.T) {
	t.Parallel()
	gh := client(t, ghtest.NewClock(time.Now()), "/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-Remaining", "4000")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"message": "Resource not accessible by integration"}`)
	})
	if _, err := gh.Load(context.Background(), somewhere); !errors.Is(err, github.ErrForbidden) {
		t.Errorf("got %v", err)
	}
}

func TestGatewaysHiccupIsTriedOnceMore(t *testing.T) {
	t.Parallel()
	for _, status := range []int{502, 503, 504} {
		var asked atomic.Int32
		gh := client(t, ghtest.NewClock(time.Now()), "/", func(w http.ResponseWriter, _ *http.Request) {
			if asked.Add(1) == 1 {
				w.WriteHeader(status)
				return
			}
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message": "Not Found"}`)
		})
		if _, err := gh.Load(context.Background(), somewhere); !errors.Is(err, github.ErrNotFound) || asked.Load() != 2 {
			t.Errorf("%d: %v after %d requests", status, err, asked.Load())
		}
	}
}

func TestEnterpriseServerByItsBase(t *testing.T) {
	t.Parallel()
	var paths []string
	var mu sync.Mutex
	gh := client(t, ghtest.NewClock(time.Now()), "/api/v3/", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		paths = append(paths, r.URL.Path)
		if strings.Contains(r.URL.Path, "/compare/") {
			fmt.Fprintf(w, `{"total_commits": 0, "base_commit": {"sha": "%040d"}, "merge_base_commit": {"sha": "%040d"}, "commits": [], "files": []}`, 1, 1)
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
	})
	_, _ = gh.Load(context.Background(), somewhere)
	if len(paths) < 2 || !strings.HasPrefix(paths[0], "/api/v3/repos/acme/app/compare/") || paths[1] != "/api/graphql" {
		t.Errorf("asked %v", paths)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, o := range []github.Options{{BaseURL: "nowhere"}, {BaseURL: "ftp://x/"}, {Key: []byte("no key")}} {
		if _, err := github.New(o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}
