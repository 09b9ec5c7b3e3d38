package verdict_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

const sessions = `
sessions:
  analysis-only:
    declared-by: {labels: [analysis-only], trailers: ["Session-Mode: analysis-only"]}
    may-change: [docs, cosmetic, "notes/**", "!notes/private/**"]
    max-commits: 2
  docs-only:
    declared-by: {labels: [docs-only]}
    may-change: [docs]
    level: warn
`

func layer(t testing.TB, name, text string) verdict.Layer {
	t.Helper()
	return verdict.NewLayer(name, []byte("version: 1\n"+text), change.Regular, catalogue.Kinds())
}

// judge judges a change by one repository policy.
func judge(t testing.TB, c *change.Change, text string, more ...verdict.Layer) *verdict.Verdict {
	t.Helper()
	return judgeWith(t, verdict.Input{Change: c, Layers: append(more, layer(t, verdict.RepositoryLayer, text))})
}

func judgeWith(t testing.TB, in verdict.Input) *verdict.Verdict {
	t.Helper()
	if in.Kinds == nil {
		in.Kinds = catalogue.Kinds()
	}
	in.Engine = "changeguard test"
	v, err := verdict.Judge(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func edit(path string) *change.Change {
	return changetest.New(changetest.Text(map[string]string{path: "x = 1\n"}), changetest.Text(map[string]string{path: "x = 2\n"}))
}

// short lists findings as "level rule path".
func short(v *verdict.Verdict) []string {
	list := []string{}
	for _, f := range v.Findings {
		list = append(list, fmt.Sprintf("%s %s %s", f.Level, f.Rule, f.Path))
	}
	return list
}

func TestLevelsBecomeOutcomes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode, level string
		outcome     verdict.Outcome
		observed    bool
		title       string
	}{
		{"enforce", "block", verdict.Fail, false, "Blocked: core: core/a.py"},
		{"enforce", "approve", verdict.Approve, false, "Approval needed: core: core/a.py"},
		{"enforce", "warn", verdict.Pass, false, "Passed: 1 file, 1 warning"},
		{"enforce", "off", verdict.Pass, false, "Passed: 1 file"},
		{"observe", "block", verdict.Fail, true, "Observing, would block: core: core/a.py"},
		{"observe", "approve", verdict.Approve, true, "Observing, would need an approval: core: core/a.py"},
		{"observe", "warn", verdict.Pass, true, "Observing, passed: 1 file, 1 warning"},
	} {
		v := judge(t, edit("core/a.py"), "mode: "+c.mode+"\nrules: {core: {uses: protected-paths, level: "+c.level+", with: {paths: [\"core/**\"]}}}\n")
		if v.Outcome != c.outcome || v.Observed != c.observed || v.Title != c.title {
			t.Errorf("%s %s: %s, %v, %q", c.mode, c.level, v.Outcome, v.Observed, v.Title)
		}
	}
}

func TestSessionLimits(t *testing.T) {
	t.Parallel()
	base := changetest.Text(map[string]string{
		"a.py": "x = 1\n", "b.py": "x = 1\n", "docs/c.md": "c\n", "move.md": "long enough to be told apart\n", "run.md": "x\n",
	})
	head := changetest.Text(map[string]string{
		"a.py": "x = 1  # only words\n", "b.py": "x = 2\n", "docs/c.md": "d\n", "src.py": "long enough to be told apart\n", "notes/n.py": "n\n", "notes/private/p.py": "p\n",
	})
	head["run.md"] = changetest.File{Mode: change.Executable, Content: "x\n"}
	c := changetest.New(base, head)
	c.Labels = []change.Label{{Name: "Analysis-Only"}}
	for i := range 3 {
		c.Commits = append(c.Commits, change.Commit{ID: fmt.Sprintf("%040d", i), Message: "work"})
	}
	c.Commits = append(c.Commits, change.Commit{ID: "merge", Parents: []string{"1", "2"}})
	v := judge(t, c, sessions)
	want := []string{
		"block analysis-only ", "block analysis-only b.py", "block analysis-only notes/private/p.py", "block analysis-only run.md", "block analysis-only src.py",
	}
	if diff := cmp.Diff(want, short(v)); diff != "" {
		t.Error(diff)
	}
	for _, f := range v.Findings {
		if f.Kind != verdict.SessionKind || f.Remedy == "" || f.LiftableBy == "" {
			t.Errorf("%+v", f)
		}
		if f.Path == "src.py" && (f.PreviousPath != "move.md" || !strings.HasPrefix(f.Remedy, "git rm -q ")) {
			t.Errorf("a renamed file: %+v", f)
		}
	}
	if !strings.HasPrefix(v.Title, "Blocked: analysis-only session changed 4 files it may not (4 functional)") {
		t.Error(v.Title)
	}
}

