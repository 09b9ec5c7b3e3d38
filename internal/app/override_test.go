package app_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

const peoplePolicy = `version: 1
sessions:
  analysis-only:
    declared-by: {labels: [analysis-only], titles: ["analysis:*"]}
    may-change: [docs]
rules:
  core:
    uses: protected-paths
    with: {paths: ["core/**"]}
  packages:
    uses: dependencies
    level: approve
    approvals: {count: 1, from: ["@acme/platform", "lead"]}
overrides: {by: ["role:maintain", "@acme/security"]}
`

// people are those of the tests: dev is the author of what is opened.
func (w *world) people() {
	w.github.AddAccount(ghfake.Account{Login: "dev", ID: 11, Type: "User", Email: "dev@example.com"})
	for login, role := range map[string]string{"dev": "admin", "boss": "maintain", "writer": "write", "lead": "write", "sec": "read", "plat": "write"} {
		w.github.AddAccount(ghfake.Account{Login: login, ID: int64(100 + len(login) + int(login[0])), Type: "User"})
		w.repo.Allow(login, role)
	}
	w.github.AddAccount(ghfake.Account{Login: "dev", ID: 11, Type: "User", Email: "dev@example.com"})
	w.github.AddTeam("acme", "security", map[string]string{"sec": "member"})
	w.github.AddTeam("acme", "platform", map[string]string{"plat": "member"})
}

// say writes a comment and delivers it.
func (w *world) say(number int, by, body string) (comment int64) {
	w.t.Helper()
	comment = w.repo.Comment(number, by, body)
	w.deliver("issue_comment", w.repo.CommentEvent(comment, "created"))
	return comment
}

// reaction waits until a comment has an answer, and returns it.
func (w *world) reaction(comment int64) string {
	w.t.Helper()
	var found string
	w.until(fmt.Sprintf("an answer to comment %d", comment), func() bool {
		found = strings.Join(w.repo.Reactions(comment), " ")
		return found != ""
	})
	return found
}

// judged opens a pull request with changes and waits for its first result.
func (w *world) judged(policy string, changes ghfake.Files) (number int, head string) {
	w.t.Helper()
	w.people()
	number = w.open(policy, changes)
	head = w.repo.Tip("feature")
	w.deliver("pull_request", w.repo.PullEvent(number, "opened", nil))
	w.run(head, 1)
	return number, head
}

func (w *world) idle() {
	w.t.Helper()
	w.until("the end of it", func() bool { return strings.Contains(w.get("/readyz"), "0 waiting") })
}

// Somebody whom the policy lets override does so by a comment: the check run
// turns green and says who, why and until when.
func TestOverride(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ by, command string }{
		{"boss", "/changeguard override core it is agreed"},
		{"boss", "/changeguard override all it is agreed"},
		{"sec", "Well then.\r\n\r\n/changeguard override core it is agreed\r\n"},
	} {
		t.Run(c.by, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
			comment := w.say(n, c.by, c.command)
			r := w.run(head, 2)
			if r.Conclusion != "success" || !strings.Contains(r.Summary, c.by) || !strings.Contains(r.Summary, "it is agreed") {
				t.Errorf("%s: %s\n%s", r.Conclusion, r.Title, r.Summary)
			}
			if got := w.reaction(comment); got != "+1" {
				t.Errorf("the answer is %q", got)
			}
			if got := w.repo.Comments(n); len(got) != 2 { // with the App's own
				t.Errorf("comments: %q", got)
			}
		})
	}
}

// Whoever may not is told why, and nothing is lifted.
func TestOverrideRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ by, command, want string }{
		"by nobody's right": {"writer", "/changeguard override core because", "takes `role:maintain or @acme/security`"},
		"by the author":     {"dev", "/changeguard override core because", "your own change"},
		"without a reason":  {"boss", "/changeguard override core", "Say why"},
		"without a target":  {"boss", "/changeguard override", "Say what"},
		"of another rule":   {"boss", "/changeguard override cores because", "is called `cores`"},
		"no command":        {"boss", "/changeguard overrule core because", "no such command"},
		"an approval":       {"boss", "/changeguard approve", "a comment is none"},
		"no such mode":      {"boss", "/changeguard lift-session analysis-only because", "not in a mode"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
			comment := w.say(n, c.by, c.command)
			if got := w.reaction(comment); got != "confused" {
				t.Errorf("the answer is %q", got)
			}
			w.idle()
			all := w.repo.Comments(n)
			if last := all[len(all)-1]; !strings.Contains(last, c.want) {
				t.Errorf("the answer is %q, which does not say %q", last, c.want)
			}
			if r := w.run(head, 1); r.Conclusion != "failure" || len(w.repo.Runs(head)) != 1 {
				t.Errorf("%d runs, the first %s: %s", len(w.repo.Runs(head)), r.Conclusion, r.Title)
			}
		})
	}
}

