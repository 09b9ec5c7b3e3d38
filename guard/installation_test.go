package guard_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/store"
)

// While the installation is suspended nothing can be said, and nothing is forgotten:
// what happened meanwhile is judged when it may again, though no event tells of it.
func TestSuspendedInstallationsCatchUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	w.lenient()
	w.settled(0)
	n := w.open("feature", "lenient", wrong)
	w.evaluate(w.pull(n))
	w.concluded("feature", "success", "")

	w.hub.Suspend(1, true)
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Base = "main" }) // which was told of a moment before
	s := w.pull(n)
	w.wants(w.try(s), errAny)
	w.hub.Suspend(1, false)
	w.Pass(time.Minute)
	if err := w.again(s); err != nil {
		t.Fatal(err)
	}
	w.concluded("feature", "failure", "core")

	w.hub.Suspend(1, true)
	w.repo.Commit("feature", "more", fine, author) // which nobody was told of
	w.open("second", "main", wrong)
	w.hub.Suspend(1, false)
	w.settled(2)
	w.concluded("feature", "failure", "core")
	w.concluded("second", "failure", "core")
}

// The App is taken away and installed anew: it has another installation, of which
// the next event or the reconciliation tells, and what sticks goes on sticking.
func TestInstalledAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.repo.Label(n, "analysis-only", "lead")
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "analysis-only")
	w.hub.Uninstall(1)
	w.repo.Unlabel(n, "analysis-only")
	w.repo.Commit("feature", "more", ghfake.Files{"lib/b.py": ghfake.Text("b\n")}, author)
	w.wants(w.try(w.pull(n)), errAny)
	w.hub.AddInstallation(2, nil)
	w.repo.Share(2)
	list := w.reconcile()
	if len(list) != 0 && (len(list) != 1 || list[0].Installation != 2) {
		t.Fatalf("%+v", list)
	}
	s := w.pull(n)
	s.Installation = 2
	w.evaluate(s)
	w.concluded("feature", "failure", "analysis-only")
}

// A branch that is deleted and made anew under its name is the same to a session, and
// a pull request from it starts without what was lifted in the one before.
func TestBranchesMadeAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.repo.Label(n, "analysis-only", "lead")
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "analysis-only")
	w.repo.Close(n)
	w.evaluate(w.pull(n))
	deleted := store.Subject{Kind: store.Push, Installation: 1, Owner: "acme", Repo: "app", Base: w.repo.Tip("feature"), Head: "0000000000000000000000000000000000000000", Ref: "feature"}
	w.evaluate(deleted)
	m := w.open("feature", "main", ghfake.Files{"lib/other.py": ghfake.Text("o = 1\n")})
	w.evaluate(w.pull(m))
	w.concluded("feature", "failure", "analysis-only")
	if got := w.runs("feature"); !slices.Equal(got, []string{"completed failure"}) {
		t.Errorf("%q", got)
	}
	lifts, err := w.store.FindSubject(context.Background(), w.pull(m).Name())
	if err != nil {
		t.Fatal(err)
	}
	if list, err := w.store.Lifts(context.Background(), lifts.ID); err != nil || len(list) > 0 {
		t.Errorf("%v %v", list, err)
	}
}
