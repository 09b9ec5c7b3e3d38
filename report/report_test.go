package report_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

var update = flag.Bool("update", false, "rewrite golden files")

// sample is a verdict with one of everything.
func sample() *verdict.Verdict {
	additions, deletions := 12, 3
	return &verdict.Verdict{
		ID: "0123456789abcdef", Engine: "changeguard test", Outcome: verdict.Fail, Title: "Blocked: analysis-only session changed 1 file it may not (1 functional), and 1 more finding",
		Base: strings.Repeat("b", 40), MergeBase: strings.Repeat("c", 40), Head: strings.Repeat("d", 40),
		Policy: verdict.Policy{Digest: "sha256:00", Sources: []string{"repository sha256:00", "no organisation policy seen"}},
		Session: verdict.Session{Mode: "analysis-only", Modes: []string{"analysis-only"}, Actor: session.Agent, Agent: "claude-code", Evidence: []session.Evidence{
			{Signal: "label", Value: "analysis-only", Where: "pull request"},
		}},
		Change: verdict.Size{Files: 2, Commits: 1, Additions: &additions, Deletions: &deletions},
		Risk: verdict.Risk{Score: 60, Level: "high", Shape: 40, ShapeWhy: []verdict.Factor{
			{Name: "lines added", Points: 35, Why: "12 lines added give 35 points (45 from 20 lines on, 65 at most)"}, {Name: "files", Points: 5, Why: "2 files give 5 points (10 from 3 files on, 15 at most)"},
		}, Factors: []verdict.Factor{{Name: "WebSocket connections", Points: 40, Why: "1 file: app/ws.py"}}, ScoreWhy: "20 for size and shape (half of 40) and 40 of factors make 60"},
		Findings: []verdict.Finding{
			{ID: "1", Rule: "analysis-only", Kind: "session", Level: policy.Block, Path: "app/ws.py", Message: "A session declared analysis-only may change only docs.", Remedy: "git checkout " + strings.Repeat("c", 40) + " -- app/ws.py", LiftableBy: "an override by role:maintain", Enforced: true},
			{ID: "2", Rule: "new-packages", Kind: "dependencies", Level: policy.Approve, Path: "requirements.txt", Line: 4, EndLine: 4, Message: "requests: a new package.", Evidence: "requests >=2.32.0", Remedy: "git checkout " + strings.Repeat("c", 40) + " -- requirements.txt", LiftableBy: "1 approval by @acme/platform", Enforced: true},
			{ID: "3", Rule: "size", Kind: "limits", Level: policy.Warn, Message: "The change has 12 lines.", Remedy: "Split the change.", Enforced: true},
		},
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	v := sample()
	run := report.NewCheckRun(v, "https://guard.example/acme/app/pull/1")
	comment, _ := report.Comment(v, false, "")
	for name, got := range map[string]string{
		"text.txt": report.Text(v, false), "colour.txt": report.Text(v, true), "markdown.md": report.Markdown(v), "summary.md": run.Summary, "comment.md": comment,
		"annotations.txt": fmt.Sprintf("%+v", run.Annotations),
	} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || string(want) != got {
			t.Errorf("%s is not as it was (%v); read the difference, then go test ./report -update:\n%s", name, err, got)
		}
	}
}

// Only three conclusions exist, and the outcome decides.
func TestConclusionsAndExitCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		outcome  verdict.Outcome
		observed bool
		want     report.Conclusion
		exit     int
	}{
		{verdict.Pass, false, report.Success, 0},
		{verdict.Pass, true, report.Success, 0},
		{verdict.Approve, false, report.ActionRequired, 1},
		{verdict.Approve, true, report.Success, 0},
		{verdict.Fail, false, report.Failure, 1},
		{verdict.Fail, true, report.Success, 0},
		{verdict.Incomplete, false, report.Failure, 3},
		{verdict.Incomplete, true, report.Failure, 3},
	} {
		v := &verdict.Verdict{Outcome: c.outcome, Observed: c.observed}
		if got, exit := report.Conclude(v), report.ExitCode(v); got != c.want || exit != c.exit {
			t.Errorf("%s observed %v: %s %d", c.outcome, c.observed, got, exit)
		}
	}
	if got := report.ExitCode(&verdict.Verdict{Outcome: verdict.Fail, PolicyBroken: true}); got != 2 {
		t.Errorf("a broken policy: %d", got)
	}
}

func TestCommentOnlyWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	v := sample()
	if _, wanted := report.Comment(v, false, ""); !wanted {
		t.Error("something is wrong and no comment is wanted")
	}
	if _, wanted := report.Comment(v, true, ""); wanted {
		t.Error("a draft gets a comment")
	}
	v.Observed = true
	if _, wanted := report.Comment(v, false, ""); wanted {
		t.Error("observing comments")
	}
	passed := &verdict.Verdict{Outcome: verdict.Pass, Title: "Passed: 1 file"}
	if _, wanted := report.Comment(passed, false, ""); wanted {
		t.Error("a green verdict gets a comment")
	}
	passed.Findings = []verdict.Finding{{LiftedBy: &verdict.Lift{Kind: "override", By: []string{"lead"}}}}
	if _, wanted := report.Comment(passed, false, ""); !wanted {
		t.Error("an override gets no comment")
	}
}

