package github_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/report"
)

var passed = report.CheckRun{Conclusion: report.Success, Title: "Passed", Summary: "All is well.", ExternalID: "v1"}

// marked has as many annotations.
func marked(n int) report.CheckRun {
	run := report.CheckRun{Conclusion: report.Failure, Title: "Blocked", Summary: "Findings.", ExternalID: "v2"}
	for i := range n {
		run.Annotations = append(run.Annotations, report.Annotation{Path: "a.txt", StartLine: i + 1, EndLine: i + 1, Level: "failure", Title: "rule", Message: fmt.Sprint("finding ", i)})
	}
	return run
}

// runs are the check runs of the pull request's head.
func (w *world) runs() []ghfake.Run { return w.repo.Runs(w.repo.Tip("feature")) }

// messages are the annotations of a run, in their order.
func messages(r ghfake.Run) []string {
	var list []string
	for _, raw := range r.Annotations {
		var a struct{ Message string }
		if err := json.Unmarshal(raw, &a); err != nil {
			panic(err) // the stand-in has read it
		}
		list = append(list, a.Message)
	}
	return list
}

func publishing(t *testing.T) (*world, github.Target) {
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	return w, github.Target{Owner: "acme", Repo: "app", Head: w.repo.Tip("feature")}
}

// GitHub has the run, and its answer is lost: the run is found, not doubled.
func TestLostAnswersDoNotDoubleRuns(t *testing.T) {
	t.Parallel()
	w, target := publishing(t)
	w.hub.Inject(ghfake.Fault{Route: "POST /repos/acme/app/check-runs", Lost: true})
	id, err := w.client.PublishRun(context.Background(), target, passed)
	if err != nil {
		t.Fatal(err)
	}
	if runs := w.runs(); len(runs) != 1 || runs[0].ID != id || runs[0].Conclusion != "success" {
		t.Errorf("%+v", runs)
	}
}

func TestLostAnswersDoNotLeaveRunsInProgress(t *testing.T) {
	t.Parallel()
	w, target := publishing(t)
	w.hub.Inject(ghfake.Fault{Route: "POST /repos/acme/app/check-runs", Lost: true})
	id, err := w.client.StartRun(context.Background(), target, "Wait.")
	if runs := w.runs(); err != nil || len(runs) != 1 || runs[0].ID != id {
		t.Fatalf("%d, %v: %+v", id, err, runs)
	}
	// A failure that left nothing behind stays one, where it lasts.
	w.hub.Inject(ghfake.Fault{Route: "POST /repos/acme/app/check-runs", Times: 3, Reset: true})
	target.Head = w.repo.Tip("main")
	if id, err := w.client.StartRun(context.Background(), target, "Wait."); err == nil || id != 0 {
		t.Errorf("%d, %v", id, err)
	}
}

// The same where the next attempt is another program's.
func TestRunsInDoubtAreLookedFor(t *testing.T) {
	t.Parallel()
	w, target := publishing(t)
	first, err := w.client.PublishRun(context.Background(), target, passed)
	if err != nil {
		t.Fatal(err)
	}
	target.Doubt = true
	second, err := w.client.PublishRun(context.Background(), target, passed)
	if err != nil || second != first || len(w.runs()) != 1 {
		t.Errorf("%d and %d, %v: %+v", first, second, err, w.runs())
	}
	// Another result is another run, and one of another App is none of ours.
	w.repo.AddRun(ghfake.Run{App: 99, Name: "changeguard", Head: target.Head, Status: "completed", Conclusion: "failure", ExternalID: "v2"})
	third, err := w.client.PublishRun(context.Background(), target, marked(0))
	if err != nil || third == first || len(w.runs()) != 3 {
		t.Errorf("%d, %v: %+v", third, err, w.runs())
	}
	// One of the same name with another conclusion is not it either.
	other := marked(0)
	other.Conclusion = report.ActionRequired
	if id, err := w.client.PublishRun(context.Background(), target, other); err != nil || id == third || len(w.runs()) != 4 {
		t.Errorf("%d, %v: %+v", id, err, w.runs())
	}
	// The first result again: it is not what people see any more.
	fourth, err := w.client.PublishRun(context.Background(), target, passed)
	if err != nil || fourth == first || len(w.runs()) != 5 {
		t.Errorf("%d, %v: %+v", fourth, err, w.runs())
	}
}

