package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

// entry is one of the audit log.
type entry struct {
	Kind, Subject, Actor string
	Body                 json.RawMessage
}

// audit reads the audit log as the command exports it.
func (w *world) audit(a app.Audit) (list []entry) {
	w.t.Helper()
	a.DatabaseURL = "sqlite:" + w.database
	var out, errs bytes.Buffer
	if code := a.Export(context.Background(), &out, &errs); code != 0 {
		w.t.Fatalf("%d: %s", code, &errs)
	}
	for line := range strings.Lines(out.String()) {
		var e entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			w.t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// What went in by an override is listed: who lifted what and why, who merged it and
// when; once, also when GitHub tells it twice. What needed none is not.
func TestAuditOfWhatWentInByOverride(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.reaction(w.say(n, "boss", "/changeguard override core it is agreed"))
	w.run(head, 2)
	w.repo.Branch("plain", "main")
	w.repo.Commit("plain", "fine", ghfake.Files{"lib/z.py": ghfake.Text("z = 1\n")}, author)
	plain := w.repo.Open(ghfake.Pull{Title: "Fine", Base: "main", Head: "plain", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
	w.deliver("pull_request", w.repo.PullEvent(plain, "opened", nil))
	w.run(w.repo.Tip("plain"), 1)
	for _, n := range []int{n, plain} {
		w.repo.MergePull(n, "writer", author)
		for range 2 {
			w.deliver("pull_request", w.repo.PullEvent(n, "closed", nil))
		}
	}
	list := w.audit(app.Audit{Overrides: true})
	if len(list) != 1 || list[0].Subject != "acme/app#1" || list[0].Actor != "writer" {
		t.Fatalf("%+v", list)
	}
	var e guard.ByOverride
	if err := json.Unmarshal(list[0].Body, &e); err != nil {
		t.Fatal(err)
	}
	if len(e.Overrides) != 1 || e.Head != head || e.Commit == "" || e.MergedAt.IsZero() {
		t.Fatalf("%+v", e)
	}
	if o := e.Overrides[0]; o.Rule != "core" || o.Path != "core/a.py" || !slices.Equal(o.By, []string{"boss"}) || o.Reason != "it is agreed" || o.Until == "" {
		t.Errorf("%+v", o)
	}
}

// Where the App is installed and what it may is written down as it changes, once.
func TestAuditOfInstallations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	again := w.github.InstallationEvent(1, "suspend")
	for range 2 {
		if _, err := w.github.Deliver(t.Context(), w.home+"/webhook", "installation", again, ghfake.WithID("the same")); err != nil {
			t.Fatal(err)
		}
	}
	w.deliver("installation", w.github.InstallationEvent(1, "new_permissions_accepted"))
	w.deliver("installation_repositories", w.github.ReposEvent(1, "removed"))
	w.deliver("installation", map[string]any{"action": "created"})
	var said []string
	for _, e := range w.audit(app.Audit{Kind: "installation"}) {
		var b struct {
			Action      string
			Permissions map[string]string
			Removed     []string
		}
		if err := json.Unmarshal(e.Body, &b); err != nil || e.Actor != "octocat" || b.Permissions["checks"] == "" {
			t.Errorf("%v: %+v", err, e)
		}
		said = append(said, b.Action+" "+strings.Join(b.Removed, " "))
	}
	if want := []string{"suspend ", "new_permissions_accepted ", "removed acme/app"}; !slices.Equal(said, want) {
		t.Errorf("%q", said)
	}
	if got := w.github.Requests(); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// A server that starts with other settings says which, and none of them.
func TestAuditOfTheConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	first := w.audit(app.Audit{Kind: "configuration"})
	if len(first) != 1 {
		t.Fatalf("%v", first)
	}
	w.start(w.api+"/", w.database)
	w.idle()
	if got := w.audit(app.Audit{Kind: "configuration"}); len(got) != 1 {
		t.Errorf("the same settings: %v", got)
	}
	w.public = "https://changed.example"
	w.start(w.api+"/", w.database)
	w.idle()
	list := w.audit(app.Audit{Kind: "configuration"})
	var last struct {
		Settings map[string]string
		Changed  []string
	}
	if len(list) != 2 || json.Unmarshal(list[1].Body, &last) != nil || !slices.Equal(last.Changed, []string{"CHANGEGUARD_PUBLIC_URL"}) || last.Settings["CHANGEGUARD_WEBHOOK_SECRET"] == "" {
		t.Fatalf("%+v", list)
	}
	for _, e := range list {
		for _, hidden := range []string{ghtest.Secret, "PRIVATE KEY", "changed.example", w.database} {
			if strings.Contains(string(e.Body), hidden) {
				t.Errorf("%q is in %s", hidden, e.Body)
			}
		}
	}
}

// A policy that is another one than before is written down, for its branch.
func TestAuditOfPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"lib/a.py": ghfake.Text("x = 2\n")})
	head := w.repo.Tip("feature")
	for i, action := range []string{"opened", "edited", "edited"} {
		if i == 2 {
			w.repo.Commit("main", "another policy", ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\nrules: {}\n")}, author)
		}
		w.deliver("pull_request", w.repo.PullEvent(n, action, nil))
		w.run(head, 1)
		w.idle()
	}
	list := w.audit(app.Audit{Kind: "policy"})
	if len(list) != 2 || list[1].Subject != "acme/app:main" {
		t.Fatalf("%+v", list)
	}
	var b struct{ Before, After []string }
	if err := json.Unmarshal(list[1].Body, &b); err != nil || len(b.Before) != 1 || len(b.After) != 1 || b.Before[0] == b.After[0] {
		t.Errorf("%v: %s", err, list[1].Body)
	}
}

// Somebody who asks for more than is answered is told so once, and costs nothing
// from then on; others are answered.
func TestCommandsAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, _ := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	for range guard.CommandsHere {
		if got := w.reaction(w.say(n, "writer", "/changeguard recheck")); got != "+1" {
			t.Fatalf("%q", got)
		}
	}
	w.idle()
	if got := w.reaction(w.say(n, "writer", "/changeguard recheck")); got != "confused" {
		t.Errorf("one too many: %q", got)
	}
	w.until("the sentence", func() bool {
		return slices.ContainsFunc(w.repo.Comments(n), func(c string) bool { return strings.Contains(c, "more than 20 commands in an hour") })
	})
	w.idle()
	w.github.Forget()
	var dropped []int64
	for range 10 {
		dropped = append(dropped, w.say(n, "writer", "/changeguard recheck"))
	}
	w.idle()
	if got := w.github.Requests(); len(got) != 0 {
		t.Errorf("%d requests: %v", len(got), got)
	}
	for _, id := range dropped {
		if got := w.repo.Reactions(id); len(got) != 0 {
			t.Errorf("%v", got)
		}
	}
	if got := w.reaction(w.say(n, "lead", "/changeguard recheck")); got != "+1" {
		t.Errorf("somebody else: %q", got)
	}
}