// A commit's trailer binds the commits of its session and no others.
func TestTrailerBindsItsCommits(t *testing.T) {
	t.Parallel()
	c := changetest.New(nil, changetest.Text(map[string]string{"mine.py": "x\n", "theirs.py": "y\n"}))
	source := c.Source.(*changetest.Source)
	source.Touched["a"], source.Touched["b"] = []string{"mine.py"}, []string{"theirs.py"}
	c.Commits = []change.Commit{
		{ID: "a", Message: "x\n\nSession-Mode: analysis-only", Author: change.Identity{Email: "me@example.com"}},
		{ID: "b", Message: "y", Author: change.Identity{Email: "you@example.com"}},
	}
	if diff := cmp.Diff([]string{"block analysis-only mine.py"}, short(judge(t, c, sessions))); diff != "" {
		t.Error(diff)
	}
}

func TestEveryDeclaredModeApplies(t *testing.T) {
	t.Parallel()
	c := edit("notes/a.py")
	c.Labels = []change.Label{{Name: "analysis-only"}, {Name: "docs-only"}}
	v := judge(t, c, sessions)
	if diff := cmp.Diff([]string{"warn docs-only notes/a.py"}, short(v)); diff != "" {
		t.Error(diff)
	}
	if v.Session.Mode != "analysis-only" || !slices.Equal(v.Session.Modes, []string{"analysis-only", "docs-only"}) {
		t.Errorf("%+v", v.Session)
	}
}

func TestUndeclaredAgent(t *testing.T) {
	t.Parallel()
	const text = "sessions:\n  analysis-only: {declared-by: {labels: [analysis-only]}, may-change: [docs, \"a.py\"]}\n  undeclared-agent: {may-change: [docs], level: approve}\n"
	agent := func() *change.Change {
		c := edit("a.py")
		c.Author = change.Person{Login: "claude[bot]", ID: 209825114, Kind: change.Bot}
		return c
	}
	if v := judge(t, agent(), text); v.Session.Mode != "undeclared-agent" || v.Outcome != verdict.Approve {
		t.Errorf("%+v %s", v.Session, v.Outcome)
	}
	own, others := agent(), agent()
	own.Labels = []change.Label{{Name: "analysis-only", ByAuthor: true}}
	others.Labels = []change.Label{{Name: "analysis-only"}}
	if v := judge(t, own, text); v.Outcome != verdict.Approve {
		t.Errorf("a label of the author's own replaced undeclared-agent: %s", v.Outcome)
	}
	if v := judge(t, others, text); v.Outcome != verdict.Pass || v.Session.Mode != "analysis-only" {
		t.Errorf("a label set by somebody else: %s %+v", v.Outcome, v.Session)
	}
	if v := judge(t, edit("a.py"), text); v.Session.Mode != "" || v.Outcome != verdict.Pass {
		t.Errorf("a human: %s %+v", v.Outcome, v.Session)
	}
}

