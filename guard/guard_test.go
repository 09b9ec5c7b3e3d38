package guard_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

func TestEvaluateAgainWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", wrong)
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "core")
	if got := w.asked(); got != 4 { // with the comment
		t.Errorf("%d requests", got)
	}
	for range 2 {
		w.evaluate(w.pull(n))
	}
	if got := w.asked(); got != 2 || len(w.runs("feature")) != 1 || len(w.repo.Comments(n)) != 1 {
		t.Errorf("%d requests, %v, %d comments", got, w.runs("feature"), len(w.repo.Comments(n)))
	}
}

func TestDrafts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", wrong)
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Draft = true })
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "core")
	if got := w.repo.Comments(n); len(got) != 0 {
		t.Errorf("%q", got)
	}
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Draft = false })
	w.evaluate(w.pull(n))
	if got := w.repo.Comments(n); len(got) != 1 || len(w.runs("feature")) != 1 {
		t.Errorf("%q, %v", got, w.runs("feature"))
	}
}

func TestForkWithADeletedRepository(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("mallory:patch", "main", wrong)
	w.repo.Edit(n, func(p *ghfake.Pull) { p.ForkGone = true })
	w.evaluate(w.pull(n))
	w.concluded("mallory:patch", "failure", "core")
}

// What was declared sticks to a fork's branch too.
func TestDeclarationsStickToForks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("mallory:patch", "main", fine)
	w.repo.Label(n, "analysis-only", "lead")
	w.evaluate(w.pull(n))
	w.concluded("mallory:patch", "failure", "analysis-only")
	// Other commits, in another pull request from the same branch.
	w.repo.Close(n)
	w.repo.Branch("mallory:patch", "main")
	w.repo.Commit("mallory:patch", "amended", ghfake.Files{"lib/z.py": ghfake.Text("z = 1\n")}, author)
	m := w.repo.Open(ghfake.Pull{Title: "Again", Base: "main", Head: "mallory:patch", Author: dev}).Number
	w.evaluate(w.pull(m))
	w.concluded("mallory:patch", "failure", "analysis-only")
	// Somebody else's branch of that name is another one.
	o := w.open("nice:patch", "main", ghfake.Files{"lib/y.py": ghfake.Text("y = 1\n")})
	w.evaluate(w.pull(o))
	w.concluded("nice:patch", "success", "")
}

// The organisation's layer: broken it is never green, outside of the
// installation the verdict says that none was seen.
func TestOrganisationsPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.evaluate(w.pull(n))
	v, err := w.store.Latest(context.Background(), w.pull(n).Name())
	if err != nil || !strings.Contains(string(v.Body), "no organisation policy seen") {
		t.Errorf("%s, %v", v.Body, err)
	}
	w.hub.AddRepo(1, "acme", ".github").Commit("main", "broken", ghfake.Files{policyPath: ghfake.Text("version: 1\nrules: {x: {uses: nothing}}\n")}, author)
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "nothing")
}

// Inputs that a later evaluation needs are kept with the verdict.
func TestInputsAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.evaluate(w.pull(n))
	v, err := w.store.Latest(context.Background(), w.pull(n).Name())
	if err != nil {
		t.Fatal(err)
	}
	var in map[string]any
	if err := json.Unmarshal(v.Inputs, &in); err != nil || in["base_ref"] != "main" || in["head_ref"] != "feature" || v.Base != w.repo.Tip("main") {
		t.Errorf("%s %s, %v", v.Inputs, v.Base, err)
	}
}

// An evaluation that was overtaken writes nothing.
func TestOvertakenEvaluations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	s := w.pull(n)
	w.event(&s)
	older, err := w.store.FindSubject(context.Background(), s.Name())
	if err != nil {
		t.Fatal(err)
	}
	w.repo.Label(n, "analysis-only", "lead")
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "analysis-only")
	w.repo.Commit("main", "allow", ghfake.Files{policyPath: ghfake.Text("version: 1\nrules: {}\n")}, author)
	if err := w.guard.Evaluate(context.Background(), older); err != nil {
		t.Fatal(err)
	}
	if got := w.runs("feature"); !slices.Equal(got, []string{"completed failure"}) {
		t.Errorf("%v", got)
	}
}

// What the body declared once stays, whatever is edited later.
func TestEditsOfTheBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.evaluate(w.pull(n))
	w.concluded("feature", "success", "")
	for _, body := range []string{"Words.\n\nSession-Mode: analysis-only\n", "Other words.", ""} {
		w.repo.Edit(n, func(p *ghfake.Pull) { p.Body = body })
		w.evaluate(w.pull(n))
		w.concluded("feature", "failure", "analysis-only")
	}
}
