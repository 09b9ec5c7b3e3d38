package guard_test

import (
	"slices"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/github"
)

// A green result that was given against another base, or for another pull
// request, is taken back before anything is read.
func TestResultsForSomethingElseAreTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	w.repo.Branch("lenient", "main")
	w.repo.Commit("lenient", "no rules", ghfake.Files{policyPath: ghfake.Text("version: 1\nrules: {}\n")}, author)
	n := w.open("feature", "lenient", ghfake.Files{"core/a.py": ghfake.Text("x = 2\n"), policyPath: ghfake.Text(testPolicy)})
	w.evaluate(w.pull(n))
	w.repo.Commit("feature", "only core", ghfake.Files{"core/b.py": ghfake.Text("x = 2\n")}, author)
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Base = "main" })
	w.repo.Branch("plain", "lenient")
	m := w.open("second", "plain", wrong)
	w.evaluate(w.pull(m))
	w.concluded("second", "success", "")

	// The same pull request, retargeted: while GitHub fails, the green is gone.
	w.repo.Edit(m, func(p *ghfake.Pull) { p.Base = "main" })
	before := ""
	w.Once("/compare/", func() { before = w.last("second").Status })
	w.hub.Inject(ghfake.Fault{Route: "/compare/", Times: 3, Status: 500, Body: `{"message":"oops"}`, Header: jsonHeader})
	w.wants(w.try(w.pull(m)), errAny)
	if before != "in_progress" {
		t.Errorf("while it was read, the run was %q", before)
	}
	if got := w.runs("second"); !slices.Equal(got, []string{"completed success", "in_progress"}) {
		t.Errorf("%v", got)
	}
	w.evaluate(w.pull(m))
	w.concluded("second", "failure", "core")
	if got := w.runs("second"); len(got) != 2 {
		t.Errorf("%v", got)
	}

	// Another pull request with a head that is green elsewhere.
	w.repo.Branch("shared", "plain")
	w.repo.Commit("shared", "change", ghfake.Files{"core/c.py": ghfake.Text("c = 1\n")}, author)
	green := w.repo.Open(ghfake.Pull{Title: "Green", Base: "plain", Head: "shared", Author: dev}).Number
	w.evaluate(w.pull(green))
	w.concluded("shared", "success", "")
	strict := w.repo.Open(ghfake.Pull{Title: "Strict", Base: "main", Head: "shared", Author: dev}).Number
	seen := ""
	w.Once("/compare/", func() { seen = w.last("shared").Status })
	w.evaluate(w.pull(strict))
	if seen != "in_progress" {
		t.Errorf("while the second was read, the run was %q", seen)
	}
	w.concluded("shared", "failure", "several pull requests")
	// The first again: the worst stays.
	w.evaluate(w.pull(green))
	w.concluded("shared", "failure", "several pull requests")
	// Until the strict one is closed, and the other judged anew.
	w.repo.Close(strict)
	w.evaluate(w.pull(strict))
	w.evaluate(w.pull(green))
	w.concluded("shared", "success", "")
}

func TestClosedPullRequestsKeepTheirResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.evaluate(w.pull(n))
	w.repo.Label(n, "analysis-only", "lead")
	w.repo.Close(n)
	w.evaluate(w.pull(n))
	if got := w.runs("feature"); !slices.Equal(got, []string{"completed success"}) {
		t.Errorf("%v", got)
	}
	w.repo.Reopen(n)
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "analysis-only")
}

// A run in progress does not stay when its pull request closes.
func TestClosedWhileItIsJudged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	w.repo.Branch("lenient", "main")
	w.repo.Commit("lenient", "no rules", ghfake.Files{policyPath: ghfake.Text("version: 1\nrules: {}\n")}, author)
	green := w.open("feature", "lenient", fine)
	w.evaluate(w.pull(green))
	strict := w.repo.Open(ghfake.Pull{Title: "Strict", Base: "main", Head: "feature", Author: dev}).Number
	w.Once("/compare/", func() { w.repo.Close(strict) })
	w.evaluate(w.pull(strict))
	// What is left is the other pull request's result.
	w.concluded("feature", "success", "")
	if got := w.runs("feature"); !slices.Equal(got, []string{"completed success", "completed success"}) {
		t.Errorf("%v", got)
	}
}

// The same when it got another head before it was closed.
func TestMovedAndClosedWhileItIsJudged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	w.repo.Branch("lenient", "main")
	w.repo.Commit("lenient", "no rules", ghfake.Files{policyPath: ghfake.Text("version: 1\nrules: {}\n")}, author)
	green := w.open("feature", "lenient", wrong)
	w.evaluate(w.pull(green))
	w.repo.Branch("same", "feature")
	strict := w.repo.Open(ghfake.Pull{Title: "Strict", Base: "main", Head: "same", Author: dev}).Number
	w.Once("/compare/", func() {
		w.repo.Commit("same", "more", wrong, author)
		w.repo.Close(strict)
	})
	w.evaluate(w.pull(strict))
	w.concluded("feature", "success", "")
}

func TestDeletedWhileItIsJudged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	w.repo.Branch("lenient", "main")
	w.repo.Commit("lenient", "no rules", ghfake.Files{policyPath: ghfake.Text("version: 1\nrules: {}\n")}, author)
	green := w.open("feature", "lenient", wrong)
	w.evaluate(w.pull(green))
	strict := w.repo.Open(ghfake.Pull{Title: "Strict", Base: "main", Head: "feature", Author: dev}).Number
	s := w.pull(strict)
	w.Once("/compare/", func() { w.repo.Delete(strict) })
	w.wants(w.try(s), github.ErrGone)
	if got := w.last("feature").Status; got != "in_progress" {
		t.Errorf("%s", got)
	}
	if err := w.again(s); err != nil {
		t.Fatal(err)
	}
	w.concluded("feature", "success", "")
}

// Where GitHub does not tell which pull requests share a head, those that were
// seen with it count.
func TestSharedHeadsThatAreNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	w.repo.Branch("lenient", "main")
	w.repo.Commit("lenient", "no rules", ghfake.Files{policyPath: ghfake.Text("version: 1\nrules: {}\n")}, author)
	w.hide("siblings")
	strict := w.open("mallory:patch", "main", wrong)
	w.evaluate(w.pull(strict))
	w.concluded("mallory:patch", "failure", "core")
	lenient := w.repo.Open(ghfake.Pull{Title: "Lenient", Base: "lenient", Head: "mallory:patch", Author: dev}).Number
	for range 2 {
		w.evaluate(w.pull(lenient))
		w.concluded("mallory:patch", "failure", "several pull requests")
	}
}
