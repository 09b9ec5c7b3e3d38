package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/demo"
	"github.com/changeguard/changeguard/internal/ghfake"
)

func TestIncidentIsStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	number, err := demo.Prepare(w.repo)
	if err != nil {
		t.Fatal(err)
	}
	w.deliver("pull_request", w.repo.PullEvent(number, "opened", nil))
	r := w.run(w.repo.Tip(demo.Branch), 1)
	if r.Conclusion != "failure" || r.Name != "changeguard" {
		t.Errorf("%s: %s", r.Name, r.Conclusion)
	}
	if !strings.HasPrefix(r.Title, "Blocked: analysis-only session changed 6 files it may not (2 functional, 3 tests, 1 dependencies)") {
		t.Errorf("title: %s", r.Title)
	}
	for _, want := range []string{"unified_manager.py", "requests: a new package, accepts more than one artefact", "git checkout ", "+3963 −70", "claude-code"} {
		if !strings.Contains(r.Summary, want) {
			t.Errorf("the summary lacks %q:\n%s", want, r.Summary)
		}
	}
	w.until("the comment", func() bool { return len(w.repo.Comments(number)) == 1 })
}

// Changing one content changes the check run: nothing is stored in the stand-in.
func TestContentDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != "failure" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
	w.repo.Commit("feature", "undo", ghfake.Files{"core/a.py": ghfake.Text("x = 1\n")}, author)
	w.deliver("pull_request", w.repo.PullEvent(n, "synchronize", nil))
	if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != "success" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
	w.until("the comment to be resolved", func() bool {
		c := w.repo.Comments(n)
		return len(c) == 1 && strings.Contains(c[0], "Resolved")
	})
}

func TestRequestsForAUsualPullRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	changes := ghfake.Files{}
	for i := range 100 {
		changes["docs/"+strings.Repeat("x", i+1)+".md"] = ghfake.Text("text\n")
	}
	n := w.open(testPolicy, changes)
	for i := range 99 {
		w.repo.Commit("feature", fmt.Sprint("commit ", i), ghfake.Files{"docs/x.md": ghfake.Text(fmt.Sprint(i))}, author)
	}
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != "success" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
	if got := w.github.Requests(); len(got) > 4 {
		t.Errorf("%d requests: %v", len(got), got)
	}
	w.github.Forget()
	for _, event := range []string{"star", "issues", "ping", "watch", "installation"} {
		w.deliver(event, map[string]any{"action": "created"})
	}
	w.deliver("pull_request", w.repo.PullEvent(n, "assigned", nil))
	w.deliver("pull_request", w.repo.PullEvent(n, "closed", nil))
	if got := w.github.Requests(); len(got) != 0 {
		t.Errorf("irrelevant events cost %d requests: %v", len(got), got)
	}
}

