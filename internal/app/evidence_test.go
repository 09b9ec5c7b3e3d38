package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/store"
)

const (
	actionsApp = 15368
	publicURL  = "https://guard.example"
)

// evidential is a world whose server knows its address and whose CI is GitHub
// Actions, with a clock that the test sets.
func evidential(t *testing.T) (*world, *atomic.Int64) {
	t.Helper()
	gone := new(atomic.Int64)
	began := time.Now()
	now := func() time.Time { return began.Add(time.Duration(gone.Load())) }
	w := begun(t, &world{t: t, now: now, public: publicURL + "/"}, ghfake.Options{}, nil)
	w.github.AddApp(ghfake.App{ID: actionsApp, Slug: "github-actions"})
	w.github.AddApp(ghfake.App{ID: 99, Slug: "impostor"})
	return w, gone
}

func evidencePolicy(with string) string {
	return "version: 1\nrules:\n  tests:\n    uses: required-evidence\n    with: " + with + "\n"
}

// opened opens a pull request and waits for its check run, whatever it says.
func (w *world) opened(policy string) (number int, head string) {
	w.t.Helper()
	number = w.open(policy, ghfake.Files{"core/b.py": ghfake.Text("y = 1\n")})
	head = w.repo.Tip("feature")
	w.deliver("pull_request", w.repo.PullEvent(number, "opened", nil))
	w.first(head)
	return number, head
}

// first waits for a head's first own check run that is no bare beginning.
func (w *world) first(head string) ghfake.Run {
	w.t.Helper()
	var found ghfake.Run
	w.until("a check run on "+head, func() bool {
		own := w.own(head)
		if len(own) > 0 {
			found = own[0]
		}
		return len(own) > 0 && found.ExternalID != ""
	})
	w.idle()
	return found
}

func (w *world) endWaits() {
	w.t.Helper()
	if err := w.server.EndWaits(); err != nil {
		w.t.Fatal(err)
	}
}

// own are the guard's runs on a commit.
func (w *world) own(head string) (list []ghfake.Run) {
	for _, r := range w.repo.Runs(head) {
		if r.App == 7 {
			list = append(list, r)
		}
	}
	return list
}

// becomes waits until a commit's last own run has ended or waits, as wanted:
// "in_progress", or a conclusion.
func (w *world) becomes(head, want string) ghfake.Run {
	w.t.Helper()
	var r ghfake.Run
	w.idle()
	w.until(want+" on "+head, func() bool {
		own := w.own(head)
		if len(own) == 0 {
			return false
		}
		r = own[len(own)-1]
		return r.Conclusion == want || r.Status == want
	})
	return r
}

func (w *world) ended(head, name, conclusion string, by int64) {
	w.t.Helper()
	id := w.repo.AddRun(ghfake.Run{App: by, Name: name, Head: head, Status: "completed", Conclusion: conclusion})
	w.deliver("check_run", w.repo.RunEvent(id, "completed", "dev", ""))
}

// A change waits for the checks that its policy names, is woken by them, and by
// their failure when they run again after that.
func TestWaitsForChecks(t *testing.T) {
	t.Parallel()
	w, _ := evidential(t)
	number, head := w.opened(evidencePolicy(`{checks: ["unit@github-actions", "ci/*@status"]}`))
	pull := store.Subject{Kind: store.Pull, Owner: "acme", Repo: "app", Number: number}
	if r := w.becomes(head, "in_progress"); !strings.HasPrefix(r.Title, "Waiting: ") || len(w.own(head)) != 1 {
		t.Fatalf("%s: %s", r.Status, r.Title)
	}
	if !w.stored(pull).Waiting {
		t.Error("it is not stored as waiting")
	}
	w.ended(head, "unit", "success", 99) // somebody else's of the same name
	w.repo.SetStatus(head, "ci/build", "success", "dev")
	w.deliver("status", w.repo.StatusEvent(head))
	if r := w.becomes(head, "in_progress"); !strings.Contains(r.Title, "unit@github-actions") || len(w.own(head)) != 1 {
		t.Errorf("%d runs, the last %s: %s", len(w.own(head)), r.Status, r.Title)
	}
	w.ended(head, "unit", "success", actionsApp)
	if r := w.becomes(head, "success"); len(w.own(head)) != 1 {
		t.Errorf("%d runs, the last %s: %s", len(w.own(head)), r.Status, r.Title)
	}
	w.ended(head, "unit", "failure", actionsApp)
	if r := w.becomes(head, "failure"); !strings.Contains(r.Title, `"failure"`) || w.stored(pull).Waiting {
		t.Errorf("%s", r.Title)
	}
}