// Whoever may override none of many is told so in one sentence, whatever the reasons.
func TestOverrideOfAllRefused(t *testing.T) {
	t.Parallel()
	policy := strings.Replace(peoplePolicy, "  packages:", `  docs: {uses: protected-paths, level: warn, with: {paths: ["docs/**"]}}
  lib: {uses: protected-paths, with: {paths: ["lib/**"]}}
  packages:`, 1)
	files := ghfake.Files{"core/a.py": ghfake.Text("x = 2\n"), "docs/a.md": ghfake.Text("x\n"), "lib/a.py": ghfake.Text("x = 2\n"), "requirements.txt": ghfake.Text("a==1\nb==2\n")}
	for by, want := range map[string]string{
		"writer": "An override of `core`, `lib`, `packages` takes `role:maintain or @acme/security`.",
		"dev":    "Not overridden: this is your own change, and the policy lets nobody override in their own (`overrides.self`).",
	} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			n, _ := w.judged(policy, files)
			if got := w.reaction(w.say(n, by, "/changeguard override all because")); got != "confused" {
				t.Errorf("the answer is %q", got)
			}
			w.idle()
			all := w.repo.Comments(n)
			if last := strings.TrimSpace(all[len(all)-1]); !strings.HasSuffix(last, want) || strings.Count(last, ". ") > 0 {
				t.Errorf("the answer is %q", last)
			}
		})
	}
}

// The right is asked of GitHub when the command is carried out: who lost it since
// the comment lifts nothing.
func TestOverrideByWhoLostTheRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	comment := w.repo.Comment(n, "boss", "/changeguard override core it is agreed")
	sent := w.repo.CommentEvent(comment, "created")
	w.repo.Allow("boss", "write")
	w.deliver("issue_comment", sent)
	if got := w.reaction(comment); got != "confused" {
		t.Errorf("the answer is %q", got)
	}
	w.idle()
	if r := w.run(head, 1); r.Conclusion != "failure" || len(w.repo.Runs(head)) != 1 {
		t.Errorf("%d runs, the first %s: %s", len(w.repo.Runs(head)), r.Conclusion, r.Title)
	}
	// With the right again the same words count.
	w.repo.Allow("boss", "maintain")
	w.say(n, "boss", "/changeguard override core it is agreed")
	if r := w.run(head, 2); r.Conclusion != "success" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

// What is irrelevant costs no request: comments of bots, edited ones, those that
// quote a command or show it as code, and those of issues.
func TestCommentsThatAskForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.idle()
	w.github.Forget()
	const command = "/changeguard override core because"
	for _, body := range []string{"> " + command, "```\n" + command + "\n```", "    " + command, "see " + command, "/changeguards help", "`" + command + "`"} {
		w.say(n, "boss", body)
	}
	w.say(n, "claude[bot]", command)
	edited := w.repo.Comment(n, "boss", command)
	w.deliver("issue_comment", w.repo.CommentEvent(edited, "edited"))
	others := w.repo.CommentEvent(edited, "created")
	others["sender"] = w.repo.CommentEvent(w.repo.Comment(n, "dev", "x"), "created")["sender"]
	w.deliver("issue_comment", others)
	issue := w.repo.CommentEvent(edited, "created")
	delete(issue["issue"].(map[string]any), "pull_request")
	w.deliver("issue_comment", issue)
	w.idle()
	if got := w.github.Requests(); len(got) != 0 {
		t.Errorf("%d requests: %v", len(got), got)
	}
	if r := w.repo.Runs(head); len(r) != 1 {
		t.Errorf("%d runs", len(r))
	}
}

