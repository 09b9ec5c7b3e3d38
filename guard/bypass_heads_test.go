package guard_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/store"
)

// lenient is a branch whose policy forbids nothing.
func (w *world) lenient() {
	w.repo.Branch("lenient", "main")
	w.repo.Commit("lenient", "no rules", ghfake.Files{policyPath: ghfake.Text("version: 1\nrules: {}\n")}, author)
}

// A head that is green towards a branch with a permissive policy is red as soon
// as it is aimed at another, by a retarget or by a second pull request.
func TestBypass02_PermissiveTarget(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"retarget", "second pull request"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy)
			w.lenient()
			n := w.open("feature", "lenient", wrong)
			w.evaluate(w.pull(n))
			w.concluded("feature", "success", "")
			if how == "retarget" {
				w.repo.Edit(n, func(p *ghfake.Pull) { p.Base = "main" })
			} else {
				n = w.repo.Open(ghfake.Pull{Title: "Again", Base: "main", Head: "feature", Author: dev}).Number
			}
			during := ""
			w.Once("/compare/", func() { during = w.last("feature").Status })
			w.evaluate(w.pull(n))
			if during != "in_progress" {
				t.Errorf("while it was judged, the result was %q", during)
			}
			w.concluded("feature", "failure", "core")
		})
	}
}

// The worst of all pull requests with a head counts, in whichever order they are
// judged, and the result names each.
func TestBypass03_OneHeadInSeveralPullRequests(t *testing.T) {
	t.Parallel()
	for _, order := range [][]int{{0, 1, 2}, {1, 0, 2}, {2, 1, 0}} {
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy)
			w.lenient()
			w.repo.Branch("other", "lenient")
			numbers := []int{w.open("feature", "lenient", wrong)}
			for _, base := range []string{"main", "other"} {
				numbers = append(numbers, w.repo.Open(ghfake.Pull{Title: "To " + base, Base: base, Head: "feature", Author: dev}).Number)
			}
			for _, i := range order {
				w.evaluate(w.pull(numbers[i]))
			}
			for _, n := range numbers {
				w.concluded("feature", "failure", fmt.Sprintf("[#%d](http://127.0.0.1", n))
				w.concluded("feature", "failure", fmt.Sprintf("/acme/app/pull/%d): ", n))
			}
			w.evaluate(w.pull(numbers[0])) // the last word of a green one changes nothing
			w.concluded("feature", "failure", "core")
		})
	}
}

// A merge group passes only with members that hold a green verdict for the head
// that went in, and only if what comes of them together passes too.
func TestBypass16_MergeGroup(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(w *world, numbers []int)
		words string
	}{
		"a member that does not pass": {func(w *world, n []int) { w.repo.Label(n[1], "analysis-only", "lead"); w.evaluate(w.pull(n[1])) }, "does not pass"},
		"a member that moved on": {func(w *world, _ []int) {
			w.repo.Commit("f2", "more", ghfake.Files{"lib/z.py": ghfake.Text("z\n")}, author)
		}, "went in"},
		"a member that was never judged": {func(w *world, n []int) { n[1] = w.open("f4", "main", ghfake.Files{"lib/f4.py": ghfake.Text("x\n")}) }, "has no verdict"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			numbers := w.three()
			c.spoil(w, numbers)
			queue := w.repo.Enqueue("main", "MERGE", numbers...)
			w.evaluate(w.group(queue, w.repo.Tip("main")))
			w.concluded(queue, "failure", c.words)
		})
	}
	t.Run("what was put in between", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		numbers := w.three()
		queue := w.repo.Enqueue("main", "MERGE", numbers...)
		w.repo.Commit(queue, "slipped in", wrong, author)
		w.evaluate(w.group(queue, w.repo.Tip("main")))
		w.concluded(queue, "failure", "core")
	})
}

// An address that leads to no account, a forged author and a trailer that claims
// a person hide no agent: what a commit says only adds suspicion.
func TestBypass19_CommitIdentity(t *testing.T) {
	t.Parallel()
	const policy = "version: 1\nrules: {agents: {uses: protected-paths, if: \"session.actor == 'agent'\", with: {paths: [\"lib/**\"]}}}\n"
	agent := ghfake.Signature{Name: "Claude", Email: "noreply@anthropic.com", When: author.When}
	forged := ghfake.Signature{Name: "Linus", Email: "nobody@nowhere.invalid", When: author.When}
	for name, c := range map[string]struct {
		by, committer ghfake.Signature
		message       string
	}{
		"an agent's address":          {agent, author, "change"},
		"an agent as the committer":   {author, agent, "change"},
		"an agent as the co-author":   {forged, forged, "change\n\nCo-authored-by: Claude <noreply@anthropic.com>\n"},
		"claims that a person did it": {agent, agent, "change\n\nSession-Actor: human\nSigned-off-by: Linus <linus@example.com>\nReviewed-by: lead <lead@example.com>\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(policy)
			w.repo.Branch("feature", "main")
			w.repo.CommitWith("feature", c.message, fine, c.by, c.committer)
			w.repo.Commit("feature", "by a person", ghfake.Files{"docs/a.md": ghfake.Text("x\n")}, author)
			n := w.repo.Open(ghfake.Pull{Title: "Change", Base: "main", Head: "feature", Author: dev}).Number
			w.evaluate(w.pull(n))
			w.concluded("feature", "failure", "agents")
		})
	}
}