// Events of other Apps cost no request where nobody asked for the check: no
// policy with the rule, another check, another commit, or the guard's own.
func TestChecksThatNobodyAskedFor(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]string{"no rule": testPolicy, "another check": evidencePolicy("{checks: [unit]}")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _ := evidential(t)
			_, head := w.opened(policy)
			w.github.Forget()
			w.ended(head, "lint", "success", actionsApp)
			w.ended(w.repo.Tip("main"), "unit", "success", actionsApp)
			w.deliver("check_run", w.repo.RunEvent(w.own(head)[0].ID, "completed", "dev", ""))
			w.deliver("check_suite", w.repo.SuiteEvent(head, "completed", "dev"))
			w.repo.SetStatus(head, "unit", "pending", "dev")
			w.deliver("status", w.repo.StatusEvent(head))
			w.idle()
			if got := w.github.Requests(); len(got) != 0 {
				t.Errorf("%d requests: %v", len(got), got)
			}
		})
	}
}

// A usual verdict with evidence costs one request more than one without.
func TestEvidenceCostsOneRequest(t *testing.T) {
	t.Parallel()
	w, _ := evidential(t)
	number, head := w.opened(evidencePolicy("{checks: [unit]}"))
	w.ended(head, "unit", "success", actionsApp)
	w.becomes(head, "success")
	w.github.Forget()
	w.deliver("pull_request", w.repo.PullEvent(number, "edited", nil))
	w.idle()
	if got := w.github.Requests(); len(got) > 3 { // nothing changes, so nothing is published
		t.Errorf("%d requests: %v", len(got), got)
	}
}

// What has not come by the deadline is a failure, without any event; asking for a
// new result waits anew, and what comes late turns it green.
func TestDeadlineOfEvidence(t *testing.T) {
	t.Parallel()
	w, gone := evidential(t)
	_, head := w.opened(evidencePolicy("{checks: [unit], deadline: 30m}"))
	w.becomes(head, "in_progress")
	gone.Store(int64(29 * time.Minute))
	w.endWaits()
	w.idle()
	if r := w.own(head); len(r) != 1 || r[0].Status != "in_progress" {
		t.Fatalf("too early: %+v", r)
	}
	gone.Store(int64(31 * time.Minute))
	w.endWaits()
	r := w.becomes(head, "failure")
	if !strings.Contains(r.Title, "after 30m") || len(w.own(head)) != 1 {
		t.Errorf("%d runs, the last: %s", len(w.own(head)), r.Title)
	}
	w.deliver("check_run", w.repo.RunEvent(r.ID, "rerequested", "dev", ""))
	w.becomes(head, "in_progress")
	w.ended(head, "unit", "success", actionsApp)
	w.becomes(head, "success")
}

// An event that never came does not keep a change waiting to the deadline.
func TestLostEventOfEvidence(t *testing.T) {
	t.Parallel()
	w, gone := evidential(t)
	_, head := w.opened(evidencePolicy("{checks: [unit], deadline: 24h}"))
	w.becomes(head, "in_progress")
	w.repo.AddRun(ghfake.Run{App: actionsApp, Name: "unit", Head: head, Status: "completed", Conclusion: "success"})
	gone.Store(int64(2 * time.Minute))
	w.endWaits()
	w.becomes(head, "success")
}

