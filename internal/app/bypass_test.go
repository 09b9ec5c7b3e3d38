package app_test

import (
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// Everything that can change what is judged has it judged again: no event is
// left out behind which an old green could stand.
func TestBypass21_EveryEventThatMatters(t *testing.T) {
	t.Parallel()
	const policy = `version: 1
rules:
  drafts: {uses: expression, with: {require: "!pr.draft"}}
  titles: {uses: expression, with: {require: "pr.title != 'bad'"}}
`
	for action, c := range map[string]struct {
		before func(w *world, n int)
		change func(w *world, n int)
		green  bool // at first
	}{
		"edited":             {nil, func(w *world, n int) { w.repo.Edit(n, func(p *ghfake.Pull) { p.Title = "bad" }) }, true},
		"edited to main":     {func(w *world, n int) { w.loose(n) }, func(w *world, n int) { w.repo.Edit(n, func(p *ghfake.Pull) { p.Base = "main" }) }, true},
		"converted_to_draft": {nil, func(w *world, n int) { w.repo.Edit(n, func(p *ghfake.Pull) { p.Draft = true }) }, true},
		"ready_for_review":   {func(w *world, n int) { w.repo.Edit(n, func(p *ghfake.Pull) { p.Draft = true }) }, func(w *world, n int) { w.repo.Edit(n, func(p *ghfake.Pull) { p.Draft = false }) }, false},
		"synchronize": {nil, func(w *world, _ int) {
			w.repo.Commit("feature", "more", ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\nrules: {}\n")}, author)
		}, true},
		"reopened": {nil, func(w *world, n int) { // closed, changed and reopened
			w.repo.Close(n)
			w.deliver("pull_request", w.repo.PullEvent(n, "closed", nil))
			w.repo.Edit(n, func(p *ghfake.Pull) { p.Title = "bad" })
			w.repo.Reopen(n)
		}, true},
		"labeled": {nil, func(w *world, n int) {
			w.repo.Edit(n, func(p *ghfake.Pull) { p.Title = "bad" })
			w.repo.Label(n, "a", "lead")
		}, true},
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			n := w.open(policy, ghfake.Files{"docs/a.md": ghfake.Text("x\n")})
			if c.before != nil {
				c.before(w, n)
			}
			w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
			if r := w.run(w.repo.Tip("feature"), 1); (r.Conclusion == "success") != c.green {
				t.Fatalf("at first: %s: %s", r.Conclusion, r.Title)
			}
			c.change(w, n)
			action, _, _ := strings.Cut(action, " ")
			w.deliver("pull_request", w.repo.PullEvent(n, action, nil))
			conclusion := "failure"
			switch action {
			case "ready_for_review":
				conclusion = "success"
			case "synchronize":
				conclusion = "action_required"
			}
			w.concludes(w.repo.Tip("feature"), conclusion)
		})
	}
}

// loose aims a pull request at a branch that forbids nothing, with a title that
// main's policy forbids.
func (w *world) loose(n int) {
	w.repo.Branch("loose", "main")
	w.repo.Commit("loose", "no rules", ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\nrules: {}\n")}, author)
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Base, p.Title = "loose", "bad" })
}
