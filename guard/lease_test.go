package guard_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/store/pgtest"
	"github.com/changeguard/changeguard/rules/catalogue"
)

func TestMain(m *testing.M) {
	code := m.Run()
	pgtest.Stop()
	os.Exit(code)
}

// replicas is a world with two programs on one PostgreSQL.
func replicas(t *testing.T) (w *world, other *guard.Guard, second *store.Store) {
	t.Helper()
	w = newWorld(t, nil)
	database := pgtest.Database(t)
	open := func() *store.Store {
		s, err := store.Open(context.Background(), database)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	w.store, second = open(), open()
	w.restart()
	other = guard.New(guard.Config{Store: second, GitHub: w.app, Kinds: catalogue.Kinds(), Engine: "changeguard test", Logger: w.guard.Logger, Now: w.Now, SlowAfter: slowAfter})
	return w, other, second
}

// severLocks ends the connections that hold something.
func severLocks(t *testing.T, s *store.Store) {
	t.Helper()
	const locks = `SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	var n int
	if err := s.DB().QueryRowContext(context.Background(), locks).Scan(&n); err != nil || n == 0 {
		t.Errorf("%d connections ended, %v", n, err)
	}
}

// A replica whose connection breaks in the middle of an evaluation neither stores
// nor keeps up what it found, nobody else begins while it may still be at it, and
// whoever comes next makes right what it left on GitHub. The replica is slow to
// notice: most of what it does goes on though its context has ended.
func TestBrokenLocksFenceAnEvaluation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path string // of the request in which the connection breaks
		stray        bool   // a run of the replica's may be left on GitHub
	}{
		"while it loads":     {http.MethodPost, "/graphql", false},
		"while it publishes": {http.MethodPost, "/check-runs", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, other, second := replicas(t)
			w.base(testPolicy)
			n := w.open("feature", "main", wrong)
			s := w.pull(n)
			w.event(&s)
			first, err := w.store.FindSubject(context.Background(), s.Name())
			if err != nil {
				t.Fatal(err)
			}
			const key = "subject of the test"
			held, release, free, err := w.store.TryHold(context.Background(), key)
			if err != nil || !free {
				t.Fatalf("free %t, %v", free, err)
			}
			broken := false
			w.Deafen()
			w.Before(func(r *http.Request) {
				if broken || r.Method != c.method || !strings.HasSuffix(r.URL.Path, c.path) {
					return
				}
				broken = true
				severLocks(t, second)
				if _, _, free, err := second.TryHold(context.Background(), key); free || err != nil {
					t.Errorf("another begins meanwhile: %t, %v", free, err)
				}
			})
			err = w.guard.Evaluate(context.WithoutCancel(held), first)
			if noticed := errors.Is(err, context.Canceled); !broken || !errors.Is(err, store.ErrLost) && !noticed {
				t.Errorf("broken %t, %v", broken, err)
			}
			if v, err := second.Latest(context.Background(), s.Name()); c.path == "/graphql" && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("stored %v, %v", v.Outcome, err)
			}
			release()

			// The change is mended on the same head: by an edit of the policy.
			w.Before(nil)
			w.repo.Commit("main", "no rules", ghfake.Files{policyPath: ghfake.Text("version: 1\n")}, author)
			w.event(&s)
			now, err := second.FindSubject(context.Background(), s.Name())
			if err != nil {
				t.Fatal(err)
			}
			held, release, free, err = second.TryHold(context.Background(), key)
			if err != nil || !free {
				t.Fatalf("free %t, %v", free, err)
			}
			defer release()
			if err := other.Evaluate(held, now); err != nil {
				t.Fatal(err)
			}
			w.concluded("feature", "success", "")
			runs := w.runs("feature")
			if clean := []string{"completed success"}; !slices.Equal(runs, clean) && (!c.stray || !slices.Equal(runs, append([]string{"completed failure"}, clean...))) {
				t.Errorf("%q", runs)
			}
			// And again: what stands is known.
			w.asked()
			if err := other.Evaluate(held, now); err != nil {
				t.Fatal(err)
			}
			if got := w.runs("feature"); !slices.Equal(got, runs) {
				t.Errorf("published again: %q", got)
			}
		})
	}
}

// A run that two may have published is looked for by whoever comes next, though
// its note says the same.
func TestDoubtedRunsAreLookedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", wrong)
	w.evaluate(w.pull(n))
	head := w.repo.Tip("feature")
	if err := w.store.DoubtRun(context.Background(), "acme/app", head); err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.evaluate(w.pull(n))
	if got := w.runs("feature"); !slices.Equal(got, []string{"completed failure"}) {
		t.Errorf("it stands, and is published again: %q", got)
	}
	if r, err := w.store.Run(context.Background(), "acme/app", head); err != nil || r.Doubted() {
		t.Errorf("%+v %v", r, err)
	}
}