// What an existing comment becomes when it is not wanted any more is true.
func TestResolvedOnlySaysWhatIsTrue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		outcome  verdict.Outcome
		observed bool
		want     string
	}{
		{verdict.Pass, false, "**Resolved.** T"},
		{verdict.Pass, true, "**Nothing is stopped.** T"},
		{verdict.Fail, true, "**Nothing is stopped.** T"},
		{verdict.Fail, false, "**Not resolved**, but this is a draft; the check says more. T"},
		{verdict.Approve, false, "**Not resolved**, but this is a draft; the check says more. T"},
		{verdict.Incomplete, false, "**Not resolved**, but this is a draft; the check says more. T"},
	} {
		if got := report.Resolved(&verdict.Verdict{Outcome: c.outcome, Observed: c.observed, Title: "T"}); got != report.Marker+"\n"+c.want+"\n" {
			t.Errorf("%s %v: %q", c.outcome, c.observed, got)
		}
	}
}

// A verdict that was read from its JSON says who can lift a finding in general
// words, and does not call its findings observed.
func TestReportOfAReadVerdict(t *testing.T) {
	t.Parallel()
	data, err := sample().JSON()
	if err != nil {
		t.Fatal(err)
	}
	var v verdict.Verdict
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	summary := report.NewCheckRun(&v, "").Summary
	for _, want := range []string{"only docs. | an override, if the policy has any |\n", "| the approvals that the policy asks for, or an override |\n", "\n| block | ", "| nobody needs to |\n"} {
		if !strings.Contains(summary, want) {
			t.Errorf("%q is not in %s", want, summary)
		}
	}
	if a := report.NewCheckRun(&v, "").Annotations; a[0].Level != "failure" {
		t.Errorf("%+v", a[0])
	}
}

// Observing is said first, and what only observes beside what is enforced.
func TestObservingIsSaid(t *testing.T) {
	t.Parallel()
	v := sample()
	v.Observed, v.Title = true, "Observing, would block: x"
	if text := report.Markdown(v); !strings.HasPrefix(text, "**Observing, would be blocked.** X.\n") || !strings.Contains(text, "### What would undo it") {
		t.Error(text)
	}
	for _, a := range report.NewCheckRun(v, "").Annotations {
		if a.Level != "notice" {
			t.Errorf("%+v", a)
		}
	}
	v = sample()
	v.Findings[0].Enforced = false
	if text := report.Markdown(v); !strings.Contains(text, "\n| block, observing | ") {
		t.Error(text)
	}
	if text := report.Text(v, false); !strings.Contains(text, "\n  block, observing  analysis-only  app/ws.py\n") {
		t.Error(text)
	}
}

// Commands are shown as they are, in a form that can be copied, on a terminal
// and in Markdown.
func TestCommandsAreShownAsTheyAre(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		path := rapid.OneOf(rapid.StringN(1, 20, -1), rapid.SampledFrom([]string{"⚠\ufe0f", "a\u202eb", "\u200d", "\x1b", "`", "```", "new\nline\n", "$(x)", "é ü", "\u009b", "\U000e0041", "\u00a0"})).Draw(rt, "path")
		status := rapid.SampledFrom([]change.Status{change.Added, change.Modified, change.Removed}).Draw(rt, "status")
		command := rules.Undo(&change.Change{MergeBase: "abc"}, change.File{Path: path, Status: status})
		if !strings.HasPrefix(command, "git ") {
			return
		}
		v := &verdict.Verdict{Outcome: verdict.Fail, Title: "Blocked: x", Findings: []verdict.Finding{{Level: policy.Block, Rule: "x", Remedy: command}}}
		if text := report.Text(v, true); !strings.Contains(text, "\n    → "+command+"\n") {
			rt.Errorf("%q is not shown in %q", command, text)
		}
		if text := report.Markdown(v); !strings.Contains(text, "\n"+command+"\n") {
			rt.Errorf("%q is not shown in %q", command, text)
		}
	})
}

// A result that stops a change has buttons within GitHub's limits; one that does
// not has none.
func TestActions(t *testing.T) {
	t.Parallel()
	for _, outcome := range []verdict.Outcome{verdict.Pass, verdict.Approve, verdict.Fail, verdict.Incomplete} {
		v := sample()
		v.Outcome = outcome
		run := report.NewCheckRun(v, "")
		if (len(run.Actions) > 0) != (run.Conclusion != report.Success) || len(run.Actions) > report.MaxActions {
			t.Errorf("%s: %+v", outcome, run.Actions)
		}
		for _, a := range run.Actions {
			if a.Label == "" || len(a.Label) > 20 || a.Description == "" || len(a.Description) > 40 || a.Identifier == "" || len(a.Identifier) > 20 {
				t.Errorf("%s: %+v is empty or too long", outcome, a)
			}
		}
	}
}
