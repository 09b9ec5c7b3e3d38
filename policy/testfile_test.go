package policy_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/policy"
)

const testSchemaFile = "../docs/policy-test.schema.json"

// Every mistake in a file of cases comes with its place, and all at once.
func TestMistakesInCasesHavePlaces(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                        "t.yml:1:1: the test file is empty",
		"version: 1\n":            "t.yml:1:1: cases is missing; a test file has version: 1 and cases",
		"version: 1\ncases: {}\n": "t.yml:2:8: cases is empty; a test file without cases tries nothing",
		"version: 1\ncases:\n  a:\n    lables: [x]\n    expect: pass\n":                            `t.yml:4:5: unknown key "lables" in cases.a; did you mean "labels"?`,
		"version: 1\ncases:\n  a:\n    expect: passed\n":                                           `t.yml:4:13: cases.a.expect: unknown value "passed"; did you mean "pass"?`,
		"version: 1\ncases:\n  a:\n    files: {b: new}\n":                                          "t.yml:3:3: cases.a expects nothing; write expect: pass, approve, fail or incomplete\nt.yml:4:16: cases.a.files.b: unknown value \"new\"; known are added, edited, removed",
		"version: 1\ncases:\n  a: {expect: pass}\n  a: {expect: pass}\n":                           `t.yml:4:3: duplicate key "a" in cases, first given in line 3`,
		"version: 1\ncases:\n  a:\n    files: {../b: added}\n    expect: pass\n":                   `t.yml:4:13: cases.a.files: "../b" is no path of a file in a repository`,
		"version: 1\ncases:\n  a:\n    files: {b: {mode-before: link}}\n    expect: pass\n":        "t.yml:4:13: cases.a.files.b does not say what happens; give before, after, renamed-from or mode",
		"version: 1\ncases:\n  a:\n    commits: [{message: x, author: me}]\n    expect: {}\n":      "t.yml:4:36: cases.a.commits[0].author must be a name and an address like Dev <dev@example.com>, this is \"me\"\nt.yml:5:13: cases.a.expect is empty, so anything would do",
		"version: 1\ncases:\n  a:\n    commits: [{trailers: [x]}]\n    expect: {findings: [{}]}\n": "t.yml:4:15: cases.a.commits[0] has no message\nt.yml:4:27: cases.a.commits[0].trailers[0] must be like Key: value, this is \"x\"\nt.yml:5:25: cases.a.expect.findings[0] is empty and would match any finding; give rule, path, level or message",
		"version: 1\nbase: {a: &x b}\ncases:\n  a: {expect: pass}\n":                               "t.yml:2:11: & begins an anchor, which a test file cannot have; write the value out where it is used",
	} {
		f, problems := policy.LoadTests([]byte(text), "t.yml")
		if diff := cmp.Diff(want, problems.Error()); diff != "" || f != nil {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

// The published schema is fresh, and says of each of these what the reader says.
func TestSchemaOfCasesAgreesWithTheReader(t *testing.T) {
	t.Parallel()
	want, err := policy.TestSchemaJSON()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(testSchemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(testSchemaFile); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is stale (%v); run go test ./policy -run Schema -update", testSchemaFile, err)
	}
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("tests.json", text); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("tests.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []string{
		"expect: pass", "expect: passed", "title: x", "{}", "expect: {}", "{expect: {rules: []}}", "{expect: {rules: x}}", "{expect: pass, files: {a: added, b: {after: x, mode: link}}}",
		"{expect: pass, files: {a: moved}}", "{expect: pass, files: {a: {mode: odd}}}", "{expect: pass, commits: [{message: x, trailers: ['A: b'], repeat: 3, merge: true}]}",
		"{expect: pass, commits: [{author: 'A <b>'}]}", "{expect: pass, commits: [{message: x, author: A}]}", "{expect: pass, commits: [{message: x, repeat: 0}]}",
		"{expect: pass, labels: [a], draft: yes}", "{expect: pass, labels: [a], draft: true, author-kind: Bot, event: push}", "{expect: pass, event: none}", "{expect: {findings: [{rule: x}], absent: [{level: off}]}}",
		"{expect: {findings: [{}]}}", "{expect: pass, base: {a: b}, branch: 7}",
	} {
		file := "version: 1\ncases:\n  one:\n    " + strings.ReplaceAll(one, "\n", "\n    ") + "\n"
		var value any
		if err := yaml.Load([]byte(file), &value); err != nil {
			t.Fatal(err)
		}
		if empty := one == "expect: {}"; empty {
			continue // that nothing is expected is not for a schema to say
		}
		_, problems := policy.LoadTests([]byte(file), "t.yml")
		if err := s.Validate(value); (err == nil) != (problems == nil) {
			t.Errorf("%s: the reader says %v, the schema %v", one, problems, err)
		}
	}
}
