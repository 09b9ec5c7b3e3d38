package app_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// often is a reconciliation's pace in tests: River's own clock has seconds.
const often = time.Second

func dev() ghfake.Account { return ghfake.Account{Login: "dev", ID: 11, Type: "User"} }

// No event ever arrives, and every open pull request gets its result.
func TestLostEventsAreMadeUpFor(t *testing.T) {
	t.Parallel()
	w := newWorldReconciling(t, ghfake.Options{Quota: -1}, often)
	w.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	var heads []string
	for i := range 120 { // more than a page
		branch := fmt.Sprint("b", i)
		w.repo.Branch(branch, "main")
		w.repo.Commit(branch, "change", ghfake.Files{"docs/a.md": ghfake.Text(fmt.Sprint(i))}, author)
		w.repo.Open(ghfake.Pull{Title: "A change", Base: "main", Head: branch, Author: dev()})
		heads = append(heads, w.repo.Tip(branch))
	}
	w.concludes(w.repo.Tip("feature"), "failure")
	for _, head := range heads {
		w.concludes(head, "success")
	}
	w.says("last reconciled 20")
}

// A new policy is laid on what is open.
func TestPolicyChangeReachesOpenPullRequests(t *testing.T) {
	t.Parallel()
	w := newWorldReconciling(t, ghfake.Options{Quota: -1}, often)
	w.open("version: 1\n", ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	head := w.repo.Tip("feature")
	w.concludes(head, "success")
	w.repo.Commit("main", "a stricter policy", ghfake.Files{".github/changeguard.yml": ghfake.Text(testPolicy)}, author)
	w.concludes(head, "failure")
	org := w.github.AddRepo(1, "acme", ".github")
	w.repo.Commit("main", "a looser policy", ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\n")}, author)
	w.concludes(head, "success")
	org.Commit("main", "the organisation's", ghfake.Files{".github/changeguard.yml": ghfake.Text(testPolicy)}, author)
	w.concludes(head, "failure")
}

// An event that told of a label or of another title was lost: the verdict is
// made anew.
func TestLostLabelIsMadeUpFor(t *testing.T) {
	t.Parallel()
	w := newWorldReconciling(t, ghfake.Options{Quota: -1}, often)
	number := w.open(testPolicy, ghfake.Files{"src/a.py": ghfake.Text("x = 2\n")})
	head := w.repo.Tip("feature")
	w.concludes(head, "success")
	w.repo.Label(number, "analysis-only", "lead")
	w.concludes(head, "failure")
}

// What stands is left alone: no evaluation, and of requests only the survey's.
func TestReconciliationOfWhatIsRightIsCheap(t *testing.T) {
	t.Parallel()
	w := newWorldReconciling(t, ghfake.Options{Quota: -1}, often)
	w.open(testPolicy, ghfake.Files{"docs/a.md": ghfake.Text("x\n")})
	w.concludes(w.repo.Tip("feature"), "success")
	before := w.reconciliation("")
	second := w.reconciliation(before)
	from := len(w.github.Requests())
	w.reconciliation(second)
	w.reconciliation("")
	for _, r := range w.github.Requests()[from:] {
		if !r.ByApp && r.Route != "GET /installation/repositories" && r.Route != "POST /graphql" || r.Status != http.StatusOK {
			t.Errorf("%s was asked for and answered with %d", r.Route, r.Status)
		}
	}
}

// A delivery that GitHub could not hand over is asked for again, once for each
// attempt that failed; what was refused once, since what refused it may be mended: a
// secret, or something before the server.
func TestFailedDeliveriesAreAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorldReconciling(t, ghfake.Options{Quota: -1}, often)
	w.repo.Commit("main", "first", ghfake.Files{"a": ghfake.Text("a\n"), ".github/changeguard.yml": ghfake.Text("version: 1\npushes: {branches: [main]}\n")}, author)
	before := w.repo.Tip("main")
	w.repo.Commit("main", "second", ghfake.Files{"docs/a.md": ghfake.Text("b\n")}, author)
	// A push is nothing that a survey would find.
	lost, err := w.github.Deliver(context.Background(), w.home+"/webhook", "push", w.repo.PushEvent("main", before), ghfake.Lost())
	if err != nil {
		t.Fatal(err)
	}
	unsigned, err := w.github.Deliver(context.Background(), w.home+"/webhook", "push", w.repo.PushEvent("main", before), ghfake.Unsigned())
	if err != nil {
		t.Fatal(err)
	}
	// And one that is refused for ever.
	nothing, err := w.github.Deliver(context.Background(), w.home+"/webhook", "push", map[string]any{"ref": "refs/heads/main"})
	if err != nil {
		t.Fatal(err)
	}
	w.concludes(w.repo.Tip("main"), "success")
	w.reconciliation(w.reconciliation(w.reconciliation(w.reconciliation(""))))
	w.github.Wait()
	again := make(map[string]int)
	for _, d := range w.github.Deliveries() {
		if d.Redelivery {
			again[d.ID]++
		}
	}
	if want := map[string]int{lost.ID: 1, unsigned.ID: 1, nothing.ID: 1}; !maps.Equal(again, want) {
		t.Errorf("sent again %v, want %v", again, want)
	}
}

// An installation that refuses what is asked keeps no other one waiting, and
// nothing is asked for twice because of it.
func TestOneInstallationThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	w := newWorldReconciling(t, ghfake.Options{Quota: -1}, often)
	w.github.AddInstallation(2, map[string]string{"metadata": "read"})
	w.github.AddRepo(2, "zoo", "shut")
	number := w.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	if _, err := w.github.Deliver(context.Background(), w.home+"/webhook", "pull_request", w.repo.PullEvent(number, "opened", nil), ghfake.Lost()); err != nil {
		t.Fatal(err)
	}
	w.concludes(w.repo.Tip("feature"), "failure")
	rounds := func() (n int) {
		for _, r := range w.github.AppRequests() {
			if r.Route == "GET /app/installations" {
				n++
			}
		}
		return n
	}
	at := rounds()
	w.until("more reconciliations", func() bool { return rounds() > at+2 })
	w.github.Wait()
	again := 0
	for _, d := range w.github.Deliveries() {
		if d.Redelivery {
			again++
		}
	}
	if again != 1 {
		t.Errorf("the delivery was asked for %d times", again)
	}
	w.says("not reconciled yet")
}

// concludes waits until a head's run says so.
func (w *world) concludes(head, conclusion string) {
	w.t.Helper()
	w.until("the result "+conclusion+" of "+head, func() bool {
		runs := w.repo.Runs(head)
		return len(runs) > 0 && runs[len(runs)-1].Status == "completed" && runs[len(runs)-1].Conclusion == conclusion
	})
}

// says waits until the server's readiness has words in it.
func (w *world) says(words string) {
	w.t.Helper()
	w.until(words, func() bool { return strings.Contains(w.get("/readyz"), words) })
}

// reconciliation waits for one that is not the given one, and returns what
// /readyz says of it.
func (w *world) reconciliation(not string) (now string) {
	w.t.Helper()
	if not == "" {
		not = w.get("/readyz")
	}
	w.until("another reconciliation", func() bool {
		now = w.get("/readyz")
		return strings.Contains(now, "last reconciled") && now != not && strings.HasPrefix(now, "ready; 0 ")
	})
	return now
}
