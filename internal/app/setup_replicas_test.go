package app_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// Two replicas are one set-up: one token, a state that the other gave out, and an
// App that both serve with, without a restart.
func TestSetUpOverTwoReplicas(t *testing.T) {
	t.Parallel()
	_, _, address := unknownToGitHub(t)
	env := map[string]string{
		"CHANGEGUARD_GITHUB_URL": address, "CHANGEGUARD_SECRET_KEY": strings.Repeat("k", 32),
		"CHANGEGUARD_DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "x.db"),
	}
	one, two := begin(t, env), begin(t, env)
	var links [2]string
	for i, r := range []*running{one, two} {
		r.until("the link", func() bool { links[i] = setUpLink.FindString(r.log.String()); return links[i] != "" })
	}
	if links[0] != links[1] {
		t.Fatalf("the replicas print %q", links)
	}
	b := newBrowser(t)
	b.visit(one.home + links[0])
	b.send(nil)
	b.wants(200, "Create GitHub App")
	form := b.page
	back := strings.ReplaceAll(form, strings.TrimPrefix(one.home, "http://"), strings.TrimPrefix(two.home, "http://")) // as a balancer would
	b.page = back
	b.send(nil)
	b.wants(200, "Install it")
	if !strings.HasPrefix(b.at.String(), two.home) {
		t.Fatalf("it was not the other one that finished: %s", b.at)
	}
	one.until("the first to be ready", func() bool { return one.status(http.MethodGet, one.home+"/readyz") == 200 })
	b.visit(one.home + "/setup")
	b.wants(200, "Install it")
}

// On an Enterprise Server that is typed on the page, the App is made there, and
// the server works with it there, also after a restart.
func TestSetUpOnAnEnterpriseServer(t *testing.T) {
	t.Parallel()
	enterprise := ghfake.New(ghfake.Options{AppID: 1})
	mux := http.NewServeMux()
	mux.Handle("/api/v3/", http.StripPrefix("/api/v3", enterprise))
	mux.Handle("/", enterprise)
	host := httptest.NewServer(mux)
	t.Cleanup(host.Close)
	env := map[string]string{"CHANGEGUARD_GITHUB_URL": "http://127.0.0.1:1/", "CHANGEGUARD_DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "x.db")}
	r := begin(t, env)
	var link string
	r.until("the link", func() bool { link = setUpLink.FindString(r.log.String()); return link != "" })
	b := newBrowser(t)
	b.visit(r.home + link)
	b.visit(r.home + "/setup?server=https://evil/path")
	b.wants(400, "no Enterprise Server")
	b.visit(r.home + "/setup?server=" + host.URL)
	b.wants(200, host.URL)
	b.send(map[string]string{"server": "a;b"})
	b.wants(400, "no Enterprise Server")
	b.visit(r.home + "/setup?server=" + host.URL)
	b.send(nil)
	b.wants(200, "Create GitHub App for /settings/apps/new")
	b.send(nil)
	b.wants(200, "Install it")
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	again := begin(t, env)
	if got := again.status(http.MethodGet, again.home+"/readyz"); got != 200 {
		t.Errorf("not ready after a restart: %d", got)
	}
	if strings.Contains(again.log.String(), "not set up yet") {
		t.Error("the restart does not find the App")
	}
}
