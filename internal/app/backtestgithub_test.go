package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/backtest"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

const pastPolicy = `version: 1
sessions:
  analysis-only: {declared-by: {labels: [analysis-only]}, may-change: ["docs/**"]}
rules:
  core: {uses: protected-paths, with: {paths: ["core/**"]}}
  plan: {uses: checklist, level: warn}
  seen: {uses: reviewers, level: warn, with: {from: [lead]}}
`

// past is a repository with closed pull requests, and the command that asks for
// them as somebody with a token.
type past struct {
	t    *testing.T
	hub  *ghfake.Server
	repo *ghfake.Repo
	env  map[string]string
	test app.Backtest
}

func newPast(t *testing.T, path string, o ghfake.Options) *past {
	t.Helper()
	p := &past{t: t}
	o.AppID, o.Key, o.Secret = 7, &ghtest.Key().PublicKey, ghtest.Secret
	p.hub = ghfake.New(o)
	p.hub.AddInstallation(1, map[string]string{"contents": "read", "pull_requests": "read", "metadata": "read"})
	p.repo = p.hub.AddRepo(1, "acme", "app")
	p.repo.Commit("main", "first", ghfake.Files{
		".github/changeguard.yml": ghfake.Text(pastPolicy), "core/a.py": ghfake.Text("a = 1\n"), "lib/a.py": ghfake.Text("a = 1\n"), "docs/a.md": ghfake.Text("a\n"),
	}, author)
	front := httptest.NewServer(p.hub)
	t.Cleanup(front.Close)
	p.env = map[string]string{"GITHUB_TOKEN": p.hub.Token(1), "CHANGEGUARD_GITHUB_URL": front.URL + path}
	p.test = app.Backtest{GitHub: "acme/app", By: app.ByPull, Format: "json", Worst: 20, Now: time.Now(), Env: func(name string) string { return p.env[name] }}
	return p
}

// open opens a pull request of one commit on a branch of its own.
func (p *past) open(branch, title string, files ghfake.Files) *ghfake.Pull {
	p.t.Helper()
	p.repo.Branch(branch, "main")
	p.repo.Commit(branch, title, files, author)
	return p.repo.Open(ghfake.Pull{Title: title, Base: "main", Head: branch, Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}})
}

// merge opens one and merges it by a method.
func (p *past) merge(method, branch, title string, files ghfake.Files) int {
	n := p.open(branch, title, files).Number
	p.repo.MergePullBy(method, n, "boss")
	return n
}

func (p *past) run() (code int, r backtest.Report, said string) {
	p.t.Helper()
	var stdout, stderr bytes.Buffer
	code = p.test.Run(context.Background(), &stdout, &stderr)
	if stdout.Len() > 0 && p.test.Format == "json" {
		if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
			p.t.Fatal(err)
		}
	}
	return code, r, stderr.String() + stdout.String()
}

// reached is what became of each pull request that did not pass.
func reached(r backtest.Report) map[int]string {
	got := make(map[int]string)
	for _, e := range r.Current.Worst {
		words := []string{string(e.Outcome), fmt.Sprint(e.Files)}
		for _, x := range e.Reasons {
			if x.Level != "block" {
				continue
			}
			words = append(words, x.Rule+" "+x.Path)
		}
		if e.Closed {
			words = append(words, "not merged")
		}
		got[e.Number] = strings.Join(append(words, e.Missing...), ", ")
	}
	return got
}

