package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/report"
)

// What does not change a verdict costs no request.
func TestIrrelevantEventsCostNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	head := w.repo.Tip("feature")
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	run := w.run(head, 1)
	// Which pushes matter is known from the first one on.
	before := w.repo.Tip("main")
	w.repo.Commit("main", "more", ghfake.Files{"docs/b.md": ghfake.Text("x\n")}, author)
	w.deliver("push", w.repo.PushEvent("main", before))
	w.until("the end of it", func() bool { return strings.Contains(w.get("/readyz"), "0 waiting") })
	w.github.Forget()

	w.repo.Branch("topic", "main") // of what reaches the default branch it is asked whether it was judged
	before = w.repo.Tip("topic")
	w.repo.Commit("topic", "and more", ghfake.Files{"docs/b.md": ghfake.Text("y\n")}, author)
	remark := w.repo.Review(n, "lead", "COMMENTED", "hm")
	comment := w.repo.Comment(n, "lead", "looks good")
	group := w.repo.GroupEvent("main", "feature")
	group["action"], group["reason"] = "destroyed", "merged"
	for _, e := range []struct {
		event   string
		payload map[string]any
	}{
		{"ping", w.github.PingEvent(w.home + "/webhook")},
		{"push", w.repo.PushEvent("topic", before)},
		{"merge_group", group},
		{"issue_comment", w.repo.CommentEvent(comment, "created")},
		{"pull_request_review", w.repo.ReviewEvent(n, remark.ID, "submitted")},
		{"pull_request_review", w.repo.ReviewEvent(n, remark.ID, "edited")},
		{"check_run", w.repo.RunEvent(run.ID, "created", "lead", "")},
		{"check_run", w.repo.RunEvent(run.ID, "completed", "lead", "")},
		{"check_run", w.repo.RunEvent(run.ID, "requested_action", "lead", "of-another-version")},
		{"check_suite", w.repo.SuiteEvent(head, "requested", "lead")},
		{"check_suite", w.repo.SuiteEvent(head, "completed", "lead")},
		{"installation", w.github.InstallationEvent(1, "created")},
		{"installation_repositories", w.github.ReposEvent(1, "added")},
		{"pull_request", w.repo.PullEvent(n, "assigned", nil)},
		{"pull_request", w.repo.PullEvent(n, "review_requested", nil)},
		{"pull_request", w.repo.PullEvent(n, "closed", nil)},
		{"watch", map[string]any{"action": "started"}},
	} {
		w.deliver(e.event, e.payload)
	}
	w.until("the end of it", func() bool { return strings.Contains(w.get("/readyz"), "0 waiting") })
	if got := w.github.Requests(); len(got) != 0 {
		t.Errorf("%d requests: %v", len(got), got)
	}
}

// A new result is published when somebody asks for one, also where it says the
// same, and also for a fork's pull request, which GitHub does not name.
func TestNewResultWhenAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(testPolicy, ghfake.Files{"docs/a.md": ghfake.Text("x\n")})
	w.repo.Branch("somebody:feature", "main")
	w.repo.Commit("somebody:feature", "change", ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")}, author)
	n := w.repo.Open(ghfake.Pull{Title: "From a fork", Base: "main", Head: "somebody:feature", Author: ghfake.Account{Login: "somebody", ID: 12, Type: "User"}}).Number
	head := w.repo.Tip("somebody:feature")
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	first := w.run(head, 1)

	payload := w.repo.RunEvent(first.ID, "rerequested", "lead", "")
	if pulls := payload["check_run"].(map[string]any)["pull_requests"]; !isEmpty(pulls) {
		t.Fatalf("the stand-in names %v", pulls)
	}
	w.deliver("check_run", payload)
	if r := w.run(head, 2); r.Conclusion != first.Conclusion || r.ExternalID != first.ExternalID {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
	w.deliver("check_suite", w.repo.SuiteEvent(head, "rerequested", "lead"))
	third := w.run(head, 3)

	// The button of a result that stops a change asks for the same.
	if len(third.Actions) != 1 || third.Actions[0].Identifier != report.Recheck {
		t.Fatalf("the buttons are %+v", third.Actions)
	}
	w.deliver("check_run", w.repo.RunEvent(third.ID, "requested_action", "lead", third.Actions[0].Identifier))
	w.run(head, 4)
}

func isEmpty(list any) bool {
	switch l := list.(type) {
	case []map[string]any:
		return len(l) == 0
	case []any:
		return len(l) == 0
	}
	return list == nil
}

// When one of two pull requests with the same head is closed, or gets another
// head, the result is that of the one that is left.
func TestSharedHeadIsLetGo(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"closed", "synchronize"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			strict := w.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
			head := w.repo.Tip("feature")
			w.repo.Branch("same", "feature")
			w.repo.Branch("lenient", "main")
			w.repo.Commit("lenient", "a policy that allows all", ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\nrules: {}\n")}, author)
			lenient := w.repo.Open(ghfake.Pull{Title: "The same commits", Base: "lenient", Head: "same", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
			w.deliver("pull_request", w.repo.PullEvent(lenient, "opened", nil))
			if r := w.run(head, 1); r.Conclusion != "success" {
				t.Fatalf("%s: %s", r.Conclusion, r.Title)
			}
			w.deliver("pull_request", w.repo.PullEvent(strict, "opened", nil))
			if r := w.run(head, 2); r.Conclusion != "failure" {
				t.Fatalf("%s: %s", r.Conclusion, r.Title)
			}
			if how == "closed" {
				w.repo.Close(strict)
			} else {
				w.repo.Commit("feature", "more", ghfake.Files{"core/b.py": ghfake.Text("x = 2\n")}, author)
			}
			w.deliver("pull_request", w.repo.PullEvent(strict, how, nil))
			if r := w.run(head, 3); r.Conclusion != "success" {
				t.Errorf("%s: %s", r.Conclusion, r.Title)
			}
		})
	}
}

// GitHub is asked nothing before a delivery is answered.
func TestAnswerComesBeforeAnyCall(t *testing.T) {
	t.Parallel()
	github := ghfake.New(ghfake.Options{AppID: 7, Key: &ghtest.Key().PublicKey, Secret: "secret"})
	github.AddInstallation(1, nil)
	answered := make(chan struct{})
	front := serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-answered // whoever waited for this to answer would wait for ever
		github.ServeHTTP(w, r)
	}))
	r := begin(t, valid("CHANGEGUARD_GITHUB_URL", front))
	r.github, r.repo = github, github.AddRepo(1, "acme", "app")
	n := r.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	r.deliver("pull_request", r.repo.PullEvent(n, "opened", nil))
	if got := r.get("/readyz"); got != "ready; 1 waiting to be evaluated; not reconciled yet\n" {
		t.Errorf("when it was answered: %s", got)
	}
	close(answered)
	r.run(r.repo.Tip("feature"), 1)
}
