package guard_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/github"
)

var jsonHeader = http.Header{"Content-Type": {"application/json; charset=utf-8"}}

func TestEvaluateAgainWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", wrong)
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "core")
	if got := w.asked(); got != 5 { // with the search for a comment, and the comment
		t.Errorf("%d requests", got)
	}
	for range 2 {
		w.evaluate(w.pull(n))
	}
	if got := w.asked(); got != 4 || len(w.runs("feature")) != 1 || len(w.repo.Comments(n)) != 1 {
		t.Errorf("%d requests, %v, %d comments", got, w.runs("feature"), len(w.repo.Comments(n)))
	}
}

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
	w.once("/compare/", func() { before = w.last("second").Status })
	w.hub.Inject(ghfake.Fault{Route: "/compare/", Times: 2, Status: 500, Body: `{"message":"oops"}`, Header: jsonHeader})
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
	w.once("/compare/", func() { seen = w.last("shared").Status })
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

// An unconfirmed green does not outlast GitHub's errors.
func TestErrorsTakeGreenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.evaluate(w.pull(n))
	w.concluded("feature", "success", "")
	w.repo.Label(n, "analysis-only", "lead")
	w.hub.Inject(ghfake.Fault{Route: "/graphql", Status: 500, Body: `{}`, Header: jsonHeader})
	w.wants(w.try(w.pull(n)), errAny)
	if got := w.last("feature").Status; got != "in_progress" {
		t.Errorf("%s", got)
	}
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "analysis-only")
	if got := w.runs("feature"); len(got) != 2 {
		t.Errorf("%v", got)
	}
	// Without a green result there is nothing to take back.
	m := w.open("other", "main", fine)
	w.hub.Inject(ghfake.Fault{Route: "/graphql", Status: 500, Body: `{}`, Header: jsonHeader})
	w.wants(w.try(w.pull(m)), errAny)
	if got := w.runs("other"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestRateLimitsAreWaitedFor(t *testing.T) {
	t.Parallel()
	for _, route := range []string{"/compare/", "/graphql", "POST /repos/acme/app/check-runs", "POST /repos/acme/app/issues"} {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy)
			n := w.open("feature", "main", wrong)
			w.hub.Inject(ghfake.Fault{Route: route, Status: 403, Header: http.Header{"Retry-After": {"60"}, "Content-Type": {"application/json; charset=utf-8"}}, Body: `{"message":"You have exceeded a secondary rate limit."}`})
			var limit *github.LimitError
			if err := w.try(w.pull(n)); !errors.As(err, &limit) || limit.Until.Sub(w.Now()) != time.Minute {
				t.Fatalf("got %v", err)
			}
			w.asked()
			w.wants(w.again(w.pull(n)), errAny)
			if got := w.asked(); got != 0 {
				t.Errorf("%d requests while it waits", got)
			}
			w.pass(time.Minute)
			if err := w.again(w.pull(n)); err != nil {
				t.Fatal(err)
			}
			w.concluded("feature", "failure", "core")
			if len(w.runs("feature")) != 1 || len(w.repo.Comments(n)) != 1 {
				t.Errorf("%v, %d comments", w.runs("feature"), len(w.repo.Comments(n)))
			}
		})
	}
}

// Each missing permission has its outcome, and none is green.
func TestEveryMissingPermission(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"contents": "failure", "pull_requests": "failure", "checks": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			permissions := ghfake.Permissions()
			delete(permissions, name)
			w := newWorld(t, permissions)
			w.base(testPolicy)
			n := w.open("feature", "main", fine)
			if want == "" {
				w.wants(w.try(w.pull(n)), github.ErrForbidden) // tried again until it is granted
				if got := w.runs("feature"); len(got) != 0 {
					t.Errorf("%v", got)
				}
				w.hub.AddInstallation(1, nil)
				w.pass(2 * time.Minute)
				w.evaluate(w.pull(n))
				w.concluded("feature", "success", "")
				return
			}
			w.evaluate(w.pull(n))
			w.concluded("feature", want, "Grant the App the permissions")
			if r := w.last("feature"); !strings.HasPrefix(r.Title, "Analysis incomplete") {
				t.Error(r.Title)
			}
			// Granted, it is judged.
			w.hub.AddInstallation(1, nil)
			w.pass(2 * time.Minute)
			w.evaluate(w.pull(n))
			w.concluded("feature", "success", "")
		})
	}
}

// A verdict stands without the comment.
func TestCommentThatMayNotBeWritten(t *testing.T) {
	t.Parallel()
	permissions := ghfake.Permissions()
	permissions["pull_requests"] = "read"
	w := newWorld(t, permissions)
	w.base(testPolicy)
	n := w.open("feature", "main", wrong)
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "core")
	if len(w.repo.Comments(n)) != 0 || !strings.Contains(w.log.String(), "comment could not be written") {
		t.Error(w.log.String())
	}
}

