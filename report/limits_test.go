package report_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

// huge is a verdict of which every part is as large as a text makes it.
func huge(text string, findings int) *verdict.Verdict {
	v := sample()
	v.Title = "Blocked: " + strings.Repeat(text, 3000)
	v.Engine, v.Session.Agent = strings.Repeat(text, 3000), strings.Repeat(text, 3000)
	v.Findings = nil
	for i := range findings {
		v.Findings = append(v.Findings, verdict.Finding{
			ID: fmt.Sprint(i), Rule: strings.Repeat(text, 200), Level: policy.Block, Path: fmt.Sprintf("dir/%d/%s", i, strings.Repeat(text, 900)), Message: strings.Repeat(text, 2000),
			Evidence: strings.Repeat(text, 3000), Remedy: fmt.Sprintf("git rm -- %d'%s'", i, strings.Repeat("x", 1<<(i%14))), LiftableBy: strings.Repeat(text, 500), Enforced: true,
		})
	}
	for i := range 300 {
		t := fmt.Sprint(i) + strings.Repeat(text, 900)
		v.Missing = append(v.Missing, verdict.Missing{What: t, Remedy: t}, verdict.Missing{What: t, Remedy: "git fetch " + t})
		v.Session.Modes = append(v.Session.Modes, t)
		v.Session.Evidence = append(v.Session.Evidence, session.Evidence{Signal: t, Value: t, Where: t})
		v.Risk.Factors = append(v.Risk.Factors, verdict.Factor{Name: t, Why: t})
		v.Policy.Sources = append(v.Policy.Sources, t)
		v.Findings = append(v.Findings, verdict.Finding{Rule: "advice", Level: policy.Warn, Remedy: t, Message: t})
	}
	return v
}

// Whatever a change holds, GitHub accepts the report, however it counts; what is
// left out is said, and nothing is cut within a character, a command or a mark.
func TestLimits(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a", "é", "💥", "`", "|", "@all ", "*", "\x00", "\u202e", "\xff", "https://evil.example ", " ", "x\n"} {
		for _, findings := range []int{0, 1, 300} {
			v := huge(text, findings)
			run := report.NewCheckRun(v, "https://guard.example/"+strings.Repeat("x", 500))
			comment, _ := report.Comment(v, false, "https://guard.example/x")
			for name, c := range map[string]struct {
				text  string
				limit int
			}{"summary": {run.Summary, 65535}, "comment": {comment, 65536}, "resolved": {report.Resolved(v), 65536}} {
				if n, u := len(c.text), len(utf16.Encode([]rune(c.text))); n > c.limit || u > c.limit || !utf8.ValidString(c.text) {
					t.Errorf("%q × %d: %s of %d bytes, %d units", text, findings, name, n, u)
				}
			}
			if len(run.Title) > 250 || !utf8.ValidString(run.Title) {
				t.Errorf("%q: a title of %d bytes", text, len(run.Title))
			}
			whole(t, run.Summary, v)
			annotated(t, run, v)
		}
	}
}

var left = regexp.MustCompile(`And (\d+) more (\w+?)s? that (?:do|does) not fit here`)

// whole checks that a shortened document is complete in itself.
func whole(t *testing.T, document string, v *verdict.Verdict) {
	t.Helper()
	said := make(map[string]int)
	for _, m := range left.FindAllStringSubmatch(document, -1) {
		said[m[2]], _ = strconv.Atoi(m[1])
	}
	rows := 0
	if _, table, ok := strings.Cut(document, "who can lift it |\n| --- | --- | --- | --- | --- |\n"); ok {
		table, _, _ = strings.Cut(table, "\n\n")
		rows = strings.Count("\n"+table, "\n| ")
	}
	if rows+said["finding"] != len(v.Findings) {
		t.Errorf("%d rows and %d that are said to be left out are not %d findings", rows, said["finding"], len(v.Findings))
	}
	commands, advice := report.Remedies(v)
	shown := 0
	if _, script, ok := strings.Cut(document, "```sh\n"); ok {
		script, _, ok = strings.Cut(script, "\n```\n")
		for line := range strings.SplitSeq(script, "\n") {
			shown++
			if !ok || !slices.Contains(commands, line) {
				t.Fatalf("no command: %s", line)
			}
		}
	}
	if shown+said["command"] != len(commands) {
		t.Errorf("%d commands and %d left out are not %d", shown, said["command"], len(commands))
	}
	if said["step"] != len(advice)-12 || said["gap"] != len(v.Missing)-12 || said["signal"] != len(v.Session.Evidence)-12 || said["factor"] != len(v.Risk.Factors)-12 {
		t.Errorf("left out: %v", said)
	}
	if shape := render(document).shape; strings.Count(shape, "<sub>") != 1 || strings.Count(shape, "</sub>") != 1 || !strings.HasSuffix(strings.TrimSpace(shape), "</a>\n</p>") {
		t.Errorf("it does not end as it should: %s", shape[max(0, len(shape)-100):])
	}
}

