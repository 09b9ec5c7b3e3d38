package app_test

import (
	"context"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

// signedUp is a server with sign-in, over a private repository that ann alone may
// read, in which something was judged.
func signedUp(t *testing.T) (r *running, number int) {
	t.Helper()
	github := ghfake.New(ghfake.Options{AppID: ghtest.AppID, Key: &ghtest.Key().PublicKey, Secret: ghtest.Secret})
	github.AddInstallation(1, nil)
	github.SetSignIn(7, "Iv.1", "the client's secret")
	repo := github.AddRepo(1, "acme", "app")
	repo.Private = true
	repo.Allow("ann", "read")
	r = begin(t, map[string]string{
		"CHANGEGUARD_GITHUB_URL": serveHTTP(t, github), "CHANGEGUARD_APP_ID": "7", "CHANGEGUARD_WEBHOOK_SECRET": ghtest.Secret, "CHANGEGUARD_CLIENT_ID": "Iv.1", "CHANGEGUARD_CLIENT_SECRET": "the client's secret",
		"CHANGEGUARD_PRIVATE_KEY": string(ghtest.PEM()),
	})
	r.world.github, r.repo = github, repo
	number = r.world.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	r.deliver("pull_request", repo.PullEvent(number, "opened", nil))
	r.run(repo.Tip("feature"), 1)
	return r, number
}

func (r *running) signIn(t *testing.T, who string) *browser {
	t.Helper()
	b := newBrowser(t)
	r.world.github.Visit(who)
	b.visit(r.home + "/")
	b.send(nil)
	b.wants(200)
	return b
}

// Whoever may not read a repository gets the same from every page as for one that
// is not there, by address and by form.
func TestPagesOfARepositoryAreThereForItsReadersOnly(t *testing.T) {
	t.Parallel()
	r, _ := signedUp(t)
	ann, eve := r.signIn(t, "ann"), r.signIn(t, "eve")
	for _, c := range []struct {
		method, there, gone string
		form                url.Values
	}{
		{http.MethodGet, "/acme/app/pull/1", "/acme/gone/pull/1", nil},
		{http.MethodGet, "/acme/app/pull/1/what-if", "/acme/gone/pull/1/what-if", nil},
		{http.MethodPost, "/acme/app/pull/1/what-if", "/acme/gone/pull/1/what-if", url.Values{"approvals": {"1"}}},
		{http.MethodGet, "/acme/app/policy", "/acme/gone/policy", nil},
		{http.MethodGet, "/policy?repo=acme/app", "/policy?repo=acme/gone", nil},
		{http.MethodPost, "/policy", "/policy", url.Values{"repo": {"acme/app"}, "policy": {"version: 1\n"}, "blast": {"1"}}},
	} {
		ann.do(c.method, r.home+c.there, c.form)
		ann.wants(200, "acme/app")
		if eve.do(c.method, r.home+c.there, c.form); eve.code != http.StatusNotFound || strings.Contains(eve.page, "acme/app") {
			t.Errorf("%s %s: %d for somebody who may not read it", c.method, c.there, eve.code)
		}
		refused := eve.page
		gone := c.form
		if gone.Get("repo") != "" {
			gone = url.Values{"repo": {"acme/gone"}, "policy": gone["policy"], "blast": gone["blast"]}
		}
		if eve.do(c.method, r.home+c.gone, gone); eve.code != http.StatusNotFound || eve.page != refused {
			t.Errorf("%s %s: another answer for what is not there", c.method, c.there)
		}
	}
	for _, path := range []string{"/", "/health", "/audit", "/policy"} {
		if eve.visit(r.home + path); eve.code != 200 || strings.Contains(eve.page, "acme") {
			t.Errorf("%s names what may not be read", path)
		}
	}
	nobody := newBrowser(t)
	nobody.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, path := range []string{"/acme/app/pull/1/what-if", "/policy"} {
		if nobody.do(http.MethodPost, r.home+path, url.Values{}); nobody.code != http.StatusSeeOther {
			t.Errorf("POST %s without a sign-in: %d", path, nobody.code)
		}
	}
}

// Forms of another site are refused.
func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	w.run(w.repo.Tip("feature"), 1)
	for _, path := range []string{"/acme/app/pull/1/what-if", "/policy"} {
		for header, value := range map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.home+path, strings.NewReader("approvals=1"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set(header, value)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusForbidden {
				t.Errorf("POST %s with %s: %d", path, header, resp.StatusCode)
			}
		}
	}
}

