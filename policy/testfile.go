package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/change"
)

// TestPath is where a repository keeps the cases that try its policy.
const TestPath = ".github/changeguard.test.yml"

// A TestFile holds the cases that a policy is tried with. It is read as strictly
// as a policy, and within the same limits.
type TestFile struct {
	Name  string
	Base  []TestText // files that every case's repository has
	Cases []TestCase // in file order
}

// A TestText is a file with its content.
type TestText struct {
	Path, Text string
	Line       int
}

// A TestCase describes one change and the verdict that must come out.
type TestCase struct {
	Name string
	Line int

	Event, Title, Body, Head, BaseRef string
	Labels                            []string
	Author, AuthorKind                string
	Draft, Fork                       bool
	Session                           string     // a mode that the change is held to, as by check --session
	Base                              []TestText // files of the repository besides those of the whole file
	Files                             []TestFileChange
	Commits                           []TestCommit

	Expect TestExpectation
}

// A TestFileChange is what a case does to one file. Contents that are nil were
// not given.
type TestFileChange struct {
	Path          string
	Line          int
	Word          string // added, edited or removed; "" when the rest says it
	From          string // the name before, of a renamed file
	Before, After *string
	Mode, OldMode string // one of TestModes, "" for what follows from the rest
}

// A TestCommit is one commit of a case.
type TestCommit struct {
	Message           string
	Author, Committer string // "Name <address>"
	Trailers          []string
	Files             []string // that it touched; none given means all of the change
	Merge             bool
	Repeat            int // how often it is there
}

// A TestExpectation is what must come out.
type TestExpectation struct {
	Line     int
	Outcome  string // pass, approve, fail, incomplete; "" means any
	Mode     *string
	Rules    *[]string // exactly these have findings
	Findings []TestFinding
	Absent   []TestFinding
}

// A TestFinding matches findings: what is "" matches any; Message is a part of it.
type TestFinding struct {
	Line                       int
	Rule, Path, Level, Message string
}

// TestModes are what a file of a case can be.
var TestModes = []string{"regular", "executable", "link", "submodule"}

var (
	testWords     = []string{"added", "edited", "removed"}
	testOutcomes  = []string{"pass", "approve", "fail", "incomplete"}
	testEvents    = []string{string(change.PullRequest), string(change.MergeGroup), string(change.Push), string(change.Local)}
	testAccounts  = []string{string(change.User), string(change.Bot), string(change.Organization)}
	maxTestRepeat = int64(10_000)
)

// testLevel is how messages name the file of cases itself.
const testLevel = "the test file"

// inTestFile rewords what the parser says of policies.
var inTestFile = strings.NewReplacer("; `changeguard policy init` writes one", "", "that is no policy", "that is no test file",
	"the policy's", "the test file's", "the policy", testLevel, "a policy", "a test file")

// LoadTests reads a file of cases. Either it or at least one problem comes back.
func LoadTests(data []byte, name string) (*TestFile, Problems) {
	r := &reader{file: name, written: written{places: make(map[string]place)}}
	f := &TestFile{Name: name}
	root := r.parse(data)
	for i := range r.problems {
		r.problems[i].Message = inTestFile.Replace(r.problems[i].Message)
	}
	if root != nil {
		r.fields(root, testLevel, r.testFields(f))
		for _, key := range []string{"version", "cases"} {
			if !has(root, key) {
				r.fail(root, "%s is missing; a test file has version: 1 and cases", key)
			}
		}
	}
	if r.found > 0 {
		return nil, r.problems.sorted(r.found)
	}
	return f, nil
}

// TestSchemaJSON is the JSON Schema of files of cases, from the declarations that
// [LoadTests] decodes by.
func TestSchemaJSON() ([]byte, error) {
	r := &reader{}
	s := object(r.testFields(new(TestFile)))
	s.Dialect = schemaDialect
	s.Title = "changeguard policy tests"
	s.Description = "Changes, and the verdicts that the policy must give them: " + TestPath + "."
	s.Required = []string{"version", "cases"}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return b.Bytes(), nil
}

