package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/web"
	"github.com/changeguard/changeguard/webhook"
)

// clinic is a repository that is in order, for each test to break one thing.
type clinic struct {
	t      *testing.T
	hub    *ghfake.Server
	repo   *ghfake.Repo
	doctor app.Doctor
	status int // the server's answer to webhooks
	ready  int
}

func newClinic(t *testing.T, permissions map[string]string, a ghfake.App) *clinic {
	t.Helper()
	c := &clinic{t: t, status: http.StatusAccepted, ready: http.StatusOK}
	c.hub = ghfake.New(ghfake.Options{AppID: ghtest.AppID, Key: &ghtest.Key().PublicKey, Secret: ghtest.Secret})
	mux := http.NewServeMux()
	mux.HandleFunc("/webhook", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.status) })
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(c.ready)
		_, _ = w.Write([]byte("ready; 0 waiting\n"))
	})
	mux.Handle("/", c.hub)
	front := httptest.NewServer(mux)
	t.Cleanup(front.Close)
	a.ID, a.Slug, a.Key, a.Secret = 7, "changeguard", &ghtest.Key().PublicKey, ghtest.Secret
	a.Hook.URL = front.URL + "/webhook"
	c.hub.AddApp(a)
	c.hub.AddInstallation(1, permissions)
	c.repo = c.hub.AddRepo(1, "acme", "app")
	c.repo.Commit("main", "first", ghfake.Files{"a": ghfake.Text("a\n")}, author)
	config := app.Config{
		GitHubURL: front.URL + "/", AppID: "7", WebhookSecret: ghtest.Secret, PublicURL: front.URL,
		PrivateKey: string(ghtest.PEM()),
	}
	if err := config.Complete(func(string) string { return "" }, false); err != nil {
		t.Fatal(err)
	}
	c.doctor = app.Doctor{Config: config, Owner: "acme", Repo: "app", Now: time.Now, Pause: time.Millisecond}
	return c
}

// deliver sends a webhook to the clinic's server.
func (c *clinic) deliver(event string) {
	c.t.Helper()
	payload := c.hub.PingEvent(c.doctor.Config.PublicURL)
	if _, err := c.hub.Deliver(context.Background(), c.doctor.Config.PublicURL+"/webhook", event, payload); err != nil {
		c.t.Fatal(err)
	}
}

type diagnosis struct{ About, State, Says, Remedy, Page string }

// examine returns the exit code and the answers.
func (c *clinic) examine() (int, []diagnosis) {
	c.t.Helper()
	var text, out, errs bytes.Buffer
	c.doctor.JSON = true
	code := c.doctor.Run(context.Background(), &out, &errs)
	var answer struct{ Diagnoses []diagnosis }
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		c.t.Fatalf("%v: %s %s", err, out.String(), errs.String())
	}
	c.doctor.JSON, c.doctor.Ping = false, false
	if again := c.doctor.Run(context.Background(), &text, &errs); again != code {
		c.t.Errorf("as text it exits with %d, as JSON with %d", again, code)
	}
	for _, d := range answer.Diagnoses {
		if d.About != "ping" && !strings.Contains(text.String(), d.About+": "+d.Says) {
			c.t.Errorf("the text lacks %q:\n%s", d.Says, text.String())
		}
		if d.State != "ok" && d.Remedy == "" && d.About != "ping" {
			c.t.Errorf("%q does not say what to do", d.Says)
		}
	}
	return code, answer.Diagnoses
}

// one is the answer about something.
func one(t *testing.T, list []diagnosis, about string) diagnosis {
	t.Helper()
	i := slices.IndexFunc(list, func(d diagnosis) bool { return d.About == about })
	if i < 0 {
		t.Fatalf("nothing is said about %s: %v", about, list)
	}
	return list[i]
}

