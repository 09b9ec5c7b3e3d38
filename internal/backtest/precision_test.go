package backtest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/rules/declaredscope"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

const labelled = "testdata/precision.tsv"

// drawn is how many findings were judged by reading, drawn by a seed.
const drawn = 200

// A sight is one finding on the history.
type sight struct{ commit, rule, path, subject string }

func (s sight) key() string { return s.commit + "\t" + s.rule + "\t" + s.path }

// sights runs declared-scope and a session's limits on every commit whose subject
// promises only words, declared as analysis-only.
func sights(t *testing.T, classes string) (all []sight, promising int) {
	t.Helper()
	p := trial(t, "precision.yml", "version: 1\n"+classes+"sessions:\n  analysis-only:\n    declared-by: {labels: [analysis-only]}\n    may-change: [docs, cosmetic]\n    max-commits: 20\nrules:\n  scope: {uses: declared-scope}\n")
	record := session.Record{Declarations: []session.Declaration{{Mode: "analysis-only", Signal: "label", Value: "analysis-only", Where: "pull request"}}}
	there := make(map[string]string) // contents that each commit finds
	for i, c := range gitrepotest.PastCommits(t) {
		base, head := changetest.Tree{}, changetest.Tree{}
		for _, f := range c.Files {
			status, path, _ := strings.Cut(f, " ")
			if status != "A" {
				base[path] = changetest.File{Content: there[path] + "before\n"}
			}
			if status != "D" {
				there[path] = fmt.Sprintf("%s in commit %d\n", path, i)
				head[path] = changetest.File{Content: there[path]}
			}
		}
		subject := change.Commit{Message: c.Message}.Subject()
		if declaredscope.Said(subject) == "" || len(c.Files) == 0 {
			continue
		}
		promising++
		made := changetest.New(base, head)
		made.Title = subject
		made.Commits = []change.Commit{{ID: made.Head, Message: c.Message}}
		v, err := verdict.Judge(context.Background(), verdict.Input{Change: made, Layers: p.Layers, Kinds: catalogue.Kinds(), Record: record, Engine: "changeguard test"})
		if err != nil || len(v.Missing) > 0 {
			t.Fatal(i, v.Missing, err)
		}
		seen := make(map[string]bool)
		for _, f := range v.Findings {
			where := f.Path
			if where == "" {
				where = strings.Join(f.Files[:min(3, len(f.Files))], ", ")
			}
			s := sight{fmt.Sprint(i), f.Rule, where, strings.Join(strings.Fields(subject), " ")}
			if (f.Rule == "scope" || f.Rule == "analysis-only") && !seen[s.key()] {
				seen[s.key()] = true
				all = append(all, s)
			}
		}
	}
	slices.SortFunc(all, func(a, b sight) int { return strings.Compare(a.key(), b.key()) })
	return all, promising
}

// teamClasses say what this repository's own people call documents: its
// specifications, the prompts that they write down, and what their tools report.
// Without them what is found there is wrong, which the figure for the built-in classes counts so.
const teamClasses = "classes:\n  docs: [\"SPEC/**\", \"docs/**/*.html\", \"**/junit.xml\", \"**/coverage.{xml,json}\", \"**/*{report,REPORT}*.json\", \"*prompts/**/*.md\", \"**/*_PROMPT*.md\"]\n"

// What was judged by reading, and how much of it was right: 95 of 100 at least. A
// finding of the sample that nobody judged fails, so that a rule that changes is
// looked at again; -update writes it down with a question mark.
func TestPrecisionOnTheHistory(t *testing.T) {
	t.Parallel()
	builtIn, _ := sights(t, "")
	all, promising := sights(t, teamClasses)
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	sample := all[:min(drawn, len(all))]
	labels := make(map[string][2]string)
	data, err := os.ReadFile(labelled)
	if err != nil && !*update {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) == 6 {
			labels[strings.Join(f[2:5], "\t")] = [2]string{f[0], f[1]}
		}
	}
	right := make(map[string][2]int)
	var out strings.Builder
	for _, s := range sample {
		l, ok := labels[s.key()]
		if !ok {
			l = [2]string{"?", "unread"}
		}
		fmt.Fprintf(&out, "%s\t%s\t%s\t%s\n", l[0], l[1], s.key(), s.subject)
		n := right[s.rule]
		n[1]++
		switch l[0] {
		case "right":
			n[0]++
		case "wrong":
		default:
			if !*update {
				t.Errorf("nobody judged: %s (%s)", s.key(), s.subject)
			}
		}
		right[s.rule] = n
	}
	if *update {
		if err := os.WriteFile(labelled, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sum := [2]int{}
	for rule, n := range right {
		t.Logf("%s: %d of %d right", rule, n[0], n[1])
		sum[0], sum[1] = sum[0]+n[0], sum[1]+n[1]
	}
	t.Logf("%d of %d right, of %d findings on %d commits that promise only words", sum[0], sum[1], len(all), promising)
	t.Logf("with the built-in classes alone there are %d findings, so that about %d %% are right", len(builtIn), 100*sum[0]*len(all)/(sum[1]*len(builtIn)))
	if !*update && 100*sum[0] < 95*sum[1] {
		t.Errorf("precision %d of %d is below 95 %%", sum[0], sum[1])
	}
}