func TestLayersUnite(t *testing.T) {
	t.Parallel()
	rule := func(name, paths, more string) string {
		return "rules: {" + name + ": {uses: protected-paths, " + more + "with: {paths: [\"" + paths + "\"]}}}\n"
	}
	org := func(mode, text string) verdict.Layer {
		return layer(t, verdict.OrganisationLayer, "mode: "+mode+"\n"+text)
	}
	// The repository can add, never take away.
	v := judge(t, edit("core/a.py"), rule("same", "lib/**", ""), org("enforce", rule("same", "core/**", "")))
	if diff := cmp.Diff([]string{"block same core/a.py"}, short(v)); diff != "" || v.Outcome != verdict.Fail {
		t.Error(diff, v.Outcome)
	}
	// Only what the organisation marks may be replaced.
	v = judge(t, edit("core/a.py"), rule("same", "lib/**", ""), org("enforce", rule("same", "core/**", "overridable: true, ")))
	if len(v.Findings) != 0 {
		t.Error(short(v))
	}
	// Each layer has its own mode; what an observing layer finds stops nothing.
	v = judge(t, edit("core/a.py"), "rules: {}\n", org("observe", rule("x", "core/**", "")))
	if v.Outcome != verdict.Fail || !v.Observed {
		t.Errorf("%s %v", v.Outcome, v.Observed)
	}
	v = judge(t, edit("core/a.py"), rule("mine", "core/**", "level: approve, "), org("observe", rule("x", "core/**", "")))
	if v.Outcome != verdict.Approve || v.Observed {
		t.Errorf("%s %v", v.Outcome, v.Observed)
	}
	if !slices.Contains(judge(t, edit("a"), "rules: {}\n").Policy.Sources, "no organisation policy seen") {
		t.Error("the verdict does not say that no organisation policy was seen")
	}
}

func TestDefaultPolicyObserves(t *testing.T) {
	t.Parallel()
	c := edit("AGENTS.md")
	c.Labels = []change.Label{{Name: "analysis-only"}}
	v := judgeWith(t, verdict.Input{Change: c})
	if !v.Observed || v.Outcome != verdict.Fail || len(v.Findings) != 2 {
		t.Errorf("%v %s %v", v.Observed, v.Outcome, short(v))
	}
}

func TestBrokenPolicyOnTheHeadIsEnforced(t *testing.T) {
	t.Parallel()
	c := changetest.New(nil, changetest.Text(map[string]string{policy.Path: "version: 1\nrule: {}\n"}))
	v := judge(t, c, "mode: observe\nrules: {guard-integrity: {uses: guard-integrity, level: off}}\n")
	if v.Outcome != verdict.Fail || v.Observed || len(v.Findings) != 1 || v.Findings[0].Line != 2 || !strings.Contains(v.Findings[0].Message, `did you mean "rules"`) {
		t.Errorf("%s %v %+v", v.Outcome, v.Observed, v.Findings)
	}
	link := changetest.New(nil, changetest.Tree{policy.Path: {Mode: change.Symlink, Content: "elsewhere"}})
	if v := judge(t, link, "mode: observe\n"); v.Outcome != verdict.Fail || v.Observed {
		t.Errorf("a link: %s %v", v.Outcome, v.Observed)
	}
}

func TestBrokenPolicyOnTheBaseStopsAllButItsMending(t *testing.T) {
	t.Parallel()
	const broken = "rules: {x: {uses: nothing}}\n"
	text := func(content string) *change.Change {
		return changetest.New(changetest.Text(map[string]string{policy.Path: "version: 1\n" + broken}), changetest.Text(map[string]string{policy.Path: content}))
	}
	if v := judge(t, edit("README.md"), broken); v.Outcome != verdict.Fail || !v.PolicyBroken {
		t.Errorf("another change: %s", v.Outcome)
	}
	if v := judge(t, text("version: 1\nrules: {}\n"), broken); v.Outcome != verdict.Approve {
		t.Errorf("the mending: %s %v", v.Outcome, short(v))
	}
	if v := judge(t, text("version: 2\n"), broken); v.Outcome != verdict.Fail {
		t.Errorf("a mending that is broken as well: %s", v.Outcome)
	}
	more := text("version: 1\nrules: {}\n")
	more.Files = append(more.Files, change.NewFile("z.py", "", "", change.Regular, changetest.BlobID("z")))
	if v := judge(t, more, broken); v.Outcome != verdict.Fail {
		t.Errorf("a mending that brings more: %s", v.Outcome)
	}
}