// administrators see who may bypass a ruleset.
func administrator() map[string]string {
	p := ghfake.Permissions()
	p["administration"] = "write"
	return p
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	pinned := ghfake.RequiredCheck{Name: "changeguard", App: 7}
	lacking := ghfake.Permissions()
	lacking["checks"] = "read"
	for name, x := range map[string]struct {
		permissions        map[string]string
		app                ghfake.App
		set                func(c *clinic)
		about, state, says string
		code               int
	}{
		"in order":            {set: func(c *clinic) { c.repo.RequireChecks("main", true, pinned) }, about: "who is exempt", state: "ok", says: "administrators too"},
		"pinned":              {set: func(c *clinic) { c.repo.RequireChecks("main", true, pinned) }, about: "pinned to this App", state: "ok"},
		"not required":        {set: func(*clinic) {}, about: "the required check", state: "problem", says: "can be merged", code: 1},
		"another is required": {set: func(c *clinic) { c.repo.RequireChecks("main", true, ghfake.RequiredCheck{Name: "ci", App: 7}) }, about: "the required check", state: "problem", code: 1},
		"not pinned":          {set: func(c *clinic) { c.repo.RequireChecks("main", true, ghfake.RequiredCheck{Name: "changeguard"}) }, about: "pinned to this App", state: "problem", says: "everybody who can write", code: 1},
		"pinned to another": {set: func(c *clinic) {
			c.repo.RequireChecks("main", true, ghfake.RequiredCheck{Name: "changeguard", App: 15368})
		}, about: "pinned to this App", state: "problem", says: "App 15368", code: 1},
		"administrators": {set: func(c *clinic) { c.repo.RequireChecks("main", false, pinned) }, about: "who is exempt", state: "problem", says: "administrators can merge", code: 1},
		"ruleset, not shown": {
			set: func(c *clinic) { c.repo.AddRuleset(ghfake.Ruleset{Checks: []ghfake.RequiredCheck{pinned}}) }, about: "who is exempt", state: "left to you", says: "may bypass",
		},
		"ruleset, nobody": {
			permissions: administrator(), set: func(c *clinic) { c.repo.AddRuleset(ghfake.Ruleset{Checks: []ghfake.RequiredCheck{pinned}}) }, about: "who is exempt", state: "ok",
		},
		"ruleset, somebody": {
			permissions: administrator(), set: func(c *clinic) {
				c.repo.AddRuleset(ghfake.Ruleset{Level: "Organization", Checks: []ghfake.RequiredCheck{pinned}, Bypass: []string{"OrganizationAdmin"}})
			}, about: "who is exempt", state: "problem", says: "OrganizationAdmin 1 (always)", code: 1,
		},
		"ruleset bypassed, but protection holds": {
			permissions: administrator(), set: func(c *clinic) {
				c.repo.AddRuleset(ghfake.Ruleset{Checks: []ghfake.RequiredCheck{pinned}, Bypass: []string{"OrganizationAdmin"}})
				c.repo.RequireChecks("main", true, pinned)
			}, about: "who is exempt", state: "ok",
		},
		"in order, by a pattern": {set: func(c *clinic) {
			c.repo.Branch("release/1", "main")
			c.repo.RequireChecks("release/*", true, pinned)
			c.doctor.Branch = "release/1"
		}, about: "who is exempt", state: "ok", says: "administrators too"},
		"required on another branch only": {set: func(c *clinic) {
			c.repo.RequireChecks("release/*", true, pinned)
			c.repo.AddRuleset(ghfake.Ruleset{Checks: []ghfake.RequiredCheck{pinned}, Branches: []string{"release/*"}})
		}, about: "the required check", state: "problem", says: "for other branches", code: 1},
		"ruleset that is only evaluated": {set: func(c *clinic) {
			c.repo.AddRuleset(ghfake.Ruleset{Checks: []ghfake.RequiredCheck{pinned}, Enforcement: "evaluate"})
		}, about: "the required check", state: "problem", says: "only evaluated", code: 1},
		"ruleset that is switched off": {set: func(c *clinic) {
			c.repo.AddRuleset(ghfake.Ruleset{Checks: []ghfake.RequiredCheck{pinned}, Enforcement: "disabled"})
		}, about: "the required check", state: "problem", says: "can be merged", code: 1},
		"pinned where it can be bypassed, held where it is anybody's": {
			permissions: administrator(), set: func(c *clinic) {
				c.repo.AddRuleset(ghfake.Ruleset{Checks: []ghfake.RequiredCheck{pinned}, Bypass: []string{"RepositoryRole"}})
				c.repo.RequireChecks("main", true, ghfake.RequiredCheck{Name: "changeguard"})
			}, about: "who is exempt", state: "problem", says: "RepositoryRole 1", code: 1,
		},
		"pinned to this App and to another": {set: func(c *clinic) {
			c.repo.AddRuleset(ghfake.Ruleset{Checks: []ghfake.RequiredCheck{pinned}})
			c.repo.RequireChecks("main", true, ghfake.RequiredCheck{Name: "changeguard", App: 15368})
		}, about: "pinned to this App", state: "problem", says: "never come", code: 1},
		"event of evidence missing": {
			app: ghfake.App{Events: []string{"check_run", "check_suite", "issue_comment", "merge_group", "pull_request", "pull_request_review", "push"}},
			set: func(c *clinic) { c.repo.RequireChecks("main", true, pinned) }, about: "the App's registration", state: "problem", says: "lacks event status", code: 1,
		},
		"permission missing": {permissions: lacking, set: func(c *clinic) { c.repo.RequireChecks("main", true, pinned) }, about: "the installation", state: "problem", says: "checks: write", code: 1},
		"event missing": {
			app: ghfake.App{Events: []string{"pull_request"}}, set: func(c *clinic) { c.repo.RequireChecks("main", true, pinned) }, about: "the App's registration", state: "problem", says: "event merge_group", code: 1,
		},
		"not installed": {set: func(c *clinic) { c.doctor.Repo = "other" }, about: "installation", state: "problem", says: "not installed on acme/other", code: 1},
		"suspended":     {set: func(c *clinic) { c.hub.Suspend(1, true) }, about: "installation", state: "problem", says: "suspended", code: 1},
		"wrong secret": {set: func(c *clinic) {
			c.repo.RequireChecks("main", true, pinned)
			c.status = http.StatusUnauthorized
			c.deliver("push")
		}, about: "webhooks", state: "problem", says: "secret is another one", code: 1},
		"signed": {set: func(c *clinic) { c.repo.RequireChecks("main", true, pinned) }, about: "the webhook's settings", state: "ok", says: "signed, and sent to http://127.0.0.1"},
		"no webhook": {set: func(c *clinic) {
			c.hub.AddApp(ghfake.App{ID: 7, Slug: "changeguard", Key: &ghtest.Key().PublicKey, Secret: ghtest.Secret})
		}, about: "the webhook's settings", state: "problem", says: "nothing is sent", code: 1},
		"no secret": {set: func(c *clinic) {
			c.hub.AddApp(ghfake.App{ID: 7, Slug: "changeguard", Key: &ghtest.Key().PublicKey, Hook: ghfake.Hook{URL: c.doctor.Config.PublicURL + "/webhook"}})
		}, about: "the webhook's settings", state: "problem", says: "it has no secret", code: 1},
		"certificate not verified, in the open, elsewhere": {set: func(c *clinic) {
			c.hub.AddApp(ghfake.App{ID: 7, Slug: "changeguard", Key: &ghtest.Key().PublicKey, Secret: ghtest.Secret, Hook: ghfake.Hook{URL: "http://guard.example.com/webhook", InsecureSSL: true}})
		}, about: "the webhook's settings", state: "problem", says: "certificate is not verified; what it sends can be read on the way, since its address is not https; it sends to http://guard.example.com/webhook, and this server", code: 1},
		"failing": {set: func(c *clinic) {
			c.repo.RequireChecks("main", true, pinned)
			c.status = http.StatusServiceUnavailable
			c.deliver("push")
		}, about: "webhooks", state: "problem", says: "failed with 503", code: 1},
		"ping": {set: func(c *clinic) {
			c.repo.RequireChecks("main", true, pinned)
			c.doctor.Ping = true
		}, about: "ping", state: "ok", says: "answered with 202"},
		"not ready": {set: func(c *clinic) {
			c.repo.RequireChecks("main", true, pinned)
			c.ready = http.StatusServiceUnavailable
		}, about: "the server", state: "problem", says: "ready; 0 waiting", code: 1},
		"address unknown": {set: func(c *clinic) {
			c.repo.RequireChecks("main", true, pinned)
			c.doctor.Config.PublicURL = ""
		}, about: "the server", state: "left to you"},
		"GitHub does not answer": {set: func(c *clinic) {
			c.hub.Inject(ghfake.Fault{Route: "GET /app", Times: -1, Status: http.StatusInternalServerError})
		}, about: "the App", state: "unknown", code: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClinic(t, x.permissions, x.app)
			c.deliver("ping")
			x.set(c)
			code, list := c.examine()
			d := one(t, list, x.about)
			if code != x.code || d.State != x.state || !strings.Contains(d.Says, x.says) {
				t.Errorf("exit code %d, %v; of all %v", code, d, list)
			}
		})
	}
}

