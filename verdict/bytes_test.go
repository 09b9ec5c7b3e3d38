package verdict_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/verdict"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// everything is a policy with something of each part that a verdict shows.
const everything = sessions + `
rules:
  core: {uses: protected-paths, level: block, with: {paths: ["core/**"]}}
  packages: {uses: dependencies, level: approve, approvals: {count: 2, from: ["@acme/platform"]}}
  words: {uses: declared-scope, level: warn}
  size: {uses: limits, level: warn, with: {files: 2, lines: 3}}
risk: {surfaces: {sockets: {paths: ["core/ws/**"], weight: 15}, core: {paths: ["core/**"], weight: 15}, all: {paths: ["**"], weight: 1}}}
`

// whole is a change that finds something with each rule of everything.
func whole() *change.Change {
	c := changetest.New(
		changetest.Text(map[string]string{"core/a.py": "x = 1\n", "core/ws/b.py": "y = 1\n", "requirements.txt": "a==1\n", "lib/c.py": "long enough\n"}),
		changetest.Text(map[string]string{"core/a.py": "x = 2\n", "core/ws/b.py": "y = 2\n", "requirements.txt": "a==1\nrequests>=2.32.0\nflask\n", "core/c.py": "long enough\n", "docs/x.md": "x\n"}),
	)
	c.Event, c.Title, c.Body, c.BaseRef, c.HeadRef = change.PullRequest, "Document the core", "Words.\n\nSession-Mode: nothing-known", "main", "claude/words"
	c.Labels = []change.Label{{Name: "docs-only", ByAuthor: true}, {Name: "analysis-only"}}
	c.Author = change.Person{Login: "dev", ID: 7, Kind: change.User}
	for i := range 3 {
		c.Commits = append(c.Commits, change.Commit{
			ID: strings.Repeat(fmt.Sprint(i+1), 40), Parents: []string{strings.Repeat(fmt.Sprint(i), 40)}, Author: change.Identity{Email: "dev@example.com"},
			Message: fmt.Sprintf("docs: words %d\n\nSession-Mode: analysis-only\nCo-Authored-By: Claude <noreply@anthropic.com>", i),
		})
	}
	return c
}

func wholeVerdict(t testing.TB, c *change.Change) *verdict.Verdict {
	t.Helper()
	in := verdict.Input{Change: c, Layers: []verdict.Layer{
		layer(t, verdict.OrganisationLayer, "rules: {org: {uses: protected-paths, level: approve, with: {paths: [\"core/ws/**\"]}}}\n"), layer(t, verdict.RepositoryLayer, everything),
	}}
	for _, f := range judgeWith(t, in).Findings {
		if f.Rule == "org" {
			in.Lifts = map[string]verdict.Lift{f.ID: {Kind: verdict.Override, By: []string{"lead"}, Reason: "asked for", Until: "2026-12-01T00:00:00Z"}}
		}
	}
	return judgeWith(t, in)
}

// goldenVerdict has one of everything; its rules are of the test's own kind, so
// that no rule's wording decides its bytes.
func goldenVerdict(t *testing.T) *verdict.Verdict {
	t.Helper()
	kinds := []rules.Kind{rules.Define(rules.Kind{Name: "own", Title: "t", Why: "w"}, nil, func(_ context.Context, in *rules.Input, _ *struct{}) ([]rules.Finding, error) {
		f := rules.Finding{Key: "found", Path: "core/b.py", PreviousPath: "core/a.py", Line: 3, EndLine: 5, Message: "What was found.", Evidence: "<the \x1b text>", Remedy: "git rm -- core/b.py"}
		if in.Rule == "packages" {
			f = rules.Finding{Key: "added", Path: "requirements.txt", Line: 2, Message: "A package.", Remedy: "Ask.", Package: &rules.Package{PURL: "pkg:pypi/requests", Change: []string{"added", "unpinned"}, New: ">=2.32.0"}}
		}
		return []rules.Finding{f}, nil
	})}
	const text = "version: 1\nsessions: {analysis-only: {declared-by: {labels: [analysis-only]}, may-change: [docs]}}\n" +
		"rules: {core: {uses: own, message: Ask first.}, packages: {uses: own, level: approve}}\nrisk: {surfaces: {core: {paths: [\"core/**\"], weight: 30}}}\n"
	in := verdict.Input{Kinds: kinds, Layers: []verdict.Layer{verdict.NewLayer(verdict.RepositoryLayer, []byte(text), change.Regular, kinds)}}
	in.Change = changetest.New(changetest.Text(map[string]string{"core/a.py": "x\ny\n"}), changetest.Text(map[string]string{"core/b.py": "x\ny\n", "requirements.txt": "requests>=2.32.0\n"}))
	in.Change.Labels = []change.Label{{Name: "analysis-only"}}
	for _, f := range judgeWith(t, in).Findings {
		if f.Rule == "core" {
			in.Lifts = map[string]verdict.Lift{f.ID: {Kind: verdict.Override, By: []string{"lead"}, Reason: "asked for", Until: "2026-12-01T00:00:00Z"}}
		}
	}
	return judgeWith(t, in)
}

