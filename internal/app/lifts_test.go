package app_test

import (
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// What people lifted is for the content that they saw: it stays through whatever
// leaves that as it is, and ends with whatever does not, a review's approval and an
// override alike.
func TestLiftsAcrossPushes(t *testing.T) {
	t.Parallel()
	other := ghfake.Files{"requirements.txt": ghfake.Text("a==1\nb==2\nevil==1\n")}
	aside := ghfake.Files{"docs/a.md": ghfake.Text("x\n")}
	for name, c := range map[string]struct {
		push func(w *world, head string)
		stay bool
	}{
		"a commit beside it": {func(w *world, _ string) { w.repo.Commit("feature", "more", aside, author) }, true},
		"an empty commit":    {func(w *world, _ string) { w.repo.Commit("feature", "empty", nil, author) }, true},
		"the base merged in": {func(w *world, _ string) {
			w.repo.Commit("main", "meanwhile", aside, author)
			w.repo.Merge("feature", "main", "Merge main", author)
		}, true},
		"the base merged in, with more": {func(w *world, _ string) {
			w.repo.Commit("main", "meanwhile", aside, author)
			w.repo.MergeWith("feature", "main", "Merge main", other, author)
		}, false},
		"rebased with the same difference": {func(w *world, _ string) {
			w.repo.Commit("main", "meanwhile", aside, author)
			w.repo.Reset("feature", w.repo.Tip("main"))
			w.repo.Commit("feature", "change", packageAdded, author)
		}, true},
		"rebased onto another state of the file": {func(w *world, _ string) {
			w.repo.Commit("main", "meanwhile", ghfake.Files{"requirements.txt": ghfake.Text("a==0\n")}, author)
			w.repo.Reset("feature", w.repo.Tip("main"))
			w.repo.Commit("feature", "change", packageAdded, author)
		}, false},
		"changed": {func(w *world, _ string) { w.repo.Commit("feature", "more", other, author) }, false},
		"changed and forced back": {func(w *world, head string) {
			w.repo.Commit("feature", "more", other, author)
			w.deliver("pull_request", w.repo.PullEvent(1, "synchronize", nil))
			if r := w.last(w.repo.Tip("feature")); r.Conclusion == "success" {
				w.t.Errorf("in between: %s", r.Title)
			}
			w.repo.Reset("feature", head)
		}, true},
		"amended in its message": {func(w *world, _ string) {
			w.repo.Reset("feature", w.repo.Tip("main"))
			w.repo.Commit("feature", "other words", packageAdded, author)
		}, true},
		"made executable": {func(w *world, _ string) {
			file := ghfake.Text("a==1\nb==2\n")
			file.Mode = "100755"
			w.repo.Commit("feature", "mode", ghfake.Files{"requirements.txt": file}, author)
		}, false},
	} {
		for how, lift := range map[string]func(w *world, n int){
			"approved":   func(w *world, n int) { w.review(n, "lead", "APPROVED") },
			"overridden": func(w *world, n int) { w.say(n, "boss", "/changeguard override packages agreed") },
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, ghfake.Options{}, nil)
				n, head := w.judged(peoplePolicy, packageAdded)
				lift(w, n)
				if r := w.last(head); r.Conclusion != "success" {
					t.Fatalf("%s: %s", r.Conclusion, r.Title)
				}
				c.push(w, head)
				w.deliver("pull_request", w.repo.PullEvent(n, "synchronize", nil))
				r := w.last(w.repo.Tip("feature"))
				if got := r.Conclusion == "success"; got != c.stay || !c.stay && !strings.Contains(r.Summary, "packages") {
					t.Errorf("%s: %s\n%s", r.Conclusion, r.Title, r.Summary)
				}
			})
		}
	}
}