func TestUnreadablePathsAreAlwaysFound(t *testing.T) {
	t.Parallel()
	c := changetest.New(nil, changetest.Text(map[string]string{"src/\u202etxt.py": "x\n"}))
	v := judge(t, c, "rules: {}\n")
	if diff := cmp.Diff([]string{"block unreadable-path src/\u202etxt.py"}, short(v)); diff != "" || v.Findings[0].Kind != "protected-paths" {
		t.Error(diff)
	}
}

// What could not be judged is never green, whatever else holds.
func TestMissingIsIncomplete(t *testing.T) {
	t.Parallel()
	kinds := append(catalogue.Kinds(), rules.Define(rules.Kind{Name: "breaks", Title: "t", Why: "w"}, nil, func(context.Context, *rules.Input, *struct{}) ([]rules.Finding, error) {
		panic("boom")
	}))
	gap := edit("docs/a.md")
	gap.Gaps = []change.Gap{{What: "4 of 5 files", Remedy: "git fetch"}}
	unread := edit("requirements.txt")
	unread.Source.(*changetest.Source).Broken = changetest.ErrMissing
	costly := edit("a.py")
	for i := range 3000 {
		costly.Files = append(costly.Files, change.NewFile(fmt.Sprintf("f%04d.md", i), "", "", change.Regular, changetest.BlobID(fmt.Sprint(i))))
	}
	for name, x := range map[string]struct {
		c    *change.Change
		text string
		want string
	}{
		"gap":       {gap, "mode: observe\n", "4 of 5 files"},
		"panic":     {edit("docs/a.md"), "rules: {b: {uses: breaks}}\n", "boom"},
		"unread":    {unread, "rules: {d: {uses: dependencies}}\n", "missing"},
		"condition": {costly, "rules: {p: {uses: protected-paths, if: \"change.paths.all(a, change.paths.all(b, a + b != ''))\", with: {paths: [\"x\"]}}}\n", "too costly"},
	} {
		l := verdict.NewLayer(verdict.RepositoryLayer, []byte("version: 1\n"+x.text), change.Regular, kinds)
		v := judgeWith(t, verdict.Input{Change: x.c, Layers: []verdict.Layer{l}, Kinds: kinds})
		if v.Outcome != verdict.Incomplete || v.Observed || !strings.HasPrefix(v.Title, "Analysis incomplete: ") || !strings.Contains(fmt.Sprint(v.Missing), x.want) {
			t.Errorf("%s: %s %v %q %v", name, v.Outcome, v.Observed, v.Title, v.Missing)
		}
	}
}

func TestConditionsDecideWhetherARuleRuns(t *testing.T) {
	t.Parallel()
	text := "rules: {core: {uses: protected-paths, if: \"session.actor == 'agent' && touchesClass('functional')\", with: {paths: [\"core/**\"]}, message: Ask the team.}}\n"
	if v := judge(t, edit("core/a.py"), text); len(v.Findings) != 0 {
		t.Error(short(v))
	}
	c := edit("core/a.py")
	c.Commits = []change.Commit{{ID: "a", Message: "x\n\nCo-Authored-By: Claude <noreply@anthropic.com>"}}
	v := judge(t, c, text)
	if len(v.Findings) != 1 || !strings.HasSuffix(v.Findings[0].Message, "Ask the team.") {
		t.Errorf("%+v", v.Findings)
	}
}