// The bytes of the public form are what programs read: they change on purpose
// only.
func TestJSONGolden(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]*verdict.Verdict{
		"whole.json":      goldenVerdict(t),
		"empty.json":      judge(t, changetest.New(nil, nil), "rules: {}\n"),
		"incomplete.json": judge(t, &change.Change{Base: changetest.Base, Head: changetest.Head, Gaps: []change.Gap{{What: "the clone is shallow", Remedy: "git fetch --unshallow"}}}, "rules: {}\n"),
	} {
		got, err := v.JSON()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(path); err != nil || string(want) != string(got) {
			t.Errorf("%s (%v): %s\ngo test ./verdict -update rewrites it", name, err, gocmp.Diff(string(want), string(got)))
		}
	}
}

// Neither the order in which a source gives files and labels nor that of maps
// decides anything, and neither do time and place.
func TestSameInputGivesTheSameBytes(t *testing.T) {
	zone := os.Getenv("TZ")
	var want string
	for i := range 50 {
		t.Setenv("TZ", []string{"UTC", "Asia/Kathmandu", zone}[i%3])
		t.Setenv("LC_ALL", []string{"C", "tr_TR.UTF-8"}[i%2])
		c := whole()
		rand.Shuffle(len(c.Files), func(i, j int) { c.Files[i], c.Files[j] = c.Files[j], c.Files[i] })
		rand.Shuffle(len(c.Labels), func(i, j int) { c.Labels[i], c.Labels[j] = c.Labels[j], c.Labels[i] })
		rand.Shuffle(len(c.Commits), func(i, j int) { c.Commits[i], c.Commits[j] = c.Commits[j], c.Commits[i] })
		c.Normalise()
		data, err := wholeVerdict(t, c).JSON()
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = string(data)
		}
		if diff := gocmp.Diff(want, string(data)); diff != "" {
			t.Fatal(diff)
		}
	}
}

// Whatever a policy finds, findings come by level, path, line, rule and id; their
// ids differ, and stay when rules and lines move.
func TestFindingsAreSortedAndNamed(t *testing.T) {
	t.Parallel()
	rank := map[policy.Level]int{policy.Block: 0, policy.Approve: 1, policy.Warn: 2}
	rapid.Check(t, func(rt *rapid.T) {
		var names []string
		rule := make(map[string]string)
		for i := range rapid.IntRange(1, 5).Draw(rt, "rules") {
			name := fmt.Sprint("r", i)
			uses := rapid.SampledFrom([]string{"protected-paths, with: {paths: [\"**\"]}", "protected-paths, with: {paths: [\"a/**\", \"*.txt\"]}", "dependencies"}).Draw(rt, "uses")
			names = append(names, name)
			rule[name] = "  " + name + ": {level: " + rapid.SampledFrom([]string{"block", "approve", "warn"}).Draw(rt, "level") + ", uses: " + uses + "}\n"
		}
		judged := func(names []string, above string) []verdict.Finding {
			text := "rules:\n"
			for _, name := range names {
				text += rule[name]
			}
			return judge(t, changetest.New(nil, changetest.Text(map[string]string{"a/1": "x\n", "a/2": "y\n", "b": "z\n", "requirements.txt": above + "one>=1\ntwo>=2\n"})), text).Findings
		}
		found := judged(names, "")
		if !slices.IsSortedFunc(found, func(a, b verdict.Finding) int {
			return cmp.Or(cmp.Compare(rank[a.Level], rank[b.Level]), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.ID, b.ID))
		}) {
			rt.Fatalf("not sorted: %+v", found)
		}
		slices.Reverse(names)
		if diff := gocmp.Diff(ids(found), ids(judged(names, "# moved\n\n"))); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// ids lists the ids, sorted; one twice is an error of its own.
func ids(fs []verdict.Finding) []string {
	var list []string
	for _, f := range fs {
		if slices.Contains(list, f.ID) {
			list = append(list, "twice: "+f.ID)
		}
		list = append(list, f.ID)
	}
	slices.Sort(list)
	return list
}

// The points of the shape are those of the table, at every step.
func TestShapeByItsTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ added, deleted, files, shape int }{
		{0, 0, 0, 0},
		{0, 1, 1, 0},
		{1, 0, 1, 10},
		{2, 0, 1, 25},
		{4, 0, 1, 25},
		{5, 0, 1, 30},
		{9, 0, 1, 30},
		{10, 0, 1, 35},
		{19, 0, 1, 35},
		{20, 0, 1, 45},
		{49, 0, 1, 45},
		{50, 0, 1, 50},
		{99, 0, 1, 50},
		{100, 0, 1, 55},
		{199, 0, 1, 55},
		{200, 0, 1, 60},
		{499, 0, 1, 60},
		{500, 0, 1, 65},
		{9000, 0, 1, 65},
		{1, 4, 1, 10},
		{1, 5, 1, 15},
		{1, 500, 1, 15},
		{2, 0, 2, 30},
		{3, 0, 3, 35},
		{4, 0, 4, 35},
		{5, 0, 5, 45},
		{50, 0, 50, 65},
		{500, 5, 5, 85},
	} {
		base, head := map[string]string{}, map[string]string{}
		for i := range c.files {
			name := fmt.Sprintf("d/%02d.rs", i)
			base[name] = "kept\n"
			head[name] = "kept\n"
			for range share(c.deleted, c.files, i) {
				base[name] += "old\n"
			}
			for j := range share(c.added, c.files, i) {
				head[name] += fmt.Sprintln("new", j)
			}
		}
		v := judge(t, changetest.New(changetest.Text(base), changetest.Text(head)), "rules: {}\n")
		if want := c.shape; v.Risk.Shape != want || v.Change.Files != c.files {
			t.Errorf("+%d −%d in %d files: shape %d, not %d (%d files)", c.added, c.deleted, c.files, v.Risk.Shape, want, v.Change.Files)
		}
	}
}

