package app_test

import (
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/report"
)

// review writes a review and delivers it.
func (w *world) review(number int, by, state string) ghfake.Review {
	w.t.Helper()
	r := w.repo.Review(number, by, state, "")
	w.deliver("pull_request_review", w.repo.ReviewEvent(number, r.ID, "submitted"))
	return r
}

// last is the newest check run of a head once nothing waits.
func (w *world) last(head string) ghfake.Run {
	w.t.Helper()
	w.idle()
	runs := w.repo.Runs(head)
	if len(runs) == 0 {
		w.t.Fatalf("no run on %s", head)
	}
	return runs[len(runs)-1]
}

var packageAdded = ghfake.Files{"requirements.txt": ghfake.Text("a==1\nb==2\n")}

// An approving review of somebody whom the rule names lifts what asks for an
// approval: by login or by team, never the author, never an App, never somebody
// whom it does not name; and a dismissed one no longer.
func TestApproval(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		by, state, want string
	}{
		"by login":           {"lead", "APPROVED", "success"},
		"by team":            {"plat", "APPROVED", "success"},
		"not named":          {"boss", "APPROVED", "action_required"},
		"by the author":      {"dev", "APPROVED", "action_required"},
		"by an App":          {"lead[bot]", "APPROVED", "action_required"},
		"asks for more work": {"lead", "CHANGES_REQUESTED", "action_required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			n, head := w.judged(peoplePolicy, packageAdded)
			if r := w.run(head, 1); r.Conclusion != "action_required" {
				t.Fatalf("%s: %s", r.Conclusion, r.Title)
			}
			w.review(n, c.by, c.state)
			r := w.last(head)
			if r.Conclusion != c.want || c.want == "success" && !strings.Contains(r.Summary, "approval by "+c.by) {
				t.Errorf("%s: %s\n%s", r.Conclusion, r.Title, r.Summary)
			}
		})
	}
}

func TestApprovalIsTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, packageAdded)
	review := w.review(n, "lead", "APPROVED")
	if r := w.last(head); r.Conclusion != "success" {
		t.Fatalf("%s: %s", r.Conclusion, r.Title)
	}
	w.repo.Dismiss(n, review.ID)
	w.deliver("pull_request_review", w.repo.ReviewEvent(n, review.ID, "dismissed"))
	if r := w.last(head); r.Conclusion != "action_required" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

// An approval never lifts what blocks.
func TestApprovalDoesNotLiftABlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.review(n, "lead", "APPROVED")
	if r := w.last(head); r.Conclusion != "failure" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

// An approval of an earlier head counts where what was found is the same in the
// same content, and only there.
func TestBypass17_StaleApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, packageAdded)
	w.review(n, "lead", "APPROVED")
	if r := w.last(head); r.Conclusion != "success" {
		t.Fatalf("%s: %s", r.Conclusion, r.Title)
	}
	for _, c := range []struct {
		files ghfake.Files
		want  string
	}{
		{ghfake.Files{"docs/a.md": ghfake.Text("x\n")}, "success"},
		{ghfake.Files{"requirements.txt": ghfake.Text("a==1\nb==2\nevil==1\n")}, "action_required"},
	} {
		w.repo.Commit("feature", "more", c.files, author)
		w.deliver("pull_request", w.repo.PullEvent(n, "synchronize", nil))
		if r := w.last(w.repo.Tip("feature")); r.Conclusion != c.want {
			t.Errorf("%s: %s", r.Conclusion, r.Title)
		}
	}
}

// Whose change it is does not approve it: not its committers and not its
// co-authors, by whatever address.
func TestBypass18_MakersDoNotApprove(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		message string
		by      ghfake.Signature
	}{
		"a committer":                      {"change", ghfake.Signature{Name: "Lead", Email: "lead@example.com", When: author.When}},
		"a co-author":                      {"change\n\nCo-authored-by: Lead <lead@example.com>", author},
		"a co-author with another address": {"change\n\nco-authored-by: L <Lead@users.noreply.github.com>", author},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			w.people()
			w.github.AddAccount(ghfake.Account{Login: "lead", ID: 77, Type: "User", Email: "lead@example.com"})
			n := w.open(peoplePolicy, ghfake.Files{"docs/a.md": ghfake.Text("x\n")})
			w.repo.Commit("feature", c.message, packageAdded, c.by)
			head := w.repo.Tip("feature")
			w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
			w.run(head, 1)
			w.review(n, "lead", "APPROVED")
			if r := w.last(head); r.Conclusion != "action_required" {
				t.Errorf("%s: %s", r.Conclusion, r.Title)
			}
		})
	}
}