func TestUnknownModesAreWarnedOf(t *testing.T) {
	t.Parallel()
	c := edit("a.py")
	c.Body = "Session-Mode: analysis_only"
	v := judge(t, c, sessions)
	if diff := cmp.Diff([]string{"warn unknown-mode "}, short(v)); diff != "" {
		t.Error(diff)
	}
}

func TestLiftedFindingsDoNotCount(t *testing.T) {
	t.Parallel()
	text := "rules: {core: {uses: protected-paths, with: {paths: [\"core/**\"]}}}\n"
	id := judge(t, edit("core/a.py"), text).Findings[0].ID
	v := judgeWith(t, verdict.Input{
		Change: edit("core/a.py"), Layers: []verdict.Layer{layer(t, verdict.RepositoryLayer, text)},
		Lifts: map[string]verdict.Lift{id: {Kind: "override", By: []string{"lead"}, Reason: "asked for"}},
	})
	if v.Outcome != verdict.Pass || v.Findings[0].LiftedBy == nil || !strings.Contains(v.Title, "1 finding lifted") {
		t.Errorf("%s %q", v.Outcome, v.Title)
	}
}

func TestRecordSticks(t *testing.T) {
	t.Parallel()
	record := session.Record{Declarations: []session.Declaration{{Mode: "analysis-only", Signal: "label"}}}
	in := verdict.Input{Change: edit("a.py"), Layers: []verdict.Layer{layer(t, verdict.RepositoryLayer, sessions)}, Record: record}
	if v := judgeWith(t, in); v.Outcome != verdict.Fail || v.Session.Mode != "analysis-only" {
		t.Errorf("%s %+v", v.Outcome, v.Session)
	}
	in.Record.Lifts = []session.Lift{{Mode: "analysis-only", By: "lead"}}
	if v := judgeWith(t, in); v.Outcome != verdict.Pass {
		t.Errorf("lifted: %s", v.Outcome)
	}
}

func TestRisk(t *testing.T) {
	t.Parallel()
	c := changetest.New(changetest.Text(map[string]string{"ws/a.py": "1\n"}), changetest.Text(map[string]string{"ws/a.py": strings.Repeat("x\n", 30), "requirements.txt": "a==1\n", "docs/long.md": strings.Repeat("words\n", 900)}))
	v := judge(t, c, "risk: {surfaces: {sockets: {paths: [\"ws/**\"], weight: 30}}, approve-at: high}\nrules: {}\n")
	want := verdict.Risk{Score: 75, Level: "critical", Shape: 50, ScoreWhy: "25 for size and shape (half of 50) and 50 of factors make 75", ShapeWhy: []verdict.Factor{
		{Name: "lines added", Points: 45, Why: "31 lines added give 45 points (50 from 50 lines on, 65 at most)"}, {Name: "files", Points: 5, Why: "2 files give 5 points (10 from 3 files on, 15 at most)"},
	}, Factors: []verdict.Factor{
		{Name: "sockets", Points: 30, Why: "1 file: ws/a.py"}, {Name: "dependencies", Points: 10, Why: "1 file: requirements.txt"}, {Name: "no tests", Points: 10, Why: "1 functional file changed, no test did"},
	}}
	if diff := cmp.Diff(want, v.Risk); diff != "" {
		t.Error(diff)
	}
	if v.Outcome != verdict.Approve || !strings.Contains(v.Title, "risk") {
		t.Errorf("approve-at: %s %q", v.Outcome, v.Title)
	}
	if v := judge(t, changetest.New(nil, nil), "rules: {}\n"); v.Risk.Score != 0 || v.Risk.Level != "low" {
		t.Errorf("nothing: %+v", v.Risk)
	}
}