// A pull request that is not there is looked for once more, then left alone.
func TestGonePullRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	s := w.pull(n)
	w.repo.Delete(n)
	w.wants(w.try(s), github.ErrGone)
	if err := w.again(s); err != nil {
		t.Error(err)
	}
	if got := w.runs("feature"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// GitHub's answers may be behind its events: the head that an event named is
// looked for again.
func TestOlderAnswersThanTheEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	older := w.repo.Tip("feature")
	w.repo.Commit("feature", "newer", wrong, author)
	s := w.pull(n)
	newer := s.Head
	w.repo.Edit(n, func(p *ghfake.Pull) { p.HeadSHA = older })
	w.wants(w.try(s), errAny)
	if got := w.runsAt(older); !slices.Equal(got, []string{"completed success"}) {
		t.Errorf("%v", got)
	}
	w.repo.Edit(n, func(p *ghfake.Pull) { p.HeadSHA = newer })
	if err := w.again(s); err != nil {
		t.Fatal(err)
	}
	w.concluded("feature", "failure", "core")
	// An event that came late is no reason to look for ever.
	s.Head = older
	w.wants(w.try(s), errAny)
	if err := w.again(s); err != nil {
		t.Error(err)
	}
}

// A program that died between GitHub's answer and its own note leaves no second
// run behind.
func TestDeathBetweenPublishingAndNoting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.evaluate(w.pull(n))
	// As if the note had not been written.
	run, err := w.store.Run(context.Background(), "acme/app", w.repo.Tip("feature"))
	if err != nil {
		t.Fatal(err)
	}
	forgotten := run
	forgotten.ExternalID = ""
	if err := w.store.SetRun(context.Background(), forgotten, w.Now()); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Minute)
	w.restart()
	w.evaluate(w.pull(n))
	if got := w.runs("feature"); len(got) != 1 {
		t.Errorf("%v", got)
	}
	noted, err := w.store.Run(context.Background(), "acme/app", w.repo.Tip("feature"))
	if err != nil || noted != run {
		t.Errorf("%+v, %v", noted, err)
	}
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, route := range []string{"POST /repos/acme/app/check-runs", "POST /repos/acme/app/issues"} {
		w := newWorld(t, nil)
		w.base(testPolicy)
		n := w.open("feature", "main", wrong)
		w.hub.Inject(ghfake.Fault{Route: route, Lost: true})
		w.evaluate(w.pull(n))
		if runs, comments := w.runs("feature"), w.repo.Comments(n); len(runs) != 1 || len(comments) != 1 {
			t.Errorf("%s: %v, %d comments", route, runs, len(comments))
		}
	}
}

// Annotations that fail midway are added by the next attempt.
func TestAnnotationsThatFailMidway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	changes := make(ghfake.Files)
	for i := range 120 {
		changes["core/"+strings.Repeat("y", i+1)+".py"] = ghfake.Text("x\n")
	}
	n := w.open("feature", "main", changes)
	w.hub.Inject(ghfake.Fault{Route: "PATCH /repos/acme/app/check-runs", Status: 500, Body: `{"message":"oops"}`, Header: jsonHeader})
	w.wants(w.try(w.pull(n)), errAny)
	w.concluded("feature", "failure", "core") // the result stands already
	w.evaluate(w.pull(n))
	if runs := w.repo.Runs(w.repo.Tip("feature")); len(runs) != 1 || len(runs[0].Annotations) != 120 {
		t.Errorf("%d runs, %d annotations", len(runs), len(runs[0].Annotations))
	}
	w.asked()
	w.evaluate(w.pull(n))
	if got := w.asked(); got != 2 {
		t.Errorf("%d requests for what stands", got)
	}
}

func TestCommentDeletedByAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", wrong)
	w.evaluate(w.pull(n))
	id, _, err := w.store.Comment(context.Background(), "acme/app", n)
	if err != nil {
		t.Fatal(err)
	}
	w.repo.DeleteComment(id)
	w.evaluate(w.pull(n)) // nothing new to say
	if got := w.repo.Comments(n); len(got) != 0 {
		t.Errorf("%q", got)
	}
	w.repo.Commit("feature", "more", ghfake.Files{"core/b.py": ghfake.Text("b\n")}, author)
	w.evaluate(w.pull(n))
	if got := w.repo.Comments(n); len(got) != 1 || !strings.Contains(got[0], "core/b.py") {
		t.Errorf("%q", got)
	}
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
	w.once("/compare/", func() { w.repo.Close(strict) })
	w.evaluate(w.pull(strict))
	// What is left is the other pull request's result.
	w.concluded("feature", "success", "")
	if got := w.runs("feature"); !slices.Equal(got, []string{"completed success", "completed success"}) {
		t.Errorf("%v", got)
	}
}