// A new head leaves nothing in progress behind, and has its own evidence.
func TestNewHeadWaitsForItsOwn(t *testing.T) {
	t.Parallel()
	w, _ := evidential(t)
	number, head := w.opened(evidencePolicy("{checks: [unit]}"))
	w.becomes(head, "in_progress")
	w.repo.Commit("feature", "more", ghfake.Files{"core/c.py": ghfake.Text("z = 1\n")}, author)
	w.deliver("pull_request", w.repo.PullEvent(number, "synchronize", nil))
	next := w.repo.Tip("feature")
	w.becomes(next, "in_progress")
	if r := w.becomes(head, "failure"); r.Title != "Superseded" {
		t.Errorf("the old head: %s", r.Title)
	}
	w.ended(head, "unit", "success", actionsApp)
	w.idle()
	if r := w.own(next); len(r) != 1 || r[0].Status != "in_progress" {
		t.Errorf("the old head's evidence counts for the new one: %+v", r)
	}
	w.ended(next, "unit", "success", actionsApp)
	w.becomes(next, "success")
}

// What else is wrong is said at once; an override lifts the wait.
func TestWaitingIsOverridden(t *testing.T) {
	t.Parallel()
	w, _ := evidential(t)
	w.people()
	number, head := w.opened(evidencePolicy("{checks: [unit]}") + "overrides: {by: [\"role:maintain\"]}\n")
	w.becomes(head, "in_progress")
	w.say(number, "boss", "/changeguard override tests the CI is down and this mends it")
	if r := w.becomes(head, "success"); !strings.Contains(r.Summary, "boss") {
		t.Errorf("%s", r.Summary)
	}
}

// Where GitHub does not answer, the evaluation is run again: that is no missing
// evidence.
func TestEvidenceThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w, _ := evidential(t)
	w.github.Inject(ghfake.Fault{Route: "GET /repos/{owner}/{repo}/commits/{ref}/check-runs", Status: http.StatusBadGateway, Body: "{}"})
	_, head := w.opened(evidencePolicy("{checks: [unit]}"))
	if r := w.becomes(head, "in_progress"); !strings.HasPrefix(r.Title, "Waiting: ") {
		t.Errorf("%s", r.Title)
	}
}

// through sends the requests for the server's public address to where it listens.
type through struct{ home string }

func (x through) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme+"://"+r.URL.Host == publicURL {
		to, err := url.Parse(x.home)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host = to.Scheme, to.Host
	}
	return http.DefaultTransport.RoundTrip(r)
}

// job is a job of Actions: the environment of its steps.
func (w *world) job(claims map[string]any) map[string]string {
	secret := w.actions.Job(claims)
	return map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/app", "GITHUB_JOB": "unit", "GITHUB_SHA": fmt.Sprint(claims["sha"]),
		"ACTIONS_ID_TOKEN_REQUEST_URL": w.issuer() + "/request?job=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": secret,
	}
}

func (w *world) issuer() string {
	return strings.TrimSuffix(w.api, "/") + strings.TrimSuffix(ghfake.ActionsPath, "/")
}

// onPush are the claims of a job that runs on a push.
func onPush(branch, sha string) map[string]any {
	return map[string]any{
		"repository": "acme/app", "sha": sha, "ref": "refs/heads/" + branch, "event_name": "push", "workflow_ref": "acme/app/.github/workflows/ci.yml@refs/heads/" + branch,
	}
}

// attach runs the command in an environment.
func (w *world) attach(env map[string]string, a app.Attach) (code int, said string) {
	w.t.Helper()
	var out bytes.Buffer
	a.Env = func(name string) string { return env[name] }
	a.Token, a.Transport = env["CHANGEGUARD_TOKEN"], through{w.home}
	a.Pause = func(context.Context, time.Duration) error { return nil }
	if a.Server == "" {
		a.Server = publicURL
	}
	if len(a.JUnit) > 0 {
		a.Tests = -1
	}
	code = a.Run(w.t.Context(), &out, &out)
	return code, out.String()
}

func (w *world) attached(env map[string]string, a app.Attach) {
	w.t.Helper()
	if code, said := w.attach(env, a); code != app.ExitPass {
		w.t.Fatalf("exit code %d: %s\n%s", code, said, w.log)
	}
}

