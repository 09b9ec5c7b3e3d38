package guard_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/store"
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

// organisationErrs has queries for a change answered with an error at the field of
// the organisation's repository, beside the data.
func (w *world) organisationErrs(problem map[string]any, inside ...string) {
	w.Edit("/graphql", func(answer map[string]any) {
		data, ok := answer["data"].(map[string]any)
		if !ok {
			return
		}
		if _, asked := data["organisation"]; !asked {
			return
		}
		where := []any{"organisation"}
		at, field := data, "organisation"
		for _, name := range inside {
			at, field = at[field].(map[string]any), name
			where = append(where, name)
		}
		at[field] = nil
		one := map[string]any{"path": where}
		for k, v := range problem {
			one[k] = v
		}
		answer["errors"] = []any{one}
	})
}

const notAccessible = "Resource not accessible by integration"

// An organisation's policy that cannot be read is not taken for none, whether it was
// read before or not: what it would have stopped does not pass.
func TestOrganisationsPolicyThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		problem map[string]any
		inside  []string
	}{
		"blocked":             {map[string]any{"type": "FORBIDDEN", "message": "Repository access blocked"}, nil},
		"another address":     {map[string]any{"type": "FORBIDDEN", "message": "Although you appear to have the correct authorization credentials, the organization has an IP allow list enabled"}, nil},
		"unavailable":         {map[string]any{"type": "UNAVAILABLE_FOR_LEGAL_REASONS", "message": "Repository unavailable due to DMCA takedown."}, nil},
		"an error of theirs":  {map[string]any{"type": "INTERNAL", "message": "503 Service Unavailable"}, nil},
		"without a type":      {map[string]any{"message": "timeout"}, nil},
		"its branch":          {map[string]any{"type": "INTERNAL", "message": "timeout"}, []string{"defaultBranchRef"}},
		"its commit":          {map[string]any{"type": "NOT_FOUND", "message": "Could not resolve"}, []string{"defaultBranchRef", "target"}},
		"its file":            {map[string]any{"type": "NOT_FOUND", "message": "Could not resolve"}, []string{"defaultBranchRef", "target", "file"}},
		"its file, forbidden": {map[string]any{"type": "FORBIDDEN", "message": notAccessible}, []string{"defaultBranchRef", "target", "file"}},
	} {
		for _, before := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " ", before), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil)
				w.organisation(organisationPolicy)
				w.base("version: 1\nmode: observe\n")
				if before {
					w.evaluate(w.pull(w.open("before", "main", fine)))
				}
				w.organisationErrs(c.problem, c.inside...)
				x := w.pull(w.open("feature", "main", wrong))
				w.refused("feature", x)
				w.Edit("", nil)
				w.evaluate(x)
				w.concluded("feature", "failure", "core")
			})
		}
	}
}

// refused evaluates until an answer is given, which must be that the analysis is
// incomplete, and with a way out.
func (w *world) refused(branch string, s store.Subject) {
	w.t.Helper()
	err := w.try(s)
	for range 6 {
		if err == nil {
			break
		}
		if runs := w.runs(branch); len(runs) > 0 && strings.Contains(runs[len(runs)-1], "success") {
			w.t.Errorf("%s while it is not known", runs)
		}
		w.Pass(3 * time.Second)
		err = w.again(s)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.concluded(branch, "failure", "incomplete")
	w.concluded(branch, "failure", "Let the App read the organisation's repository .github")
}

// What is wanted while GitHub's limit is reached waits, and is not green.
func TestOrganisationsPolicyBeyondTheLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.organisation(organisationPolicy)
	w.base("version: 1\n")
	w.organisationErrs(map[string]any{"type": "RATE_LIMITED", "message": "API rate limit exceeded"})
	n := w.open("feature", "main", wrong)
	w.wants(w.try(w.pull(n)), errAny)
	if runs := w.runs("feature"); slices.ContainsFunc(runs, func(r string) bool { return strings.Contains(r, "success") }) {
		t.Errorf("%q", runs)
	}
	w.Edit("", nil)
	w.Pass(2 * time.Hour)
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "core")
}

