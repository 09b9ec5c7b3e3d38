package guard_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

const askPolicy = `version: 1
rules:
  marks: {uses: labels, with: {add: [needs-care, big]}}
  owners: {uses: reviewers, level: approve, with: {from: [alice, "@acme/platform"]}}
`

func askWorld(t *testing.T, policy string, permissions map[string]string) (*world, int) {
	w := newWorld(t, permissions)
	w.hub.AddTeam("acme", "platform", map[string]string{"carol": "member"})
	for _, login := range []string{"alice", "bob", "dev"} {
		w.repo.Allow(login, "write")
	}
	w.base(policy)
	return w, w.open("feature", "main", fine)
}

// writes are the requests since the last time that ask for something.
func (w *world) asksSent() (list []string) {
	for _, r := range w.hub.Requests() {
		if strings.HasPrefix(r.Route, "POST ") && (strings.Contains(r.Route, "requested_reviewers") || strings.Contains(r.Route, "/labels")) {
			list = append(list, r.Route)
		}
	}
	w.hub.Forget()
	return list
}

// What the policy wants done is done once, and people have the last word.
func TestAskForLabelsAndReviews(t *testing.T) {
	t.Parallel()
	w, n := askWorld(t, askPolicy, nil)
	w.evaluate(w.pull(n))
	if got := w.repo.Requested(n); !slices.Equal(got, []string{"alice", "acme/platform"}) {
		t.Errorf("requested: %v", got)
	}
	if got := w.repo.Labels(n); !slices.Equal(got, []string{"big", "needs-care"}) {
		t.Errorf("labels: %v", got)
	}
	if got := w.asksSent(); len(got) != 2 {
		t.Errorf("%v", got)
	}
	w.repo.Unlabel(n, "big")
	w.repo.Unrequest(n, "alice")
	w.repo.Commit("feature", "more", fine, author)
	w.evaluate(w.pull(n))
	if got := w.asksSent(); len(got) != 0 {
		t.Errorf("again: %v", got)
	}
}

// Nobody is asked who is the author, was asked or has reviewed; a label that is
// there is not set.
func TestAskOnlyWhereNeeded(t *testing.T) {
	t.Parallel()
	w, n := askWorld(t, `version: 1
rules:
  marks: {uses: labels, with: {add: [big]}}
  owners: {uses: reviewers, with: {from: [Alice, bob, dev, "@acme/platform"]}}
`, nil)
	w.repo.Label(n, "BIG", "lead")
	w.repo.Request(n, "alice")
	w.repo.Request(n, "acme/platform")
	w.repo.Review(n, "bob", "COMMENTED", "hm")
	w.evaluate(w.pull(n))
	if got := w.asksSent(); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// Observing and drafts ask for nothing; a draft that is ready does.
func TestAskForNothingWhileObservingOrDraft(t *testing.T) {
	t.Parallel()
	w, n := askWorld(t, strings.Replace(askPolicy, "version: 1", "version: 1\nmode: observe", 1), nil)
	w.evaluate(w.pull(n))
	if got := w.asksSent(); len(got) != 0 {
		t.Errorf("observing: %v", got)
	}
	w, n = askWorld(t, askPolicy, nil)
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Draft = true })
	w.evaluate(w.pull(n))
	if got := w.asksSent(); len(got) != 0 {
		t.Errorf("draft: %v", got)
	}
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Draft = false })
	w.evaluate(w.pull(n))
	if got := w.asksSent(); len(got) != 2 {
		t.Errorf("ready: %v", got)
	}
}

// One name that GitHub does not take keeps no other from being asked, and is said
// in the check run. It is tried again a day later, or when somebody asks.
func TestAskThatGitHubDoesNotTake(t *testing.T) {
	t.Parallel()
	w, n := askWorld(t, `version: 1
rules:
  owners: {uses: reviewers, level: warn, with: {from: [alice, nobody, "@acme/none", "@other/team"]}}
`, nil)
	w.evaluate(w.pull(n))
	if got := w.repo.Requested(n); !slices.Equal(got, []string{"alice"}) {
		t.Errorf("requested: %v", got)
	}
	for _, words := range []string{"`review nobody` for #1", "`review @acme/none` for #1", "`review @other/team` for #1: it is a team of another organisation"} {
		w.concluded("feature", "success", words)
	}
	w.asksSent()
	w.evaluate(w.pull(n))
	if got := w.asksSent(); len(got) != 0 {
		t.Errorf("at once: %v", got)
	}
	w.repo.Allow("nobody", "read")
	w.Pass(25 * time.Hour)
	w.evaluate(w.pull(n))
	if got := w.repo.Requested(n); !slices.Equal(got, []string{"alice", "nobody"}) {
		t.Errorf("a day later: %v", got)
	}
	if s := w.last("feature").Summary; strings.Contains(s, "review nobody") {
		t.Errorf("it is done by now: %s", s)
	}
}

// A permission that is missing is said, and keeps no verdict from its head.
func TestAskWithoutPermission(t *testing.T) {
	t.Parallel()
	w, n := askWorld(t, askPolicy, map[string]string{"metadata": "read", "contents": "read", "pull_requests": "read", "checks": "write", "statuses": "write", "merge_queues": "read", "members": "read"})
	w.evaluate(w.pull(n))
	w.concluded("feature", "action_required", "`label big` for #1: GitHub refuses it to this installation, which needs the permission pull_requests: write.")
	w.concluded("feature", "action_required", "`review alice` for #1: GitHub refuses it")
}

// GitHub failing delays what is asked for, and not the verdict; an answer that was
// lost asks for nothing twice.
func TestAskThroughFailures(t *testing.T) {
	t.Parallel()
	w, n := askWorld(t, askPolicy, nil)
	w.hub.Inject(ghfake.Fault{Route: "requested_reviewers", Times: 3, Status: 500, Body: `{"message":"oops"}`, Header: jsonHeader})
	w.wants(w.try(w.pull(n)), errAny)
	w.concluded("feature", "action_required", "")
	w.evaluate(w.pull(n))
	if got := w.repo.Requested(n); !slices.Equal(got, []string{"alice", "acme/platform"}) {
		t.Errorf("requested: %v", got)
	}
	if got := w.repo.Labels(n); len(got) != 2 {
		t.Errorf("labels: %v", got)
	}
}