// Every permission and every event of the manifest is looked for, one by one.
func TestDoctorMissesNothingOfTheManifest(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../deploy/app-manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Permissions map[string]string `json:"default_permissions"`
		Events      []string          `json:"default_events"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	says := func(a ghfake.App) string {
		c := newClinic(t, nil, a)
		c.repo.RequireChecks("main", true, ghfake.RequiredCheck{Name: "changeguard", App: 7})
		_, list := c.examine()
		return one(t, list, "the App's registration").Says
	}
	for _, e := range m.Events {
		rest := slices.DeleteFunc(slices.Clone(m.Events), func(x string) bool { return x == e })
		if got := says(ghfake.App{Events: rest, Permissions: m.Permissions}); got != "lacks event "+e {
			t.Errorf("without %s: %s", e, got)
		}
	}
	for name, level := range m.Permissions {
		rest := maps.Clone(m.Permissions)
		delete(rest, name)
		if got := says(ghfake.App{Events: m.Events, Permissions: rest}); got != "lacks "+name+": "+level {
			t.Errorf("without %s: %s", name, got)
		}
	}
	if got := says(ghfake.App{Events: m.Events, Permissions: m.Permissions}); got != "permissions and events suffice" {
		t.Errorf("with all of it: %s", got)
	}
}

// The App that the set-up makes asks for what the file in deploy says and what the
// program uses: neither more nor less.
func TestSetUpAsksForWhatIsUsed(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../deploy/app-manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	type asked struct {
		Permissions map[string]string `json:"default_permissions"`
		Events      []string          `json:"default_events"`
	}
	var file, made asked
	text, err := web.Manifest("https://guard.example", "https://guard.example")
	if err := errors.Join(err, json.Unmarshal(data, &file), json.Unmarshal([]byte(text), &made)); err != nil {
		t.Fatal(err)
	}
	slices.Sort(file.Events)
	slices.Sort(made.Events)
	if used := webhook.Events(); !slices.Equal(made.Events, used) || !slices.Equal(file.Events, used) {
		t.Errorf("the set-up asks for %v, the file for %v, and %v are used", made.Events, file.Events, used)
	}
	if !maps.Equal(made.Permissions, file.Permissions) {
		t.Errorf("the set-up asks for %v, the file for %v", made.Permissions, file.Permissions)
	}
}

// A server that was never reached by a webhook is no healthy one.
func TestDoctorWithoutDeliveries(t *testing.T) {
	t.Parallel()
	c := newClinic(t, nil, ghfake.App{})
	c.repo.RequireChecks("main", true, ghfake.RequiredCheck{Name: "changeguard", App: 7})
	if code, list := c.examine(); code != app.ExitStopped || one(t, list, "webhooks").State != "problem" {
		t.Errorf("%d %v", code, list)
	}
}