// A repository that is not there, or where the App is not installed, has no policy;
// one that held a policy when it was last seen is another matter, until it is seen
// without.
func TestOrganisationsPolicyGoesOutOfSight(t *testing.T) {
	t.Parallel()
	missing := map[string]any{"type": "NOT_FOUND", "message": "Could not resolve to a Repository with the name 'acme/.github'."}
	for name, hide := range map[string]func(w *world, org *ghfake.Repo){
		"gone":                 func(w *world, org *ghfake.Repo) { w.hub.Rename(org, "acme", "renamed") },
		"private, not granted": func(w *world, _ *ghfake.Repo) { w.organisationErrs(missing) },
		"public, not granted": func(w *world, _ *ghfake.Repo) {
			w.organisationErrs(map[string]any{"type": "FORBIDDEN", "message": notAccessible})
		},
		"public, its branch": func(w *world, _ *ghfake.Repo) {
			w.organisationErrs(map[string]any{"type": "FORBIDDEN", "message": notAccessible}, "defaultBranchRef")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base("version: 1\n")
			org := w.organisation(organisationPolicy)
			hide(w, org)
			never := w.pull(w.open("never", "main", fine))
			w.evaluate(never)
			w.concluded("never", "success", "no organisation policy seen")
			w.Edit("", nil)
			w.hub.Rename(org, "acme", ".github")
			w.evaluate(never)
			w.concluded("never", "failure", "library")
			hide(w, org)
			w.evaluateAnother("second", never)
			w.Edit("", nil)
			w.hub.Rename(org, "acme", ".github")
			org.Commit("main", "no policy any more", ghfake.Files{policyPath: nil, "README.md": ghfake.Text("hello\n")}, author)
			w.evaluate(never)
			w.concluded("never", "success", "no organisation policy seen")
			hide(w, org)
			w.evaluate(never)
			w.concluded("never", "success", "")
		})
	}
}

// evaluateAnother opens a pull request whose organisation's policy went out of sight,
// and judges one that was judged, a push and a merge group under the same.
func (w *world) evaluateAnother(branch string, judged store.Subject) {
	w.t.Helper()
	w.refused(branch, w.pull(w.open(branch, "main", ghfake.Files{"docs/b.md": ghfake.Text("b\n")})))
	w.refused("never", judged)
	queue := w.repo.Enqueue("main", "SQUASH", judged.Number)
	w.refused(queue, w.group(queue, w.repo.Tip("main")))
	w.repo.Dequeue("main")
}

// The text of a large policy is asked for by itself, and may fail to come by itself.
func TestOrganisationsPolicyWhoseTextIsKept(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNotFound, http.StatusGone, http.StatusForbidden, http.StatusUnavailableForLegalReasons} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.organisation(organisationPolicy + strings.Repeat("# padding\n", 60_000))
			w.base("version: 1\n")
			w.hub.Inject(ghfake.Fault{Route: "/git/blobs/", Times: -1, Status: status, Header: jsonHeader, Body: `{"message":"Repository access blocked"}`})
			x := w.pull(w.open("feature", "main", wrong))
			w.refused("feature", x)
			w.hub.Calm()
			w.evaluate(x)
			w.concluded("feature", "failure", "core")
		})
	}
}

// The organisation's own repository is judged by its own policy, asks for no other,
// and says nothing of whether there is one for the others.
func TestTheOrganisationsRepositoryIsItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	org := w.organisation(organisationPolicy)
	w.base("version: 1\n")
	w.evaluate(w.pull(w.open("before", "main", fine)))
	other := w.repo
	w.repo = org
	w.organisationErrs(map[string]any{"type": "NOT_FOUND", "message": "Could not resolve"})
	s := w.pull(w.open("feature", "main", ghfake.Files{"docs/a.md": ghfake.Text("words\n")}))
	s.Repo = ".github"
	w.evaluate(s)
	w.concluded("feature", "success", "")
	w.repo = other
	w.refused("after", w.pull(w.open("after", "main", fine)))
}
