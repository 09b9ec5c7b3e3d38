package app_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/app/apptest"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghschema"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/store"
)

// world is the real server against the stand-in.
type world struct {
	t      testing.TB
	github *ghfake.Server
	repo   *ghfake.Repo
	home   string
	log    *ghtest.Log
	every  time.Duration // between reconciliations, none by default

	actions *ghfake.Actions
	public  string // the server's own address, none by default

	api      string // where the stand-in listens
	database string
	now      func() time.Time
	server   *apptest.Running
}

// newWorld starts both; the repository acme/app is installed.
func newWorld(t testing.TB, o ghfake.Options, permissions map[string]string) *world {
	t.Helper()
	return begun(t, &world{t: t, now: time.Now}, o, permissions)
}

// newWorldReconciling starts both, with a reconciliation every so often.
func newWorldReconciling(t testing.TB, o ghfake.Options, every time.Duration) *world {
	t.Helper()
	return begun(t, &world{t: t, now: time.Now, every: every}, o, nil)
}

// newWorldAt is one with a clock of its own.
func newWorldAt(t testing.TB, o ghfake.Options, now func() time.Time) *world {
	t.Helper()
	return begun(t, &world{t: t, now: now}, o, nil)
}

func begun(t testing.TB, w *world, o ghfake.Options, permissions map[string]string) *world {
	t.Helper()
	o.AppID, o.Key, o.Secret = ghtest.AppID, &ghtest.Key().PublicKey, ghtest.Secret
	w.github = ghfake.New(o)
	w.github.AddInstallation(1, permissions)
	w.repo = w.github.AddRepo(1, "acme", "app")
	w.actions = ghfake.NewActions(clockOf(w.now))
	mux := http.NewServeMux()
	mux.Handle("/", held(t, w.github))
	mux.Handle(ghfake.ActionsPath, w.actions)
	w.api = apptest.Front(t, mux)
	w.database = filepath.Join(t.TempDir(), "test.db")
	w.start(w.api+"/", w.database)
	return w
}

// held holds every request and answer against GitHub's own description.
// Benchmarks measure without.
func held(t testing.TB, h http.Handler) http.Handler {
	if _, measuring := t.(*testing.B); measuring {
		return h
	}
	return ghschema.Wrap(t, h)
}

// start runs a server on a database and stops it with the test.
func (w *world) start(github, database string) {
	w.t.Helper()
	c := apptest.Config(w.t, github)
	c.DatabaseURL, c.PublicURL = "sqlite:"+database, w.public
	w.server = apptest.Start(w.t, c, nil, app.Outside{Now: w.now, Reconcile: w.every})
	w.home, w.log = w.server.Home, w.server.Log
}

func clockOf(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}

var author = ghtest.Author

const testPolicy = `version: 1
sessions:
  analysis-only:
    declared-by:
      labels: [analysis-only]
      trailers: ["Session-Mode: analysis-only"]
    may-change: [docs, cosmetic]
rules:
  core:
    uses: protected-paths
    with: {paths: ["core/**"]}
  packages:
    uses: dependencies
    level: approve
`

// open makes a repository with a policy and a pull request with changes.
func (w *world) open(policy string, changes ghfake.Files) int {
	w.t.Helper()
	base := ghfake.Files{"README.md": ghfake.Text("hello\n"), "core/a.py": ghfake.Text("x = 1\n"), "requirements.txt": ghfake.Text("a==1\n")}
	if policy != "" {
		base[".github/changeguard.yml"] = ghfake.Text(policy)
	}
	w.repo.Commit("main", "first", base, author)
	w.repo.Branch("feature", "main")
	w.repo.Commit("feature", "change", changes, author)
	return w.repo.Open(ghfake.Pull{Title: "A change", Base: "main", Head: "feature", Author: ghtest.Dev}).Number
}

// deliver sends an event and wants it accepted.
func (w *world) deliver(event string, payload map[string]any) {
	w.t.Helper()
	d, err := w.github.Deliver(context.Background(), w.home+"/webhook", event, payload)
	if err != nil || d.Status/100 != 2 {
		w.t.Fatalf("delivery answered with %d: %v", d.Status, err)
	}
}

// run waits for the n-th finished check run of a commit.
func (w *world) run(head string, n int) ghfake.Run {
	w.t.Helper()
	var last []ghfake.Run
	w.until(fmt.Sprintf("%d finished check runs on %s", n, head), func() bool {
		last = nil
		for _, r := range w.repo.Runs(head) {
			if r.Status == "completed" {
				last = append(last, r)
			}
		}
		return len(last) >= n
	})
	return last[n-1]
}

// verdict is the JSON of a pull request's newest verdict, as the store has it.
func (w *world) verdict(number int) string {
	w.t.Helper()
	s, err := store.Open(context.Background(), "sqlite:"+w.database)
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := s.Latest(context.Background(), store.Subject{Kind: store.Pull, Owner: "acme", Repo: "app", Number: number}.Name())
	if err = errors.Join(err, s.Close()); err != nil {
		w.t.Fatal(err)
	}
	return string(v.Body)
}

func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	ghtest.Until(w.t, what, w.log, holds)
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
