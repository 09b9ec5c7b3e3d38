package requiredevidence_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/requiredevidence"
	"github.com/changeguard/changeguard/rules/rulestest"
	"github.com/changeguard/changeguard/verdict"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	rulestest.Run(t, "required-evidence", "testdata")
}

func number(n int) *int { return &n }

func TestOptionsThatCannotHold(t *testing.T) {
	t.Parallel()
	for what, o := range map[string]requiredevidence.Options{
		"nothing":      {},
		"a deadline":   {Deadline: time.Hour},
		"no name":      {Checks: []string{" "}},
		"no suite":     {Suites: []string{""}},
		"over 100 %":   {ShareOfBase: number(101)},
		"too soon":     {Checks: []string{"unit"}, Deadline: time.Second},
		"after a week": {Checks: []string{"unit"}, Deadline: 169 * time.Hour},
	} {
		if problems := requiredevidence.Kind().Check(&o); len(problems) != 1 {
			t.Errorf("%s: %v", what, problems)
		}
	}
	if problems := requiredevidence.Kind().Check(&requiredevidence.Options{Suites: []string{"u"}, Deadline: 168 * time.Hour}); problems != nil {
		t.Error(problems)
	}
}

func judge(t testing.TB, with string, e change.Evidence) *verdict.Verdict {
	t.Helper()
	kinds := []rules.Kind{requiredevidence.Kind()}
	layer := verdict.NewLayer(verdict.RepositoryLayer, []byte("version: 1\nrules:\n  tests: {uses: required-evidence, with: "+with+"}\n"), change.Regular, kinds)
	if len(layer.Problems) > 0 {
		t.Fatal(layer.Problems)
	}
	c := changetest.New(nil, changetest.Text(map[string]string{"a.txt": "a"}))
	c.Evidence = e
	v, err := verdict.Judge(t.Context(), verdict.Input{Layers: []verdict.Layer{layer}, Kinds: kinds, Engine: "changeguard test", Change: c})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// What is missed is awaited up to the deadline and a failure from then on, under
// the same id: who lifted it while it was awaited has lifted it after.
func TestDeadline(t *testing.T) {
	t.Parallel()
	for _, with := range []string{"{checks: [unit], deadline: 30m}", "{tests-at-least: 1, deadline: 30m}"} {
		before := judge(t, with, &change.Recorded{After: 30*time.Minute - 1})
		after := judge(t, with, &change.Recorded{After: 30 * time.Minute})
		if !before.Waiting || after.Waiting || before.Outcome != verdict.Fail || after.Outcome != verdict.Fail {
			t.Errorf("%s: %v %s, then %v %s", with, before.Waiting, before.Outcome, after.Waiting, after.Outcome)
		}
		if a, b := before.Findings[0], after.Findings[0]; a.ID != b.ID || !a.Awaited || b.Awaited || a.Await != 30*time.Minute {
			t.Errorf("%+v, then %+v", a, b)
		}
	}
}

// Whatever is attached, the verdict is never green without a test that ran, and
// never incomplete; it does not depend on the order of the reports.
func TestNeverGreenWithoutTests(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		var list []change.Report
		ran := 0
		for range rapid.IntRange(0, 4).Draw(r, "reports") {
			x := change.Report{Name: rapid.SampledFrom([]string{"unit", "e2e"}).Draw(r, "name"), Tests: rapid.IntRange(0, 3).Draw(r, "tests")}
			x.Skipped = rapid.IntRange(0, x.Tests).Draw(r, "skipped")
			x.Failures = rapid.IntRange(0, 1).Draw(r, "failures")
			ran += x.Tests - x.Skipped
			list = append(list, x)
		}
		with := rapid.SampledFrom([]string{"{suites: [unit]}", "{tests-at-least: 1}", "{suites: [\"*\"], tests-at-least: 2}"}).Draw(r, "with")
		v := judge(t, with, &change.Recorded{HeadReports: list})
		if v.Outcome == verdict.Incomplete || v.Outcome == verdict.Pass && ran == 0 {
			r.Errorf("%v: %s", list, v.Outcome)
		}
		var turned []change.Report
		for i := len(list) - 1; i >= 0; i-- {
			turned = append(turned, list[i])
		}
		if other := judge(t, with, &change.Recorded{HeadReports: turned}); other.ID != v.ID {
			r.Errorf("another verdict in another order")
		}
	})
}

// Nothing else stops the change while it waits; what else does is shown at once,
// and a rule that only warns or observes never holds a change up.
func TestWaitingAndOtherFindings(t *testing.T) {
	t.Parallel()
	missing := &change.Recorded{HeadChecks: []change.Check{{Name: "lint", App: "ci", Conclusion: "failure"}}}
	if v := judge(t, "{checks: [unit, lint]}", missing); v.Waiting || v.Outcome != verdict.Fail {
		t.Errorf("waits although a check failed")
	}
	kinds := []rules.Kind{requiredevidence.Kind()}
	for head, want := range map[string]verdict.Outcome{"mode: observe\nrules:\n  t: {uses: required-evidence, level: block": verdict.Fail, "rules:\n  t: {uses: required-evidence, level: warn": verdict.Pass} {
		layer := verdict.NewLayer(verdict.RepositoryLayer, []byte("version: 1\n"+head+", with: {checks: [unit]}}\n"), change.Regular, kinds)
		c := changetest.New(nil, changetest.Text(map[string]string{"a.txt": "a"}))
		c.Evidence = missing
		v, err := verdict.Judge(t.Context(), verdict.Input{Layers: []verdict.Layer{layer}, Kinds: kinds, Change: c})
		if err != nil || v.Waiting || v.Outcome != want || len(v.Findings) != 1 {
			t.Errorf("%s: %v %+v", head, err, v)
		}
	}
}
