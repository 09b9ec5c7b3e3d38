package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

// evidenceCases are what others say of a head, and what a rule asks.
var evidenceCases = map[string]struct {
	with     string
	evidence change.Recorded
	outcome  string
}{
	"green": {
		`{checks: ["unit@github-actions", "ci/*@status"], suites: [unit], tests-at-least: 3, share-of-base: 90}`,
		change.Recorded{
			HeadChecks:  []change.Check{{Name: "unit", App: "github-actions", Conclusion: "success"}, {Name: "ci/build", App: change.StatusApp, Conclusion: "success"}},
			HeadReports: []change.Report{{Name: "unit", Source: ciSource, Tests: 4}}, BaseReports: []change.Report{{Name: "unit", Source: ciSource, Tests: 4}},
		},
		"pass",
	},
	"a check failed": {
		`{checks: [unit]}`, change.Recorded{HeadChecks: []change.Check{{Name: "unit", App: "github-actions", Conclusion: "failure"}}}, "fail",
	},
	"a check runs yet": {
		`{checks: [unit]}`, change.Recorded{HeadChecks: []change.Check{{Name: "unit", App: "github-actions"}}}, "fail",
	},
	"a check is missing": {
		`{checks: [unit, lint]}`, change.Recorded{HeadChecks: []change.Check{{Name: "unit", App: "github-actions", Conclusion: "success"}}}, "fail",
	},
	"zero tests": {
		`{suites: [unit]}`, change.Recorded{HeadReports: []change.Report{{Name: "unit", Source: ciSource}}}, "fail",
	},
	"fewer than at the base": {
		`{share-of-base: 90}`,
		change.Recorded{HeadReports: []change.Report{{Name: "unit", Source: ciSource, Tests: 2}}, BaseReports: []change.Report{{Name: "unit", Source: ciSource, Tests: 4}}},
		"fail",
	},
	"failures": {
		`{suites: [unit]}`, change.Recorded{HeadReports: []change.Report{{Name: "unit", Source: ciSource, Tests: 4, Failures: 1}}}, "fail",
	},
	"nothing is there": {`{checks: [unit], suites: [unit]}`, change.Recorded{}, "fail"},
}

// ciSource is how the server names where a report came from.
const ciSource = ".github/workflows/ci.yml"

// What a rule says of evidence is the same, byte for byte, from the server, which
// asks GitHub and has what was attached, and from check with the same facts in a
// file.
func TestSameVerdictOnEvidenceFromBothSources(t *testing.T) {
	t.Parallel()
	for name, x := range evidenceCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := gitrepotest.New(t)
			c.Write(map[string]string{".github/changeguard.yml": evidencePolicy(x.with), "core/a.py": "x = 1\n"})
			c.Commit("base")
			c.Git("checkout", "-q", "-b", "feature")
			c.Write(map[string]string{"core/a.py": "x = 2\n"})
			c.Commit("change")
			w, _ := evidential(t)
			copyTo(t, c, w.repo)
			n := w.repo.Open(ghfake.Pull{Title: "A change", Base: "main", Head: "feature", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
			payload := w.repo.PullEvent(n, "opened", nil)
			w.deliver("pull_request", payload)
			w.first(w.repo.Tip("feature"))
			w.testify(x.evidence) // evidence is taken for what was judged before only
			w.deliver("pull_request", w.repo.PullEvent(n, "edited", nil))
			w.idle()
			if got := w.newest(n).Outcome; got != x.outcome {
				t.Errorf("the server says %s, not %s: %s", got, x.outcome, w.verdict(n))
			}
			if diff := cmp.Diff(checkedWith(t, c.Dir, payload, x.evidence), w.verdict(n)); diff != "" {
				t.Errorf("the clone says one thing and the API another: %s", diff)
			}
		})
	}
}

// testify gives the stand-in and the server what others say.
func (w *world) testify(e change.Recorded) {
	w.t.Helper()
	head := w.repo.Tip("feature")
	for _, k := range e.HeadChecks {
		switch {
		case k.App == change.StatusApp:
			w.repo.SetStatus(head, k.Name, k.Conclusion, "dev")
		case k.Conclusion == "":
			w.repo.AddRun(ghfake.Run{App: actionsApp, Name: k.Name, Head: head, Status: "in_progress"})
		default:
			w.repo.AddRun(ghfake.Run{App: actionsApp, Name: k.Name, Head: head, Status: "completed", Conclusion: k.Conclusion})
		}
	}
	for branch, reports := range map[string][]change.Report{"feature": e.HeadReports, "main": e.BaseReports} {
		for _, r := range reports {
			a := app.Attach{Suite: r.Name, Tests: r.Tests}
			if r.Failures > 0 {
				a.JUnit = []string{junit(w.t.(*testing.T), `<testsuite><testcase/><testcase/><testcase/><testcase><failure/></testcase></testsuite>`)}
			}
			if r.Tests == 0 {
				a.JUnit = []string{junit(w.t.(*testing.T), `<testsuite/>`)}
			}
			w.attached(w.job(onPush(branch, w.repo.Tip(branch))), a)
		}
	}
}

// checkedWith is what check says of the same commits with evidence in a file.
func checkedWith(t *testing.T, dir string, payload map[string]any, e change.Recorded) string {
	t.Helper()
	folder := t.TempDir()
	for name, x := range map[string]any{"event.json": payload, "evidence.json": e} {
		data, err := json.Marshal(x)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var stdout, stderr bytes.Buffer
	k := app.Check{Repo: dir, Base: "main", Head: "feature", Event: filepath.Join(folder, "event.json"), Evidence: filepath.Join(folder, "evidence.json"), Format: "json", Env: noEnv}
	k.Run(context.Background(), &stdout, &stderr)
	if stdout.Len() == 0 {
		t.Fatal(stderr.String())
	}
	return stdout.String()
}