// The pages say why, what would be otherwise, and what another policy would have
// decided, and GitHub hears nothing of it.
func TestPagesSayWhyAndWhatIf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	w.run(w.repo.Tip("feature"), 1)
	b := newBrowser(t)
	b.visit(w.home + "/acme/app/pull/1")
	b.wants(200, "The way through the policy", "matched", "The repository's policy", "What would it say?")
	w.until("the evaluation has ended", func() bool {
		b.visit(w.home + "/readyz")
		return strings.Contains(b.page, "ready; 0 waiting")
	})
	b.visit(w.home + "/acme/app/pull/1")
	before := len(w.github.Requests())
	b.send(map[string]string{"policy": "version: 1\nmode: observe\n"})
	b.wants(200, "What would change", "Now: blocked")
	b.send(map[string]string{"policy": "version: 1\nruels: {}\n"})
	b.wants(200, "That policy does not load", "did you mean")
	b.send(map[string]string{"policy": "", "approvals": "2", "add": "a, b"})
	b.wants(200, "Still: ", "What would change", `value="a, b"`)

	b.visit(w.home + "/acme/app/policy")
	b.wants(200, "enforcing", "line ", "rules.")
	b.visit(w.home + "/policy?repo=acme/app")
	b.wants(200, "version: 1", `value="acme/app"`)
	b.do(http.MethodPost, "/policy", url.Values{"repo": {"acme/app"}, "policy": {"version: 1\n"}, "blast": {"1"}})
	b.wants(200, "Blast radius", "Of the last pull request", "1 could be judged again", "let 1 through", "#1</a>")
	b.do(http.MethodPost, "/policy", url.Values{"policy": {"version: 1\n"}, "blast": {"1"}})
	b.wants(200, "Name the repository")
	if after := len(w.github.Requests()); after != before {
		t.Errorf("%d requests to GitHub", after-before)
	}
	b.visit(w.home + "/health")
	b.wants(200, "Deliveries in a day", "evaluated", "Rate budget", "GitHub was not asked yet", `href="/acme/app/pull/1"`)
	b.visit(w.home + "/")
	b.wants(200, "What stops most", "Time to verdict", "for half of them", `href="/acme/app/policy"`, "not asked yet")
	if n := len(w.repo.Runs(w.repo.Tip("feature"))); n != 1 {
		t.Errorf("%d check runs", n)
	}
}

// How a repository is guarded is asked of GitHub, within a bound, and shown.
func TestPagesSayHowRepositoriesAreGuarded(t *testing.T) {
	t.Parallel()
	w := &world{t: t, log: &ghtest.Log{}, now: time.Now, github: ghfake.New(ghfake.Options{AppID: ghtest.AppID, Key: &ghtest.Key().PublicKey, Secret: ghtest.Secret})}
	w.github.AddInstallation(1, nil)
	w.repo = w.github.AddRepo(1, "acme", "app")
	w.start(serveHTTP(t, w.github)+"/", filepath.Join(t.TempDir(), "test.db"))
	n := w.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	w.run(w.repo.Tip("feature"), 1)
	before := len(w.github.Requests())
	for range 2 { // the second time nothing is due
		if err := w.server.LookHowGuarded(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.github.Requests()) - before; n == 0 || n > 12 {
		t.Errorf("%d requests", n)
	}
	b := newBrowser(t)
	b.visit(w.home + "/")
	b.wants(200, "not required")
	b.visit(w.home + "/acme/app/policy")
	b.wants(200, "not required", "does not require")
	b.visit(w.home + "/health")
	b.wants(200, "the required check", "does not require")
}

// A repository that is new is asked about at once and only once, not on the day
// after; after its check was required here it is asked again.
func TestPagesKnowNewRepositories(t *testing.T) {
	t.Parallel()
	w := &world{t: t, now: time.Now, github: ghfake.New(ghfake.Options{AppID: 7, Key: &ghtest.Key().PublicKey, Secret: ghtest.Secret})}
	w.github.AddInstallation(1, nil)
	w.repo = w.github.AddRepo(1, "acme", "app")
	w.start(serveHTTP(t, w.github)+"/", filepath.Join(t.TempDir(), "test.db"))
	n := w.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	w.run(w.repo.Tip("feature"), 1)
	asked := func(ask func(context.Context) error) int {
		t.Helper()
		before := len(w.github.Requests())
		if err := ask(t.Context()); err != nil {
			t.Fatal(err)
		}
		return len(w.github.Requests()) - before
	}
	b := newBrowser(t)
	b.visit(w.home + "/")
	b.wants(200, "not asked yet")
	if n := asked(w.server.LookAtNew); n == 0 || n > 12 {
		t.Errorf("%d requests for a new repository", n)
	}
	b.visit(w.home + "/")
	b.wants(200, "not required")
	if n := asked(w.server.LookAtNew) + asked(w.server.LookHowGuarded); n != 0 {
		t.Errorf("%d requests for what is known", n)
	}
	w.repo.RequireChecks("main", true, ghfake.RequiredCheck{Name: "changeguard", App: 7})
	after := func(ctx context.Context) error { return w.server.LookAfter(ctx, "acme", "app") }
	if n := asked(after); n == 0 || n > 12 {
		t.Errorf("%d requests after its check was required", n)
	}
	b.visit(w.home + "/")
	b.wants(200, "required, pinned")
	nothing := func(ctx context.Context) error { return w.server.LookAfter(ctx, "acme", "nothing-judged") }
	if n := asked(nothing); n != 0 {
		t.Errorf("%d requests for a repository without a verdict", n)
	}
}
