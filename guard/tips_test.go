package guard_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/store"
)

// mends reconciles until what no event told of is looked at, and returns what was
// noticed of it, as words.
func (w *world) mends() (words []string) {
	w.t.Helper()
	w.notices = nil
	for range 3 {
		for _, s := range w.reconcile() {
			if s.Ref == "release/old" {
				w.t.Errorf("%s is looked at", s.Name())
			}
			w.evaluate(s)
		}
		w.Pass(10 * time.Minute)
	}
	for _, n := range w.notices {
		word := n.Branch
		if n.Forced {
			word += " forced"
		}
		if n.Deleted {
			word += " deleted"
		}
		for _, c := range n.Commits {
			word += " " + c.Title
		}
		words = append(words, word)
	}
	return words
}

// What reached a watched branch is told of although no event told of the push.
func TestBypass22_LostPushes(t *testing.T) {
	t.Parallel()
	direct := func(w *world, branch string, title string) {
		w.repo.Commit(branch, title, ghfake.Files{"core/" + title: ghfake.Text("x\n")}, author)
	}
	heard := func(w *world, branch string, title string) {
		before := w.repo.Tip(branch)
		direct(w, branch, title)
		w.evaluate(w.push(branch, before))
	}
	for name, c := range map[string]struct {
		policy string
		lost   func(w *world)
		want   []string
	}{
		"to the default branch":        {testPolicy, func(w *world) { direct(w, "main", "lost") }, []string{"main lost"}},
		"several":                      {testPolicy, func(w *world) { direct(w, "main", "one"); direct(w, "main", "two") }, []string{"main two one"}},
		"to a branch of pushes":        {pushPolicy, func(w *world) { direct(w, "release/1", "lost") }, []string{"release/1 lost"}},
		"to a branch that is left out": {testPolicy + "pushes: {branches: [\"release/**\", \"!release/old\"]}\n", func(w *world) { w.repo.Branch("release/old", "main"); direct(w, "release/old", "lost") }, nil},
		"of a new branch":              {pushPolicy, func(w *world) { w.repo.Branch("release/2", "main"); direct(w, "release/2", "lost") }, []string{"release/2 lost"}},
		"that deletes a branch":        {pushPolicy, func(w *world) { w.repo.DeleteBranch("release/1") }, []string{"release/1 deleted"}},
		"a forced one":                 {testPolicy, func(w *world) { w.repo.Reset("main", w.repo.Tip("release/1")) }, []string{"main forced"}},
		"to a branch of nobody":        {testPolicy, func(w *world) { direct(w, "release/1", "lost") }, nil},
		"before one that came":         {testPolicy, func(w *world) { direct(w, "main", "lost"); heard(w, "main", "came") }, []string{"main lost"}},
		"after one that came":          {testPolicy, func(w *world) { heard(w, "main", "came"); direct(w, "main", "lost") }, []string{"main lost"}},
		"none":                         {testPolicy, func(w *world) { heard(w, "main", "came"); heard(w, "main", "too") }, nil},
		"and taken back at once": {testPolicy, func(w *world) {
			tip := w.repo.Tip("main")
			direct(w, "main", "lost")
			w.reconcile()
			w.repo.Reset("main", tip)
		}, []string{"main lost", "main forced"}},
		"of a pull request that is green": {testPolicy, func(w *world) {
			n := w.open("feature", "main", fine)
			w.evaluate(w.pull(n))
			w.repo.MergePull(n, "lead", author)
		}, nil},
		"of a pull request that is red": {testPolicy, func(w *world) {
			n := w.open("feature", "main", wrong)
			w.evaluate(w.pull(n))
			w.repo.MergePull(n, "admin", author)
		}, []string{"main Merge pull request #1 from feature"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(c.policy)
			w.repo.Branch("release/1", "main")
			w.repo.Commit("main", "second", ghfake.Files{"docs/a.md": ghfake.Text("x\n")}, author)
			w.evaluate(w.push("main", w.repo.Tip("release/1")))
			w.reconcile()
			w.notices = nil
			c.lost(w)
			came := w.notices
			got := w.mends()
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q; the events told of %+v\n%s", got, c.want, came, &w.log)
			}
			w.restart()
			if again := w.mends(); len(again) != 0 {
				t.Errorf("told again: %q", again)
			}
			w.asked()
			w.reconcile()
			for _, r := range w.hub.Requests() {
				if !r.ByApp && r.Route != "GET /installation/repositories" && r.Route != "POST /graphql" {
					t.Errorf("%s is asked for", r.Path)
				}
			}
			if n := len(w.hub.Requests()); n > 4 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// Events that are late, as those are that are sent again, have their time, and are then
// all that is looked at.
func TestLatePushesAreNoLostOnes(t *testing.T) {
	t.Parallel()
	w, _ := seen(t)
	w.reconcile()
	var late []store.Subject
	for range 2 {
		before := w.repo.Tip("main")
		w.repo.Commit("main", "late", ghfake.Files{"core/late": ghfake.Text(before)}, author)
		late = append(late, w.push("main", before))
	}
	for range 3 {
		if list := w.reconcile(); len(list) != 0 {
			t.Fatalf("%+v", list)
		}
		w.Pass(4 * time.Minute)
	}
	for _, s := range late {
		w.evaluate(s)
	}
	w.Pass(time.Hour)
	if got := w.mends(); len(got) != 0 {
		t.Errorf("%q", got)
	}
	w.inAudit(store.AuditLanding, 2)
}

// Two ways to one commit, of which the second event comes before the first was looked
// at: what came by each is told of.
func TestPushesToOneCommitAreLookedAtEach(t *testing.T) {
	t.Parallel()
	w, _ := seen(t)
	first := w.repo.Tip("main")
	w.repo.Commit("main", "one", wrong, author)
	second := w.repo.Tip("main")
	w.repo.Commit("main", "two", fine, author)
	long, short := w.push("main", first), w.push("main", second)
	w.event(&long)
	w.event(&short)
	for _, s := range []store.Subject{long, short} {
		w.wants(w.again(s), errAny) // a pull request may be known in a moment
		if err := w.again(s); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.notices) != 2 || len(w.notices[0].Commits) != 2 || len(w.notices[1].Commits) != 1 {
		t.Errorf("%+v", w.notices)
	}
}

// The default branch may become another one, of which no event tells: what is pushed
// to it matters from the next reconciliation on.
func TestAnotherDefaultBranchIsWatched(t *testing.T) {
	t.Parallel()
	w, _ := seen(t)
	w.reconcile()
	w.repo.Branch("trunk", "main")
	w.Edit("/graphql", func(answer map[string]any) {
		if r, ok := answer["data"].(map[string]any)["r0"].(map[string]any); ok && r["main"] != nil {
			r["main"] = map[string]any{"name": "trunk", "target": map[string]any{"oid": w.repo.Tip("trunk")}}
		}
	})
	before := w.repo.Tip("trunk")
	w.repo.Commit("trunk", "unseen", wrong, author)
	if got := w.lands("trunk", before); len(got) != 0 {
		t.Fatalf("watched already: %q", got)
	}
	w.reconcile()
	before = w.repo.Tip("trunk")
	w.repo.Commit("trunk", "straight", wrong, author)
	if got := w.lands("trunk", before); len(got) != 1 || !strings.HasPrefix(got[0], "straight") {
		t.Errorf("%q", got)
	}
}

// An organisation's policy that cannot be read is said, and keeps nobody waiting; what
// was judged by it stays.
func TestTheOrganisationsPolicyCannotBeSurveyed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.hub.AddRepo(1, "acme", ".github").Commit("main", "policy", ghfake.Files{policyPath: ghfake.Text(testPolicy)}, author)
	w.base(testPolicy)
	w.evaluate(w.pull(w.open("judged", "main", fine)))
	n := w.open("feature", "main", ghfake.Files{"lib/b.py": ghfake.Text("x = 2\n")})
	w.Answered(func(r *http.Request, resp *http.Response) {
		if r.GetBody == nil {
			return
		}
		body, err := r.GetBody()
		if err != nil {
			t.Error(err)
			return
		}
		query, err := io.ReadAll(body)
		if err != nil {
			t.Error(err)
		}
		if strings.Contains(string(query), `".github"`) && strings.Contains(string(query), "at:defaultBranchRef") {
			const refusal = `{"data":null,"errors":[{"type":"FORBIDDEN","path":["r0"],"message":"Repository access blocked"}]}`
			resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(refusal)), int64(len(refusal))
		}
	})
	var list []store.Subject
	err := w.guard.Reconcile(context.Background(), func(_ context.Context, _ string, s store.Subject) error {
		list = append(list, s)
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "organisation's policy in acme/.github") {
		t.Errorf("%v", err)
	}
	if len(list) != 1 || list[0].Number != n {
		t.Errorf("%+v", list)
	}
}

// A branch that no survey had room for was there before: it comes into sight without
// a push once another one is gone.
func TestABranchThatComesIntoSightIsNotNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(pushPolicy)
	const last = "release/500"
	for n := range 501 {
		w.repo.Branch(fmt.Sprintf("release/%03d", n), "main")
	}
	w.repo.Commit(last, "before", ghfake.Files{"core/a": ghfake.Text("x\n")}, author)
	w.repo.Commit("main", "second", ghfake.Files{"docs/a.md": ghfake.Text("x\n")}, author)
	w.evaluate(w.push("main", w.repo.Tip("release/000")))
	w.reconcile()
	gone := w.repo.Tip("release/000")
	w.repo.DeleteBranch("release/000")
	w.evaluate(w.push("release/000", gone))
	if got := w.mends(); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// Contents that GitHub does not show for a while are no deleted branches.
func TestHiddenBranchesAreNotDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(pushPolicy)
	w.repo.Branch("release/1", "main")
	w.repo.Commit("main", "second", ghfake.Files{"docs/a.md": ghfake.Text("x\n")}, author)
	w.evaluate(w.push("main", w.repo.Tip("release/1")))
	w.reconcile()
	var hidden atomic.Bool
	hidden.Store(true)
	w.Edit("/graphql", func(answer map[string]any) {
		if r, ok := answer["data"].(map[string]any)["r0"].(map[string]any); ok && r["main"] != nil && hidden.Load() {
			r["main"], r["w0"], r["refs"] = nil, nil, nil
		}
	})
	if got := w.mends(); len(got) != 0 {
		t.Errorf("hidden: %q", got)
	}
	hidden.Store(false)
	w.repo.Commit("release/1", "lost", ghfake.Files{"core/a": ghfake.Text("x\n")}, author)
	if got := w.mends(); !slices.Equal(got, []string{"release/1 lost"}) {
		t.Errorf("seen again: %q", got)
	}
}

// A public repository .github outside of the installation is no policy and no problem:
// each reconciliation goes through, and compares the other policies.
func TestAPublicRepositoryOutsideOfTheInstallation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("judged", "main", fine)
	w.evaluate(w.pull(n))
	w.Edit("/graphql", func(answer map[string]any) {
		errs, _ := answer["errors"].([]any)
		for _, e := range errs {
			e := e.(map[string]any)
			if name, _ := e["path"].([]any)[0].(string); name == "organisation0" || name == "r0" {
				e["type"], e["message"] = "FORBIDDEN", notAccessible
			}
		}
	})
	if again := w.reconcile(); len(again) != 0 {
		t.Errorf("%+v", again)
	}
	w.repo.Commit("main", "another policy", ghfake.Files{policyPath: ghfake.Text(testPolicy + "# other\n")}, author)
	if again := w.reconcile(); len(again) != 1 || again[0].Number != n {
		t.Errorf("%+v", again)
	}
}