// An override is for the content that was seen: another push to the file ends
// it, one to another file does not.
func TestBypass17_StaleOverride(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.say(n, "boss", "/changeguard override core it is agreed")
	if r := w.run(head, 2); r.Conclusion != "success" {
		t.Fatalf("%s: %s", r.Conclusion, r.Title)
	}
	push := func(files ghfake.Files) string {
		w.repo.Commit("feature", "more", files, author)
		w.deliver("pull_request", w.repo.PullEvent(n, "synchronize", nil))
		return w.repo.Tip("feature")
	}
	if r := w.run(push(ghfake.Files{"docs/a.md": ghfake.Text("x\n")}), 1); r.Conclusion != "success" {
		t.Errorf("another file: %s: %s", r.Conclusion, r.Title)
	}
	if r := w.run(push(ghfake.Files{"core/a.py": ghfake.Text("x = 3\n")}), 1); r.Conclusion != "failure" {
		t.Errorf("another content: %s: %s", r.Conclusion, r.Title)
	}
	if r := w.run(push(ghfake.Files{"core/b.py": ghfake.Text("x = 2\n"), "core/a.py": ghfake.Text("x = 2\n")}), 1); r.Conclusion != "failure" || strings.Contains(r.Title, "2 files") {
		t.Errorf("the old content and a file that nobody saw: %s: %s", r.Conclusion, r.Title)
	}
}

// A command that arrives after the change moved on lifts nothing of what its
// writer had not seen.
func TestBypass17_OverrideOfWhatWasNotSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, _ := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	comment := w.repo.Comment(n, "boss", "/changeguard override all it is agreed")
	w.repo.Commit("feature", "more", ghfake.Files{"core/a.py": ghfake.Text("x = 666\n")}, author)
	w.deliver("issue_comment", w.repo.CommentEvent(comment, "created"))
	if got := w.reaction(comment); got != "confused" {
		t.Errorf("the answer is %q", got)
	}
	if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != "failure" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

// A comment that an App made in a person's name lifts nothing, and is told so.
func TestBypass18_CommentThroughAnApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	comment := w.repo.Comment(n, "boss", "/changeguard override all it is agreed")
	payload := w.repo.CommentEvent(comment, "created")
	app := w.repo.RunEvent(w.repo.Runs(head)[0].ID, "created", "boss", "")["check_run"].(map[string]any)["app"]
	payload["comment"].(map[string]any)["performed_via_github_app"] = app
	w.deliver("issue_comment", payload)
	if got := w.reaction(comment); got != "confused" {
		t.Errorf("the answer is %q", got)
	}
	w.idle()
	if r := w.repo.Runs(head); len(r) != 1 || r[0].Conclusion != "failure" {
		t.Errorf("the runs are %+v", r)
	}
}

// With an agent in the change, its author's own comment lifts nothing, also where
// the policy lets authors override.
func TestBypass18_AgentMintsAnOverride(t *testing.T) {
	t.Parallel()
	self := strings.Replace(peoplePolicy, "overrides: {", "overrides: {self: true, ", 1)
	for name, c := range map[string]struct{ message, want, answer string }{
		"an agent":  {"change\n\nCo-Authored-By: Claude <noreply@anthropic.com>", "failure", "confused"},
		"no agents": {"change", "success", "+1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			w.people()
			n := w.open(self, ghfake.Files{"docs/a.md": ghfake.Text("x\n")})
			w.repo.Commit("feature", c.message, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")}, author)
			head := w.repo.Tip("feature")
			w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
			w.run(head, 1)
			if got := w.reaction(w.say(n, "dev", "/changeguard override all because")); got != c.answer {
				t.Errorf("the answer is %q", got)
			}
			w.idle()
			runs := w.repo.Runs(head)
			if last := runs[len(runs)-1]; last.Conclusion != c.want {
				t.Errorf("%s: %s", last.Conclusion, last.Title)
			}
		})
	}
}

// Only created comments ask for something: what somebody else edits into one does
// not.
func TestBypass20_EditedComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.idle()
	w.github.Forget()
	comment := w.repo.Comment(n, "boss", "/changeguard override all because")
	w.deliver("issue_comment", w.repo.CommentEvent(comment, "edited"))
	w.deliver("issue_comment", w.repo.CommentEvent(comment, "deleted"))
	w.idle()
	if got, runs := w.github.Requests(), w.repo.Runs(head); len(got) != 0 || len(runs) != 1 {
		t.Errorf("%d requests, %d runs", len(got), len(runs))
	}
}