// share is the i-th part of n in parts.
func share(n, parts, i int) int {
	if i < n%parts {
		return n/parts + 1
	}
	return n / parts
}

// A surface counts once, by the heaviest weight that any layer gives it; the
// score ends at 100.
func TestSurfacesCountOnce(t *testing.T) {
	t.Parallel()
	c := changetest.New(nil, changetest.Text(map[string]string{"core/a.md": "a\n", "core/b.md": "b\n", "core/c.md": "c\n"}))
	v := judge(t, c, "risk: {surfaces: {core: {paths: [\"core/**\"], weight: 20}, none: {paths: [\"lib/**\"], weight: 50}}}\n",
		layer(t, verdict.OrganisationLayer, "risk: {surfaces: {core: {paths: [\"core/a*\"], weight: 30}, zed: {paths: [\"core/**\"], weight: 90}}}\n"))
	want := verdict.Risk{Score: 100, Level: "critical", ShapeWhy: []verdict.Factor{}, ScoreWhy: "0 for size and shape (half of 0) and 120 of factors make 120; 100 is the most", Factors: []verdict.Factor{
		{Name: "zed", Points: 90, Why: "3 files, the first is core/a.md"}, {Name: "core", Points: 30, Why: "1 file: core/a.md"},
	}}
	if diff := gocmp.Diff(want, v.Risk); diff != "" {
		t.Error(diff)
	}
}

// The factors that need no policy, and the borders of the levels.
func TestFactorsAndLevels(t *testing.T) {
	t.Parallel()
	c := changetest.New(nil, changetest.Text(map[string]string{"Dockerfile": "FROM x\n", "go.mod": "module a\n", "a.go": "package a\n", "b.go": "package a\n"}))
	for i := range 21 {
		c.Commits = append(c.Commits, change.Commit{ID: fmt.Sprintf("%040d", i)})
	}
	want := []verdict.Factor{
		{Name: "dependencies", Points: 10, Why: "1 file: go.mod"},
		{Name: "deployment", Points: 10, Why: "1 file: Dockerfile"},
		{Name: "no tests", Points: 10, Why: "2 functional files changed, no test did"},
		{Name: "commits", Points: 5, Why: "21 commits are hard to roll back one by one"},
	}
	if diff := gocmp.Diff(want, judge(t, c, "rules: {}\n").Risk.Factors); diff != "" {
		t.Error(diff)
	}
	for weight, level := range map[int]string{24: "low", 25: "medium", 49: "medium", 50: "high", 74: "high", 75: "critical", 100: "critical"} {
		c := changetest.New(nil, changetest.Text(map[string]string{"a.md": "a\n"}))
		v := judge(t, c, fmt.Sprintf("risk: {surfaces: {docs: {paths: [\"**\"], weight: %d}}}\n", weight))
		if v.Risk.Score != weight || v.Risk.Level != level {
			t.Errorf("%d: %+v", weight, v.Risk)
		}
	}
	text, err := judge(t, changetest.New(nil, changetest.Text(map[string]string{"a.go": "x\n", "a_test.go": "x\n"})), "rules: {}\n").JSON()
	if err != nil || strings.Contains(string(text), "no tests") {
		t.Errorf("%v %s", err, text)
	}
}

// Naming a tracked issue adds its points, wherever the author names it.
func TestNamingAnIssueAddsPoints(t *testing.T) {
	t.Parallel()
	for where, name := range map[string]func(*change.Change){
		"title": func(c *change.Change) { c.Title = "Mend it (#12)" }, "body": func(c *change.Change) { c.Body = "Closes PLAT-34." },
		"commit":  func(c *change.Change) { c.Commits = []change.Commit{{ID: "1", Message: "x\n\nRefs #7"}} },
		"nowhere": func(c *change.Change) { c.Title, c.Body = "Mend it", "UTF-8 text, colour #ffffff" },
	} {
		c := edit("src/a.py")
		name(c)
		want := 10 + 15
		if where == "nowhere" {
			want = 10
		}
		if v := judge(t, c, "rules: {}\n"); v.Risk.Shape != want {
			t.Errorf("%s: shape %d, want %d", where, v.Risk.Shape, want)
		}
	}
}
