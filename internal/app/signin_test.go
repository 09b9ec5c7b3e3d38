package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

// People see what they may read on GitHub, and nothing of the rest: not in the
// list, not by its address.
func TestPeopleSeeWhatTheyMayRead(t *testing.T) {
	t.Parallel()
	github := ghfake.New(ghfake.Options{AppID: ghtest.AppID, Key: &ghtest.Key().PublicKey, Secret: ghtest.Secret})
	github.AddInstallation(1, nil)
	github.SetSignIn(7, "Iv.1", "the client's secret")
	open := github.AddRepo(1, "acme", "app")
	open.Private = true
	open.Allow("ann", "read")
	address := serveHTTP(t, github)
	r := begin(t, map[string]string{
		"CHANGEGUARD_GITHUB_URL": address, "CHANGEGUARD_APP_ID": "7", "CHANGEGUARD_WEBHOOK_SECRET": ghtest.Secret, "CHANGEGUARD_CLIENT_ID": "Iv.1", "CHANGEGUARD_CLIENT_SECRET": "the client's secret",
		"CHANGEGUARD_PRIVATE_KEY": string(ghtest.PEM()),
	})
	r.world.github, r.repo = github, open
	number := r.world.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	r.deliver("pull_request", open.PullEvent(number, "opened", nil))
	r.run(open.Tip("feature"), 1)

	for _, path := range []string{"/", "/acme/app/pull/1"} {
		if got := r.status(http.MethodGet, r.home+path); got != http.StatusSeeOther {
			t.Errorf("%s without a sign-in: %d", path, got)
		}
	}
	ann, eve := newBrowser(t), newBrowser(t)
	github.Visit("ann")
	ann.visit(r.home + "/acme/app/pull/1")
	ann.send(nil)
	ann.wants(200, "A change")
	ann.visit(r.home + "/")
	ann.wants(200, "acme/app#1")

	github.Visit("eve")
	eve.visit(r.home + "/acme/app/pull/1")
	eve.send(nil)
	eve.wants(404, "No verdict here")
	eve.visit(r.home + "/")
	eve.wants(200)
	if got := eve.page; strings.Contains(got, "A change") || strings.Contains(got, "acme/app") {
		t.Errorf("the list shows what may not be read:\n%s", got)
	}
	eve.visit(r.home + "/auth/callback?code=x&state=y")
	eve.wants(400)
	ann.do(http.MethodPost, r.home+"/auth/logout", nil)
	ann.wants(200, "signed out")
	if ann.visit(r.home + "/"); ann.at.Path != "/login/oauth/authorize" {
		t.Errorf("signed out, %s is shown", ann.at)
	}
}
