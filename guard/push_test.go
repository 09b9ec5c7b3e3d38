package guard_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
)

const pushPolicy = testPolicy + "pushes: {branches: [main, \"release/**\"]}\n"

func TestPushesAreJudgedByThePolicyBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(pushPolicy)
	before := w.repo.Tip("main")
	w.repo.Commit("main", "straight to main", ghfake.Files{"core/a.py": ghfake.Text("x = 3\n"), policyPath: ghfake.Text("version: 1\nrules: {}\n")}, author)
	w.evaluate(w.push("main", before))
	w.concluded("main", "failure", "core")
	// With the policy that the push brings, which is looked at, and the question
	// whether a pull request brought it, which is asked again a moment later.
	if got := w.asked(); got != 7 {
		t.Errorf("%d requests", got)
	}
}

// A repository is looked at once; pushes that its policy does not name cost
// nothing from then on.
func TestOtherPushesCostNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(pushPolicy)
	w.repo.Branch("feature", "main")
	before := w.repo.Tip("main")
	w.repo.Commit("feature", "change", wrong, author)
	w.evaluate(w.push("feature", before))
	if got := w.asked(); got != 2 || len(w.runs("feature")) != 0 {
		t.Errorf("%d requests, %v", got, w.runs("feature"))
	}
	for range 3 {
		before = w.repo.Tip("feature")
		w.repo.Commit("feature", "change", ghfake.Files{"core/a.py": ghfake.Text(before)}, author)
		w.evaluate(w.push("feature", before))
	}
	if got := w.asked(); got != 0 {
		t.Errorf("%d requests", got)
	}
	// Another branch's policy does not make it forget this one's.
	w.repo.Branch("release/1", "main")
	w.repo.Commit("release/1", "no pushes", ghfake.Files{policyPath: ghfake.Text(testPolicy)}, author)
	before = w.repo.Tip("release/1")
	w.repo.Commit("release/1", "change", wrong, author)
	w.evaluate(w.push("release/1", before))
	before = w.repo.Tip("main")
	w.repo.Commit("main", "change", wrong, author)
	w.evaluate(w.push("main", before))
	w.concluded("main", "failure", "core")
}

// A policy that begins to name pushes is noticed, by the pull request that
// brings it and otherwise within a day.
func TestNewPoliciesForPushesAreNoticed(t *testing.T) {
	t.Parallel()
	for name, reach := range map[string]func(w *world){
		"a pull request": func(w *world) {
			n := w.open("policy", "main", ghfake.Files{policyPath: ghfake.Text(pushPolicy)})
			w.evaluate(w.pull(n))
			before := w.repo.Tip("main")
			w.repo.MergePull(n, "lead", author)
			w.evaluate(w.push("main", before))
		},
		"a push": func(w *world) {
			before := w.repo.Tip("main")
			w.repo.Commit("main", "policy", ghfake.Files{policyPath: ghfake.Text(pushPolicy)}, author)
			w.evaluate(w.push("main", before))
			w.Pass(25 * time.Hour)
		},
		"another pull request": func(w *world) {
			w.repo.Commit("main", "policy", ghfake.Files{policyPath: ghfake.Text(pushPolicy)}, author)
			n := w.open("other", "main", fine)
			w.evaluate(w.pull(n))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy)
			first := w.repo.Tip("main")
			w.repo.Commit("main", "something", fine, author)
			w.evaluate(w.push("main", first))
			if got := w.runs("main"); len(got) != 0 {
				t.Fatalf("%v", got)
			}
			reach(w)
			before := w.repo.Tip("main")
			w.repo.Commit("main", "straight to main", wrong, author)
			w.evaluate(w.push("main", before))
			w.concluded("main", "failure", "core")
		})
	}
}

// What is good enough for a push must not stand in for a pull request with the
// same head.
func TestPushesDoNotPassPullRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(strings.ReplaceAll(pushPolicy, "[main,", `["feature", main,`))
	n := w.open("feature", "main", wrong)
	before := w.repo.Tip("feature")
	w.repo.Commit("feature", "nothing much", ghfake.Files{"lib/a.py": ghfake.Text("x = 2\n")}, author)
	// The push alone is fine; the pull request is not.
	w.evaluate(w.push("feature", before))
	if got := w.runs("feature"); slices.Contains(got, "completed success") {
		t.Errorf("before the pull request was judged: %v", got)
	}
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "core")
	w.evaluate(w.push("feature", before))
	w.concluded("feature", "failure", "core")
}

// A push whose commit before is gone cannot be judged, and says so where the
// policy wants it judged.
func TestForcedPushesOverWhatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(pushPolicy)
	before := w.repo.Tip("main")
	w.repo.Commit("main", "change", fine, author)
	w.evaluate(w.push("main", before))
	w.concluded("main", "success", "")
	w.repo.Commit("main", "more", ghfake.Files{"lib/b.py": ghfake.Text("b\n")}, author)
	s := w.push("main", "9999999999999999999999999999999999999999")
	w.wants(w.try(s), errAny)
	w.evaluate(s)
	w.concluded("main", "failure", "incomplete")
	w.repo.Branch("other", "main")
	w.repo.Commit("other", "more", ghfake.Files{"lib/c.py": ghfake.Text("c\n")}, author)
	w.evaluate(w.push("other", "9999999999999999999999999999999999999999"))
	if got := w.runs("other"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// A push that nobody wants judged leaves alone what is shown on its commit.
func TestUnwantedPushesTouchNoRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	before := w.repo.Tip("main")
	head := w.repo.Tip("feature")
	id, err := w.app.Installation(1).StartRun(context.Background(), github.Target{Owner: "acme", Repo: "app", Head: head}, "Wait.")
	if err == nil {
		err = w.store.SetRun(context.Background(), store.Run{Repository: "acme/app", Head: head, RunID: id}, w.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	w.evaluate(w.push("feature", before))
	if got := w.last("feature").Status; got != "in_progress" {
		t.Errorf("%s", got)
	}
	w.evaluate(w.pull(n))
	w.concluded("feature", "success", "")
	if got := w.runs("feature"); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestNewBranches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(pushPolicy)
	w.repo.Branch("release/1", "main")
	w.repo.Commit("release/1", "change", wrong, author)
	w.evaluate(w.push("release/1", "main")) // as the webhook names a branch that was not there
	w.concluded("release/1", "failure", "core")
}
