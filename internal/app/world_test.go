package app_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghschema"
	"github.com/changeguard/changeguard/internal/store"
)

// testKey is made once; keys are slow to make and none is secret here.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// world is the real server against the stand-in.
type world struct {
	t      testing.TB
	github *ghfake.Server
	repo   *ghfake.Repo
	home   string
	log    logs
	every  time.Duration // between reconciliations, none by default

	actions *ghfake.Actions
	public  string // the server's own address, none by default

	api      string // where the stand-in listens
	database string
	now      func() time.Time
	server   *app.Server
}

// logs are what the server says, shown when a test waits in vain.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.text.String()
	return text[max(0, len(text)-4000):]
}

const secret = "a secret that only the test knows"

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
	o.AppID, o.Key, o.Secret = 7, &testKey().PublicKey, secret
	w.github = ghfake.New(o)
	w.github.AddInstallation(1, permissions)
	w.repo = w.github.AddRepo(1, "acme", "app")
	w.actions = ghfake.NewActions(clockOf(w.now))
	mux := http.NewServeMux()
	mux.Handle("/", held(t, w.github))
	mux.Handle(ghfake.ActionsPath, w.actions)
	front := httptest.NewServer(mux)
	t.Cleanup(front.Close)
	w.database = filepath.Join(t.TempDir(), "test.db")
	w.api = front.URL
	w.start(front.URL+"/", w.database)
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
	ctx, cancel := context.WithCancel(context.Background())
	c := app.Config{
		Addr: "127.0.0.1:0", GitHubURL: github, AppID: "7", WebhookSecret: secret, DatabaseURL: "sqlite:" + database, Workers: "8", PublicURL: w.public,
		PrivateKey: string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(testKey())})),
	}
	if err := c.Complete(func(string) string { return "" }, false); err != nil {
		w.t.Fatal(err)
	}
	s, err := app.New(ctx, c, app.Outside{
		Logger: slog.New(slog.NewTextHandler(&w.log, nil)), Now: clockOf(w.now), Reconcile: cmp.Or(w.every, -1),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.server = s
	w.home = "http://" + s.Addr()
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
}

func clockOf(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}

var author = ghfake.Signature{Name: "Dev", Email: "dev@example.com", When: time.Unix(1_700_000_000, 0)}

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
	return w.repo.Open(ghfake.Pull{Title: "A change", Base: "main", Head: "feature", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
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
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("waited in vain for %s\n%s", what, &w.log)
		}
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
