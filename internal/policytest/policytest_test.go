package policytest_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/internal/evidence"
	"github.com/changeguard/changeguard/internal/policytest"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

var update = flag.Bool("update", false, "rewrite golden files")

// run tries a policy with cases.
func run(t *testing.T, policyText, cases string) ([]policytest.Result, error) {
	t.Helper()
	f, problems := policy.LoadTests([]byte(cases), "cases.yml")
	if problems != nil {
		return nil, problems
	}
	p, problems := policy.Load([]byte(policyText), policy.Source{Name: "policy.yml"}, catalogue.Kinds())
	if problems != nil {
		t.Fatal(problems)
	}
	return policytest.Run(context.Background(), f, []verdict.Layer{{Name: verdict.RepositoryLayer, Policy: p}}, catalogue.Kinds(), "changeguard test")
}

// Each archive in testdata is a policy, cases, and what is printed of them.
func TestCases(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files := make(map[string]string)
			for _, f := range a.Files {
				files[f.Name] = string(f.Data)
			}
			got := ""
			if results, err := run(t, files["policy.yml"], files["cases.yml"]); err != nil {
				got = err.Error() + "\n"
			} else {
				got = policytest.Text("cases.yml", results)
			}
			if *update {
				for i := range a.Files {
					if a.Files[i].Name == "want" {
						a.Files[i].Data = []byte(got)
					}
				}
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(files["want"], got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A report is XML whatever a case is called, and counts what it says.
func TestJUnitIsXML(t *testing.T) {
	t.Parallel()
	results, err := run(t, "version: 1\n", "version: 1\ncases:\n  \"a <b> & \\\"c\\\"\": {expect: fail}\n  fine: {files: {a.py: edited}, expect: pass}\n")
	if err != nil {
		t.Fatal(err)
	}
	text, err := policytest.JUnit("cases.yml", results)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suite    struct {
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Text string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if c := read.Suite.Cases; read.Tests != 2 || read.Failures != 1 || len(c) != 2 || c[0].Name != `a <b> & "c"` || c[0].Failure == nil || c[1].Failure != nil ||
		!strings.Contains(c[0].Failure.Text, "cases.yml:3: the outcome is pass, expected fail") {
		t.Errorf("%s", text)
	}
}

// A reader of JUnit's reports counts what was tried, and finds nothing in it that
// XML cannot hold, whatever a case, its findings and the file are called.
func TestJUnitIsReadAsItIs(t *testing.T) {
	t.Parallel()
	results, err := run(t, "version: 1\n", "version: 1\ncases:\n  a: {expect: fail}\n  b: {expect: fail}\n  c: {expect: pass}\n")
	if err != nil {
		t.Fatal(err)
	}
	const hostile = "]]> \x1b[31m \x00 \ufffe \xff <!-- &amp; \" 'é"
	results[0].Case.Name, results[0].Wrong[0].Message = hostile, hostile
	results[1].Verdict.Outcome = verdict.Incomplete
	text, err := policytest.JUnit("a\x01&\xff.yml", results)
	if err != nil {
		t.Fatal(err)
	}
	if !utf8.Valid(text) || bytes.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r == 0xfffe }) {
		t.Errorf("%q", text)
	}
	reader := new(evidence.JUnit)
	if err := reader.Read(text); err != nil {
		t.Fatal(err)
	}
	if s := reader.Summary("x"); s.Tests != 3 || s.Failures != 1 || s.Errors != 1 || s.Skipped != 0 || len(s.Suites) != 1 {
		t.Errorf("%+v", s)
	}
	for _, want := range []string{`<testsuites tests="3" failures="1" errors="1" skipped="0">`, `tests="3" failures="1" errors="1" skipped="0">`, `<error message="the outcome is `} {
		if !strings.Contains(string(text), want) {
			t.Errorf("it lacks %s:\n%s", want, text)
		}
	}
}

// What a case describes is the change that git would make of it.
func TestCountsLinesAsGit(t *testing.T) {
	t.Parallel()
	results, err := run(t, "version: 1\nrules: {size: {uses: limits, with: {lines: 2}}}\n", `version: 1
cases:
  two: {files: {a.py: {before: "1\n2\n3\n", after: "1\nx\n3\n"}}, expect: pass}
  three: {files: {a.py: {before: "1\n2\n3\n", after: "0\n1\nx\n3\n"}}, expect: fail}
  moved: {files: {b.py: {renamed-from: a.py}}, expect: pass}
`)
	if err != nil {
		t.Fatal(err)
	}
	var lines [][2]int
	for _, r := range results {
		lines = append(lines, [2]int{*r.Verdict.Change.Additions, *r.Verdict.Change.Deletions})
		if len(r.Wrong) > 0 {
			t.Errorf("%s: %v", r.Case.Name, r.Wrong)
		}
	}
	if want := [][2]int{{1, 1}, {2, 1}, {0, 0}}; !slices.Equal(lines, want) {
		t.Errorf("%v, want %v", lines, want)
	}
}

// The page's example is one that a policy passes.
func TestManualsExampleComesOut(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/policy-test.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	example, _, _ := strings.Cut(rest, "```")
	results, err := run(t, `version: 1
sessions:
  analysis-only:
    declared-by: {labels: [analysis-only], trailers: ["Session-Mode: analysis-only"]}
    may-change: [docs]
rules:
  websocket-core: {uses: protected-paths, with: {paths: ["netra_backend/app/websocket_core/**"]}}
  new-packages: {uses: dependencies, level: approve}
`, example)
	if err != nil || len(results) != 4 {
		t.Fatal(len(results), err)
	}
	for _, r := range results {
		if len(r.Wrong) > 0 {
			t.Errorf("%s: %v", r.Case.Name, r.Wrong)
		}
	}
}

// Whatever a file of cases says, it is judged or refused, and no case that could
// not be judged passes for one that was.
func FuzzRun(f *testing.F) {
	for _, s := range []string{"version: 1\ncases: {a: {files: {x: added}, expect: pass}}", "version: 1\ncases: {a: {files: {x: {before: a, after: b, mode: link}}, expect: {rules: []}}}"} {
		f.Add(s)
	}
	p, problems := policy.Load([]byte("version: 1\nrules: {core: {uses: protected-paths, with: {paths: [\"core/**\"]}}}\n"), policy.Source{Name: "policy.yml"}, catalogue.Kinds())
	if problems != nil {
		f.Fatal(problems)
	}
	f.Fuzz(func(t *testing.T, cases string) {
		file, problems := policy.LoadTests([]byte(cases), "cases.yml")
		if problems != nil {
			return
		}
		results, err := policytest.Run(context.Background(), file, []verdict.Layer{{Name: verdict.RepositoryLayer, Policy: p}}, catalogue.Kinds(), "changeguard test")
		if err != nil {
			return
		}
		for _, r := range results {
			core := slices.ContainsFunc(r.Case.Files, func(x policy.TestFileChange) bool { return strings.HasPrefix(x.Path, "core/") && x.Word != "" })
			if core && r.Verdict.Outcome == verdict.Pass {
				t.Errorf("%q passes", r.Case.Name)
			}
		}
	})
}
