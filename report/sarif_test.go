package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

// sarifRule is what is read back of a rule.
type sarifRule struct {
	ID, Name                          string
	ShortDescription, FullDescription struct{ Text string }
	Help                              struct{ Text, Markdown string }
}

// log is what is read back of SARIF.
type log struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Name, Version string
				Rules         []sarifRule
			}
		}
		Invocations []struct {
			ExecutionSuccessful        bool
			ToolExecutionNotifications []struct{ Message struct{ Text string } }
		}
		Results []struct {
			RuleID    string
			RuleIndex int
			Level     string
			Message   struct{ Text string }
			Locations []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI string }
					Region           *struct{ StartLine, EndLine int }
				}
			}
			PartialFingerprints map[string]string
			Suppressions        []struct{ Justification string }
		}
	}
}

// toSARIF writes a verdict, holds it against the format's schema and reads it.
func toSARIF(t *testing.T, v *verdict.Verdict) (log, []byte) {
	t.Helper()
	data, err := report.SARIF(v)
	if err != nil {
		t.Fatal(err)
	}
	const schema = "testdata/sarif-2.1.0.schema.json"
	text, err := os.ReadFile(schema)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("sarif.json", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(document); err != nil {
		t.Errorf("not as the schema says: %v", err)
	}
	var l log
	if err := json.Unmarshal(data, &l); err != nil || len(l.Runs) != 1 {
		t.Fatalf("%v, %d runs", err, len(l.Runs))
	}
	return l, data
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	v := sample()
	v.Findings[1].LiftedBy = &verdict.Lift{Kind: "override", By: []string{"alice"}, Reason: "known", Until: "2026-12-01T00:00:00Z"}
	l, data := toSARIF(t, v)
	const golden = "testdata/sarif.json"
	if *update {
		if err := os.WriteFile(golden, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(want, data) {
		t.Errorf("%s is not as it was (%v):\n%s", golden, err, data)
	}
	run := l.Runs[0]
	if !run.Invocations[0].ExecutionSuccessful || len(run.Results) != len(v.Findings) {
		t.Errorf("%+v", run)
	}
	for i, r := range run.Results {
		f := v.Findings[i]
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.RuleID != f.Kind+"/"+f.Rule || r.PartialFingerprints["changeguardFinding/v1"] != f.ID {
			t.Errorf("%+v of %+v", r, f)
		}
		if (len(r.Suppressions) == 1) != (f.LiftedBy != nil) {
			t.Errorf("%s: suppressed %+v", f.Rule, r.Suppressions)
		}
	}
}

// Code scanning wants more than the format's schema: of each rule a name and
// descriptions within its limits and a help text, of each result a relative place,
// a line and a fingerprint; and it takes a run without results.
func TestSARIFForCodeScanning(t *testing.T) {
	t.Parallel()
	v := sample()
	v.Findings = nil
	if l, data := toSARIF(t, v); len(l.Runs[0].Results) != 0 || !bytes.Contains(data, []byte(`"results": []`)) || !bytes.Contains(data, []byte(`"rules": []`)) {
		t.Errorf("without findings: %s", data)
	}
	kinds := []string{verdict.SessionKind, verdict.RiskKind, "of-another-version"}
	for _, k := range catalogue.Kinds() {
		kinds = append(kinds, k.Name)
	}
	for _, kind := range kinds {
		v.Findings = append(v.Findings,
			verdict.Finding{ID: kind + "1", Rule: strings.Repeat("[é](x)", 100), Kind: kind, Level: policy.Block, Message: "m"},
			verdict.Finding{ID: kind + "2", Rule: "r", Kind: kind, Level: policy.Block, Path: "a.go", Message: "m"})
	}
	l, _ := toSARIF(t, v)
	words := make(map[string]bool)
	for _, r := range l.Runs[0].Tool.Driver.Rules {
		for what, size := range map[string][2]int{"name": {len(r.Name), 255}, "short": {len(r.ShortDescription.Text), 1024}, "full": {len(r.FullDescription.Text), 1024}} {
			if size[0] == 0 || size[0] > size[1] {
				t.Errorf("%s: %s has %d bytes", r.ID, what, size[0])
			}
		}
		if r.Help.Text == "" || !strings.Contains(r.Help.Markdown, "`changeguard ") || strings.Contains(r.ShortDescription.Text, "](") {
			t.Errorf("%+v", r)
		}
		words[r.FullDescription.Text] = true
	}
	if len(words) != len(kinds) {
		t.Errorf("%d texts for %d kinds", len(words), len(kinds))
	}
	for _, r := range l.Runs[0].Results {
		if at := r.Locations[0].PhysicalLocation; at.Region == nil || at.Region.StartLine < 1 || at.Region.EndLine < at.Region.StartLine || r.PartialFingerprints["primaryLocationLineHash"] == "" {
			t.Errorf("%+v", r)
		}
	}
}

// What could not be judged is no successful run, and what is left out is said.
func TestSARIFSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	v := sample()
	v.Outcome, v.Missing = verdict.Incomplete, []verdict.Missing{{What: "no merge base", Remedy: "git fetch --unshallow"}}
	for range 25_000 {
		v.Findings = append(v.Findings, v.Findings[0])
	}
	l, _ := toSARIF(t, v)
	said := fmt.Sprintf("%+v", l.Runs[0].Invocations[0].ToolExecutionNotifications)
	if l.Runs[0].Invocations[0].ExecutionSuccessful || !strings.Contains(said, "no merge base") || !strings.Contains(said, "3 further findings") || len(l.Runs[0].Results) != 25_000 {
		t.Errorf("%s, %d results", said, len(l.Runs[0].Results))
	}
}

// Names and texts of a change are neither links nor addresses elsewhere.
func TestSARIFOfHostileText(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"a b/%2e%2e/c", "https://evil.example/x", "a:b", "../x", "ä/\u202e.go", "q?x#y", "\xff.go", "-rf"} {
		v := sample()
		v.Findings = []verdict.Finding{{ID: "x", Rule: "r", Kind: "k", Level: policy.Block, Path: path, Message: "see [this](https://evil.example) \x1b[31m " + path}}
		l, data := toSARIF(t, v)
		r := l.Runs[0].Results[0]
		got, err := url.Parse(r.Locations[0].PhysicalLocation.ArtifactLocation.URI)
		if err != nil || got.IsAbs() || got.Host != "" || got.Path != path || got.RawQuery != "" || got.Fragment != "" {
			t.Errorf("%q became %q (%v)", path, got, err)
		}
		if strings.Contains(r.Message.Text, "](") || bytes.ContainsRune(data, '\x1b') || strings.ContainsRune(string(data), '\u202e') {
			t.Errorf("%q: %q", path, r.Message.Text)
		}
	}
}

func TestWorkflowCommands(t *testing.T) {
	t.Parallel()
	v := sample()
	v.Missing = []verdict.Missing{{What: "no merge base"}}
	v.Findings[0].Path, v.Findings[0].Message, v.Findings[0].Remedy = "a,b:c%\n::error::x", "one\r\n::warning::two 100%", ""
	want := `::error title=analysis incomplete::no merge base
::error title=analysis-only,file=a%2Cb%3Ac%25\n%3A%3Aerror%3A%3Ax::one\r\n::warning::two 100%25
::warning title=new-packages,file=requirements.txt,line=4,endLine=4::requests: a new package.%0ATo undo: git checkout ` + strings.Repeat("c", 40) + ` -- requirements.txt
::warning title=size::The change has 12 lines.%0ATo undo: Split the change.
`
	if got := report.WorkflowCommands(v); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