// A lost event leaves no old green: what was retargeted, pushed to, or stands
// under another policy is found without it.
func TestBypass22_LostEvents(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world, n int){
		"a retarget": func(w *world, n int) { w.repo.Edit(n, func(p *ghfake.Pull) { p.Base = "strict" }) },
		"a policy": func(w *world, _ int) {
			w.repo.Commit("main", "stricter", ghfake.Files{policyPath: ghfake.Text(strings.ReplaceAll(testPolicy, "core/**", "lib/**"))}, author)
		},
		"a push": func(w *world, _ int) {
			w.repo.Commit("feature", "more", wrong, author)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy)
			w.repo.Branch("strict", "main")
			w.repo.Commit("strict", "stricter", ghfake.Files{policyPath: ghfake.Text(strings.ReplaceAll(testPolicy, "core/**", "lib/**"))}, author)
			n := w.open("feature", "main", fine)
			w.evaluate(w.pull(n))
			w.concluded("feature", "success", "")
			if got := w.reconcile(); len(got) != 0 {
				t.Errorf("with nothing lost: %v", got)
			}
			change(w, n)
			for _, s := range w.reconcile() {
				w.evaluate(s)
			}
			w.concluded("feature", "failure", "")
		})
	}
}

// reconcile returns what a reconciliation wants evaluated.
func (w *world) reconcile() (list []store.Subject) {
	w.t.Helper()
	err := w.guard.Reconcile(context.Background(), func(_ context.Context, _ string, s store.Subject) error {
		list = append(list, s)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// An evaluation that began before another and ends after it does not write over
// what that one said.
func TestBypass23_OlderEvaluation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base("version: 1\nrules: {titles: {uses: expression, with: {require: \"pr.title != 'bad'\"}}}\n")
	n := w.open("feature", "main", fine)
	s := w.pull(n)
	w.event(&s)
	older, err := w.store.FindSubject(context.Background(), s.Name())
	if err != nil {
		t.Fatal(err)
	}
	// While it reads, a later event is evaluated from its beginning to its end.
	w.Once("/graphql", func() {
		w.Once("no more", func() {})
		w.repo.Edit(n, func(p *ghfake.Pull) { p.Title = "bad" })
		w.evaluate(w.pull(n))
		w.repo.Edit(n, func(p *ghfake.Pull) { p.Title = "good" })
	})
	if err := w.guard.Evaluate(context.Background(), older); err != nil {
		t.Fatal(err)
	}
	if got := w.runs("feature"); !slices.Equal(got, []string{"completed failure"}) {
		t.Errorf("%v", got)
	}
	w.evaluate(w.pull(n)) // the event of the second edit
	w.concluded("feature", "success", "")
}

// A push is a new commit, which has no result until it is judged; when it goes
// back to one that was green for something else, that result is taken back.
func TestBypass24_PushBeforeItsEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.evaluate(w.pull(n))
	w.repo.Commit("feature", "more", wrong, author)
	if got := w.runs("feature"); len(got) != 0 {
		t.Errorf("before its event: %v", got)
	}
	w.hub.Inject(ghfake.Fault{Route: "/compare/", Times: 3, Status: 500, Body: `{"message":"oops"}`, Header: jsonHeader})
	w.wants(w.try(w.pull(n)), errAny)
	if got := w.runs("feature"); slices.Contains(got, "completed success") {
		t.Errorf("before it was judged: %v", got)
	}
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "core")
}

// A workflow that runs a stranger's code with the repository's rights is found,
// and nothing of a change is ever run here.
func TestBypass25_PullRequestTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy + "  ci: {uses: workflows}\n")
	w.stops(ghfake.Files{".github/workflows/pr.yml": ghfake.Text(`on: {pull_request_target: {types: [labeled]}}
permissions: {contents: read}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683
        with: {ref: "${{ github.event.pull_request.head.sha }}"}
      - run: make test
`)}, "failure", ".github/workflows/pr.yml")
}

// A pin to another commit is no small change, since the commit may be a fork's:
// GitHub shows those under the repository's name too.
func TestBypass26_ImposterCommits(t *testing.T) {
	t.Parallel()
	const workflow = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@%s # v4.2.2\n"
	w := newWorld(t, nil)
	w.base(testPolicy + "  packages: {uses: dependencies}\n")
	w.repo.Commit("main", "ci", ghfake.Files{".github/workflows/a.yml": ghfake.Text(fmt.Sprintf(workflow, "11bd71901bbe5b1630ceea73d27597364c9af683"))}, author)
	w.stops(ghfake.Files{".github/workflows/a.yml": ghfake.Text(fmt.Sprintf(workflow, strings.Repeat("a", 40)))}, "failure", "actions/checkout")
}
