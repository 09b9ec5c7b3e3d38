package app_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/app/apptest"
	"github.com/changeguard/changeguard/internal/web"
)

// Where the App was granted to, the button requires the check in a ruleset that is
// in force at once, of the default branch, from this App and from no other.
func TestSetUpRequiresTheCheck(t *testing.T) {
	t.Parallel()
	_, repo, address := unknownToGitHub(t)
	database := filepath.Join(t.TempDir(), "x.db")
	env := map[string]string{"CHANGEGUARD_GITHUB_URL": address, "CHANGEGUARD_SECRET_KEY": strings.Repeat("k", 32), "CHANGEGUARD_DATABASE_URL": "sqlite:" + database}
	r := begin(t, env)
	var link string
	r.until("the link", func() bool { link = setUpLink.FindString(r.log.String()); return link != "" })
	b := newBrowser(t)
	b.visit(r.home + link)
	b.send(map[string]string{"manifest": granted(t, r.home)})
	b.send(nil)
	b.wants(200, "Install it")
	b.visit(address + "apps/changeguard/installations/new")
	b.send(nil)
	b.visit(r.home + "/setup/acme/app")
	b.wants(200, "not required")
	b.send(nil)
	b.wants(200, `requires "changeguard" from this App and from no other`)
	if strings.Contains(b.page, "/require") {
		t.Error("the button is still there")
	}
	sets := repo.Rulesets()
	if len(sets) != 1 || sets[0].Enforcement != "active" || len(sets[0].Bypass) != 0 || len(sets[0].Branches) != 1 || sets[0].Branches[0] != "main" {
		t.Fatalf("rulesets: %+v", sets)
	}
	if c := sets[0].Checks; len(c) != 1 || c[0].Name != "changeguard" || c[0].App <= 1 {
		t.Errorf("it requires %+v", c)
	}
	begin(t, env) // as it was
	log := &world{t: t, database: database}
	list := log.audit(app.Audit{Kind: "configuration"})
	if len(list) != 2 || list[0].Subject != "server" || list[1].Subject != "acme/app" {
		t.Fatalf("%+v", list)
	}
	var said struct {
		Ruleset          int64
		Action, Requires string
		App              int64
	}
	if err := json.Unmarshal(list[1].Body, &said); err != nil || said.Ruleset == 0 || said.Action != "created" || said.Requires != "changeguard" || said.App != sets[0].Checks[0].App {
		t.Errorf("%v: %s", err, list[1].Body)
	}
}

// granted is the manifest with the permission to write rulesets, as somebody may
// add it on GitHub.
func granted(t *testing.T, home string) string {
	t.Helper()
	text, err := web.Manifest(home, home)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	m["default_permissions"].(map[string]any)["administration"] = "write"
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A code that comes back after an hour makes nothing.
func TestSetUpTakesNoLongerThanAnHour(t *testing.T) {
	t.Parallel()
	_, _, address := unknownToGitHub(t)
	for passed, want := range map[time.Duration]int{time.Hour - time.Minute: http.StatusBadGateway, time.Hour: http.StatusBadRequest} {
		began, gone := time.Now(), new(atomic.Int64)
		c := app.Config{Addr: "127.0.0.1:0", GitHubURL: address, DatabaseURL: "sqlite:" + filepath.Join(t.TempDir(), "x.db")}
		s := apptest.Start(t, c, nil, app.Outside{Now: func() time.Time { return began.Add(time.Duration(gone.Load())) }})
		r := &running{world: &world{t: t, home: s.Home, log: s.Log}, Running: s}
		var link string
		r.until("the link", func() bool { link = setUpLink.FindString(r.log.String()); return link != "" })
		b := newBrowser(t)
		b.visit(r.home + link)
		b.send(nil)
		state := b.at.Query().Get("state")
		gone.Store(int64(passed))
		b.visit(r.home + "/setup/created?code=unknown&state=" + state) // which GitHub refuses, where it is asked
		b.wants(want, `href="/setup"`)
	}
}