// The button lifts what an approval lifts, for whoever may when it is pressed.
func TestApproveChange(t *testing.T) {
	t.Parallel()
	self := strings.Replace(peoplePolicy, "overrides: {", "overrides: {self: true, ", 1)
	for name, c := range map[string]struct {
		policy, by, want, said string
	}{
		"who may override":        {peoplePolicy, "boss", "success", "override by boss"},
		"who may approve":         {peoplePolicy, "lead", "success", "approval by lead"},
		"who may neither":         {peoplePolicy, "writer", "action_required", ""},
		"the author":              {peoplePolicy, "dev", "action_required", ""},
		"the author, who may":     {self, "dev", "success", "override by dev"},
		"an App":                  {peoplePolicy, "lead[bot]", "action_required", ""},
		"an App as the author is": {self, "dev[bot]", "action_required", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			w.people()
			n := w.open(c.policy, ghfake.Files{"docs/a.md": ghfake.Text("x\n")})
			w.repo.Commit("feature", "change\n\nCo-Authored-By: Claude <noreply@anthropic.com>", packageAdded, author)
			head := w.repo.Tip("feature")
			w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
			r := w.run(head, 1)
			if len(r.Actions) == 0 || r.Actions[0].Identifier != report.ApproveChange {
				t.Fatalf("the buttons are %+v", r.Actions)
			}
			w.deliver("check_run", w.repo.RunEvent(r.ID, "requested_action", c.by, report.ApproveChange))
			r = w.last(head)
			if r.Conclusion != c.want || !strings.Contains(r.Summary, c.said) {
				t.Errorf("%s: %s\n%s", r.Conclusion, r.Title, r.Summary)
			}
		})
	}
}

// The button lifts nothing that only an override lifts, and what it approved stays
// approved in the content that was seen only.
func TestApproveChangeIsNoMoreThanAnApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, ghfake.Files{"requirements.txt": ghfake.Text("a==1\nb==2\n"), "core/a.py": ghfake.Text("x = 2\n")})
	press := func(head, by string) ghfake.Run {
		w.deliver("check_run", w.repo.RunEvent(w.last(head).ID, "requested_action", by, report.ApproveChange))
		return w.last(head)
	}
	if r := press(head, "boss"); r.Conclusion != "failure" || !strings.Contains(r.Summary, "| block | `core` |") {
		t.Errorf("a block: %s: %s", r.Conclusion, r.Summary)
	}
	w.repo.Commit("feature", "less", ghfake.Files{"core/a.py": ghfake.Text("x = 1\n")}, author)
	w.deliver("pull_request", w.repo.PullEvent(n, "synchronize", nil))
	if r := press(w.repo.Tip("feature"), "lead"); r.Conclusion != "success" {
		t.Errorf("the same package: %s: %s", r.Conclusion, r.Summary)
	}
	w.repo.Commit("feature", "another", ghfake.Files{"requirements.txt": ghfake.Text("a==1\nb==2 # x\n")}, author)
	w.deliver("pull_request", w.repo.PullEvent(n, "synchronize", nil))
	if r := w.last(w.repo.Tip("feature")); r.Conclusion != "action_required" {
		t.Errorf("another content: %s: %s", r.Conclusion, r.Summary)
	}
}

// Two approvals are those of two people.
func TestSeveralApprovals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(strings.Replace(peoplePolicy, "approvals: {count: 1,", "approvals: {count: 2,", 1), packageAdded)
	for _, c := range []struct{ by, want string }{{"lead", "action_required"}, {"lead", "action_required"}, {"plat", "success"}} {
		w.review(n, c.by, "APPROVED")
		if r := w.last(head); r.Conclusion != c.want {
			t.Errorf("with that of %s: %s: %s", c.by, r.Conclusion, r.Summary)
		}
	}
}

// The button of a head that is no longer the pull request's lifts nothing.
func TestBypass17_ButtonOfAnotherHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, packageAdded)
	r := w.last(head)
	w.repo.Commit("feature", "more", ghfake.Files{"requirements.txt": ghfake.Text("a==1\nb==2\nevil==1\n")}, author)
	w.deliver("check_run", w.repo.RunEvent(r.ID, "requested_action", "boss", report.ApproveChange))
	w.deliver("pull_request", w.repo.PullEvent(n, "synchronize", nil))
	if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != "action_required" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