func TestDrafts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", wrong)
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Draft = true })
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "core")
	if got := w.repo.Comments(n); len(got) != 0 {
		t.Errorf("%q", got)
	}
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Draft = false })
	w.evaluate(w.pull(n))
	if got := w.repo.Comments(n); len(got) != 1 || len(w.runs("feature")) != 1 {
		t.Errorf("%q, %v", got, w.runs("feature"))
	}
}

func TestForkWithADeletedRepository(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("mallory:patch", "main", wrong)
	w.repo.Edit(n, func(p *ghfake.Pull) { p.ForkGone = true })
	w.evaluate(w.pull(n))
	w.concluded("mallory:patch", "failure", "core")
}

// What was declared sticks to a fork's branch too.
func TestDeclarationsStickToForks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("mallory:patch", "main", fine)
	w.repo.Label(n, "analysis-only", "lead")
	w.evaluate(w.pull(n))
	w.concluded("mallory:patch", "failure", "analysis-only")
	// Other commits, in another pull request from the same branch.
	w.repo.Close(n)
	w.repo.Branch("mallory:patch", "main")
	w.repo.Commit("mallory:patch", "amended", ghfake.Files{"lib/z.py": ghfake.Text("z = 1\n")}, author)
	m := w.repo.Open(ghfake.Pull{Title: "Again", Base: "main", Head: "mallory:patch", Author: dev}).Number
	w.evaluate(w.pull(m))
	w.concluded("mallory:patch", "failure", "analysis-only")
	// Somebody else's branch of that name is another one.
	o := w.open("nice:patch", "main", ghfake.Files{"lib/y.py": ghfake.Text("y = 1\n")})
	w.evaluate(w.pull(o))
	w.concluded("nice:patch", "success", "")
}

func TestNoMergeBase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	w.repo.Commit("orphan", "elsewhere", fine, author)
	n := w.repo.Open(ghfake.Pull{Title: "Orphan", Base: "main", Head: "orphan", Author: dev}).Number
	w.evaluate(w.pull(n))
	w.concluded("orphan", "failure", "Rebase the branch")
}

func TestGitHubCannotCompare(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.hub.Inject(ghfake.Fault{Route: "/compare/", Status: 500, Header: jsonHeader, Body: `{"message":"Server Error: Sorry, this diff is taking too long to generate.","errors":[{"resource":"Comparison","field":"diff","code":"not_available"}],"documentation_url":"https://docs.github.com/rest"}`})
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "Split the change")
}

// The organisation's layer: broken it is never green, outside of the
// installation the verdict says that none was seen.
func TestOrganisationsPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.evaluate(w.pull(n))
	v, err := w.store.Latest(context.Background(), w.pull(n).Name())
	if err != nil || !strings.Contains(string(v.Body), "no organisation policy seen") {
		t.Errorf("%s, %v", v.Body, err)
	}
	w.hub.AddRepo(1, "acme", ".github").Commit("main", "broken", ghfake.Files{policyPath: ghfake.Text("version: 1\nrules: {x: {uses: nothing}}\n")}, author)
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "nothing")
}

// Inputs that a later evaluation needs are kept with the verdict.
func TestInputsAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.evaluate(w.pull(n))
	v, err := w.store.Latest(context.Background(), w.pull(n).Name())
	if err != nil {
		t.Fatal(err)
	}
	var in map[string]any
	if err := json.Unmarshal(v.Inputs, &in); err != nil || in["base_ref"] != "main" || in["head_ref"] != "feature" || v.Base != w.repo.Tip("main") {
		t.Errorf("%s %s, %v", v.Inputs, v.Base, err)
	}
}

// An evaluation that was overtaken writes nothing.
func TestOvertakenEvaluations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	s := w.pull(n)
	w.event(&s)
	older, err := w.store.FindSubject(context.Background(), s.Name())
	if err != nil {
		t.Fatal(err)
	}
	w.repo.Label(n, "analysis-only", "lead")
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "analysis-only")
	w.repo.Commit("main", "allow", ghfake.Files{policyPath: ghfake.Text("version: 1\nrules: {}\n")}, author)
	if err := w.guard.Evaluate(context.Background(), older); err != nil {
		t.Fatal(err)
	}
	if got := w.runs("feature"); !slices.Equal(got, []string{"completed failure"}) {
		t.Errorf("%v", got)
	}
}
