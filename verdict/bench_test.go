package verdict_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

const benchFiles = 200

// benchTrees are 200 changed files with contents: sources in four languages,
// tests, documents, manifests, workflows and what deploys, at the base or at the
// head.
func benchTrees(head bool) changetest.Tree {
	word, extra := "one", ""
	if head {
		word, extra = "two", "added"
	}
	files := make(map[string]string)
	for i := range benchFiles - 6 {
		dir := []string{"app/core", "lib/deep/er", "tests/unit", "docs", "web/src"}[i%5]
		ext := []string{"py", "go", "py", "md", "ts"}[i%5]
		mark := map[string]string{"py": "#", "go": "//", "ts": "//", "md": "-"}[ext]
		var b strings.Builder
		if ext == "go" {
			b.WriteString("package x\n")
		}
		for line := range 120 {
			fmt.Fprintf(&b, "%s line %d of the file says %s\n", mark, line, word)
			if ext != "md" {
				fmt.Fprintf(&b, "%s\n", map[string]string{"py": fmt.Sprintf("x%d = \"%d\"", line, i), "go": fmt.Sprintf("var x%d = %d", line, i), "ts": fmt.Sprintf("export const x%d = %d;", line, i)}[ext])
			}
		}
		files[fmt.Sprintf("%s/test_file%03d.%s", dir, i, ext)] = b.String()
	}
	files["requirements.txt"] = "flask==3.0.0\n" + strings.Repeat("# packages\n", 50) + map[bool]string{true: "requests>=2.32.0\n"}[head]
	files["package.json"] = `{"name": "x", "dependencies": {"left-pad": "1.0.0", "b` + extra + `": "2.0.0"}}`
	files[".github/workflows/ci.yml"] = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: echo " + word + "}]}}\n"
	files["Dockerfile"] = "FROM python:3.12\nENV PORT=8080 W=" + word + "\nCMD [\"gunicorn\"]\n"
	files["AGENTS.md"] = "Say " + word + ".\n"
	files["gunicorn_config.py"] = "import os\nbind = '0.0.0.0:' + os.environ.get('PORT', '8081')\n# " + word + "\n"
	return changetest.Text(files)
}

// benchPolicy has a rule of every kind, with the options that its manual shows.
func benchPolicy() string {
	var b strings.Builder
	b.WriteString("version: 1\nsessions:\n  analysis-only:\n    declared-by: {labels: [analysis-only]}\n    may-change: [docs, cosmetic]\nrules:\n")
	for _, k := range catalogue.Kinds() {
		fmt.Fprintf(&b, "  of-%s:\n    uses: %s\n", k.Name, k.Name)
		for i, o := range k.Options() {
			if i == 0 {
				b.WriteString("    with:\n")
			}
			if i == 0 || strings.HasSuffix(o.Text, "Required.") {
				fmt.Fprintf(&b, "      %s: %s\n", o.Name, o.Example)
			}
		}
	}
	return b.String()
}

// cachedLines counts once, as sources do for contents that they know: the
// stand-in's own counting is quadratic.
type cachedLines struct {
	change.Source
	lines []change.Lines
}

func (s cachedLines) Lines(context.Context, []change.File) ([]change.Lines, error) {
	return s.lines, nil
}

// BaseTree implements change.TreeSource.
func (s cachedLines) BaseTree(ctx context.Context) ([]change.Entry, error) {
	return s.Source.(change.TreeSource).BaseTree(ctx)
}

// change200 is the change with all blobs at hand.
func change200(tb testing.TB) *change.Change {
	tb.Helper()
	c := changetest.New(benchTrees(false), benchTrees(true))
	lines, _, err := c.CountLines(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	c.Source = cachedLines{c.Source, lines}
	return c
}

// judge200 judges 200 files with contents by all kinds of rules, and by a
// session that may make cosmetic changes, so that both sides of each source are
// compared. What was read for an earlier verdict is not reused, but for the blobs.
func judge200(tb testing.TB, p *policy.Policy, whole *change.Change) *verdict.Verdict {
	tb.Helper()
	c := &change.Change{Event: change.PullRequest, Base: whole.Base, MergeBase: whole.MergeBase, Head: whole.Head, Files: slices.Clone(whole.Files), Source: whole.Source}
	c.Normalise()
	c.Evidence = &change.Recorded{}
	c.Title = "docs: words"
	c.Labels = []change.Label{{Name: "analysis-only"}}
	v, err := verdict.Judge(context.Background(), verdict.Input{Change: c, Layers: []verdict.Layer{{Name: verdict.RepositoryLayer, Policy: p}}, Kinds: catalogue.Kinds(), Engine: "bench"})
	if err != nil {
		tb.Fatal(err)
	}
	if v.Change.Files != benchFiles || v.Outcome != verdict.Fail || len(v.Missing) > 0 || !strings.Contains(v.Title, "analysis-only") {
		tb.Fatalf("%s: %s of %d files, missing %v", v.Title, v.Outcome, v.Change.Files, v.Missing)
	}
	return v
}

// The change of the benchmark is one that every part of the engine works on.
func TestBenchmarkedVerdictIsWhole(t *testing.T) {
	t.Parallel()
	p, problems := policy.Load([]byte(benchPolicy()), policy.Source{Name: policy.Path}, catalogue.Kinds())
	if problems != nil {
		t.Fatal(problems)
	}
	v := judge200(t, p, change200(t))
	kinds := make(map[string]int)
	for _, f := range v.Findings {
		kinds[f.Kind]++
	}
	if kinds["dependencies"] == 0 || kinds["guard-integrity"] == 0 || kinds["declared-scope"] == 0 || kinds[verdict.SessionKind] < 4 || kinds[verdict.SessionKind] > 50 {
		t.Errorf("%v", kinds)
	}
}

func BenchmarkVerdict200(b *testing.B) {
	p, problems := policy.Load([]byte(benchPolicy()), policy.Source{Name: policy.Path}, catalogue.Kinds())
	if problems != nil {
		b.Fatal(problems)
	}
	c := change200(b)
	for b.Loop() {
		judge200(b, p, c)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/verdict")
}