func junit(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "report.xml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// The way through: a job attaches its report to the head, and the change that
// waited for it passes; zero tests and fewer than at the base do not.
func TestAttach(t *testing.T) {
	t.Parallel()
	w, _ := evidential(t)
	_, head := w.opened(evidencePolicy("{suites: [unit], share-of-base: 90}"))
	w.becomes(head, "in_progress")
	job := w.job(onPush("feature", head))
	w.attached(job, app.Attach{JUnit: []string{junit(t, `<testsuites><testsuite name="a"/></testsuites>`)}})
	if r := w.becomes(head, "failure"); !strings.Contains(r.Title, "No test") {
		t.Errorf("%s", r.Title)
	}
	w.attached(job, app.Attach{JUnit: []string{junit(t, `<testsuite name="a"><testcase/><testcase/><testcase/></testsuite>`)}})
	if r := w.becomes(head, "in_progress"); !strings.Contains(r.Title, "base") {
		t.Errorf("%s", r.Title)
	}
	base := w.job(onPush("main", w.repo.Tip("main")))
	w.attached(base, app.Attach{Tests: 4})
	if r := w.becomes(head, "failure"); !strings.Contains(r.Title, "the base had 4") {
		t.Errorf("%s", r.Title)
	}
	w.attached(job, app.Attach{Tests: 4})
	w.becomes(head, "success")
}

// A merge group is judged by what is attached to its own commit.
func TestEvidenceOfMergeGroup(t *testing.T) {
	t.Parallel()
	w, _ := evidential(t)
	number, head := w.opened(evidencePolicy("{tests-at-least: 1}"))
	w.attached(w.job(onPush("feature", head)), app.Attach{Tests: 4})
	w.becomes(head, "success")
	branch := w.repo.Enqueue("main", "MERGE", number)
	group := w.repo.Tip(branch)
	w.deliver("merge_group", w.repo.GroupEvent("main", branch))
	w.becomes(group, "in_progress")
	claims := onPush(branch, group)
	claims["event_name"] = "merge_group"
	w.attached(w.job(claims), app.Attach{Tests: 4})
	w.becomes(group, "success")
}

// A job of a pull request runs on GitHub's merge of it: what it attaches is for
// the head, which is the merge's second parent, and for no other commit.
func TestAttachFromPullRequest(t *testing.T) {
	t.Parallel()
	w, _ := evidential(t)
	number, head := w.opened(evidencePolicy("{tests-at-least: 1}"))
	w.repo.Branch("merge-of-it", "main")
	w.repo.Commit("merge-of-it", "so that it is no fast-forward", ghfake.Files{"x": ghfake.Text("x")}, author)
	merge := w.repo.Merge("merge-of-it", "feature", "Merge", author)
	claims := onPush("feature", merge)
	claims["event_name"], claims["ref"] = "pull_request", fmt.Sprintf("refs/pull/%d/merge", number)
	env := w.job(claims)
	event := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(event, fmt.Appendf(nil, `{"pull_request": {"head": {"sha": %q}}}`, head), 0o600); err != nil {
		t.Fatal(err)
	}
	env["GITHUB_EVENT_PATH"] = event
	w.attached(env, app.Attach{Tests: 4})
	w.becomes(head, "success")
	if code, said := w.attach(env, app.Attach{Tests: 4, Commit: w.repo.Tip("main")}); code != app.ExitIncomplete || !strings.Contains(said, "not the merge of this commit") {
		t.Errorf("another commit: %d, %s", code, said)
	}
}

// Tokens that are another's, for something else, or not the issuer's attach
// nothing.
func TestTokensThatAreNotTaken(t *testing.T) {
	t.Parallel()
	w, gone := evidential(t)
	_, head := w.opened(evidencePolicy("{tests-at-least: 1}"))
	with := func(more map[string]any) string {
		claims := onPush("feature", head)
		for name, value := range more {
			claims[name] = value
		}
		return w.actions.Token(w.issuer(), publicURL, claims)
	}
	good := with(nil)
	parts := strings.Split(good, ".")
	for name, c := range map[string]struct {
		token string
		want  int
	}{
		"none":                {"", 401},
		"no token":            {"x.y", 401},
		"another audience":    {w.actions.Token(w.issuer(), "https://other.example", onPush("feature", head)), 401},
		"another issuer":      {w.actions.Token("https://token.actions.githubusercontent.com", publicURL, onPush("feature", head)), 401},
		"no signature":        {parts[0] + "." + parts[1] + ".", 401},
		"another signature":   {parts[0] + "." + parts[1] + "." + strings.Split(with(map[string]any{"x": 1}), ".")[2], 401},
		"ended":               {with(map[string]any{"exp": time.Now().Add(-2 * time.Minute).Unix()}), 401},
		"never ends":          {with(map[string]any{"exp": nil}), 401},
		"another repository":  {with(map[string]any{"repository": "acme/other"}), 403},
		"another's workflow":  {with(map[string]any{"workflow_ref": "evil/app/.github/workflows/ci.yml@refs/heads/main"}), 403},
		"no workflow":         {with(map[string]any{"workflow_ref": nil}), 403},
		"another commit":      {with(map[string]any{"sha": w.repo.Tip("main")}), 403},
		"pull_request_target": {with(map[string]any{"event_name": "pull_request_target"}), 403},
		"unknown API token":   {"cge_xxx", 401},
	} {
		if got, said := w.post(c.token, head, "acme/app"); got != c.want {
			t.Errorf("%s: %d, want %d: %s", name, got, c.want, said)
		}
	}
	if n := w.actions.Fetched(); n > 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
	if got, said := w.post(w.actions.Token(w.issuer(), publicURL, map[string]any{
		"repository": "evil/app", "sha": head, "ref": "refs/heads/x", "event_name": "push", "workflow_ref": "evil/app/.github/workflows/ci.yml@refs/heads/x",
	}), head, "evil/app"); got != 404 {
		t.Errorf("a stranger's repository: %d: %s", got, said)
	}
	if r := w.own(head); len(r) != 1 || r[0].Status != "in_progress" {
		t.Errorf("something was attached: %+v", r)
	}
	// A key that came later is found; one of an issuer that does not answer is not.
	w.actions.Rotate()
	gone.Store(int64(2 * time.Minute))
	if got, said := w.post(with(nil), head, "acme/app"); got != 202 {
		t.Errorf("after a rotation: %d: %s", got, said)
	}
	gone.Store(int64(3 * time.Hour))
	w.actions.Break(true)
	if got, said := w.post(with(nil), head, "acme/app"); got != 503 {
		t.Errorf("an issuer that does not answer: %d: %s", got, said)
	}
}

// post sends a summary with a token, as anybody could.
func (w *world) post(token, commit, repository string) (status int, said string) {
	w.t.Helper()
	body := fmt.Sprintf(`{"repository": %q, "commit": %q, "suite": "unit", "tests": 3}`, repository, commit)
	return w.send(token, body)
}

func (w *world) send(token, body string) (status int, said string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.home+"/api/v1/evidence", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// An API token attaches evidence in what it is for, until it ends or is revoked.
func TestAPITokens(t *testing.T) {
	t.Parallel()
	w, gone := evidential(t)
	_, head := w.opened(evidencePolicy("{tests-at-least: 1}"))
	database := "sqlite:" + w.database
	tokens := app.Tokens{DatabaseURL: database, Now: w.now}
	create := func(name, scope string) string {
		var out, diagnostics bytes.Buffer
		if code := tokens.Create(t.Context(), name, scope, time.Hour, &out, &diagnostics); code != app.ExitPass {
			t.Fatal(diagnostics.String())
		}
		return strings.TrimSpace(out.String())
	}
	mine, all, other := create("mine", "acme/app"), create("all", "acme"), create("other", "acme/other")
	for token, want := range map[string]int{mine: 202, all: 202, other: 403} {
		if got, said := w.post(token, head, "acme/app"); got != want {
			t.Errorf("%d, want %d: %s", got, want, said)
		}
	}
	w.becomes(head, "success")
	if got, said := w.send(mine, strings.Repeat("x", 2<<20+1)); got != 413 {
		t.Errorf("too large: %d: %s", got, said)
	}
	subject := `{"repository": "acme/app", "commit": "` + head + `", "suite": "unit", `
	for body, want := range map[string]string{
		`{}`: "suite is empty", `[]`: "documented form", subject + `"tests": -1}`: "numbers must be", `{"repository": "acme/app", "commit": "main", "suite": "unit"}`: "whole commit id",
		subject + `"tests": 1, "failure": 1}`: `there is no key \"failure\"`, subject + `"tests": 1, "suites": [{"name": "a", "test": 1}]}`: `there is no key \"test\"`, subject + `"tests": 1} {}`: "something follows",
	} {
		if got, said := w.send(mine, body); got != 400 || !strings.Contains(said, want) {
			t.Errorf("%s: %d: %s", body, got, said)
		}
	}
	var out bytes.Buffer
	if code := tokens.Create(t.Context(), "mine", "acme", time.Hour, &out, &out); code != app.ExitUsage {
		t.Errorf("a second of the same name: %d", code)
	}
	if code := tokens.Revoke(t.Context(), "mine", &out, &out); code != app.ExitPass {
		t.Error(out.String())
	}
	if got, said := w.post(mine, head, "acme/app"); got != 401 || !strings.Contains(said, "revoked") {
		t.Errorf("revoked: %d: %s", got, said)
	}
	gone.Store(int64(time.Hour))
	if got, said := w.post(all, head, "acme/app"); got != 401 || !strings.Contains(said, "ended") {
		t.Errorf("ended: %d: %s", got, said)
	}
	out.Reset()
	if code := tokens.List(t.Context(), &out, &out); code != app.ExitPass || strings.Contains(out.String(), all[4:]) || !strings.Contains(out.String(), "revoked") {
		t.Errorf("%s", out.String())
	}
	data, err := os.ReadFile(w.database)
	if err != nil || bytes.Contains(data, []byte(mine)) {
		t.Errorf("the database holds a token (%v)", err)
	}
}

// What is wrong with the command, its files or its surroundings is said, and
// nothing is sent.
func TestAttachThatCannot(t *testing.T) {
	t.Parallel()
	w, _ := evidential(t)
	_, head := w.opened(evidencePolicy("{tests-at-least: 1}"))
	good := w.job(onPush("feature", head))
	without := func(names ...string) map[string]string {
		env := make(map[string]string)
		for k, v := range good {
			env[k] = v
		}
		for _, name := range names {
			delete(env, name)
		}
		return env
	}
	none := -1
	for name, c := range map[string]struct {
		env  map[string]string
		do   app.Attach
		code int
		want string
	}{
		"nothing":           {good, app.Attach{Tests: none}, 2, "--junit FILE or --tests N"},
		"no such file":      {good, app.Attach{JUnit: []string{"nowhere.xml"}}, 2, "nowhere.xml"},
		"no report":         {good, app.Attach{JUnit: []string{junit(t, "<html></html>")}}, 2, "no JUnit report"},
		"http":              {good, app.Attach{Tests: 1, Server: "http://guard.example"}, 2, "must be https"},
		"no commit":         {without("GITHUB_SHA"), app.Attach{Tests: 1}, 2, "--commit"},
		"no repository":     {without("GITHUB_REPOSITORY"), app.Attach{Tests: 1}, 2, "--repository"},
		"a fork":            {without("ACTIONS_ID_TOKEN_REQUEST_URL"), app.Attach{Tests: 1}, 3, "from a fork never has"},
		"a laptop":          {without("ACTIONS_ID_TOKEN_REQUEST_URL", "GITHUB_ACTIONS"), app.Attach{Tests: 1}, 2, "CHANGEGUARD_TOKEN"},
		"another's secret":  {func() map[string]string { e := without(); e["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = "x"; return e }(), app.Attach{Tests: 1}, 3, "got no token from Actions"},
		"an unknown commit": {good, app.Attach{Tests: 1, Commit: strings.Repeat("0", 40)}, 3, "not on this commit"},
	} {
		if code, said := w.attach(c.env, c.do); code != c.code || !strings.Contains(said, c.want) {
			t.Errorf("%s: exit code %d: %s", name, code, said)
		}
	}
	if r := w.own(head); len(r) != 1 || r[0].Status != "in_progress" {
		t.Errorf("something was attached: %+v", r)
	}
}
