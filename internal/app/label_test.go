package app_test

import (
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

const agentPolicy = `version: 1
sessions:
  free-work:
    declared-by: {labels: [free-work]}
    may-change: [functional]
  undeclared-agent:
    may-change: [docs]
    level: approve
rules: {}
`

// Only a label that a person other than the author set frees an agent's change
// from the limits of undeclared agents: not the author's own, however GitHub
// writes an App's name, and no App's.
func TestWhoSetTheLabel(t *testing.T) {
	t.Parallel()
	app := ghfake.Account{Login: "claude[bot]", ID: 209825114, Type: "Bot"}
	person := ghfake.Account{Login: "dev", ID: 11, Type: "User"}
	for name, c := range map[string]struct {
		author ghfake.Account
		setBy  []string
		want   string
	}{
		"nobody":                   {app, nil, "action_required"},
		"the author, an App":       {app, []string{"claude[bot]"}, "action_required"},
		"the author, a person":     {person, []string{"dev"}, "action_required"},
		"the author, written Dev":  {person, []string{"Dev"}, "action_required"},
		"another App":              {person, []string{"github-actions[bot]"}, "action_required"},
		"another person":           {app, []string{"lead"}, "success"},
		"another, for a person's":  {person, []string{"lead"}, "success"},
		"another, then the author": {person, []string{"lead", "dev"}, "action_required"},
		"another, then an App":     {app, []string{"lead", "github-actions[bot]"}, "action_required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			w.repo.Commit("main", "first", ghfake.Files{".github/changeguard.yml": ghfake.Text(agentPolicy)}, author)
			w.repo.Branch("feature", "main")
			w.repo.Commit("feature", "change\n\nCo-Authored-By: Claude <noreply@anthropic.com>", ghfake.Files{"lib/b.py": ghfake.Text("y = 1\n")}, author)
			n := w.repo.Open(ghfake.Pull{Title: "A change", Base: "main", Head: "feature", Author: c.author}).Number
			for _, login := range c.setBy {
				w.repo.Unlabel(n, "free-work")
				w.repo.Label(n, "free-work", login)
			}
			w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
			if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != c.want {
				t.Errorf("%s: %s", r.Conclusion, r.Title)
			}
		})
	}
}
