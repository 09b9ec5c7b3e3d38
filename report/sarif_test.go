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
	"github.com/changeguard/changeguard/verdict"
)

// log is what is read back of SARIF.
type log struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Name, Version string
				Rules         []struct{ ID string }
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
