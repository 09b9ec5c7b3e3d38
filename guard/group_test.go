package guard_test

import (
	"slices"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// three opens three pull requests whose changes are fine, and judges them.
func (w *world) three() []int {
	w.base(testPolicy)
	var numbers []int
	for _, branch := range []string{"f1", "f2", "f3"} {
		n := w.open(branch, "main", ghfake.Files{"lib/" + branch + ".py": ghfake.Text("x = 1\n")})
		w.evaluate(w.pull(n))
		w.concluded(branch, "success", "")
		numbers = append(numbers, n)
	}
	w.asked()
	return numbers
}

func TestGroupsOfSeveralPullRequests(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"MERGE", "SQUASH", "REBASE"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			numbers := w.three()
			queue := w.repo.Enqueue("main", method, numbers...)
			w.evaluate(w.group(queue, w.repo.Tip("main")))
			w.concluded(queue, "success", "")
			if got := w.asked(); got != 3 {
				t.Errorf("%d requests", got)
			}
		})
	}
}

// One member that does not pass stops the group, whichever it is.
func TestEveryMemberCounts(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"MERGE", "SQUASH", "REBASE"} {
		for i := range 3 {
			t.Run(method, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil)
				numbers := w.three()
				w.repo.Label(numbers[i], "analysis-only", "lead")
				w.evaluate(w.pull(numbers[i]))
				queue := w.repo.Enqueue("main", method, numbers...)
				w.wants(w.try(w.group(queue, w.repo.Tip("main"))), errAny) // a member may be judged at this moment
				w.evaluate(w.group(queue, w.repo.Tip("main")))
				w.concluded(queue, "failure", "does not pass (fail)")
			})
		}
	}
}

// A verdict for another head is none for what went into the group.
func TestMembersAreJudgedAtTheHeadThatWentIn(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"MERGE", "SQUASH", "REBASE"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			numbers := w.three()
			w.repo.Commit("f2", "not judged", ghfake.Files{"lib/more.py": ghfake.Text("x = 1\n")}, author)
			queue := w.repo.Enqueue("main", method, numbers...)
			w.evaluate(w.group(queue, w.repo.Tip("main")))
			w.concluded(queue, "failure", "#2 of the merge group was judged at")
			// Judged, the group passes.
			w.evaluate(w.pull(numbers[1]))
			w.evaluate(w.group(queue, w.repo.Tip("main")))
			w.concluded(queue, "success", "")
		})
	}
}

func TestMembersWithoutAVerdict(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	numbers := w.three()
	n := w.open("f4", "main", ghfake.Files{"lib/f4.py": ghfake.Text("x = 1\n")})
	queue := w.repo.Enqueue("main", "SQUASH", append(numbers, n)...)
	w.evaluate(w.group(queue, w.repo.Tip("main")))
	w.concluded(queue, "failure", "#4 of the merge group has no verdict")
}

// A member whose analysis was incomplete does not pass, also while observing.
func TestIncompleteMembersWhileObserving(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base("version: 1\nmode: observe\nrules: {core: {uses: protected-paths, with: {paths: [\"core/**\"]}}}\n")
	n := w.open("f1", "main", wrong)
	w.evaluate(w.pull(n))
	queue := w.repo.Enqueue("main", "SQUASH", n)
	w.evaluate(w.group(queue, w.repo.Tip("main")))
	w.concluded(queue, "success", "") // nothing is stopped
	w.Pass(time.Hour)                 // so that the comparison is asked for again
	w.hub.Inject(ghfake.Fault{Route: "/compare/", Status: 500, Header: jsonHeader, Body: `{"message":"Server Error","errors":[{"resource":"Comparison","field":"diff","code":"not_available"}],"documentation_url":"https://docs.github.com/rest"}`})
	w.evaluate(w.pull(n))
	w.concluded("f1", "failure", "incomplete")
	w.evaluate(w.group(queue, w.repo.Tip("main")))
	w.concluded(queue, "failure", "does not pass (incomplete)")
}

// Whose commits they are must be known.
func TestCommitsOfNobodyInAGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	numbers := w.three()
	queue := w.repo.Enqueue("main", "SQUASH", numbers...)
	w.repo.Dequeue("main")
	w.wants(w.try(w.group(queue, w.repo.Tip("main"))), errAny)
	if err := w.again(w.group(queue, w.repo.Tip("main"))); err != nil {
		t.Fatal(err)
	}
	w.concluded(queue, "failure", "is not known")
}

// The rules that look at contents judge the group's own diff.
func TestGroupsAreJudgedThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base("version: 1\nrules: {}\n")
	n := w.open("f1", "main", wrong)
	w.evaluate(w.pull(n))
	w.concluded("f1", "success", "")
	w.repo.Commit("main", "stricter", ghfake.Files{policyPath: ghfake.Text(testPolicy)}, author)
	queue := w.repo.Enqueue("main", "SQUASH", n)
	w.evaluate(w.group(queue, w.repo.Tip("main")))
	w.concluded(queue, "failure", "core")
}

func TestDestroyedGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	numbers := w.three()
	s := w.group(w.repo.Enqueue("main", "SQUASH", numbers...), w.repo.Tip("main"))
	s.Head = "9999999999999999999999999999999999999999"
	w.wants(w.try(s), errAny)
	if err := w.again(s); err != nil {
		t.Error(err)
	}
}

func TestRequestsOfAGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	numbers := w.three()
	queue := w.repo.Enqueue("main", "SQUASH", numbers[0])
	w.evaluate(w.group(queue, w.repo.Tip("main")))
	var routes []string
	for _, r := range w.hub.Requests() {
		routes = append(routes, r.Route)
	}
	if len(routes) != 3 || !slices.Contains(routes, "POST /graphql") {
		t.Errorf("%v", routes)
	}
}

// A green verdict towards another branch is none for this one's queue: the rules
// that judge the members alone were another policy's.
func TestMembersAreJudgedForTheBranchOfTheGroup(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"MERGE", "SQUASH", "REBASE"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			numbers := w.three()
			w.lenient()
			w.repo.Branch("f4", "main")
			w.repo.Commit("f4", "change f4", ghfake.Files{"lib/f4.py": ghfake.Text("x = 1\n")}, author)
			n := w.repo.Open(ghfake.Pull{Title: "Change f4", Base: "lenient", Head: "f4", Author: dev}).Number
			w.repo.Label(n, "analysis-only", "lead")
			w.evaluate(w.pull(n))
			w.concluded("f4", "success", "")
			w.repo.Edit(n, func(p *ghfake.Pull) { p.Base = "main" }) // and the event is lost
			queue := w.repo.Enqueue("main", method, append(numbers, n)...)
			w.evaluate(w.group(queue, w.repo.Tip("main")))
			w.concluded(queue, "failure", "#4 of the merge group was judged for lenient")
			w.evaluate(w.pull(n))
			w.evaluate(w.group(queue, w.repo.Tip("main")))
			w.concluded(queue, "failure", "#4 of the merge group does not pass")
		})
	}
}
