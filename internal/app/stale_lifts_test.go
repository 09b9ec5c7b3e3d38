package app_test

import (
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// An override ends when the change becomes its giver's own, and when an agent shows
// in a change whose author gave it, without any push to what it is for.
func TestOverridesOfWhoBecameAMaker(t *testing.T) {
	t.Parallel()
	self := strings.Replace(peoplePolicy, "overrides: {", "overrides: {self: true, ", 1)
	for name, c := range map[string]struct{ policy, by, message, want string }{
		"a maker":         {peoplePolicy, "boss", "more\n\nCo-authored-by: B <boss@users.noreply.github.com>", "failure"},
		"somebody else":   {peoplePolicy, "boss", "more\n\nCo-authored-by: L <lead@users.noreply.github.com>", "success"},
		"an agent":        {self, "dev", "more\n\nCo-Authored-By: Claude <noreply@anthropic.com>", "failure"},
		"no agent, yours": {self, "dev", "more", "success"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			n, head := w.judged(c.policy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
			w.say(n, c.by, "/changeguard override core it is agreed")
			if r := w.run(head, 2); r.Conclusion != "success" {
				t.Fatalf("%s: %s", r.Conclusion, r.Title)
			}
			w.repo.Commit("feature", c.message, ghfake.Files{"docs/a.md": ghfake.Text("x\n")}, author)
			w.deliver("pull_request", w.repo.PullEvent(n, "synchronize", nil))
			if r := w.last(w.repo.Tip("feature")); r.Conclusion != c.want {
				t.Errorf("%s: %s", r.Conclusion, r.Title)
			}
		})
	}
}

// Whom the App may not see in a team is not in it, for an approval and for an
// override, and that is said.
func TestTeamsThatAreNotShown(t *testing.T) {
	t.Parallel()
	permissions := ghfake.Permissions()
	delete(permissions, "members")
	w := newWorld(t, ghfake.Options{}, permissions)
	n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n"), "requirements.txt": ghfake.Text("a==1\nb==2\n")})
	w.review(n, "plat", "APPROVED")
	if got := w.reaction(w.say(n, "sec", "/changeguard override core because")); got != "confused" {
		t.Errorf("the answer is %q", got)
	}
	r := w.last(head)
	if r.Conclusion != "failure" || strings.Contains(r.Summary, "approval by plat") || strings.Contains(r.Summary, "override by sec") {
		t.Errorf("%s: %s\n%s", r.Conclusion, r.Title, r.Summary)
	}
	all := w.repo.Comments(n)
	if last := all[len(all)-1]; !strings.Contains(last, "who is in a team is not shown to the App") {
		t.Errorf("the answer is %q", last)
	}
}

// A login that another account has by now gives nobody the rights of that account.
func TestLoginOfAnotherAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	comment := w.repo.Comment(n, "boss", "/changeguard override core it is agreed")
	sent := w.repo.CommentEvent(comment, "created")
	w.github.AddAccount(ghfake.Account{Login: "boss", ID: 4711, Type: "User"})
	w.deliver("issue_comment", sent)
	if got := w.reaction(comment); got != "confused" {
		t.Errorf("the answer is %q", got)
	}
	if r := w.last(head); r.Conclusion != "failure" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

// A merge group takes over what was lifted in a member for the same content alone.
func TestMergeGroupOfOtherContent(t *testing.T) {
	t.Parallel()
	for meanwhile, lifted := range map[string]bool{"docs/z.md": true, "core/a.py": false} {
		w := newWorld(t, ghfake.Options{}, nil)
		n, head := w.judged(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
		w.say(n, "boss", "/changeguard override core it is agreed")
		if r := w.run(head, 2); r.Conclusion != "success" {
			t.Fatalf("%s: %s", r.Conclusion, r.Title)
		}
		w.repo.Commit("main", "meanwhile", ghfake.Files{meanwhile: ghfake.Text("x = 0\n")}, author)
		queue := w.repo.Enqueue("main", "SQUASH", n)
		w.deliver("merge_group", w.repo.GroupEvent("main", queue))
		w.run(w.repo.Tip(queue), 1)
		if r := w.last(w.repo.Tip(queue)); strings.Contains(r.Summary, "it is agreed") != lifted || lifted != (r.Conclusion == "success") {
			t.Errorf("%q: %s: %s\n%s", meanwhile, r.Conclusion, r.Title, r.Summary)
		}
	}
}
