package guard_test

import (
	"context"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

const organisationPolicy = `version: 1
rules:
  library: {uses: protected-paths, overridable: true, with: {paths: ["lib/**"]}}
  core: {uses: protected-paths, with: {paths: ["core/**"]}}
`

// organisation writes the organisation's policy.
func (w *world) organisation(policy string) *ghfake.Repo {
	r := w.hub.AddRepo(1, "acme", ".github")
	r.Commit("main", "policy", ghfake.Files{policyPath: ghfake.Text(policy)}, author)
	return r
}

// A repository adds to its organisation's policy and takes nothing from it, not
// even by observing; only what the organisation marks overridable gives way, to a
// rule of the same name.
func TestOrganisationsRulesHold(t *testing.T) {
	t.Parallel()
	const own = "version: 1\nmode: observe\nrules: {%: {uses: protected-paths, level: warn, with: {paths: [nothing]}}}\noverrides: {by: [dev], self: true}\n"
	for name, c := range map[string]struct {
		rule       string
		change     ghfake.Files
		conclusion string
		words      string
	}{
		"another rule":               {"other", fine, "failure", "library"},
		"the overridable rule":       {"library", fine, "success", ""},
		"the rule that stays":        {"core", wrong, "failure", "core"},
		"the overridable, elsewhere": {"library", wrong, "failure", "core"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.organisation(organisationPolicy)
			w.base(strings.ReplaceAll(own, "%", c.rule))
			w.evaluate(w.pull(w.open("feature", "main", c.change)))
			w.concluded("feature", c.conclusion, c.words)
		})
	}
}

// Where the repository has none, the organisation's policy judges alone, and the
// built-in one does not.
func TestOrganisationsPolicyAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.organisation(organisationPolicy)
	w.repo.Commit("main", "first", ghfake.Files{"core/a.py": ghfake.Text("x = 1\n")}, author)
	n := w.open("feature", "main", wrong)
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "core")
	v, err := w.store.Latest(context.Background(), w.pull(n).Name())
	if err != nil || strings.Contains(string(v.Body), "built-in") || !strings.Contains(string(v.Body), "organisation sha256:") {
		t.Errorf("%s, %v", v.Body, err)
	}
}

// The organisation's policy comes in the query that reads the change's facts, by
// content: no request of its own, small or too large for an answer of a query once
// it was read, and never an old one.
func TestOrganisationsPolicyIsReadByContent(t *testing.T) {
	t.Parallel()
	for name, padding := range map[string]string{"small": "", "large": strings.Repeat("# padding\n", 60_000)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base("version: 1\n")
			w.evaluate(w.pull(w.open("zero", "main", fine)))
			w.asked()
			w.evaluate(w.pull(w.open("without", "main", fine)))
			without := w.asked()
			org := w.organisation(organisationPolicy + padding)
			w.evaluate(w.pull(w.open("one", "main", wrong)))
			w.concluded("one", "failure", "core")
			w.asked()
			w.evaluate(w.pull(w.open("two", "main", ghfake.Files{"docs/a.md": ghfake.Text("words\n")})))
			w.concluded("two", "success", "")
			if with := w.asked(); with != without {
				t.Errorf("%d requests, without an organisation's policy %d", with, without)
			}
			org.Commit("main", "looser", ghfake.Files{policyPath: ghfake.Text("version: 1\n" + padding)}, author)
			w.evaluate(w.pull(w.open("three", "main", ghfake.Files{"core/a.py": ghfake.Text("x = 3\n")})))
			w.concluded("three", "success", "")
		})
	}
}
