package guard_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

const trialPolicy = `version: 1
sessions:
  analysis-only: {declared-by: {labels: [analysis-only]}, may-change: [docs]}
rules:
  core: {uses: protected-paths, level: approve, approvals: {count: 2, from: [alice, bob]}, with: {paths: ["core/**"]}}
  packages: {uses: dependencies, with: {on: [added]}}
`

func (w *world) latest(number int) store.Verdict {
	w.t.Helper()
	v, err := w.store.Latest(context.Background(), w.pull(number).Name())
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) what(stored store.Verdict, t guard.Trial) (was, is *verdict.Verdict) {
	w.t.Helper()
	was, is, err := w.guard.Try(context.Background(), stored, t)
	if err != nil {
		w.t.Fatal(err)
	}
	return was, is
}

// What would be is computed from what is kept: with other labels, approvals and
// policies, without a request, and nothing of it is stored or shown.
func TestTrialChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(trialPolicy)
	n := w.open("feature", "main", wrong)
	w.evaluate(w.pull(n))
	stored := w.latest(n)
	runs := len(w.runs("feature"))
	w.asked()

	was, is := w.what(stored, guard.Trial{})
	if was.ID != stored.Digest || is.ID != stored.Digest || was.Outcome != verdict.Approve {
		t.Errorf("%s, %s and %s: %s", stored.Digest, was.ID, is.ID, was.Title)
	}
	if _, is = w.what(stored, guard.Trial{Approvals: 1}); is.Outcome != verdict.Approve {
		t.Errorf("one approval of two: %s", is.Title)
	}
	if _, is = w.what(stored, guard.Trial{Approvals: 2}); is.Outcome != verdict.Pass || is.Findings[0].LiftedBy == nil {
		t.Errorf("two approvals: %s", is.Title)
	}
	if _, is = w.what(stored, guard.Trial{Add: []string{"Analysis-Only"}}); is.Outcome != verdict.Fail || is.Session.Mode != "analysis-only" {
		t.Errorf("a label: %s %+v", is.Title, is.Session)
	}
	if _, is = w.what(stored, guard.Trial{Policy: []byte("version: 1\nmode: observe\nrules: {all: {uses: protected-paths, with: {paths: [\"**\"]}}}\n")}); !is.Observed || is.Outcome != verdict.Fail {
		t.Errorf("another policy: %s", is.Title)
	}
	var problems policy.Problems
	if _, _, err := w.guard.Try(context.Background(), stored, guard.Trial{Policy: []byte("version: 1\nruels: {}\n")}); !errors.As(err, &problems) {
		t.Errorf("a policy that does not load: %v", err)
	}
	if got := w.asked(); got != 0 {
		t.Errorf("%d requests", got)
	}
	if after := w.latest(n); after.ID != stored.ID || len(w.runs("feature")) != runs {
		t.Error("a trial left something behind")
	}
}

// A label that was set once and declared a mode binds also without it.
func TestTrialDoesNotForgetWhatSticks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(trialPolicy)
	n := w.open("feature", "main", fine)
	w.repo.Label(n, "analysis-only", dev.Login)
	w.evaluate(w.pull(n))
	if _, is := w.what(w.latest(n), guard.Trial{Remove: []string{"analysis-only"}}); is.Outcome != verdict.Fail {
		t.Errorf("%s", is.Title)
	}
}

// What is lifted stays lifted under another policy, as long as the same rule
// finds the same.
func TestTrialKeepsLifts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(trialPolicy)
	n := w.open("feature", "main", wrong)
	for _, login := range []string{"alice", "bob"} {
		w.repo.Review(n, login, "APPROVED", "")
	}
	w.evaluate(w.pull(n))
	stored := w.latest(n)
	if stored.Outcome != "pass" {
		t.Fatal(stored.Title)
	}
	_, is := w.what(stored, guard.Trial{Policy: []byte(strings.Replace(trialPolicy, "core/**", "core/*.py", 1))})
	if is.Outcome != verdict.Pass || len(is.Findings) != 1 {
		t.Errorf("%s %+v", is.Title, is.Findings)
	}
	if _, is = w.what(stored, guard.Trial{Policy: []byte(strings.Replace(trialPolicy, "level: approve", "level: block", 1))}); is.Outcome != verdict.Fail {
		t.Errorf("an approval lifts a block: %s", is.Title)
	}
}

// What contents a policy wants are read, within a bound; beyond it nothing is
// green.
func TestTrialCostsLittle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base("version: 1\n")
	files := make(ghfake.Files)
	for i := range 600 {
		files[fmt.Sprintf("svc%03d/requirements.txt", i)] = ghfake.Text(fmt.Sprintf("a==%d\n", i))
	}
	n := w.open("feature", "main", files)
	w.evaluate(w.pull(n))
	stored := w.latest(n)
	w.asked()
	_, is := w.what(stored, guard.Trial{Policy: []byte(trialPolicy)})
	if got := w.asked(); got > 15 || is.Outcome == verdict.Pass || len(is.Missing) == 0 || !strings.Contains(is.Missing[0].What, "more requests to GitHub") {
		t.Errorf("%d requests: %s %v", got, is.Title, is.Missing)
	}
}

// A policy is tried on what a repository judged last, and what cannot be said is
// named.
func TestBlast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(trialPolicy)
	var numbers []int
	for i, files := range []ghfake.Files{wrong, fine, {"docs/x.md": ghfake.Text("x\n")}} {
		numbers = append(numbers, w.open(fmt.Sprint("b", i), "main", files))
		w.evaluate(w.pull(numbers[i]))
	}
	older := w.latest(numbers[2])
	older.Digest, older.Kept = "of an older version", nil
	subject, err := w.store.FindSubject(context.Background(), w.pull(numbers[2]).Name())
	if err == nil {
		older.Subject = subject
		err = w.store.AddVerdict(context.Background(), older)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.asked()
	list, err := w.guard.Blast(context.Background(), "acme", "app", []byte("version: 1\nrules: {lib: {uses: protected-paths, with: {paths: [\"lib/**\"]}}}\n"), 50)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range list {
		is := p.Why
		if p.Is != nil {
			is = string(p.Is.Outcome)
		}
		got = append(got, fmt.Sprintf("#%d was %s, is %s", p.Stored.Subject.Number, p.Stored.Outcome, is))
	}
	want := []string{"#3 was pass, is its change is not at hand: it was judged by an older version, or is too large to be kept", "#2 was pass, is fail", "#1 was approve, is pass"}
	if !slices.Equal(got, want) || w.asked() != 0 {
		t.Errorf("%q", got)
	}
	if _, err := w.guard.Blast(context.Background(), "acme", "app", []byte("version: 7"), 50); !errors.As(err, new(policy.Problems)) {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if list, err := w.guard.Blast(ended, "acme", "app", []byte("version: 1\n"), 50); err == nil && (len(list) == 0 || list[0].Why != "there was no time left") {
		t.Errorf("without time: %v", list)
	}
}
