package app_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

// pathPolicy has path rules only, in numbers that a team has.
const pathPolicy = `version: 1
sessions:
  analysis-only:
    declared-by: {titles: ["analysis:*"], trailers: ["Session-Mode: analysis-only"]}
    may-change: [docs]
rules:
  websocket: {uses: protected-paths, with: {paths: ["netra_backend/app/websocket_core/**", "!**/*.md"]}}
  auth: {uses: protected-paths, level: approve, with: {paths: ["auth_service/**", "**/oauth*/**"]}}
  deployment: {uses: protected-paths, level: approve, with: {paths: ["**/Dockerfile*", "**/*.tf", "scripts/deploy*"]}}
  agents: {uses: protected-paths, if: session.actor == "agent", level: warn, with: {paths: ["**/agents/**"]}}
  many: {uses: expression, level: warn, with: {require: "change.files < 200"}}
`

// backtested runs a backtest and returns its report as JSON.
func backtested(tb testing.TB, k app.Backtest) (code int, out, errs string) {
	tb.Helper()
	if k.Format == "" {
		k.Format = "json"
	}
	k.Env, k.Now = noEnv, time.Unix(1_757_000_000, 0)
	var stdout, stderr strings.Builder
	code = k.Run(context.Background(), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// BenchmarkBacktest judges the history by path rules, beside what git takes to
// list the same files: git-log-times is how many times as long.
func BenchmarkBacktest(b *testing.B) {
	r := gitrepotest.History(b, pathPolicy, gitrepotest.HistoryCommits)
	var listing, judging time.Duration
	for b.Loop() {
		start := time.Now()
		cmd := exec.Command("git", "log", "--raw", "-z", "--no-renames", "--no-abbrev", "HEAD")
		cmd.Dir = r.Dir
		if out, err := cmd.Output(); err != nil || len(out) == 0 {
			b.Fatal(err)
		}
		listing += time.Since(start)
		start = time.Now()
		code, out, errs := backtested(b, app.Backtest{Repo: r.Dir, By: app.ByCommit})
		judging += time.Since(start)
		var report struct {
			Current struct{ Changes, Incomplete int }
		}
		if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 || report.Current.Changes != gitrepotest.HistoryCommits || report.Current.Incomplete > 0 {
			b.Fatal(code, errs, err, report)
		}
	}
	b.ReportMetric(float64(judging)/float64(listing), "git-log-times")
	b.ReportMetric(float64(listing.Milliseconds())/float64(b.N), "git-log-ms")
	b.ReportMetric(float64(judging.Milliseconds())/float64(b.N), "backtest-ms")
}

// The page of the real history can be looked at.
func TestBacktestOfTheHistory(t *testing.T) {
	t.Parallel()
	r := gitrepotest.History(t, pathPolicy, 150)
	candidate := filepath.Join(t.TempDir(), "strict.yml")
	if err := os.WriteFile(candidate, []byte(strings.Replace(pathPolicy, "level: warn, with: {paths", "level: block, with: {paths", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := backtested(t, app.Backtest{Repo: r.Dir, By: app.ByCommit, Candidate: candidate})
	var report struct {
		Current struct {
			Changes, Pass, Approve, Fail int
			Actors                       []struct{ Name string }
		}
		Candidate struct {
			StopsCount int `json:"stops_count"`
			FreesCount int `json:"frees_count"`
			Tally      struct{ Pass int }
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 {
		t.Fatal(code, errs, err)
	}
	c := report.Current
	if c.Changes != 150 || c.Pass+c.Approve+c.Fail != c.Changes || c.Fail == 0 || c.Approve == 0 || len(c.Actors) != 1 || c.Actors[0].Name != "agent" { // every one of these commits names an agent
		t.Errorf("%+v", c)
	}
	if x := report.Candidate; x.StopsCount == 0 || x.FreesCount != 0 || x.Tally.Pass != c.Pass-x.StopsCount {
		t.Errorf("%+v %+v", c, x)
	}
}
