package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// Each bad input has an outcome, and none is green.
func TestHugeManifestIsAFinding(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"requirements.txt": ghfake.Text(strings.Repeat("# padding\n", 600_000) + "evil==1\n")})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != "action_required" || !strings.Contains(r.Summary, "too large to be judged") {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

// A file of 100 MB is no reason to read it.
func TestFileOf100MB(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	huge := &ghfake.File{Content: strings.Repeat("\x00", 100<<20+1)} // binary, so that the stand-in does not compare lines
	n := w.open(testPolicy, ghfake.Files{"package-lock.json": huge, "docs/huge.md": huge})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != "action_required" || !strings.Contains(r.Summary, "too large to be judged") {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
	for _, r := range w.github.Requests() {
		if strings.Contains(r.Path, "/git/blobs/") {
			t.Errorf("%s was asked for", r.Path)
		}
	}
}

func TestHugeTitleAndBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.repo.Edit(n, func(p *ghfake.Pull) {
		p.Title, p.Body = strings.Repeat("@all ", 12_000), strings.Repeat("Session-Mode: x\n", 4_000)
	})
	w.deliver("pull_request", w.repo.PullEvent(n, "edited", nil))
	if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != "failure" || len(r.Title) > 300 {
		t.Errorf("%s: %.300s", r.Conclusion, r.Title)
	}
}

func TestPathThatIsNoUTF8IsAFinding(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"docs/\xff.md": ghfake.Text("x\n")})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != "failure" || !strings.Contains(r.Title, "unreadable-path") {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

// GitHub's server errors delay a verdict and never decide it.
func TestServerErrorsAreRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.github.Fail("POST /repos/acme/app/check-runs", 1, func(rw http.ResponseWriter) { rw.WriteHeader(http.StatusInternalServerError) })
	w.github.Fail("POST /graphql", 1, func(rw http.ResponseWriter) { rw.WriteHeader(http.StatusBadGateway) })
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != "failure" {
		t.Errorf("%s: %s", r.Conclusion, r.Title)
	}
}

// A large evaluation shows a run in progress, which then becomes the result.
func TestSlowWorkShowsProgress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{Latency: 900 * time.Millisecond}, nil)
	n := w.open(testPolicy, ghfake.Files{"requirements.txt": ghfake.Text("a==1\nb==2\n")})
	head := w.repo.Tip("feature")
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	w.until("a run in progress", func() bool {
		runs := w.repo.Runs(head)
		return len(runs) == 1 && runs[0].Status == "in_progress"
	})
	r := w.run(head, 1)
	if runs := w.repo.Runs(head); len(runs) != 1 || r.Conclusion != "action_required" {
		t.Errorf("%d runs, %s: %s", len(runs), r.Conclusion, r.Title)
	}
}
