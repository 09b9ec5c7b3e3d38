package guard_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

// called is the subject of a pull request under another name.
func called(s store.Subject, owner, repo string) store.Subject {
	s.Owner, s.Repo = owner, repo
	return s
}

// A repository that is renamed or given to somebody else, and given back, takes along
// what was declared in it: no name change ends a session.
func TestRenamedRepositoriesKeepTheirSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	declared := func(branch string) int {
		n := w.open(branch, "main", fine)
		w.repo.Label(n, "analysis-only", "lead")
		return n
	}
	n := declared("feature_1")
	w.evaluate(w.pull(n))
	w.concluded("feature_1", "failure", "analysis-only")
	w.repo.Unlabel(n, "analysis-only")
	w.evaluate(w.pull(n))
	w.concluded("feature_1", "failure", "analysis-only")

	for _, name := range [][2]string{{"acme", "app_2"}, {"other", "app"}, {"acme", "app"}} {
		w.hub.Rename(w.repo, name[0], name[1])
		s := called(w.pull(n), name[0], name[1])
		w.evaluate(s)
		w.concluded("feature_1", "failure", "analysis-only")
		if name[1] == "app_2" { // declared under this name, and held under the next ones
			m := declared("second")
			w.evaluate(called(w.pull(m), "acme", "app_2"))
			w.repo.Unlabel(m, "analysis-only")
		}
		w.evaluate(called(w.pull(n+1), name[0], name[1]))
		w.concluded("second", "failure", "analysis-only")
	}
	w.inAudit(store.AuditRepository, 3)
}

// Another repository with a name that was known has nothing of the one before: its
// check comes, though the same commit was judged there, and nothing that people lifted
// there is lifted here.
func TestAnotherRepositoryOfTheName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	begin := func() int {
		w.base(testPolicy)
		return w.open("feature", "main", wrong)
	}
	n := begin()
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "core")
	s, err := w.store.FindSubject(context.Background(), w.pull(n).Name())
	if err != nil {
		t.Fatal(err)
	}
	err = w.store.InTx(context.Background(), func(tx *store.Tx) error {
		return store.AddLift(context.Background(), tx, s.ID, store.Lift{Kind: "override", Finding: "f", Rule: "core", Print: "p", By: "boss", ByID: 3, Via: "comment", MadeAt: w.Now(), Until: w.Now().Add(time.Hour)})
	})
	if err != nil {
		t.Fatal(err)
	}
	const scope = "pull acme/app#1"
	record := []byte(`{"lifts":[{"mode":"analysis-only","by":"boss","reason":"r"}]}`)
	if err := w.store.SetRecords(context.Background(), map[string][]byte{scope: record}); err != nil {
		t.Fatal(err)
	}
	head := w.repo.Tip("feature")

	w.repo = w.hub.AddRepo(1, "acme", "app")
	if m := begin(); m != n || w.repo.Tip("feature") != head {
		t.Fatalf("#%d at %s", m, w.repo.Tip("feature"))
	}
	w.evaluate(w.pull(n))
	if got := w.runs("feature"); !slices.Equal(got, []string{"completed failure"}) {
		t.Errorf("%q", got)
	}
	if left, err := w.store.Lifts(context.Background(), s.ID); err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
	stored, err := w.store.Records(context.Background(), []string{scope})
	if got := string(stored[scope]); err != nil || slices.Contains([]string{"", string(record)}, got) {
		t.Errorf("%s %v", got, err)
	}
	w.inAudit(store.AuditRepository, 1)
}