// A change of the policy is approved like any other.
func TestPolicyEditIsApproved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, ghfake.Files{".github/changeguard.yml": ghfake.Text(peoplePolicy + "# more\n")})
	if r := w.run(head, 1); r.Conclusion != "action_required" {
		t.Fatalf("%s: %s", r.Conclusion, r.Title)
	}
	w.review(n, "writer", "APPROVED")
	if r := w.last(head); r.Conclusion != "success" {
		t.Errorf("%s: %s\n%s", r.Conclusion, r.Title, r.Summary)
	}
}

// Labels carry no verdict: neither one that says "approved" nor the taking off of
// the one that declared a session changes what was found.
func TestBypass11_LabelAsState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.people()
	n := w.open(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n"), "src/a.py": ghfake.Text("x = 2\n")})
	head := w.repo.Tip("feature")
	w.repo.Label(n, "analysis-only", "lead")
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	first := w.run(head, 1)
	for _, label := range []string{"approved", "lgtm", "changeguard-override"} {
		w.repo.Label(n, label, "boss")
		w.deliver("pull_request", w.repo.PullEvent(n, "labeled", nil))
	}
	w.repo.Unlabel(n, "analysis-only") // by its author
	w.deliver("pull_request", w.repo.PullEvent(n, "unlabeled", nil))
	if r := w.last(head); r.Conclusion != "failure" || r.Title != first.Title {
		t.Errorf("%s: %s, and it was %s", r.Conclusion, r.Title, first.Title)
	}
}

// What an organisation's policy found is lifted by whom the organisation names,
// whatever the repository's policy says.
func TestLiftsOfLayers(t *testing.T) {
	t.Parallel()
	for by, want := range map[string]string{"writer": "failure", "boss": "success"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			org := w.github.AddRepo(1, "acme", ".github")
			org.Commit("main", "policy", ghfake.Files{".github/changeguard.yml": ghfake.Text(
				"version: 1\nrules:\n  core:\n    uses: protected-paths\n    with: {paths: [\"core/**\"]}\noverrides: {by: [\"role:maintain\"]}\n")}, author)
			n, head := w.judged("version: 1\nrules: {}\noverrides: {by: [\"role:write\"]}\n", ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
			w.reaction(w.say(n, by, "/changeguard override all it is agreed"))
			if r := w.last(head); r.Conclusion != want {
				t.Errorf("%s: %s", r.Conclusion, r.Title)
			}
		})
	}
}

// A pull request without reviews costs no more than before, and one with an
// approval one request more for each person.
func TestWhatApprovalsCost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, packageAdded)
	w.idle()
	w.github.Forget()
	w.deliver("pull_request", w.repo.PullEvent(n, "edited", nil))
	w.idle()
	if got := w.github.Requests(); len(got) > 2 {
		t.Errorf("%d requests without a review: %v", len(got), got)
	}
	w.github.Forget()
	w.review(n, "plat", "APPROVED")
	if r := w.last(head); r.Conclusion != "success" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
	if got := w.github.Requests(); len(got) > 5 { // with the run and the comment
		t.Errorf("%d requests with one: %v", len(got), got)
	}
}

// A change that mends a broken policy takes one approval by whoever may write.
func TestMendingIsApproved(t *testing.T) {
	t.Parallel()
	for by, want := range map[string]string{"sec": "action_required", "writer": "success"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			n, head := w.judged("version: 1\nrulez: {}\n", ghfake.Files{".github/changeguard.yml": ghfake.Text(peoplePolicy)})
			if r := w.run(head, 1); r.Conclusion != "action_required" {
				t.Fatalf("%s: %s", r.Conclusion, r.Title)
			}
			w.review(n, by, "APPROVED")
			if r := w.last(head); r.Conclusion != want {
				t.Errorf("%s: %s", r.Conclusion, r.Title)
			}
		})
	}
}

// Of what is closed nothing is judged, and whoever asks is told so.
func TestCommandOnAClosedPullRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.repo.Close(n)
	if got := w.reaction(w.say(n, "boss", "/changeguard override all because")); got != "confused" {
		t.Errorf("the answer is %q", got)
	}
	if r := w.last(head); r.Conclusion != "failure" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

// A pull request that was never judged has nothing that could have been seen; a
// command has it judged all the same.
func TestCommandBeforeTheFirstResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.people()
	n := w.open(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	if got := w.reaction(w.say(n, "boss", "/changeguard override all because")); got != "confused" {
		t.Errorf("the answer is %q", got)
	}
	if r := w.last(w.repo.Tip("feature")); r.Conclusion != "failure" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}