func TestAnnotationsAreAppended(t *testing.T) {
	t.Parallel()
	w, target := publishing(t)
	run := marked(120)
	var want []string
	for _, a := range run.Annotations {
		want = append(want, a.Message)
	}
	check := func(when string) {
		t.Helper()
		runs := w.runs()
		if len(runs) != 1 || runs[0].Conclusion != "failure" {
			t.Fatalf("%s: %+v", when, runs)
		}
		if diff := cmp.Diff(want, messages(runs[0])); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
	}
	// The second request fails: the run stands, with what it has.
	w.hub.Inject(ghfake.Fault{Route: "PATCH /repos/acme/app/check-runs", Status: 500, Body: `{"message":"oops"}`, Header: jsonHeader})
	id, err := w.client.PublishRun(context.Background(), target, run)
	if err == nil || id == 0 || len(messages(w.runs()[0])) != 50 {
		t.Fatalf("%d, %v", id, err)
	}
	// The next attempt adds what is missing.
	target.Doubt = true
	if _, err := w.client.PublishRun(context.Background(), target, run); err != nil {
		t.Fatal(err)
	}
	check("after the second attempt")
	if _, err := w.client.PublishRun(context.Background(), target, run); err != nil {
		t.Fatal(err)
	}
	check("after a third one")
}

// A lost answer to an update must not make the next attempt repeat annotations.
func TestLostAnswersDoNotDoubleAnnotations(t *testing.T) {
	t.Parallel()
	for skip := range 3 {
		w, target := publishing(t)
		var err error
		if target.RunID, err = w.client.StartRun(context.Background(), target, "Wait."); err != nil {
			t.Fatal(err)
		}
		w.hub.Inject(ghfake.Fault{Route: "PATCH /repos/acme/app/check-runs", Skip: skip, Lost: true})
		run := marked(120)
		if _, err := w.client.PublishRun(context.Background(), target, run); err != nil {
			target.Doubt = true
			if _, err := w.client.PublishRun(context.Background(), target, run); err != nil {
				t.Fatal(err)
			}
		}
		runs := w.runs()
		if len(runs) != 1 || runs[0].Status != "completed" || len(messages(runs[0])) != 120 || len(slices.Compact(messages(runs[0]))) != 120 {
			t.Errorf("%d: %d runs, %d annotations", skip, len(runs), len(messages(runs[0])))
		}
	}
}

// What GitHub does not take of the annotations must not keep the result from
// being published.
func TestRefusedAnnotationsAreLeftOut(t *testing.T) {
	t.Parallel()
	w, target := publishing(t)
	run := marked(120)
	run.Annotations[3].Level = "shouting"
	if _, err := w.client.PublishRun(context.Background(), target, run); err != nil {
		t.Fatal(err)
	}
	if runs := w.runs(); len(runs) != 1 || runs[0].Conclusion != "failure" || len(runs[0].Annotations) != 0 {
		t.Errorf("%+v", runs)
	}
	w, target = publishing(t)
	run = marked(120)
	run.Annotations[60].Path = ""
	if _, err := w.client.PublishRun(context.Background(), target, run); err != nil {
		t.Fatal(err)
	}
	if runs := w.runs(); len(runs) != 1 || len(runs[0].Annotations) != 70 {
		t.Errorf("%d runs, %d annotations", len(runs), len(runs[0].Annotations))
	}
}

func TestRunInProgressBecomesTheResult(t *testing.T) {
	t.Parallel()
	w, target := publishing(t)
	var err error
	if target.RunID, err = w.client.StartRun(context.Background(), target, "Wait."); err != nil {
		t.Fatal(err)
	}
	if runs := w.runs(); runs[0].Status != "in_progress" || runs[0].Summary != "Wait." {
		t.Errorf("%+v", runs)
	}
	id, err := w.client.PublishRun(context.Background(), target, passed)
	if runs := w.runs(); err != nil || id != target.RunID || len(runs) != 1 || runs[0].Conclusion != "success" || runs[0].ExternalID != "v1" {
		t.Errorf("%v: %+v", err, runs)
	}
	// One that is gone is replaced.
	target.RunID = 4711
	if id, err := w.client.PublishRun(context.Background(), target, marked(1)); err != nil || id == 4711 || len(w.runs()) != 2 {
		t.Errorf("%d, %v: %+v", id, err, w.runs())
	}
}

func TestRunsThatCannotBePublished(t *testing.T) {
	t.Parallel()
	w, target := publishing(t)
	target.Head = "9999999999999999999999999999999999999999"
	if _, err := w.client.PublishRun(context.Background(), target, marked(1)); !errors.Is(err, github.ErrInvalid) {
		t.Errorf("no commit: %v", err)
	}
	permissions := ghfake.Permissions()
	permissions["checks"] = "read"
	w = newWorld(t, ghfake.Options{}, permissions)
	w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	target.Head = w.repo.Tip("feature")
	if _, err := w.client.PublishRun(context.Background(), target, passed); !errors.Is(err, github.ErrForbidden) {
		t.Errorf("no permission: %v", err)
	}
}