func TestLabelDeclaresAndSticks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"lib/b.py": ghfake.Text("y = 1\n")})
	head := w.repo.Tip("feature")
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	if r := w.run(head, 1); r.Conclusion != "success" {
		t.Fatalf("%s: %s", r.Conclusion, r.Title)
	}
	w.repo.Label(n, "Analysis-Only", "lead")
	w.deliver("pull_request", w.repo.PullEvent(n, "labeled", nil))
	if r := w.run(head, 2); r.Conclusion != "failure" || !strings.Contains(r.Title, "analysis-only session changed 1 file") {
		t.Fatalf("%s: %s", r.Conclusion, r.Title)
	}
	// Taking the label away takes nothing back.
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Title = "Another title" })
	w.repo.Unlabel(n, "Analysis-Only")
	w.repo.Commit("feature", "more", ghfake.Files{"lib/c.py": ghfake.Text("z = 1\n")}, author)
	w.deliver("pull_request", w.repo.PullEvent(n, "synchronize", nil))
	if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != "failure" || !strings.Contains(r.Title, "2 files") {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

// One head in two pull requests has one result, the worst.
func TestSharedHeadShowsTheWorst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	first := w.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.repo.Branch("lenient", "main")
	w.repo.Commit("lenient", "a policy that allows all", ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\nrules: {}\n")}, author)
	head := w.repo.Tip("feature")
	w.deliver("pull_request", w.repo.PullEvent(first, "opened", nil))
	if r := w.run(head, 1); r.Conclusion != "failure" {
		t.Fatalf("%s: %s", r.Conclusion, r.Title)
	}
	second := w.repo.Open(ghfake.Pull{Title: "The same commits", Base: "lenient", Head: "feature", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
	w.deliver("pull_request", w.repo.PullEvent(second, "opened", nil))
	if r := w.run(head, 2); r.Conclusion != "failure" || !strings.Contains(r.Summary, "several pull requests") {
		t.Errorf("%s: %s\n%s", r.Conclusion, r.Title, r.Summary)
	}
}

func TestBrokenPolicyIsNeverGreen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open("version: 1\nrules:\n  a: {uses: protected-path}\n", ghfake.Files{"docs/a.md": ghfake.Text("x\n")})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	r := w.run(w.repo.Tip("feature"), 1)
	if r.Conclusion != "failure" || !strings.Contains(r.Summary, "did you mean") {
		t.Errorf("%s: %s\n%s", r.Conclusion, r.Title, r.Summary)
	}
	// A change that only mends the policy can be approved.
	w.repo.Branch("mend", "main")
	w.repo.Commit("mend", "mend", ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\nrules: {}\n")}, author)
	m := w.repo.Open(ghfake.Pull{Title: "Mend", Base: "main", Head: "mend", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
	w.deliver("pull_request", w.repo.PullEvent(m, "opened", nil))
	if r := w.run(w.repo.Tip("mend"), 1); r.Conclusion != "action_required" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

func TestOrganisationPolicyJudgesToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	org := w.github.AddRepo(1, "acme", ".github")
	org.Commit("main", "policy", ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\nrules:\n  no-docs:\n    uses: protected-paths\n    with: {paths: [\"docs/**\"]}\n")}, author)
	n := w.open(testPolicy, ghfake.Files{"docs/a.md": ghfake.Text("x\n")})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != "failure" || !strings.Contains(r.Title, "no-docs") {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

func TestDeletedPullRequestIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"docs/a.md": ghfake.Text("x\n")})
	payload := w.repo.PullEvent(n, "opened", nil)
	w.repo.Delete(n)
	w.deliver("pull_request", payload)
	w.until("the evaluation", func() bool { return strings.Contains(w.get("/readyz"), "0 waiting") && len(w.github.Requests()) > 0 })
	if runs := w.repo.Runs(w.repo.Tip("feature")); len(runs) != 0 {
		t.Errorf("a check run for a pull request that is gone: %v", runs)
	}
}

func TestMissingPermissionIsNeverGreen(t *testing.T) {
	t.Parallel()
	permissions := ghfake.Permissions()
	delete(permissions, "contents")
	w := newWorld(t, ghfake.Options{}, permissions)
	n := w.open(testPolicy, ghfake.Files{"docs/a.md": ghfake.Text("x\n")})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	r := w.run(w.repo.Tip("feature"), 1)
	if r.Conclusion != "failure" || !strings.HasPrefix(r.Title, "Analysis incomplete") {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

func TestQuotaIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"docs/a.md": ghfake.Text("x\n")})
	w.github.Fail("GET /repos", 1, func(rw http.ResponseWriter) {
		rw.Header().Set("Retry-After", "1")
		rw.WriteHeader(http.StatusTooManyRequests)
	})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != "success" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

func TestManyAnnotationsAreAppended(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	changes := ghfake.Files{}
	for i := range 120 {
		changes["core/"+strings.Repeat("y", i+1)+".py"] = ghfake.Text("text\n")
	}
	n := w.open(testPolicy, changes)
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	head := w.repo.Tip("feature")
	w.until("120 annotations", func() bool {
		runs := w.repo.Runs(head)
		return len(runs) == 1 && len(runs[0].Annotations) == 120
	})
}

func TestMergeGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"docs/a.md": ghfake.Text("x\n")})
	queue := "gh-readonly-queue/main/pr-1-abc"
	w.repo.Branch(queue, "main")
	w.repo.Merge(queue, "feature", "Merge pull request #1", author)
	w.deliver("merge_group", w.repo.GroupEvent("main", queue))
	if r := w.run(w.repo.Tip(queue), 1); r.Conclusion != "failure" || !strings.Contains(r.Title, "has no verdict") {
		t.Errorf("a member without a verdict: %s: %s", r.Conclusion, r.Title)
	}
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	w.run(w.repo.Tip("feature"), 1)
	w.deliver("merge_group", w.repo.GroupEvent("main", queue))
	if r := w.run(w.repo.Tip(queue), 2); r.Conclusion != "success" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

func TestPushesThatThePolicyNamesAreJudged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(testPolicy+"pushes: {branches: [main]}\n", ghfake.Files{"docs/a.md": ghfake.Text("x\n")})
	before := w.repo.Tip("main")
	w.repo.Commit("main", "straight to main", ghfake.Files{"core/a.py": ghfake.Text("x = 3\n")}, author)
	w.deliver("push", w.repo.PushEvent("main", before))
	if r := w.run(w.repo.Tip("main"), 1); r.Conclusion != "failure" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
	w.idle()
	w.github.Forget()
	w.repo.Branch("other", "main")
	w.repo.Commit("other", "elsewhere", ghfake.Files{"core/a.py": ghfake.Text("x = 4\n")}, author)
	w.deliver("push", w.repo.PushEvent("other", before))
	w.until("the evaluation", func() bool { return strings.Contains(w.get("/readyz"), "0 waiting") })
	if got := w.github.Requests(); len(got) != 0 {
		t.Errorf("a push that the policy does not name cost %d requests", len(got))
	}
}

// get reads a page.
func (w *world) get(path string) string {
	w.t.Helper()
	resp, err := http.Get(w.home + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"core/<script>alert(1)</script>.py": ghfake.Text("x = 2\n")})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	w.run(w.repo.Tip("feature"), 1)
	if page := w.get("/"); !strings.Contains(page, "acme/app#1") || !strings.Contains(page, "badge fail") {
		t.Errorf("the list:\n%s", page)
	}
	page := w.get("/acme/app/pull/1")
	if strings.Contains(page, "<script>") || !strings.Contains(page, "&lt;script&gt;") || !strings.Contains(page, "git rm") {
		t.Errorf("the page of the pull request:\n%s", page)
	}
	for path, status := range map[string]int{"/acme/app/pull/99": 404, "/acme/app/pull/x": 404, "/healthz": 200, "/readyz": 200, "/metrics": 404, "/debug/pprof/": 404, "/style.css": 200} {
		resp, err := http.Get(w.home + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, status)
		}
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, w.home+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example"
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("a page asked for by another name: %d", resp.StatusCode)
	}
}

func TestServeSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	env := map[string]string{
		"CHANGEGUARD_APP_ID": "x", "CHANGEGUARD_WORKERS": "0", "CHANGEGUARD_LOG_LEVEL": "loud", "K_SERVICE": "guard",
		"CHANGEGUARD_WEBHOOK_SECRET": "a", "CHANGEGUARD_WEBHOOK_SECRET_FILE": "b", "CHANGEGUARD_PUBLIC_URL": "nowhere",
	}
	code := app.Serve(context.Background(), app.Config{}, func(k string) string { return env[k] }, false, &stderr)
	if code != app.ExitUsage {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"CHANGEGUARD_APP_ID must be", "CHANGEGUARD_PRIVATE_KEY is missing", "CHANGEGUARD_WORKERS", "CHANGEGUARD_LOG_LEVEL", "K_SERVICE", "both set", "CHANGEGUARD_PUBLIC_URL"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("no word of %s in:\n%s", want, stderr.String())
		}
	}
}