func (r *reader) testFields(f *TestFile) []field {
	return []field{
		{"version", "The version of the format: 1.", versionShape, func(n *yaml.Node, _ string) { r.version(n) }},
		{
			"base", "Files that the repository of every case has before the change: their contents by path.", testBaseShape,
			func(n *yaml.Node, where string) { f.Base = r.testTexts(n, where) },
		},
		{"cases", "The cases by name.", r.testCasesShape, func(n *yaml.Node, where string) { f.Cases = r.testCases(n, where) }},
	}
}

func (r *reader) testCasesShape() *Schema {
	one := object(r.testCaseFields(new(TestCase)))
	one.Required = []string{"expect"}
	return named(printableNames(), one)
}

func (r *reader) testCases(n *yaml.Node, where string) (cases []TestCase) {
	for _, p := range r.mapping(n, where) {
		if !r.printable(p, where) {
			continue
		}
		c := TestCase{Name: p.key, Line: p.at.Line, Event: string(change.PullRequest), BaseRef: "main", Head: "change", Author: "dev", AuthorKind: string(change.User)}
		within := join(where, p.key)
		r.fields(p.value, within, r.testCaseFields(&c))
		if p.value.Kind == yaml.MappingNode && !has(p.value, "expect") {
			r.fail(p.at, "%s expects nothing; write expect: pass, approve, fail or incomplete", within)
		}
		cases = append(cases, c)
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		r.fail(n, "%s is empty; a test file without cases tries nothing", where)
	}
	return cases
}

// into reads a text into a place of it.
func (r *reader) into(s *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, where string) { *s, _ = r.text(n, where) }
}

func (r *reader) testCaseFields(c *TestCase) []field {
	word := func(s *string, known []string) func(*yaml.Node, string) {
		return func(n *yaml.Node, where string) { *s = r.choice(n, where, known) }
	}
	truth := func(b *bool) func(*yaml.Node, string) {
		return func(n *yaml.Node, where string) { *b = r.boolean(n, where) }
	}
	return []field{
		{"title", "The pull request's title.", textShape, r.into(&c.Title)},
		{"body", "Its body.", textShape, r.into(&c.Body)},
		{"labels", "Its labels, set by somebody else than the author.", textsShape, func(n *yaml.Node, where string) { c.Labels, _ = r.texts(n, where) }},
		{"branch", "The head branch. Default: change.", textShape, r.into(&c.Head)},
		{"base-branch", "The branch that would receive it. Default: main.", textShape, r.into(&c.BaseRef)},
		{"author", "The login of who opened it. Default: dev.", textShape, r.into(&c.Author)},
		{"author-kind", "What kind of account that is. Default: User.", oneOf(testAccounts), word(&c.AuthorKind, testAccounts)},
		{"draft", "It is a draft.", booleanShape, truth(&c.Draft)},
		{"fork", "Its head is in another repository.", booleanShape, truth(&c.Fork)},
		{"event", "On what occasion it is judged. Default: pull_request.", oneOf(testEvents), word(&c.Event, testEvents)},
		{"session", "A mode that the change is held to, as by check --session.", textShape, r.into(&c.Session)},
		{"base", "More files of the repository before the change: their contents by path.", testBaseShape, func(n *yaml.Node, where string) { c.Base = r.testTexts(n, where) }},
		{"files", "What the change does, by path.", r.testFilesShape, func(n *yaml.Node, where string) { c.Files = r.testFiles(n, where) }},
		{"commits", "Its commits, the oldest first. Default: one, with the title as its message.", r.testCommitsShape, func(n *yaml.Node, where string) { c.Commits = r.testCommits(n, where) }},
		{"expect", "What must come out: an outcome, or more than that.", r.testExpectShape, func(n *yaml.Node, where string) { r.testExpect(n, where, &c.Expect) }},
	}
}

func testBaseShape() *Schema {
	return &Schema{Type: "object", MaxProps: maxEntries, Names: &Schema{MinLength: 1}, Additional: textShape()}
}

func (r *reader) testTexts(n *yaml.Node, where string) (texts []TestText) {
	for _, p := range r.mapping(n, where) {
		if text, ok := r.text(p.value, join(where, p.key)); ok && r.testPath(p.at, p.key, where) {
			texts = append(texts, TestText{p.key, text, p.at.Line})
		}
	}
	return texts
}

// testPath refuses names that no tree of git has.
func (r *reader) testPath(n *yaml.Node, path, where string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." {
			r.fail(n, "%s: %q is no path of a file in a repository", where, clip(path))
			return false
		}
	}
	return true
}
