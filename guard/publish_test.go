package guard_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// A verdict stands without the comment.
func TestCommentThatMayNotBeWritten(t *testing.T) {
	t.Parallel()
	permissions := ghfake.Permissions()
	permissions["pull_requests"] = "read"
	w := newWorld(t, permissions)
	w.base(testPolicy)
	n := w.open("feature", "main", wrong)
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "core")
	if len(w.repo.Comments(n)) != 0 || !strings.Contains(w.log.String(), "comment could not be written") {
		t.Error(w.log.String())
	}
}

// A program that died between GitHub's answer and its own note leaves no second
// run behind.
func TestDeathBetweenPublishingAndNoting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	w.evaluate(w.pull(n))
	// As if the note had not been written.
	run, err := w.store.Run(context.Background(), "acme/app", w.repo.Tip("feature"))
	if err != nil {
		t.Fatal(err)
	}
	forgotten := run
	forgotten.ExternalID = ""
	if err := w.store.SetRun(context.Background(), forgotten, w.Now()); err != nil {
		t.Fatal(err)
	}
	w.Pass(time.Minute)
	w.restart()
	w.evaluate(w.pull(n))
	if got := w.runs("feature"); len(got) != 1 {
		t.Errorf("%v", got)
	}
	noted, err := w.store.Run(context.Background(), "acme/app", w.repo.Tip("feature"))
	if err != nil || noted != run {
		t.Errorf("%+v, %v", noted, err)
	}
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, route := range []string{"POST /repos/acme/app/check-runs", "POST /repos/acme/app/issues"} {
		w := newWorld(t, nil)
		w.base(testPolicy)
		n := w.open("feature", "main", wrong)
		w.hub.Inject(ghfake.Fault{Route: route, Lost: true})
		w.evaluate(w.pull(n))
		if runs, comments := w.runs("feature"), w.repo.Comments(n); len(runs) != 1 || len(comments) != 1 {
			t.Errorf("%s: %v, %d comments", route, runs, len(comments))
		}
	}
}

// Annotations that fail midway are added by the next attempt.
func TestAnnotationsThatFailMidway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	changes := make(ghfake.Files)
	for i := range 120 {
		changes["core/"+strings.Repeat("y", i+1)+".py"] = ghfake.Text("x\n")
	}
	n := w.open("feature", "main", changes)
	w.hub.Inject(ghfake.Fault{Route: "PATCH /repos/acme/app/check-runs", Status: 500, Body: `{"message":"oops"}`, Header: jsonHeader})
	w.wants(w.try(w.pull(n)), errAny)
	w.concluded("feature", "failure", "core") // the result stands already
	w.evaluate(w.pull(n))
	if runs := w.repo.Runs(w.repo.Tip("feature")); len(runs) != 1 || len(runs[0].Annotations) != 120 {
		t.Errorf("%d runs, %d annotations", len(runs), len(runs[0].Annotations))
	}
	w.asked()
	w.evaluate(w.pull(n))
	if got := w.asked(); got != 1 {
		t.Errorf("%d requests for what stands", got)
	}
}

func TestCommentDeletedByAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", wrong)
	w.evaluate(w.pull(n))
	id, _, err := w.store.Comment(context.Background(), "acme/app", n)
	if err != nil {
		t.Fatal(err)
	}
	w.repo.DeleteComment(id)
	w.evaluate(w.pull(n)) // nothing new to say
	if got := w.repo.Comments(n); len(got) != 0 {
		t.Errorf("%q", got)
	}
	w.repo.Commit("feature", "more", ghfake.Files{"core/b.py": ghfake.Text("b\n")}, author)
	w.evaluate(w.pull(n))
	if got := w.repo.Comments(n); len(got) != 1 || !strings.Contains(got[0], "core/b.py") {
		t.Errorf("%q", got)
	}
}
