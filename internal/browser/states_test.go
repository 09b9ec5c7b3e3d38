package browser_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

const (
	strictPolicy = `version: 1
rules:
  core:
    uses: protected-paths
    with: {paths: ["core/**"]}
overrides: {by: ["role:maintain"]}
`
	evidencePolicy = `version: 1
rules:
  tests:
    uses: required-evidence
    with: {checks: ["unit@github-actions"]}
`
)

// with makes a private repository with a policy, and a pull request that changes
// files.
func (p *place) with(name, policy, title string, files ghfake.Files) *ghfake.Repo {
	p.Helper()
	r := p.repo(name)
	r.Commit("main", "first", ghfake.Files{".github/changeguard.yml": ghfake.Text(policy), "README.md": ghfake.Text("hello\n"), "core/a.py": ghfake.Text("x = 1\n")}, dev)
	number := propose(r, "feature", title, files)
	p.delivers("pull_request", r.PullEvent(number, "opened", nil))
	p.until("a check run in "+name, func() bool {
		runs := r.Runs(r.Tip("feature"))
		return len(runs) > 0 && runs[len(runs)-1].ExternalID != ""
	})
	return r
}

// delivers sends a webhook.
func (p *place) delivers(event string, payload map[string]any) {
	p.Helper()
	d, err := p.github.Deliver(context.Background(), p.home+"/webhook", event, payload)
	if err != nil || d.Status/100 != 2 {
		p.Fatalf("%s was answered with %d: %v", event, d.Status, err)
	}
}

// overridden opens a pull request that is blocked, and lets somebody who may lift
// it.
func (p *place) overridden() {
	p.Helper()
	r := p.with("lifted", strictPolicy, "Raise the limit of the core", ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	p.github.AddAccount(ghfake.Account{Login: "boss", ID: 501, Type: "User"})
	r.Allow("boss", "maintain")
	p.delivers("issue_comment", r.CommentEvent(r.Comment(1, "boss", "/changeguard override core agreed with the team that runs it"), "created"))
	p.until("the override", func() bool {
		runs := r.Runs(r.Tip("feature"))
		return runs[len(runs)-1].Conclusion == "success"
	})
}

// crowded opens pull requests whose names and texts are hostile: one with a finding
// for each of many files, one with a title that is longer than what is read.
func (p *place) crowded() {
	p.Helper()
	files := make(ghfake.Files)
	for i := range 1000 {
		files[fmt.Sprintf("core/%04d<b>\u202e%s.py", i, strings.Repeat("x", i%150))] = ghfake.Text("x = 2\n")
	}
	p.with("crowd", strictPolicy, hostileTitle, files)
	p.with("long", strictPolicy, strings.Repeat(hostileTitle+" ", 4096/len(hostileTitle)), ghfake.Files{hostileFile: ghfake.Text("x = 2\n")})
}

// states are pull requests with every outcome, and what their pages say first.
var states = []struct{ name, says string }{
	{"passed", "Passed"},
	{"blocked", "Blocked"},
	{"approval", "Approval needed"},
	{"waiting", "Waiting for evidence"},
	{"lifted", "Passed"},
	{"observing", "Observing, would be blocked"},
	{"broken", "Blocked"},
	{"crowd", "Blocked"},
	{"long", "Analysis incomplete"},
}

// settled is a server with a pull request in every state.
func settled(t *testing.T) *place {
	t.Helper()
	p := withApp(t)
	core := ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")}
	p.with("passed", strictPolicy, "Update the handbook", ghfake.Files{"README.md": ghfake.Text("hello, all\n")})
	p.with("blocked", strictPolicy, "Reconnect with backoff", core)
	p.with("approval", webPolicy, "Reconnect with backoff", core)
	p.with("waiting", evidencePolicy, "Reconnect with backoff", core)
	p.with("observing", "mode: observe\n"+strictPolicy, "Reconnect with backoff", core)
	p.with("broken", "version: 1\nruels: {}\n", "Reconnect with backoff", core)
	p.overridden()
	p.crowded()
	return p
}

// The page of a pull request keeps to all that every page does whatever became of
// it, and however hostile it is.
func TestEveryState(t *testing.T) {
	p := settled(t)
	x := openTab(t)
	p.signIn(x, "ann")
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) {
			x := x.in(t)
			page := "/acme/" + s.name + "/pull/1"
			p.keeps(x, page)
			x.wide(1280)
			x.visit(p.home + page)
			if first := script[string](x, `document.querySelector('.verdict').innerText`); !strings.Contains(first, s.says) {
				t.Errorf("it says %q, want %q", first, s.says)
			}
			if strings.ContainsRune(x.text(), '\u202e') {
				t.Error("it turns the reading direction around")
			}
			if top := script[float64](x, `document.querySelector('.verdict').getBoundingClientRect().bottom`); top > 900 {
				t.Errorf("the verdict is %.0f pixels down, out of sight", top)
			}
			x.wide(360)
			if first := script[float64](x, `(document.querySelector('.findings') ?? document.querySelector('#way')).getBoundingClientRect().top`); first > 1800 {
				t.Errorf("the first finding is %.0f pixels down", first)
			}
			if cut := script[bool](x, `[...document.querySelectorAll('pre.commands')].some(e => e.scrollWidth > e.clientWidth)`); cut {
				t.Error("commands are cut off at the edge of their box")
			}
		})
	}
}
