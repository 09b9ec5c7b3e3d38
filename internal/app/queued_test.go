package app_test

import (
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// A merge group that is green turns red when a pull request in it does not pass any
// more while it waits: its approval is taken back. Groups without it stay as they are.
func TestMembersThatTurnRedTakeTheirGroupAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, packageAdded)
	review := w.review(n, "lead", "APPROVED")
	if r := w.last(head); r.Conclusion != "success" {
		t.Fatalf("%s: %s", r.Conclusion, r.Title)
	}
	w.repo.Branch("other", "main")
	w.repo.Commit("other", "change", ghfake.Files{"docs/b.md": ghfake.Text("b\n")}, author)
	m := w.repo.Open(ghfake.Pull{Title: "Other", Base: "main", Head: "other", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
	w.deliver("pull_request", w.repo.PullEvent(m, "opened", nil))
	w.last(w.repo.Tip("other"))
	var queues [2]string
	for i, number := range []int{m, n} {
		queues[i] = w.repo.Enqueue("main", "SQUASH", number)
		w.deliver("merge_group", w.repo.GroupEvent("main", queues[i]))
		if r := w.last(w.repo.Tip(queues[i])); r.Conclusion != "success" {
			t.Fatalf("%s: %s", r.Conclusion, r.Title)
		}
	}
	w.repo.Dismiss(n, review.ID)
	w.deliver("pull_request_review", w.repo.ReviewEvent(n, review.ID, "dismissed"))
	w.until("the group turns red", func() bool {
		runs := w.repo.Runs(w.repo.Tip(queues[1]))
		r := runs[len(runs)-1]
		return r.Conclusion == "failure" && strings.Contains(r.Title+r.Summary, "does not pass")
	})
	if r := w.last(w.repo.Tip(queues[0])); r.Conclusion != "success" {
		t.Errorf("the other group: %s: %s", r.Conclusion, r.Title)
	}
}