// annotated checks the annotations of a run.
func annotated(t *testing.T, run report.CheckRun, v *verdict.Verdict) {
	t.Helper()
	files := 0
	for _, f := range v.Findings {
		if f.Path != "" && utf8.ValidString(f.Path) {
			files++
		}
	}
	if want := min(files, 4*report.MaxAnnotations); len(run.Annotations) != want {
		t.Errorf("%d annotations, not %d", len(run.Annotations), want)
	}
	if files > 200 != strings.Contains(run.Summary, fmt.Sprintf("The lines of %d more findings are not annotated.", files-200)) {
		t.Error("it is not said, or wrongly, that findings are not annotated")
	}
	for _, a := range run.Annotations {
		if utf8.RuneCountInString(a.Title) > 255 || len(a.Message) > 64_000 || a.StartLine < 1 || a.EndLine < a.StartLine || !utf8.ValidString(a.Title+a.Message) {
			t.Fatalf("%+v", a)
		}
		if _, command, ok := strings.Cut(a.Message, "\nTo undo: "); ok && !slices.ContainsFunc(v.Findings, func(f verdict.Finding) bool { return f.Remedy == command }) {
			t.Fatalf("half a command: %s", command)
		}
	}
}

// As many findings as fit are shown, and one more would not fit.
func TestRoomIsUsed(t *testing.T) {
	t.Parallel()
	v := sample()
	v.Findings = nil
	for i := range 3000 {
		v.Findings = append(v.Findings, verdict.Finding{Rule: "core", Level: policy.Block, Path: fmt.Sprintf("core/%d.go", i), Message: "This protected file was changed.", LiftableBy: "an override", Enforced: true})
	}
	summary := report.NewCheckRun(v, "").Summary
	if n := strings.Count(summary, "\n| block |"); n < 500 || len(summary) < 55_000 {
		t.Errorf("%d rows in %d bytes", n, len(summary))
	}
	v.Findings = v.Findings[:500]
	if summary := report.NewCheckRun(v, "").Summary; strings.Contains(summary, "not fit") || strings.Count(summary, "\n| block |") != 500 {
		t.Error("what fits is left out")
	}
}

// Annotations stand on lines that are there.
func TestAnnotations(t *testing.T) {
	t.Parallel()
	v := &verdict.Verdict{Outcome: verdict.Fail, Title: "Blocked: x", Findings: []verdict.Finding{
		{Rule: "a", Level: policy.Block, Path: "a", Line: 3, EndLine: 5, Message: "m", Remedy: "git rm -- a", Enforced: true, LiftableBy: "x"},
		{Rule: "b", Level: policy.Block, Path: "b", EndLine: 7, Message: "m", Enforced: true, LiftableBy: "x"},
		{Rule: "c", Level: policy.Block, Path: "c", Line: 9, EndLine: 2, Message: "m", Enforced: true, LiftableBy: "x"},
		{Rule: "whole", Level: policy.Block, Message: "m", Enforced: true, LiftableBy: "x"},
		{Rule: "odd", Level: policy.Block, Path: "\xff", Message: "m", Enforced: true, LiftableBy: "x"},
		{Rule: "observed", Level: policy.Block, Path: "d", Message: "m", LiftableBy: "x"},
		{Rule: "approve", Level: policy.Approve, Path: "e", Message: "m", Enforced: true, LiftableBy: "x"},
		{Rule: "warn", Level: policy.Warn, Path: "f", Message: "m", Enforced: true},
		{Rule: "lifted", Level: policy.Block, Path: "g", Message: "m", Remedy: "git rm -- g", LiftedBy: &verdict.Lift{Kind: verdict.Override, By: []string{"lead"}, Reason: "asked", Until: "2026-12-01T00:00:00Z"}},
	}}
	want := []report.Annotation{
		{Path: "a", StartLine: 3, EndLine: 5, Level: "failure", Title: "a", Message: "m\nTo undo: git rm -- a"},
		{Path: "b", StartLine: 1, EndLine: 1, Level: "failure", Title: "b", Message: "m"},
		{Path: "c", StartLine: 9, EndLine: 9, Level: "failure", Title: "c", Message: "m"},
		{Path: "d", StartLine: 1, EndLine: 1, Level: "notice", Title: "observed", Message: "m"},
		{Path: "e", StartLine: 1, EndLine: 1, Level: "warning", Title: "approve", Message: "m"},
		{Path: "f", StartLine: 1, EndLine: 1, Level: "warning", Title: "warn", Message: "m"},
		{Path: "g", StartLine: 1, EndLine: 1, Level: "notice", Title: "lifted", Message: "m\nLifted: override by lead, until 2026-12-01T00:00:00Z: asked"},
	}
	if diff := cmp.Diff(want, report.NewCheckRun(v, "").Annotations); diff != "" {
		t.Error(diff)
	}
}

// A file is removed before another takes its place; what is lifted or said twice
// needs nothing.
func TestRemedies(t *testing.T) {
	t.Parallel()
	v := &verdict.Verdict{Findings: []verdict.Finding{
		{Remedy: "git checkout X -- a"},
		{Remedy: "Ask."},
		{Remedy: "git rm -- a/b"},
		{Remedy: "git checkout X -- a"},
		{Remedy: "git checkout X -- b"},
		{},
		{Remedy: "git rm -- c", LiftedBy: &verdict.Lift{}},
		{Remedy: "Ask."},
		{Remedy: "changeguard policy lint"},
	}}
	commands, advice := report.Remedies(v)
	if diff := cmp.Diff([]string{"git rm -- a/b", "git checkout X -- a", "git checkout X -- b", "changeguard policy lint"}, commands); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Ask."}, advice); diff != "" {
		t.Error(diff)
	}
}
