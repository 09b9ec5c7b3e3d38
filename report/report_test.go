package report_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
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
		Risk:   verdict.Risk{Score: 60, Level: "high", Shape: 40, Factors: []verdict.Factor{{Name: "WebSocket connections", Points: 30, Why: "1 file: app/ws.py"}}},
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

// Whatever a change holds, GitHub accepts the report.
func TestLimits(t *testing.T) {
	t.Parallel()
	v := sample()
	for i := range 5000 {
		v.Findings = append(v.Findings, verdict.Finding{
			ID: fmt.Sprint(i), Rule: strings.Repeat("r|", 200), Level: policy.Block, Path: fmt.Sprintf("dir/%d/%s", i, strings.Repeat("💥", 900)), Message: strings.Repeat("@all ", 500),
			Evidence: strings.Repeat("`", 3000), Remedy: "git rm -- " + fmt.Sprint(i),
		})
	}
	v.Title = strings.Repeat("T", 70000)
	run := report.NewCheckRun(v, "https://guard.example/x")
	if n := len(run.Summary); n > report.MaxSummary {
		t.Errorf("summary of %d bytes", n)
	}
	if !strings.Contains(run.Summary, "that do not fit here") {
		t.Error("the summary does not say that findings are left out")
	}
	if n := len(run.Annotations); n == 0 || n > 200 {
		t.Errorf("%d annotations", n)
	}
	for _, a := range run.Annotations {
		if utf8.RuneCountInString(a.Title) > 255 || len(a.Message) > 64<<10 || a.StartLine < 1 || a.EndLine < a.StartLine {
			t.Fatalf("%+v", a)
		}
	}
	if body, _ := report.Comment(v, false, ""); len(body) > report.MaxComment {
		t.Errorf("comment of %d bytes", len(body))
	}
}

// hostile are texts that would be markup, mentions, links or terminal control.
var hostile = []string{
	"@octocat", "@acme/platform", "[x](https://evil.example)", "![x](https://evil.example/p.png)", "<img src=x onerror=alert(1)>", "a|b|c", "`code`", "``` fence", "line\nbreak\n# heading",
	"#123", "GH-1", "https://evil.example/x", "www.evil.example", "\x1b[31mred", "\u202ereversed", "<!-- x", "</sub></details>", "*bold* _it_ ~~s~~", "| --- |", "\\", "&amp;", "$math$", "a\tb", "\xff\xfe",
}

func poisoned(text string) *verdict.Verdict {
	v := sample()
	v.Title = "Blocked: " + text
	v.Missing = []verdict.Missing{{What: text, Remedy: text}}
	v.Session.Evidence = []session.Evidence{{Signal: text, Value: text, Where: text}}
	v.Risk.Factors = []verdict.Factor{{Name: text, Why: text}}
	v.Findings = []verdict.Finding{{Rule: text, Level: policy.Block, Path: text, PreviousPath: text, Message: text, Evidence: text, Remedy: text, LiftableBy: text}}
	return v
}

// spans are what Markdown takes as it is: code spans and blocks.
var spans = regexp.MustCompile("(?s)(`{3,})[a-z]*\n.*?\n`{3,}\n|`+[^`]+`+|`` .*? ``|``` .*? ```|```` .*? ````")

// markup is what must not be left outside code: an unescaped beginning of a
// link, image, tag or emphasis, and anything GitHub links by itself.
var markup = regexp.MustCompile(`[^\\](\[|<[a-z!/]|\*b|_i|~~s)|@[A-Za-z]|#[0-9]|://|www\.|GH-[0-9]`)

func TestTextOfTheChangeIsNeverMarkup(t *testing.T) {
	t.Parallel()
	for _, text := range hostile {
		v := poisoned(text)
		for _, out := range []string{report.Markdown(v), report.NewCheckRun(v, "").Summary} {
			body, _, _ := strings.Cut(out, "\n<sub>")
			if found := markup.FindString(spans.ReplaceAllString(body, "")); found != "" {
				t.Errorf("%q leaves %q in:\n%s", text, found, body)
			}
			for _, line := range strings.Split(body, "\n") {
				if strings.HasPrefix(line, "| block |") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 6 {
					t.Errorf("%q breaks the table: %s", text, line)
				}
				if strings.HasPrefix(line, "# ") {
					t.Errorf("%q makes a heading: %s", text, line)
				}
			}
		}
		if bad := strings.IndexFunc(report.Text(v, false), func(r rune) bool { return r != '\n' && unicode.IsControl(r) || r == '\u202e' }); bad >= 0 {
			t.Errorf("%q reaches the terminal", text)
		}
		for _, a := range report.NewCheckRun(v, "").Annotations {
			if strings.ContainsAny(a.Title+a.Message, "\x1b\u202e") {
				t.Errorf("%q reaches an annotation: %+v", text, a)
			}
		}
	}
}

func FuzzReports(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v := poisoned(text)
		for _, out := range []string{report.Markdown(v), report.Text(v, false)} {
			if !utf8.ValidString(out) {
				t.Errorf("%q makes invalid UTF-8", text)
			}
			if strings.ContainsFunc(out, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }) {
				t.Errorf("%q makes control characters", text)
			}
		}
		for _, line := range strings.Split(report.Markdown(v), "\n") {
			if strings.HasPrefix(line, "| block |") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 6 {
				t.Errorf("%q breaks the table: %s", text, line)
			}
		}
	})
}
