package guard_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/store"
)

// settled has what a reconciliation wants evaluated evaluated, and makes sure that
// the next one wants nothing.
func (w *world) settled(want int) (list []store.Subject) {
	w.t.Helper()
	list = w.reconcile()
	if len(list) != want {
		w.t.Fatalf("a reconciliation wants %v evaluated, not %d", list, want)
	}
	for _, s := range list {
		w.evaluate(s)
	}
	w.asked()
	if again := w.reconcile(); len(again) != 0 {
		w.t.Errorf("the next one wants %v", again)
	}
	return list
}

// The base branch got some of the pull request's commits, or was set back: what
// the pull request changes is another thing than what was judged, and no event
// tells of it.
func TestLostMovesOfTheMergeBaseAreMadeUpFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	start := w.repo.Tip("main")
	n := w.open("feature", "main", wrong)
	first := w.repo.Tip("feature")
	w.repo.Commit("feature", "more", ghfake.Files{"lib/more.py": ghfake.Text("x = 1\n")}, author)
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "core")
	w.settled(0)

	// The first commit went in by itself; what is left is fine.
	w.repo.Branch("main", first)
	w.settled(1)
	w.concluded("feature", "success", "")

	// And it was taken out again.
	w.repo.Branch("main", start)
	w.settled(1)
	w.concluded("feature", "failure", "core")

	// A base that moved on elsewhere is looked at once.
	w.repo.Commit("main", "elsewhere", ghfake.Files{"docs/b.md": ghfake.Text("b\n")}, author)
	w.settled(0)
	from := len(w.hub.Requests())
	w.reconcile()
	for _, r := range w.hub.Requests()[from:] {
		if strings.Contains(r.Route, "/compare/") {
			t.Errorf("%s is asked for again", r.Path)
		}
	}
}

// A merge group whose event was lost is found by its branch.
func TestLostMergeGroupsAreMadeUpFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	numbers := w.three()
	w.settled(0)
	queue := w.repo.Enqueue("main", "SQUASH", numbers[0])
	found := w.settled(1)
	if want := w.group(queue, w.repo.Tip("main")); found[0].Name() != want.Name() || found[0].Base != want.Base || found[0].Ref != want.Ref || found[0].Kind != store.Group {
		t.Errorf("%+v, where the event would have said %+v", found[0], want)
	}
	w.concluded(queue, "success", "")
	// What is called like a group and is none is not judged as one.
	w.repo.Branch("gh-readonly-queue/odd", "main")
	w.settled(0)
}

// An edit whose event was lost is noticed, of the title and of the body.
func TestLostEditsAreMadeUpFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base("version: 1\nrules: {words: {uses: expression, with: {require: \"!pr.body.contains('bad') && !pr.title.contains('bad')\"}}}\n")
	n := w.open("feature", "main", fine)
	w.evaluate(w.pull(n))
	w.concluded("feature", "success", "")
	w.settled(0)
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Body = "a bad one" })
	w.settled(1)
	w.concluded("feature", "failure", "words")
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Body, p.Title = "", "bad" })
	w.settled(1)
	w.concluded("feature", "failure", "words")
}

// What one pull request declares binds its commits in every other one too, of which
// no event tells: the other one is judged again.
func TestDeclarationsReachStackedPullRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	below := w.open("below", "main", fine)
	above := w.open("above", "below", ghfake.Files{"docs/a.md": ghfake.Text("a\n")})
	w.repo.Edit(above, func(p *ghfake.Pull) { p.Base = "main" })
	w.evaluate(w.pull(above))
	w.evaluate(w.pull(below))
	w.concluded("above", "success", "")
	w.settled(0)
	w.repo.Label(below, "analysis-only", "lead")
	w.evaluate(w.pull(below))
	w.concluded("below", "failure", "analysis-only")
	w.concluded("above", "success", "")
	if found := w.settled(1); found[0].Number != above {
		t.Errorf("number %d is judged again, not %d", found[0].Number, above)
	}
	w.concluded("above", "failure", "analysis-only")
	w.settled(0)
}

// What a change of policy concerns is evaluated some at a time. What cannot be judged,
// and so is looked at again each time, keeps nobody else from their turn.
func TestReconciliationIsPacedAndFair(t *testing.T) {
	t.Parallel()
	const atOnce, many, rounds = 60, 150, 60
	ctx := context.Background()
	w := newWorld(t, nil)
	w.base(testPolicy)
	w.repo.Branch("feature", "main")
	head := w.repo.Commit("feature", "change", fine, author)
	for i := range many {
		number := w.repo.Open(ghfake.Pull{Title: fmt.Sprint("Number ", i), Base: "main", Head: "feature", Author: dev}).Number
		s := w.pull(number)
		w.event(&s)
		err := w.store.InTx(ctx, func(tx *store.Tx) error {
			_, err := store.Finish(ctx, tx, s.ID, s.Want)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.store.SetRun(ctx, store.Run{Repository: "acme/app", Head: head, RunID: 1, Conclusion: "failure"}, w.Now()); err != nil {
		t.Fatal(err)
	}
	had := make(map[int]bool)
	for range rounds {
		list := w.reconcile()
		if len(list) != atOnce {
			t.Fatalf("%d at once", len(list))
		}
		for _, s := range list {
			had[s.Number] = true
		}
	}
	if len(had) != many {
		t.Errorf("%d of %d had their turn", len(had), many)
	}
}

// A repository that GitHub has blocked, or of which it cannot tell so much at once, is
// said, and keeps no other one of its installation waiting.
func TestOneRepositoryThatCannotBeSurveyed(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]string{
		"blocked":  `{"data":null,"errors":[{"type":"FORBIDDEN","path":["r0"],"message":"Repository access blocked"}]}`,
		"unknown":  `{"data":null,"errors":[{"type":"UNPROCESSABLE","path":["r0"],"message":"Repository is disabled"}]}`,
		"too much": `{"data":null,"errors":[{"message":"Something went wrong while executing your query. This may be the result of a timeout."}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy)
			n := w.open("feature", "main", fine)
			for _, other := range []string{"a", "blocked", "z"} {
				w.hub.AddRepo(1, "acme", other).Commit("main", "first", fine, author)
			}
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
				if bytes.Contains(query, []byte(`"blocked"`)) {
					resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(refusal)), int64(len(refusal))
				}
			})
			var list []store.Subject
			err := w.guard.Reconcile(context.Background(), func(_ context.Context, _ string, s store.Subject) error {
				list = append(list, s)
				return nil
			})
			if err == nil || !strings.Contains(err.Error(), "acme/blocked") {
				t.Errorf("%v", err)
			}
			if len(list) != 1 || list[0].Number != n {
				t.Errorf("%+v", list)
			}
		})
	}
}

// Of what is archived, or disabled by GitHub, nothing can be merged.
func TestRepositoriesThatAreNotSurveyed(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"archived", "disabled"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy)
			w.open("feature", "main", fine)
			w.Edit("/installation/repositories", func(answer map[string]any) {
				answer["repositories"].([]any)[0].(map[string]any)[how] = true
			})
			if list := w.reconcile(); len(list) != 0 {
				t.Errorf("%+v", list)
			}
			w.Edit("/installation/repositories", nil)
			if list := w.reconcile(); len(list) != 1 {
				t.Errorf("%+v", list)
			}
		})
	}
}