// Each closed pull request is judged as it was when it was closed, however it was
// merged, whatever became of its branch and of the base; with what was declared.
func TestBacktestOfPullRequests(t *testing.T) {
	t.Parallel()
	p := newPast(t, "/", ghfake.Options{})
	core := func(text string) ghfake.Files { return ghfake.Files{"core/a.py": ghfake.Text(text)} }
	merged := p.merge("MERGE", "one", "By a merge", core("a = 2\n"))
	squashed := p.merge("SQUASH", "two", "Squashed", core("a = 3\n"))
	rebased := p.merge("REBASE", "three", "Rebased", core("a = 4\n"))
	passes := p.merge("SQUASH", "four", "Passes", ghfake.Files{"lib/a.py": ghfake.Text("a = 2\n")})
	declared := p.open("five", "Only looks", ghfake.Files{"lib/a.py": ghfake.Text("a = 3\n")}).Number
	p.repo.Label(declared, "analysis-only", "boss")
	p.repo.MergePullBy("SQUASH", declared, "boss")
	fork := p.open("eve:six", "From a fork", core("a = 5\n"))
	p.repo.Edit(fork.Number, func(x *ghfake.Pull) { x.ForkGone = true })
	p.repo.MergePullBy("SQUASH", fork.Number, "boss")
	left := p.open("seven", "Given up", core("a = 6\n")).Number
	p.repo.Close(left)
	p.open("eight", "Still open", core("a = 7\n"))

	p.hub.Forget()
	code, r, said := p.run()
	if code != app.ExitPass || r.Current.Changes != 7 || r.Current.Fail != 6 || r.Current.Pass != 1 {
		t.Fatalf("%d: %s", code, said)
	}
	want := map[int]string{
		merged: "fail, 1, core core/a.py", squashed: "fail, 1, core core/a.py", rebased: "fail, 1, core core/a.py",
		declared: "fail, 1, analysis-only lib/a.py", fork.Number: "fail, 1, core core/a.py", left: "fail, 1, core core/a.py, not merged",
	}
	if diff := cmp.Diff(want, reached(r)); diff != "" {
		t.Error(diff)
	}
	if _, ok := want[passes]; ok || r.By != app.ByPull || r.Head != p.repo.Tip("main") || !cmp.Equal(r.Blind, []string{"seen"}) {
		t.Errorf("%+v", r)
	}
	// One for the policies, one for the list, and for each a comparison and a query.
	if n := len(p.hub.Requests()); n != 2+2*7 {
		t.Errorf("%d requests: %v", n, p.hub.Requests())
	}
}

// When the hour's requests are used up, what was judged is printed, with what was
// not; GitHub is not asked any further.
func TestBacktestStopsAtTheLimit(t *testing.T) {
	t.Parallel()
	p := newPast(t, "/", ghfake.Options{})
	for i := range 12 {
		p.merge("SQUASH", fmt.Sprint("b", i), fmt.Sprint("Change ", i), ghfake.Files{"core/a.py": ghfake.Text(fmt.Sprint("a = ", i+10, "\n"))})
	}
	reset := fmt.Sprint(time.Now().Add(time.Hour).Unix())
	p.hub.Inject(ghfake.Fault{
		Route: "/compare/", Skip: 5, Times: -1, Status: 403, Body: `{"message":"API rate limit exceeded"}`,
		Header: map[string][]string{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {reset}},
	})
	code, r, said := p.run()
	if code != app.ExitIncomplete || r.Current.Changes != 5 || r.Current.Fail != 5 || !strings.Contains(r.Stopped, "rate limit is reached until") || !strings.Contains(r.Stopped, "5 of 12 pull requests were judged") {
		t.Fatalf("%d: %s", code, said)
	}
	if n := p.hub.Count("GET /repos/{owner}/{repo}/compare/{basehead...}"); n > 5+4 { // each of the four that read at once asks no more after its first refusal
		t.Errorf("%d comparisons were asked for", n)
	}
	for format, words := range map[string]string{"text": "Not all was judged: GitHub's rate limit", "html": "<strong>Not all was judged:</strong> GitHub&#39;s rate limit"} {
		p.hub.Calm()
		p.hub.Inject(ghfake.Fault{
			Route: "/compare/", Skip: 5, Times: -1, Status: 403, Body: `{"message":"API rate limit exceeded"}`,
			Header: map[string][]string{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {reset}},
		})
		p.test.Format = format
		if code, _, said := p.run(); code != app.ExitIncomplete || !strings.Contains(said, words) {
			t.Errorf("%s: %d: %s", format, code, said)
		}
	}
}