// Nobody overrides while the policy on the base does not load.
func TestBypass32_OverrideOfABrokenPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged("version: 1\nrulez: {}\n", ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	comment := w.say(n, "boss", "/changeguard override all because")
	if got := w.reaction(comment); got != "confused" {
		t.Errorf("the answer is %q", got)
	}
	if runs := w.repo.Runs(head); len(runs) != 1 || runs[0].Conclusion != "failure" {
		t.Errorf("the runs are %+v", runs)
	}
}

// A session that stuck is lifted by somebody else who may, for this pull request.
func TestLiftSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.people()
	n := w.open(peoplePolicy, ghfake.Files{"src/a.py": ghfake.Text("x = 2\n")})
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Title = "analysis: look" })
	head := w.repo.Tip("feature")
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	if r := w.run(head, 1); r.Conclusion != "failure" {
		t.Fatalf("%s: %s", r.Conclusion, r.Title)
	}
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Title = "work" })
	if got := w.reaction(w.say(n, "dev", "/changeguard lift-session analysis-only because")); got != "confused" {
		t.Errorf("the author is answered %q", got)
	}
	if got := w.reaction(w.say(n, "boss", "/changeguard lift-session analysis-only it became work")); got != "+1" {
		t.Errorf("the answer is %q", got)
	}
	w.idle()
	runs := w.repo.Runs(head)
	if last := runs[len(runs)-1]; last.Conclusion != "success" {
		t.Errorf("%s: %s", last.Conclusion, last.Title)
	}
}

// Of two modes that stuck one is lifted, and the other one holds until it is lifted too.
func TestLiftOneOfTwoSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.people()
	n := w.open(strings.Replace(peoplePolicy, "rules:\n", "  read-along:\n    declared-by: {titles: [\"*look\"]}\n    may-change: [docs, tests]\nrules:\n", 1),
		ghfake.Files{"src/a.py": ghfake.Text("x = 2\n")})
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Title = "analysis: look" })
	head := w.repo.Tip("feature")
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	for i, c := range []struct{ lift, conclusion, stays string }{
		{"", "failure", "analysis-only read-along"},
		{"analysis-only", "failure", "read-along"},
		{"read-along", "success", ""},
	} {
		if c.lift != "" {
			if got := w.reaction(w.say(n, "boss", "/changeguard lift-session "+c.lift+" it became work")); got != "+1" {
				t.Fatalf("the answer for %s is %q", c.lift, got)
			}
			w.idle()
		} else {
			w.run(head, i+1)
		}
		runs := w.repo.Runs(head)
		last := runs[len(runs)-1]
		var stays []string
		for _, mode := range []string{"analysis-only", "read-along"} {
			if strings.Contains(last.Summary, "| block | `"+mode+"` |") {
				stays = append(stays, mode)
			}
		}
		if last.Conclusion != c.conclusion || strings.Join(stays, " ") != c.stays {
			t.Errorf("%q lifted: %s, stopped by %v: %s", c.lift, last.Conclusion, stays, last.Summary)
		}
	}
}

// What is asked for and lifts nothing is answered.
func TestOtherCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	last := func() string {
		w.idle()
		all := w.repo.Comments(n)
		return all[len(all)-1]
	}
	for command, want := range map[string]string{"help": "lift-session MODE REASON", "explain": "rule `core`, level block, `core/a.py`"} {
		if got := w.reaction(w.say(n, "writer", "/changeguard "+command)); got != "+1" {
			t.Errorf("%s is answered with %q", command, got)
		}
		if got := last(); !strings.Contains(got, want) {
			t.Errorf("%s: %s", command, got)
		}
	}
	if got := w.reaction(w.say(n, "writer", "/changeguard recheck")); got != "+1" {
		t.Errorf("recheck is answered with %q", got)
	}
	w.run(head, 2)
}