// Lines of very large changes are counted only when a rule asks.
func TestLargeChangesAreNotCounted(t *testing.T) {
	t.Parallel()
	large := func() *change.Change {
		files := make(map[string]string)
		for i := range change.MaxCountedFiles + 1 {
			files[fmt.Sprintf("d/%04d.txt", i)] = fmt.Sprint(i)
		}
		return changetest.New(nil, changetest.Text(files))
	}
	if v := judge(t, large(), "rules: {}\n"); v.Change.Additions != nil || v.Risk.Shape != 100 || len(v.Risk.ShapeWhy) != 1 || v.Risk.ShapeWhy[0].Why != "3001 files: above 3000 lines are not counted" {
		t.Errorf("%+v %+v", v.Change, v.Risk)
	}
	if v := judge(t, large(), "rules: {l: {uses: limits, with: {lines: 100000}}}\n"); v.Change.Additions == nil || *v.Change.Additions != change.MaxCountedFiles+1 {
		t.Errorf("%+v", v.Change)
	}
}

func TestIDsDependOnWhatWasFound(t *testing.T) {
	t.Parallel()
	text := "rules: {p: {uses: dependencies, level: approve}}\n"
	at := func(before string) string {
		c := changetest.New(changetest.Text(map[string]string{"requirements.txt": before}), changetest.Text(map[string]string{"requirements.txt": before + "requests>=2\n"}))
		v := judge(t, c, text)
		if len(v.Findings) != 1 {
			t.Fatal(short(v))
		}
		return v.Findings[0].ID
	}
	if a, b := at("a==1\n"), at("# one\n# two\na==1\n"); a != b {
		t.Errorf("the id depends on the line: %s %s", a, b)
	}
}

// The public form has every field that the manual names, in its words.
func TestJSONHasTheNamesOfTheManual(t *testing.T) {
	t.Parallel()
	c := changetest.New(changetest.Text(map[string]string{"requirements.txt": "a==1\n"}), changetest.Text(map[string]string{"requirements.txt": "a==1\nrequests>=2\n"}))
	data, err := judge(t, c, "rules: {p: {uses: dependencies, level: approve}}\n").JSON()
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	keys := func(m any) string {
		var names []string
		for k := range m.(map[string]any) {
			names = append(names, k)
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	finding := v["findings"].([]any)[0].(map[string]any)
	for _, x := range [][2]string{
		{keys(v), "base change engine findings head id merge_base observed outcome policy risk session title"},
		{keys(v["policy"]), "digest sources"},
		{keys(v["session"]), "actor agent evidence ids mode modes"},
		{keys(v["change"]), "additions commits deletions files"},
		{keys(v["risk"]), "factors level score score_why shape shape_why"},
		{keys(finding), "end_line evidence id kind level lifted_by line message package path previous_path remedy rule"},
		{keys(finding["package"]), "change group new old purl"},
	} {
		if x[0] != x[1] {
			t.Errorf("got %s, want %s", x[0], x[1])
		}
	}
	if diff := cmp.Diff(map[string]any{"purl": "pkg:pypi/requests", "change": []any{"added", "unpinned"}, "old": "", "new": ">=2", "group": ""}, finding["package"]); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkJudge11178 is the verdict alone, on the files of a real pull request,
// with fifty path rules.
func BenchmarkJudge11178(b *testing.B) {
	l := verdict.NewLayer(verdict.RepositoryLayer, []byte(gitrepotest.LargePolicy(b)), change.Regular, catalogue.Kinds())
	files := gitrepotest.LargeChange(b)
	for b.Loop() {
		c := &change.Change{Files: slices.Clone(files), MergeBase: changetest.MergeBase, Source: &changetest.Source{}}
		c.Normalise()
		if v := judgeWith(b, verdict.Input{Change: c, Layers: []verdict.Layer{l}}); v.Outcome != verdict.Fail || len(v.Findings) < 1000 {
			b.Fatalf("%s with %d findings", v.Outcome, len(v.Findings))
		}
	}
}
