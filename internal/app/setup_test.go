package app_test

import (
	"bytes"
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

// browser follows links and sends forms as one would.
type browser struct {
	*testing.T
	http.Client
	at   *url.URL
	page string
	code int
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{T: t, Client: http.Client{Jar: jar}}
}

func (b *browser) do(method, address string, form url.Values) {
	b.Helper()
	to, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	if b.at != nil {
		to = b.at.ResolveReference(to)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	b.at, b.page, b.code = resp.Request.URL, string(data), resp.StatusCode
}

func (b *browser) visit(address string) { b.Helper(); b.do(http.MethodGet, address, nil) }

var (
	formTag  = regexp.MustCompile(`(?s)<form method="post"(?: action="([^"]*)")?.*?</form>`)
	inputTag = regexp.MustCompile(`<input[^>]* name="([^"]+)"(?:[^>]* value="([^"]*)")?`)
)

// send fills in the page's first form and sends it.
func (b *browser) send(fields map[string]string) {
	b.Helper()
	form := formTag.FindStringSubmatch(b.page)
	if form == nil {
		b.Fatalf("%s has no form:\n%s", b.at, b.page)
	}
	values := url.Values{}
	for _, m := range inputTag.FindAllStringSubmatch(form[0], -1) {
		values.Set(m[1], html.UnescapeString(m[2]))
	}
	for name, value := range fields {
		values.Set(name, value)
	}
	b.do(http.MethodPost, html.UnescapeString(form[1]), values)
}

func (b *browser) wants(code int, texts ...string) {
	b.Helper()
	if b.code != code {
		b.Fatalf("%s: %d, want %d\n%s", b.at, b.code, code, b.page)
	}
	for _, text := range texts {
		if !strings.Contains(b.page, text) {
			b.Fatalf("%s lacks %q:\n%s", b.at, text, b.page)
		}
	}
}

var setUpLink = regexp.MustCompile(`/setup\?token=[\w-]+`)

// github serves a stand-in that knows no App.
func unknownToGitHub(t *testing.T) (github *ghfake.Server, repo *ghfake.Repo, address string) {
	t.Helper()
	github = ghfake.New(ghfake.Options{AppID: 1})
	repo = github.AddRepo(1, "acme", "app")
	repo.Commit("main", "first", ghfake.Files{"go.mod": ghfake.Text("module x\n"), "core/a.go": ghfake.Text("package core\n")}, author)
	return github, repo, serveHTTP(t, github)
}

// A server without credentials makes its App with one button, and judges from
// then on; a restart finds the credentials again.
func TestSetUpFromNothingToAVerdict(t *testing.T) {
	t.Parallel()
	github, repo, address := unknownToGitHub(t)
	env := map[string]string{"CHANGEGUARD_GITHUB_URL": address, "CHANGEGUARD_DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "x.db")}
	r := begin(t, env)
	r.github, r.repo = github, repo
	var link string
	r.until("the link", func() bool { link = setUpLink.FindString(r.log.String()); return link != "" })

	b := newBrowser(t)
	b.visit(r.home + "/setup")
	b.wants(200, "One-time token")
	if strings.Contains(b.page, `name="manifest"`) {
		t.Error("without the token the page makes an App")
	}
	b.send(map[string]string{"token": "wrong"})
	b.wants(403, "not the token")
	b.visit(r.home + "/setup/created?code=x&state=y")
	b.wants(403)

	b.visit(r.home + link)
	b.wants(200, "Create the App on GitHub", "GitHub cannot deliver to 127.0.0.1", "CHANGEGUARD_PUBLIC_URL")
	b.send(map[string]string{"organization": "../x"})
	b.wants(400)
	b.visit(r.home + "/setup")
	b.send(map[string]string{"organization": "acme"})
	b.wants(200, "Create GitHub App for /organizations/acme/settings/apps/new")
	b.send(nil)
	b.wants(200, "Install it", "/apps/changeguard/installations/new")
	b.visit(address + "apps/changeguard/installations/new")
	b.send(nil)
	b.visit(r.home + "/setup")
	b.wants(200, `href="/setup/acme/app"`)
	b.visit(r.home + "/setup/acme/app")
	b.wants(200, "not required", "mode: observe", "Propose it as a pull request")
	b.send(nil)
	b.wants(200, "was not granted")
	if len(repo.Rulesets()) != 0 {
		t.Error("there is a ruleset")
	}
	// A slow disk may say 503 for a moment.
	r.until("the server is ready after the set-up", func() bool { return r.status(http.MethodGet, r.home+"/readyz") == 200 })

	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	again := begin(t, env)
	again.until("the server is ready after a restart", func() bool { return again.status(http.MethodGet, again.home+"/readyz") == 200 })
	database := strings.TrimPrefix(env["CHANGEGUARD_DATABASE_URL"], "sqlite:")
	info, err := os.Stat(database + ".key")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v %v", info, err)
	}
	for _, name := range []string{database, database + "-wal"} {
		if data, err := os.ReadFile(name); err == nil && (bytes.Contains(data, []byte("PRIVATE KEY")) || bytes.Contains(data, []byte("webhook_secret"))) {
			t.Errorf("%s shows the credentials", name)
		}
	}
}

// An answer whose state was not given out here, or was used, makes nothing.
func TestSetUpChecksTheState(t *testing.T) {
	t.Parallel()
	_, _, address := unknownToGitHub(t)
	r := begin(t, map[string]string{"CHANGEGUARD_GITHUB_URL": address})
	var link string
	r.until("the link", func() bool { link = setUpLink.FindString(r.log.String()); return link != "" })
	b := newBrowser(t)
	b.visit(r.home + link)
	b.visit(r.home + "/setup/created?code=x&state=made-up")
	b.wants(400, "did not begin here")
	b.visit(r.home + "/setup")
	b.send(nil)
	state := b.at.Query().Get("state")
	b.visit(r.home + "/setup/created?code=unknown&state=" + state)
	b.wants(502, "GitHub answers 404")
	b.visit(r.home + "/setup/created?code=unknown&state=" + state)
	b.wants(400)
}

// What another site sends is refused, also with the cookie.
func TestSetUpRefusesOtherSites(t *testing.T) {
	t.Parallel()
	r := begin(t, nil)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, r.home+"/setup", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://elsewhere.example")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("%d", resp.StatusCode)
	}
}

func TestAppIsMadeFromATerminal(t *testing.T) {
	t.Parallel()
	_, _, address := unknownToGitHub(t)
	env := map[string]string{
		"CHANGEGUARD_GITHUB_URL": address, "CHANGEGUARD_DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "x.db"), "CHANGEGUARD_PUBLIC_URL": "https://guard.example",
	}
	var out ghtest.Log
	done := make(chan int, 1)
	go func() { done <- app.CreateApp(context.Background(), app.Config{}, environment(env), &out, io.Discard) }()
	link := ""
	(&world{t: t, log: &out}).until("the link", func() bool {
		link = regexp.MustCompile(`http://127\S+`).FindString(out.String())
		return link != ""
	})
	b := newBrowser(t)
	b.visit(link)
	b.send(nil)
	b.send(nil)
	b.wants(200, "Install changeguard on GitHub")
	if code := <-done; code != app.ExitPass || !strings.Contains(out.String(), "Made changeguard") {
		t.Errorf("%d %s", code, out.String())
	}
	r := begin(t, env)
	r.until("the server finds the App", func() bool { return r.status(http.MethodGet, r.home+"/readyz") == 200 })
}

// For an Enterprise Server both ways do: its API named in the settings, and its
// address typed on the page. What is made knows its API, so the server that starts
// with it asks nobody else.
func TestAppIsMadeFromATerminalForAnEnterpriseServer(t *testing.T) {
	t.Parallel()
	for name, named := range map[string]bool{"named in the settings": true, "typed on the page": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			github := ghfake.New(ghfake.Options{AppID: 1})
			github.AddRepo(1, "acme", "app").Commit("main", "first", ghfake.Files{"go.mod": ghfake.Text("module x\n")}, author)
			var elsewhere atomic.Int64 // requests to where an Enterprise Server has no API
			address := serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/app-manifests/") || r.URL.Path == "/app" || strings.HasPrefix(r.URL.Path, "/app/") {
					elsewhere.Add(1)
				}
				github.ServeHTTP(w, r)
			}))
			env := map[string]string{"CHANGEGUARD_DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "x.db"), "CHANGEGUARD_PUBLIC_URL": "https://guard.example"}
			at := environment(env)
			if named {
				at = environment(map[string]string{"CHANGEGUARD_DATABASE_URL": env["CHANGEGUARD_DATABASE_URL"], "CHANGEGUARD_PUBLIC_URL": "https://guard.example", "CHANGEGUARD_GITHUB_URL": address + "api/v3/"})
			}
			var out ghtest.Log
			done := make(chan int, 1)
			go func() { done <- app.CreateApp(context.Background(), app.Config{}, at, &out, io.Discard) }()
			link := ""
			(&world{t: t, log: &out}).until("the link", func() bool {
				link = regexp.MustCompile(`http://127\S+`).FindString(out.String())
				return link != ""
			})
			b := newBrowser(t)
			b.visit(link)
			if !named {
				b.do(http.MethodGet, "/setup?server="+url.QueryEscape(strings.TrimSuffix(address, "/")), nil)
			}
			b.wants(200, "GitHub ("+strings.TrimSuffix(address, "/")+")")
			b.send(nil)
			b.wants(200, "Create GitHub App")
			b.send(nil)
			b.wants(200, "Install changeguard on GitHub", address)
			if code := <-done; code != app.ExitPass || !strings.Contains(out.String(), "Install it:      "+address) {
				t.Errorf("%d %s", code, out.String())
			}

			r := begin(t, env) // without the API's address
			r.until("the server finds the App", func() bool { return r.status(http.MethodGet, r.home+"/readyz") == 200 })
			b.visit(address + "apps/changeguard/installations/new")
			b.send(nil)
			b.visit(r.home + "/setup")
			if elsewhere.Load() != 0 {
				t.Errorf("%d requests went past the Enterprise Server's API", elsewhere.Load())
			}
		})
	}
}