// A limit that is met while contents are read is no verdict either.
func TestBacktestStopsAtTheLimitOfContents(t *testing.T) {
	t.Parallel()
	p := newPast(t, "/", ghfake.Options{})
	p.repo.Commit("main", "policy", ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\nrules: {new: {uses: dependencies}}\n")}, author)
	p.merge("SQUASH", "b", "Change", ghfake.Files{"requirements.txt": ghfake.Text("a==1\n")})
	p.hub.Inject(ghfake.Fault{Route: "POST /graphql", Skip: 2 + 1, Times: -1, Status: 429, Header: map[string][]string{"Retry-After": {"60"}}})
	if code, r, said := p.run(); code != app.ExitIncomplete || r.Current.Changes != 0 || !strings.Contains(said, "rate limit is reached until") {
		t.Errorf("%d: %s", code, said)
	}
}

// What one pull request cannot be judged for is said of that one; what a person can
// do about GitHub's refusal is said.
func TestBacktestSaysWhatGitHubRefused(t *testing.T) {
	t.Parallel()
	compared := "/compare/"
	for name, x := range map[string]struct {
		fault ghfake.Fault
		edit  func(*past)
		code  int
		words string
	}{
		"a token that is none":  {edit: func(p *past) { p.env["GITHUB_TOKEN"] = "ghp_gone" }, code: app.ExitUsage, words: "GitHub does not take the token for acme/app"},
		"no token":              {edit: func(p *past) { p.env["GITHUB_TOKEN"] = "" }, code: app.ExitUsage, words: "set GITHUB_TOKEN or GH_TOKEN"},
		"the other variable":    {edit: func(p *past) { p.env["GH_TOKEN"], p.env["GITHUB_TOKEN"] = p.env["GITHUB_TOKEN"], "" }, words: `"changes": 2`},
		"single sign-on":        {fault: ghfake.Fault{Route: "/graphql", Status: 403, Body: `{"message":"Resource protected by organization SAML enforcement."}`}, code: app.ExitUsage, words: "single sign-on"},
		"no such repository":    {edit: func(p *past) { p.test.GitHub = "acme/none" }, code: app.ExitUsage, words: "GitHub shows no repository acme/none to this token"},
		"an address of pages":   {edit: func(p *past) { p.env["CHANGEGUARD_GITHUB_URL"] = "github.example.com" }, code: app.ExitUsage, words: "is no address of GitHub's API"},
		"since nothing":         {edit: func(p *past) { p.test.Since = "v1.0" }, code: app.ExitUsage, words: "--since v1.0 is no day"},
		"one too large":         {fault: ghfake.Fault{Route: compared, Status: 500, Body: `{"message":"Server Error","errors":[{"code":"not_available"}]}`}, code: app.ExitIncomplete, words: "too large for GitHub to compare"},
		"one that always fails": {fault: ghfake.Fault{Route: compared, Times: 3, Status: 502}, edit: func(p *past) { p.test.Last = 1 }, code: app.ExitIncomplete, words: `"incomplete": 1`},
		"a hiccup":              {fault: ghfake.Fault{Route: compared, Status: 502}, words: `"changes": 2`},
		"one that is gone":      {fault: ghfake.Fault{Route: compared, Status: 404, Body: `{"message":"Not Found"}`}, code: app.ExitIncomplete, words: `"incomplete": 1`},
		"a broken policy": {edit: func(p *past) {
			p.repo.Commit("main", "policy", ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\nrule: {}\n")}, author)
		}, code: app.ExitUsage, words: `.github/changeguard.yml:2:1: unknown key "rule"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPast(t, "/", ghfake.Options{})
			for i := range 2 {
				p.merge("SQUASH", fmt.Sprint("b", i), fmt.Sprint("Change ", i), ghfake.Files{"lib/a.py": ghfake.Text(fmt.Sprint("a = ", i+10, "\n"))})
			}
			if x.edit != nil {
				x.edit(p)
			}
			if x.fault.Status != 0 {
				p.hub.Inject(x.fault)
			}
			if code, _, said := p.run(); code != x.code || !strings.Contains(said, x.words) {
				t.Errorf("%d: %s", code, said)
			}
		})
	}
}

// A candidate is laid on the same pull requests beside the organisation's policy;
// --last and --since choose; an Enterprise Server has its API under a path.
func TestBacktestOfPullRequestsByCandidate(t *testing.T) {
	t.Parallel()
	p := newPast(t, "/api/v3/", ghfake.Options{})
	p.hub.AddRepo(1, "acme", ".github").Commit("main", "policy", ghfake.Files{
		".github/changeguard.yml": ghfake.Text("version: 1\nrules: {words: {uses: protected-paths, with: {paths: [\"docs/**\"]}}}\n"),
	}, author)
	for i, name := range []string{"core/a.py", "lib/a.py", "docs/a.md"} {
		p.merge("SQUASH", fmt.Sprint("b", i), "Change "+name, ghfake.Files{name: ghfake.Text("a = 9\n")})
	}
	p.test.Candidate = t.TempDir() + "/candidate.yml"
	if err := os.WriteFile(p.test.Candidate, []byte("version: 1\nrules: {lib: {uses: protected-paths, with: {paths: [\"lib/**\"]}}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, r, said := p.run()
	if code != app.ExitPass || r.Current.Fail != 2 || r.Candidate == nil || r.Candidate.Tally.Fail != 2 || r.Candidate.StopsCount != 1 || r.Candidate.FreesCount != 1 {
		t.Fatalf("%d: %s", code, said)
	}
	p.test.Last = 1
	if code, r, said := p.run(); code != app.ExitPass || r.Current.Changes != 1 || r.Current.Worst[0].Number != 3 {
		t.Errorf("%d: %s", code, said)
	}
	p.test.Since = p.test.Now.AddDate(0, 0, 2).Format(time.DateOnly)
	if code, _, said := p.run(); code != app.ExitUsage || !strings.Contains(said, "acme/app has no closed pull requests since") {
		t.Errorf("%d: %s", code, said)
	}
}

// A token that ends, and a person who does, end the run: what was judged is printed,
// nothing else is counted as judged, and GitHub is not asked any further.
func TestBacktestStopsWithoutAToken(t *testing.T) {
	t.Parallel()
	p := newPast(t, "/", ghfake.Options{})
	for i := range 12 {
		p.merge("SQUASH", fmt.Sprint("b", i), fmt.Sprint("Change ", i), ghfake.Files{"core/a.py": ghfake.Text(fmt.Sprint("a = ", i+10, "\n"))})
	}
	p.hub.Inject(ghfake.Fault{Route: "/compare/", Skip: 5, Times: -1, Status: 401, Body: `{"message":"Bad credentials"}`})
	code, r, said := p.run()
	if code != app.ExitIncomplete || r.Current.Changes != 5 || r.Current.Fail != 5 || !strings.Contains(r.Stopped, "does not take the token: Bad credentials; 5 of 12 pull requests were judged") {
		t.Fatalf("%d: %s", code, said)
	}
	if n := p.hub.Count("GET /repos/{owner}/{repo}/compare/{basehead...}"); n > 5+4 { // each of the four that read at once asks no more after its first refusal
		t.Errorf("%d comparisons were asked for", n)
	}
}

// quits is a terminal on which a person stops the run when some are done.
type quits struct{ stop func() }

func (q quits) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(" 5 of 12")) {
		q.stop()
	}
	return len(b), nil
}

func TestBacktestIsInterrupted(t *testing.T) {
	t.Parallel()
	p := newPast(t, "/", ghfake.Options{})
	for i := range 12 {
		p.merge("SQUASH", fmt.Sprint("b", i), fmt.Sprint("Change ", i), ghfake.Files{"core/a.py": ghfake.Text(fmt.Sprint("a = ", i+10, "\n"))})
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p.test.Progress, p.test.Format = quits{cancel}, "text"
	var stdout, stderr bytes.Buffer
	code := p.test.Run(ctx, &stdout, &stderr)
	said := stdout.String()
	ends := func(n int) bool { // those under way beside the fifth may have ended with it
		return strings.Contains(said, fmt.Sprintf("Not all was judged: it was interrupted; %d of 12 pull requests were judged", n)) &&
			strings.Contains(said, fmt.Sprintf("%d blocked, 0 held for an approval, 0 not judged", n))
	}
	if code != app.ExitIncomplete || !slices.ContainsFunc([]int{5, 6, 7, 8}, ends) {
		t.Errorf("%d: %s%s", code, said, &stderr)
	}
	stdout.Reset()
	if code := p.test.Run(ctx, &stdout, &stderr); code != app.ExitIncomplete || stdout.Len() > 0 || stderr.Len() == 0 {
		t.Errorf("before the first: %d: %s%s", code, &stdout, &stderr)
	}
}

// A run that was ended by the limit goes on where it was: what was read is asked for
// once, for a day, and by the same token alone.
func TestBacktestGoesOn(t *testing.T) {
	t.Parallel()
	p := newPast(t, "/", ghfake.Options{})
	p.test.Cache = filepath.Join(t.TempDir(), "kept")
	for i := range 12 {
		p.merge("SQUASH", fmt.Sprint("b", i), fmt.Sprint("Change ", i), ghfake.Files{"core/a.py": ghfake.Text(fmt.Sprint("a = ", i+10, "\n"))})
	}
	p.hub.Inject(ghfake.Fault{Route: "/compare/", Skip: 5, Times: -1, Status: 403, Body: `{"message":"API rate limit exceeded"}`, Header: map[string][]string{
		"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {fmt.Sprint(time.Now().Add(time.Hour).Unix())},
	}})
	if code, r, said := p.run(); code != app.ExitIncomplete || r.Current.Changes != 5 {
		t.Fatalf("%d: %s", code, said)
	}
	p.hub.Calm()
	const compare = "GET /repos/{owner}/{repo}/compare/{basehead...}"
	asked := func(want int) {
		t.Helper()
		before := p.hub.Count(compare)
		if code, r, said := p.run(); code != app.ExitPass || r.Current.Changes != 12 || r.Current.Fail != 12 {
			t.Fatalf("%d: %s", code, said)
		}
		if n := p.hub.Count(compare) - before; n != want {
			t.Errorf("%d comparisons were asked for, not %d", n, want)
		}
	}
	asked(12 - 5)
	asked(0)
	p.env["GITHUB_TOKEN"] = p.hub.Token(1)
	asked(12)
	p.test.Now = p.test.Now.Add(25 * time.Hour)
	asked(12)
}
