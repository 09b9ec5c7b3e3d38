package guard_test

import (
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/store"
)

// entries counts the entries of a kind in the audit log.
func (w *world) entries(kind string) (n int) {
	w.t.Helper()
	for e, err := range w.store.AuditLog(w.t.Context()) {
		if err != nil {
			w.t.Fatal(err)
		}
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// A status or a check run of somebody else with our name is said in the check
// run and in a comment, told of and written down, once; it never makes the
// verdict.
func TestBypass12_ForeignChecks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		forge func(w *world, head string)
		says  string
	}{
		"a status":        {func(w *world, head string) { w.repo.SetStatus(head, "changeguard", "success", "mallory") }, "`mallory` has set a commit status called `changeguard` (`success`)"},
		"a check run":     {func(w *world, head string) { w.addRun(head, 9, "changeguard", "success") }, "The App `app-9` has a check run called `changeguard` (`success`)"},
		"one of a robot":  {func(w *world, head string) { w.repo.SetStatus(head, "changeguard", "pending", "x[bot]") }, "called `changeguard` (`pending`)"},
		"one in progress": {func(w *world, head string) { w.addRun(head, 9, "changeguard", "") }, "(`in_progress`)"},
	} {
		for kind, change := range map[string]ghfake.Files{"success": fine, "failure": wrong} {
			t.Run(name+" on a "+kind, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil)
				w.base(testPolicy)
				n := w.open("feature", "main", change)
				w.evaluate(w.pull(n))
				if r := w.own("feature"); r.Conclusion != kind || strings.Contains(r.Summary, "Another check") {
					t.Fatalf("before: %s %s", r.Conclusion, r.Summary)
				}
				c.forge(w, w.repo.Tip("feature"))
				for range 2 {
					w.evaluate(w.pull(n))
				}
				r := w.own("feature")
				if r.Conclusion != kind || !strings.Contains(r.Summary, "**Another check carries the name of this one.**") || !strings.Contains(r.Summary, c.says) {
					t.Errorf("%s: %s", r.Conclusion, r.Summary)
				}
				if comments := w.repo.Comments(n); len(comments) != 1 || !strings.Contains(comments[0], c.says) {
					t.Errorf("comments: %q", comments)
				}
				if len(w.notices) != 1 || w.notices[0].Kind != "foreign-check" || !strings.Contains(w.notices[0].Note, "called `changeguard`") {
					t.Errorf("notices: %v", w.notices)
				}
				if got := w.entries(store.AuditForeign); got != 1 {
					t.Errorf("%d entries in the audit log", got)
				}
			})
		}
	}
}

// The App's own runs, other names, and checks on other commits are none.
func TestOtherChecksAreNotForeign(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.repo.TestMerge(n)
	w.repo.SetStatus(w.repo.Tip("feature"), "ci", "success", "dev")
	w.addRun(w.repo.Tip("feature"), 9, "changeguard / build", "success")
	w.repo.SetStatus(w.repo.Tip("main"), "changeguard", "success", "dev")
	w.evaluate(w.pull(n))
	w.evaluate(w.pull(n))
	if r := w.own("feature"); strings.Contains(r.Summary, "Another check") || len(w.repo.Comments(n))+len(w.notices)+w.entries(store.AuditForeign) > 0 {
		t.Errorf("%s\n%v", r.Summary, w.notices)
	}
}

// GitHub takes a status on the commit by which it tries the merge for the head's.
func TestBypass15_TestMergeCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", wrong)
	merge := w.repo.TestMerge(n)
	w.repo.SetStatus(merge, "changeguard", "success", "mallory")
	w.addRun(merge, 9, "changeguard", "success")
	w.evaluate(w.pull(n))
	r := w.own("feature")
	for _, words := range []string{"`mallory` has set a commit status called `changeguard` (`success`) on `" + merge[:12] + "`, the commit by which GitHub tries the merge", "The App `app-9` has a check run"} {
		if r.Conclusion != "failure" || !strings.Contains(r.Summary, words) {
			t.Errorf("%s: %s", r.Conclusion, r.Summary)
		}
	}
	if runs := w.repo.Runs(merge); len(runs) != 1 { // ours is on the head alone
		t.Errorf("%v", runs)
	}
	// What is gone is not said any more.
	w.repo.Commit("main", "more", ghfake.Files{"lib/z.py": ghfake.Text("z = 1\n")}, author)
	w.repo.TestMerge(n)
	w.evaluate(w.pull(n))
	if r := w.own("feature"); strings.Contains(r.Summary, "Another check") {
		t.Errorf("%s", r.Summary)
	}
}

// An installation that may not see statuses or checks of others judges without.
func TestForeignChecksThatAreNotShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"metadata": "read", "contents": "read", "pull_requests": "write", "checks": "write", "merge_queues": "read", "members": "read"})
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.repo.SetStatus(w.repo.Tip("feature"), "changeguard", "success", "mallory")
	w.evaluate(w.pull(n))
	w.concluded("feature", "success", "")
}

// The text of a foreign check is no markup, and the name of who set it neither.
func TestForeignChecksAreText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.repo.SetStatus(w.repo.Tip("feature"), "changeguard", "success", "a`**@team** <img>")
	w.evaluate(w.pull(n))
	if r := w.own("feature"); !strings.Contains(r.Summary, "`a **@team** <img>` has set") {
		t.Errorf("%s", r.Summary)
	}
}

// addRun makes a check run of another App.
func (w *world) addRun(head string, app int64, name, conclusion string) int64 {
	status := "completed"
	if conclusion == "" {
		status = "in_progress"
	}
	return w.repo.AddRun(ghfake.Run{App: app, Name: name, Head: head, Status: status, Conclusion: conclusion})
}

// own is the App's own last run of a branch's tip.
func (w *world) own(branch string) ghfake.Run {
	w.t.Helper()
	var last ghfake.Run
	for _, r := range w.repo.Runs(w.repo.Tip(branch)) {
		if r.App == ghtest.AppID {
			last = r
		}
	}
	if last.ID == 0 {
		w.t.Fatalf("%s has no run\n%s", branch, &w.log)
	}
	return last
}
