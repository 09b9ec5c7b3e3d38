package github_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/report"
)

// fails are ways in which GitHub does not answer.
var fails = map[string]ghfake.Fault{
	"502": {Status: http.StatusBadGateway}, "503": {Status: http.StatusServiceUnavailable},
	"500":   {Status: http.StatusInternalServerError, Body: `{"message":"Server Error"}`, Header: jsonHeader},
	"reset": {Reset: true},
}

// What GitHub fails to answer is asked for again by itself; nothing else is.
func TestFailedReadsAreRepeatedAlone(t *testing.T) {
	t.Parallel()
	for name, fault := range fails {
		for _, route := range []string{"/compare/", "/graphql"} {
			t.Run(name+route, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, ghfake.Options{}, nil)
				n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
				fault := fault
				fault.Route, fault.Times = route, 2
				w.hub.Inject(fault)
				w.load(n)
				if asked := w.asked(); len(asked) > 5 { // the two that are needed; the transport repeats some resets by itself
					t.Errorf("%d requests: %v", len(asked), asked)
				}
				// What lasts is an error.
				fault.Times = -1
				w.hub.Inject(fault)
				w.push()
				if _, err := w.client.Load(context.Background(), w.pull(n)); err == nil {
					t.Error("no answer passes for one")
				}
			})
		}
	}
}

// A token that cannot be had at once is asked for again.
func TestFailedTokensAreRepeated(t *testing.T) {
	t.Parallel()
	for name, fault := range fails {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
			fault := fault
			fault.Route, fault.Times = "access_tokens", 2
			w.hub.Inject(fault)
			w.load(n)
		})
	}
}

// A write that failed is looked for, then repeated: one run in the end, whatever
// became of the first.
func TestFailedWritesAreRepeatedOnce(t *testing.T) {
	t.Parallel()
	faults := map[string]ghfake.Fault{"lost": {Lost: true}}
	for name, fault := range fails {
		faults[name] = fault
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, target := publishing(t)
			fault := fault
			fault.Route, fault.Times = "/check-runs", 1
			for _, what := range []struct {
				do   func() (int64, error)
				want string
			}{
				{func() (int64, error) { return w.client.StartRun(context.Background(), target, "Wait.") }, ""},
				{func() (int64, error) { return w.client.PublishRun(context.Background(), target, marked(3)) }, "failure"},
			} {
				fault.Route = "POST /repos/acme/app/check-runs"
				if target.RunID != 0 {
					fault.Route = "PATCH /repos/acme/app/check-runs"
				}
				w.hub.Inject(fault)
				id, err := what.do()
				runs := w.runs()
				if err != nil || len(runs) != 1 || runs[0].ID != id || runs[0].Conclusion != what.want {
					t.Fatalf("%d, %v: %d runs", id, err, len(runs))
				}
				target.RunID = id
			}
			if got := messages(w.runs()[0]); len(got) != 3 {
				t.Errorf("annotations are doubled or lost: %v", got)
			}
			fault.Route = "/issues/"
			w.hub.Inject(fault)
			if _, err := w.client.PublishComment(context.Background(), github.Commented{Owner: "acme", Repo: "app", Number: 1}, report.Marker+"\nwords"); err != nil || len(w.repo.Comments(1)) != 1 {
				t.Errorf("%v: %q", err, w.repo.Comments(1))
			}
		})
	}
}

// A limit that is met between two tries is obeyed.
func TestLimitsEndRepetition(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.hub.Inject(ghfake.Fault{Route: "/compare/", Status: http.StatusBadGateway})
	w.Once("/compare/", func() { w.hub.Exhaust(1) })
	_, err := w.client.Load(context.Background(), w.pull(n))
	limited(t, err)
}

// What two commits differ in is asked for once; the facts of the pull request,
// and where its base is, every time.
func TestComparisonsAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n"), "c/d.txt": ghfake.Text("d\n")})
	first := w.load(n)
	w.asked()
	again := w.load(n)
	if asked := w.asked(); len(asked) != 1 || asked[0] != "POST /graphql" {
		t.Errorf("%v", asked)
	}
	ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Source" }, cmp.Ignore())
	if diff := cmp.Diff(first.Change.Files, again.Change.Files); diff != "" || first.Change.MergeBase != again.Change.MergeBase {
		t.Error(diff)
	}
	if diff := cmp.Diff(first.Change.Commits, again.Change.Commits, ignore); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(first.Makers, again.Makers); diff != "" {
		t.Error(diff)
	}
	// Another base, another comparison.
	w.repo.Commit("main", "on", ghfake.Files{"c/d.txt": ghfake.Text("d\n")}, author)
	moved := w.load(n)
	if moved.Change.Base != w.repo.Tip("main") {
		t.Errorf("compared with %s, which is not the base any more", moved.Change.Base)
	}
	w.asked()
	w.load(n)
	if asked := w.asked(); len(asked) != 1 {
		t.Errorf("%v", asked)
	}
	// Not for ever, since whose an address is may change.
	w.clock.Pass(11 * time.Minute)
	w.load(n)
	if asked := w.asked(); len(asked) != 2 {
		t.Errorf("%v", asked)
	}
}

// What one installation was shown is asked for again by another.
func TestNothingIsKeptForOtherInstallations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.load(n)
	w.hub.AddInstallation(2, nil)
	w.asked()
	if _, err := w.app.Installation(2).Load(context.Background(), w.pull(n)); !errors.Is(err, github.ErrGone) {
		t.Errorf("an installation that may not see the repository: %v", err)
	}
	w.repo.Share(2)
	w.asked()
	if _, err := w.app.Installation(2).Load(context.Background(), w.pull(n)); err != nil {
		t.Error(err)
	}
	if asked := w.asked(); len(asked) != 2 {
		t.Errorf("%v", asked)
	}
}