// What a member's override or approval lifted stays lifted in a merge group, in
// the same content; what another member brings does not.
func TestLiftsHoldInAMergeGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n"), "requirements.txt": ghfake.Text("a==1\nb==2\n")})
	w.say(n, "boss", "/changeguard override core it is agreed")
	w.review(n, "lead", "APPROVED")
	if r := w.last(head); r.Conclusion != "success" {
		t.Fatalf("%s: %s", r.Conclusion, r.Title)
	}
	queue := w.repo.Enqueue("main", "SQUASH", n)
	w.deliver("merge_group", w.repo.GroupEvent("main", queue))
	if r := w.run(w.repo.Tip(queue), 1); r.Conclusion != "success" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
	// The same finding in another content.
	w.repo.Commit(queue, "more", ghfake.Files{"core/a.py": ghfake.Text("x = 666\n")}, author)
	w.deliver("merge_group", w.repo.GroupEvent("main", queue))
	if r := w.run(w.repo.Tip(queue), 1); r.Conclusion != "failure" || strings.Contains(r.Summary, "override by boss") {
		t.Errorf("%s: %s\n%s", r.Conclusion, r.Title, r.Summary)
	}
}

// An override ends when the policy says so: the change is judged again by then.
func TestOverrideEnds(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	w := newWorldAt(t, ghfake.Options{}, now)
	n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.say(n, "boss", "/changeguard override core it is agreed")
	if r := w.run(head, 2); r.Conclusion != "success" {
		t.Fatalf("%s: %s", r.Conclusion, r.Title)
	}
	w.idle()
	ahead.Store(int64(167 * time.Hour))
	if err := w.server.EndOverrides(); err != nil {
		t.Fatal(err)
	}
	w.idle()
	if n := len(w.repo.Runs(head)); n != 2 {
		t.Errorf("%d runs after 167 hours", n)
	}
	ahead.Store(int64(169 * time.Hour))
	if err := w.server.EndOverrides(); err != nil {
		t.Fatal(err)
	}
	if r := w.run(head, 3); r.Conclusion != "failure" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

// A member of a merge group whose override is over does not pass, also before it is
// judged again.
func TestOverridesThatEndedInAMergeGroup(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	w := newWorldAt(t, ghfake.Options{}, now)
	w.people()
	n := w.open(peoplePolicy, ghfake.Files{"src/a.py": ghfake.Text("x = 2\n")})
	head := w.repo.Tip("feature")
	w.repo.Label(n, "analysis-only", "lead")
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	w.run(head, 1)
	w.say(n, "boss", "/changeguard override all it is agreed")
	if r := w.run(head, 2); r.Conclusion != "success" {
		t.Fatalf("%s: %s", r.Conclusion, r.Title)
	}
	w.idle()
	for _, c := range []struct {
		days int64
		want string
	}{{6, "success"}, {8, "failure"}} {
		days, want := c.days, c.want
		ahead.Store(days * int64(24*time.Hour))
		queue := w.repo.Enqueue("main", "SQUASH", n)
		w.deliver("merge_group", w.repo.GroupEvent("main", queue))
		if r := w.run(w.repo.Tip(queue), 1); r.Conclusion != want || want == "failure" && !strings.Contains(r.Summary, "#1` of the merge group") {
			t.Errorf("after %d days: %s: %s\n%s", days, r.Conclusion, r.Title, r.Summary)
		}
		w.repo.Dequeue("main")
		w.repo.Commit("main", "meanwhile", ghfake.Files{"docs/a.md": ghfake.Text("x\n")}, author) // another group then
	}
}

// A session's label that somebody who may takes off lifts the session; the
// author takes nothing back with it.
func TestLabelTakenOff(t *testing.T) {
	t.Parallel()
	for by, want := range map[string]string{"boss": "success", "dev": "failure", "writer": "failure"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			w.people()
			n := w.open(peoplePolicy, ghfake.Files{"src/a.py": ghfake.Text("x = 2\n")})
			head := w.repo.Tip("feature")
			w.repo.Label(n, "analysis-only", "lead")
			w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
			if r := w.run(head, 1); r.Conclusion != "failure" {
				t.Fatalf("%s: %s", r.Conclusion, r.Title)
			}
			w.repo.Unlabel(n, "analysis-only")
			payload := w.repo.PullEvent(n, "unlabeled", map[string]any{"label": map[string]any{"id": 1, "name": "analysis-only"}})
			payload["sender"] = w.repo.CommentEvent(w.repo.Comment(n, by, "x"), "created")["sender"]
			w.deliver("pull_request", payload)
			if r := w.last(head); r.Conclusion != want {
				t.Errorf("%s: %s", r.Conclusion, r.Title)
			}
		})
	}
}
