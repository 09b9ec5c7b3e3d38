package guard_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghschema"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/rules/catalogue"
)

// world is a guard against the stand-in. Its clock stands still.
type world struct {
	t     *testing.T
	hub   *ghfake.Server
	repo  *ghfake.Repo
	store *store.Store
	guard *guard.Guard
	app   *github.App
	log   strings.Builder

	events  int // deliveries so far
	notices []guard.Notice

	*ghtest.Clock
	ghtest.Between
}

func newWorld(t *testing.T, permissions map[string]string) *world {
	t.Helper()
	w := &world{t: t, Clock: ghtest.NewClock(time.Now())}
	w.hub = ghfake.New(ghfake.Options{AppID: ghtest.AppID, Key: &ghtest.Key().PublicKey, Secret: ghtest.Secret})
	w.hub.AddInstallation(1, permissions)
	w.repo = w.hub.AddRepo(1, "acme", "app")
	front := httptest.NewServer(ghschema.Wrap(t, w.hub))
	t.Cleanup(front.Close)
	var err error
	w.app, err = github.New(github.Options{
		BaseURL: front.URL + "/", AppID: ghtest.AppID, Now: w.Now, CheckName: "changeguard", Transport: w, Key: ghtest.PEM(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.store, err = store.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	w.restart()
	return w
}

// slowAfter is when tests are shown a check run in progress: never, by itself.
const slowAfter = time.Hour

// restart is another program on the same database.
func (w *world) restart() {
	w.guard = guard.New(guard.Config{
		Store: w.store, GitHub: w.app, Kinds: catalogue.Kinds(), Engine: "changeguard test", Logger: slog.New(slog.NewTextHandler(&w.log, nil)), Now: w.Now,
		SlowAfter: slowAfter, // not on a machine that is busy with something else
		Notice: func(_ context.Context, n guard.Notice) error {
			w.notices = append(w.notices, n)
			return nil
		},
	})
}

// hide has queries answer with null in a field of the repository.
func (w *world) hide(field string) {
	w.Edit("/graphql", func(answer map[string]any) {
		answer["data"].(map[string]any)["repository"].(map[string]any)[field] = nil
	})
}

var author, dev = ghtest.Author, ghtest.Dev

const testPolicy = `version: 1
sessions:
  analysis-only:
    declared-by: {labels: [analysis-only], trailers: ["Session-Mode: analysis-only"]}
    may-change: [docs]
rules:
  core: {uses: protected-paths, with: {paths: ["core/**"]}}
`

const policyPath = ".github/changeguard.yml"

var (
	fine  = ghfake.Files{"lib/a.py": ghfake.Text("x = 2\n")}
	wrong = ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")}
)

// base writes the first commit of main.
func (w *world) base(policy string) {
	w.repo.Commit("main", "first", ghfake.Files{"README.md": ghfake.Text("hello\n"), "core/a.py": ghfake.Text("x = 1\n"), policyPath: ghfake.Text(policy)}, author)
}

// open opens a pull request from a new branch with a change.
func (w *world) open(branch, base string, changes ghfake.Files) int {
	w.repo.Branch(branch, base)
	w.repo.Commit(branch, "change "+branch, changes, author)
	return w.repo.Open(ghfake.Pull{Title: "Change " + branch, Base: base, Head: branch, Author: dev}).Number
}

// pull is the subject of a pull request as its last event named it.
func (w *world) pull(number int) store.Subject {
	s := store.Subject{Kind: store.Pull, Installation: 1, Owner: "acme", Repo: "app", Number: number}
	w.repo.Edit(number, func(p *ghfake.Pull) { s.Base, s.Head = p.Base, p.HeadSHA })
	return s
}

func (w *world) group(branch, base string) store.Subject {
	return store.Subject{Kind: store.Group, Installation: 1, Owner: "acme", Repo: "app", Base: base, Head: w.repo.Tip(branch), Ref: branch}
}

func (w *world) push(branch, before string) store.Subject {
	return store.Subject{Kind: store.Push, Installation: 1, Owner: "acme", Repo: "app", Base: before, Head: w.repo.Tip(branch), Ref: branch}
}

// try receives an event about a subject and evaluates it once.
func (w *world) try(s store.Subject) error {
	w.t.Helper()
	w.event(&s)
	return w.again(s)
}

// event raises what is wanted of a subject, as a delivery does.
func (w *world) event(s *store.Subject) {
	w.t.Helper()
	w.events++
	id := fmt.Sprint("delivery ", w.events)
	err := w.store.InTx(context.Background(), func(tx *store.Tx) error {
		_, err := store.Receive(context.Background(), tx, store.Delivery{ID: id, Event: "test", Received: w.Now()}, s)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// again evaluates a subject as the queue does, with what the store has of it.
func (w *world) again(s store.Subject) error {
	w.t.Helper()
	stored, err := w.store.FindSubject(context.Background(), s.Name())
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.guard.Evaluate(context.Background(), stored); err != nil {
		return err
	}
	err = w.store.InTx(context.Background(), func(tx *store.Tx) error {
		_, err := store.Finish(context.Background(), tx, stored.ID, stored.Want)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return nil
}

// evaluate evaluates a subject until it is done, as the queue does.
func (w *world) evaluate(s store.Subject) {
	w.t.Helper()
	err := w.try(s)
	for range 3 {
		if err == nil {
			return
		}
		w.Pass(3 * time.Second)
		err = w.again(s)
	}
	if err != nil {
		w.t.Fatalf("%s: %v", s.Name(), err)
	}
}

// runs are the check runs of a branch's tip, in words.
func (w *world) runs(branch string) []string { return w.runsAt(w.repo.Tip(branch)) }

func (w *world) runsAt(head string) []string {
	var list []string
	for _, r := range w.repo.Runs(head) {
		list = append(list, strings.TrimSuffix(r.Status+" "+r.Conclusion, " "))
	}
	return list
}

// last is the last run of a branch's tip.
func (w *world) last(branch string) ghfake.Run {
	w.t.Helper()
	runs := w.repo.Runs(w.repo.Tip(branch))
	if len(runs) == 0 {
		w.t.Fatalf("%s has no run\n%s", branch, &w.log)
	}
	return runs[len(runs)-1]
}

// concluded wants a branch's last run to have a conclusion and words in it.
func (w *world) concluded(branch, conclusion, words string) {
	w.t.Helper()
	r := w.last(branch)
	if r.Status != "completed" || r.Conclusion != conclusion || !strings.Contains(r.Title+"\n"+r.Summary, words) {
		w.t.Errorf("%s: %s %s: %s\n%s", branch, r.Status, r.Conclusion, r.Title, r.Summary)
	}
}

// asked counts the requests since the last time.
func (w *world) asked() int {
	n := len(w.hub.Requests())
	w.hub.Forget()
	return n
}

var errAny = errors.New("any error")

// wants wants an error that wraps another; errAny is content with each.
func (w *world) wants(err, want error) {
	w.t.Helper()
	if err == nil || want != errAny && !errors.Is(err, want) {
		w.t.Errorf("got %v, want %v", err, want)
	}
}
