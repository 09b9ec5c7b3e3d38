package guard_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/github"
)

var jsonHeader = http.Header{"Content-Type": {"application/json; charset=utf-8"}}

// An unconfirmed green does not outlast GitHub's errors.
func TestErrorsTakeGreenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.evaluate(w.pull(n))
	w.concluded("feature", "success", "")
	w.repo.Label(n, "analysis-only", "lead")
	w.hub.Inject(ghfake.Fault{Route: "/graphql", Times: 3, Status: 500, Body: `{}`, Header: jsonHeader})
	w.wants(w.try(w.pull(n)), errAny)
	if got := w.last("feature").Status; got != "in_progress" {
		t.Errorf("%s", got)
	}
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "analysis-only")
	if got := w.runs("feature"); len(got) != 2 {
		t.Errorf("%v", got)
	}
	// Without a green result there is nothing to take back.
	m := w.open("other", "main", fine)
	w.hub.Inject(ghfake.Fault{Route: "/graphql", Times: 3, Status: 500, Body: `{}`, Header: jsonHeader})
	w.wants(w.try(w.pull(m)), errAny)
	if got := w.runs("other"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestRateLimitsAreWaitedFor(t *testing.T) {
	t.Parallel()
	for _, route := range []string{"/compare/", "/graphql", "POST /repos/acme/app/check-runs", "POST /repos/acme/app/issues"} {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy)
			n := w.open("feature", "main", wrong)
			w.hub.Inject(ghfake.Fault{Route: route, Status: 403, Header: http.Header{"Retry-After": {"60"}, "Content-Type": {"application/json; charset=utf-8"}}, Body: `{"message":"You have exceeded a secondary rate limit."}`})
			var limit *github.LimitError
			if err := w.try(w.pull(n)); !errors.As(err, &limit) || limit.Until.Sub(w.Now()) != time.Minute {
				t.Fatalf("got %v", err)
			}
			w.asked()
			w.wants(w.again(w.pull(n)), errAny)
			if got := w.asked(); got != 0 {
				t.Errorf("%d requests while it waits", got)
			}
			w.Pass(time.Minute)
			if err := w.again(w.pull(n)); err != nil {
				t.Fatal(err)
			}
			w.concluded("feature", "failure", "core")
			if len(w.runs("feature")) != 1 || len(w.repo.Comments(n)) != 1 {
				t.Errorf("%v, %d comments", w.runs("feature"), len(w.repo.Comments(n)))
			}
		})
	}
}

// Each missing permission has its outcome, and none is green.
func TestEveryMissingPermission(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"contents": "failure", "pull_requests": "failure", "checks": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			permissions := ghfake.Permissions()
			delete(permissions, name)
			w := newWorld(t, permissions)
			w.base(testPolicy)
			n := w.open("feature", "main", fine)
			if want == "" {
				w.wants(w.try(w.pull(n)), github.ErrForbidden) // tried again until it is granted
				if got := w.runs("feature"); len(got) != 0 {
					t.Errorf("%v", got)
				}
				w.hub.AddInstallation(1, nil)
				w.Pass(2 * time.Minute)
				w.evaluate(w.pull(n))
				w.concluded("feature", "success", "")
				return
			}
			w.evaluate(w.pull(n))
			w.concluded("feature", want, "Grant the App the permissions")
			if r := w.last("feature"); !strings.HasPrefix(r.Title, "Analysis incomplete") {
				t.Error(r.Title)
			}
			// Granted, it is judged.
			w.hub.AddInstallation(1, nil)
			w.Pass(2 * time.Minute)
			w.evaluate(w.pull(n))
			w.concluded("feature", "success", "")
		})
	}
}

// A pull request that is not there is looked for once more, then left alone.
func TestGonePullRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	s := w.pull(n)
	w.repo.Delete(n)
	w.wants(w.try(s), github.ErrGone)
	if err := w.again(s); err != nil {
		t.Error(err)
	}
	if got := w.runs("feature"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// GitHub's answers may be behind its events: the head that an event named is
// looked for again.
func TestOlderAnswersThanTheEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	older := w.repo.Tip("feature")
	w.repo.Commit("feature", "newer", wrong, author)
	s := w.pull(n)
	newer := s.Head
	w.repo.Edit(n, func(p *ghfake.Pull) { p.HeadSHA = older })
	w.wants(w.try(s), errAny)
	if got := w.runsAt(older); !slices.Equal(got, []string{"completed success"}) {
		t.Errorf("%v", got)
	}
	w.repo.Edit(n, func(p *ghfake.Pull) { p.HeadSHA = newer })
	if err := w.again(s); err != nil {
		t.Fatal(err)
	}
	w.concluded("feature", "failure", "core")
	// An event that came late is no reason to look for ever.
	s.Head = older
	w.wants(w.try(s), errAny)
	if err := w.again(s); err != nil {
		t.Error(err)
	}
}

func TestNoMergeBase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	w.repo.Commit("orphan", "elsewhere", fine, author)
	n := w.repo.Open(ghfake.Pull{Title: "Orphan", Base: "main", Head: "orphan", Author: dev}).Number
	w.evaluate(w.pull(n))
	w.concluded("orphan", "failure", "Rebase the branch")
}

func TestGitHubCannotCompare(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.hub.Inject(ghfake.Fault{Route: "/compare/", Status: 500, Header: jsonHeader, Body: `{"message":"Server Error: Sorry, this diff is taking too long to generate.","errors":[{"resource":"Comparison","field":"diff","code":"not_available"}],"documentation_url":"https://docs.github.com/rest"}`})
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "Split the change")
}