func TestOneComment(t *testing.T) {
	t.Parallel()
	w, _ := publishing(t)
	ctx := context.Background()
	w.repo.Comment(1, "mallory", report.Marker+"\nNot by the App.")
	write := func(id int64, text string) int64 {
		t.Helper()
		id, err := w.client.PublishComment(ctx, github.Commented{Owner: "acme", Repo: "app", Number: 1, ID: id}, report.Marker+"\n"+text)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	ours := func() []string { return w.repo.Comments(1)[1:] }
	first := write(0, "one")
	if got := write(first, "two"); got != first || !slices.Equal(ours(), []string{report.Marker + "\ntwo"}) {
		t.Errorf("%v", ours())
	}
	// A database that was lost, or an answer: the comment is found.
	if got := write(0, "three"); got != first || !slices.Equal(ours(), []string{report.Marker + "\nthree"}) {
		t.Errorf("%v", ours())
	}
	// One that somebody deleted is written anew.
	w.repo.DeleteComment(first)
	if got := write(first, "four"); got == first || !slices.Equal(ours(), []string{report.Marker + "\nfour"}) {
		t.Errorf("%v", ours())
	}
}

// Another App's comment is not ours, whatever it says.
func TestCommentsOfOtherApps(t *testing.T) {
	t.Parallel()
	w, _ := publishing(t)
	w.hub.AddApp(ghfake.App{ID: 8, Key: &ghtest.Key().PublicKey})
	w.hub.Install(8, 2, nil)
	w.repo.Share(2)
	other, err := github.New(github.Options{BaseURL: w.base, AppID: 8, Key: ghtest.PEM(), CheckName: "changeguard"})
	if err != nil {
		t.Fatal(err)
	}
	for _, app := range []*github.App{other, w.app} {
		if _, err := app.Installation(map[bool]int64{true: 1, false: 2}[app == w.app]).PublishComment(context.Background(), github.Commented{Owner: "acme", Repo: "app", Number: 1}, report.Marker+"\nwords"); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.repo.Comments(1); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

func TestLostAnswersDoNotDoubleComments(t *testing.T) {
	t.Parallel()
	w, _ := publishing(t)
	w.hub.Inject(ghfake.Fault{Route: "POST /repos/acme/app/issues", Lost: true})
	body := report.Marker + "\nwords"
	if _, err := w.client.PublishComment(context.Background(), github.Commented{Owner: "acme", Repo: "app", Number: 1}, body); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.PublishComment(context.Background(), github.Commented{Owner: "acme", Repo: "app", Number: 1}, body); err != nil || len(w.repo.Comments(1)) != 1 {
		t.Errorf("%v: %q", err, w.repo.Comments(1))
	}
}

// Where nobody commented nothing is looked for; a lost answer is all the same.
func TestFirstCommentIsNotLookedFor(t *testing.T) {
	t.Parallel()
	const look = "GET " + inRepo + "/issues/{issue_number}/comments"
	for _, lost := range []bool{false, true} {
		w := newWorld(t, ghfake.Options{}, nil)
		n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
		if lost {
			w.hub.Inject(ghfake.Fault{Route: "POST /repos/acme/app/issues", Lost: true})
		}
		at := github.Commented{Owner: "acme", Repo: "app", Number: n, None: w.load(n).Uncommented}
		w.asked()
		if _, err := w.client.PublishComment(context.Background(), at, report.Marker+"\nwords"); err != nil {
			t.Fatal(err)
		}
		if asked := w.asked(); slices.Contains(asked, look) != lost || len(w.repo.Comments(n)) != 1 {
			t.Errorf("lost %t: %v; %q", lost, asked, w.repo.Comments(n))
		}
		w.repo.Comment(n, "dev", "Words.")
		w.push()
		if w.load(n).Uncommented {
			t.Error("two comments are none")
		}
	}
}

func TestCommentsThatMayNotBeWritten(t *testing.T) {
	t.Parallel()
	permissions := ghfake.Permissions()
	permissions["pull_requests"] = "read"
	w := newWorld(t, ghfake.Options{}, permissions)
	w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	if _, err := w.client.PublishComment(context.Background(), github.Commented{Owner: "acme", Repo: "app", Number: 1}, report.Marker+"\nwords"); !errors.Is(err, github.ErrForbidden) {
		t.Errorf("got %v", err)
	}
}

// The whole way against an Enterprise Server's addresses.
func TestEnterpriseServer(t *testing.T) {
	t.Parallel()
	w := worldAt(t, "/api/v3/", ghfake.Options{Quota: -1}, nil)
	n := w.open(some, many(310, "x\n"))
	l := w.load(n)
	if len(l.Change.Files) != 310 {
		t.Errorf("%d files", len(l.Change.Files))
	}
	if _, err := w.client.PublishRun(context.Background(), github.Target{Owner: "acme", Repo: "app", Head: l.Change.Head}, passed); err != nil {
		t.Error(err)
	}
	if _, err := w.client.PublishComment(context.Background(), github.Commented{Owner: "acme", Repo: "app", Number: n}, report.Marker+"\nwords"); err != nil {
		t.Error(err)
	}
	if slug, err := w.app.Check(context.Background()); err != nil || slug != "changeguard" {
		t.Errorf("%q, %v", slug, err)
	}
}

var _ http.RoundTripper = (*world)(nil)
