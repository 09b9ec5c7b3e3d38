package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

// copyTo puts every object and branch of a clone into the stand-in.
func copyTo(t *testing.T, c *gitrepotest.Repo, repo *ghfake.Repo) {
	t.Helper()
	for line := range strings.Lines(c.Git("cat-file", "--batch-all-objects", "--batch-check")) {
		fields := strings.Fields(line)
		cmd := exec.Command("git", "cat-file", fields[1], fields[0])
		cmd.Dir = c.Dir
		raw, err := cmd.Output()
		if err == nil {
			err = repo.AddObject(fields[1], raw)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(c.Git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")) {
		fields := strings.Fields(line)
		repo.Branch(fields[0], fields[1])
	}
}

const samePolicy = `version: 1
sessions:
  analysis-only:
    declared-by: {labels: [analysis-only], trailers: ["Session-Mode: analysis-only"]}
    may-change: [docs, cosmetic, "notes/**"]
    max-commits: 2
rules:
  core: {uses: protected-paths, with: {paths: ["core/**", "!**/*.md"]}}
  packages: {uses: dependencies, level: approve}
  words: {uses: declared-scope, level: warn}
  size: {uses: limits, level: warn, with: {lines: 5, commits: 1, files: 3, binary-bytes: 10}}
  cel: {uses: expression, level: warn, with: {require: "change.additions < 5 && !touches('core/**')"}}
risk: {surfaces: {core: {paths: ["core/**"], weight: 20}}}
`

// The verdict of a pull request through the API and of the same commits in a
// clone must be the same, byte for byte.
func TestSameVerdictFromBothSources(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("line of text\n", 40)
	many := make(map[string]string)
	for i := range 340 {
		many[fmt.Sprintf("gen/d%d/file%d.py", i%17, i)] = fmt.Sprintf("x = %d\n", i)
	}
	for name, build := range map[string]func(c *gitrepotest.Repo){
		"modify and add": func(c *gitrepotest.Repo) {
			c.Write(map[string]string{"core/a.py": "x = 2\ny = 3\n", "docs/new.md": "# new\n", "requirements.txt": "a==1\nrequests>=2.32.0\n"})
			c.Commit("docs: words\n\nSession-Mode: analysis-only\n\nCo-Authored-By: Claude <noreply@anthropic.com>")
		},
		"rename, edit and move": func(c *gitrepotest.Repo) {
			c.Git("mv", "lib/long.py", "core/long.py")
			c.Git("mv", "lib/other.py", "lib/moved.py")
			c.Write(map[string]string{"lib/moved.py": long + "and = 1\n"})
			c.Commit("move")
		},
		"modes, links and removal": func(c *gitrepotest.Repo) {
			c.Git("update-index", "--chmod=+x", "core/a.py")
			c.Git("commit", "-q", "-m", "executable")
			c.Git("rm", "-q", "lib/other.py")
			if err := os.Symlink("../core/a.py", filepath.Join(c.Dir, "docs", "link.md")); err != nil {
				panic(err) // the test's own folder
			}
			c.Commit("link")
		},
		"cosmetic": func(c *gitrepotest.Repo) {
			c.Write(map[string]string{"core/a.py": "# why\nx = 1\n"})
			c.Commit("comment\n\nSession-Mode: analysis-only")
		},
		"merge of main": func(c *gitrepotest.Repo) {
			c.Write(map[string]string{"docs/a.md": "a\n"})
			c.Commit("one")
			c.Git("checkout", "-q", "main")
			c.Write(map[string]string{"docs/main.md": "main\n"})
			c.Commit("main goes on")
			c.Git("checkout", "-q", "feature")
			c.Git("merge", "-q", "--no-edit", "main")
			c.Write(map[string]string{"notes/b.txt": "b\n"})
			c.Commit("two\n\nSession-Id: s-1\nSession-Mode: analysis-only")
		},
		"binary and odd names": func(c *gitrepotest.Repo) {
			c.Write(map[string]string{"data/b.bin": "a\x00b\x01c", "docs/sp ace \"quote\".md": "x\n", "docs/ümläut.md": "x\n", "docs/\u202etxt.md": "x\n"})
			c.Commit("odd")
		},
		"more than 300 files": func(c *gitrepotest.Repo) {
			c.Write(many)
			c.Commit("generate")
		},
		"more than 100 commits": func(c *gitrepotest.Repo) {
			for i := range 105 {
				c.Git("commit", "-q", "--allow-empty", "-m", fmt.Sprint("empty ", i))
			}
			c.Write(map[string]string{"docs/a.md": "a\n"})
			c.Commit("the last")
		},
		"mending the policy": func(c *gitrepotest.Repo) {
			c.Write(map[string]string{".github/changeguard.yml": "version: 1\nrules: {x: {uses: nothing}}\n"})
			c.Commit("break")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := gitrepotest.New(t)
			c.Write(map[string]string{
				".github/changeguard.yml": samePolicy, "core/a.py": "x = 1\n", "docs/a.txt": "x\n", "requirements.txt": "a==1\n",
				"lib/long.py": long, "lib/other.py": long + "z = 1\n",
			})
			c.Commit("base")
			c.Git("checkout", "-q", "-b", "feature")
			build(c)
			same(t, c)
		})
	}
}

// same compares the stored verdict of the server with that of check.
func same(t *testing.T, c *gitrepotest.Repo) {
	t.Helper()
	w := newWorld(t, ghfake.Options{}, nil)
	copyTo(t, c, w.repo)
	n := w.repo.Open(ghfake.Pull{Title: "Document the change", Body: "Session-Mode: unknown-thing\n", Base: "main", Head: "feature", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
	payload := w.repo.PullEvent(n, "opened", nil)
	w.deliver("pull_request", payload)
	run := w.run(w.repo.Tip("feature"), 1)
	event := filepath.Join(t.TempDir(), "event.json")
	data, err := json.Marshal(payload)
	if err == nil {
		err = os.WriteFile(event, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	check := app.Check{Repo: c.Dir, Base: "main", Head: "feature", Event: event, Format: "json", Env: func(string) string { return "" }}
	check.Run(context.Background(), &stdout, &stderr)
	var v struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	if err := json.Unmarshal(stdout.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	if v.ID != run.ExternalID {
		check.Format = "markdown"
		var text bytes.Buffer
		check.Run(context.Background(), &text, io.Discard)
		t.Errorf("the clone says %q, the API %q:\n%s", v.Title, run.Title, cmp.Diff(text.String(), run.Summary))
	}
}

// A second run in the same clone gives the same bytes.
func TestVerdictIsDeterministic(t *testing.T) {
	t.Parallel()
	c := gitrepotest.New(t)
	c.Write(map[string]string{".github/changeguard.yml": samePolicy, "core/a.py": "x = 1\n"})
	c.Commit("base")
	c.Git("checkout", "-q", "-b", "feature")
	for i := range 30 {
		c.Write(map[string]string{"core/f" + strconv.Itoa(i) + ".py": "x\n", "package" + strconv.Itoa(i) + "/package.json": `{"dependencies": {"a": "^1"}}`})
	}
	c.Commit("docs: all\n\nSession-Mode: analysis-only")
	var first string
	for range 5 {
		var out bytes.Buffer
		app.Check{Repo: c.Dir, Base: "main", Format: "json", Env: func(string) string { return "" }}.Run(context.Background(), &out, io.Discard)
		if first == "" {
			first = out.String()
		}
		if out.String() != first {
			t.Fatal(cmp.Diff(first, out.String()))
		}
	}
}

// BenchmarkEvaluate measures from the event to the published verdict, eight at
// a time, against the stand-in without latency.
func BenchmarkEvaluate(b *testing.B) {
	w := newWorld(b, ghfake.Options{Quota: 1 << 30}, nil)
	n := w.open(testPolicy, ghfake.Files{"docs/a.md": ghfake.Text("x\n"), "lib/a.py": ghfake.Text("x = 1\n")})
	type subject struct {
		head    string
		payload map[string]any
	}
	var subjects []subject
	for i := range b.N {
		branch := fmt.Sprint("b", i)
		w.repo.Branch(branch, "main")
		w.repo.Commit(branch, "change", ghfake.Files{"docs/a.md": ghfake.Text(fmt.Sprint(i)), "lib/a.py": ghfake.Text("x = 1\n")}, author)
		p := w.repo.Open(ghfake.Pull{Title: "A change", Base: "main", Head: branch, Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}})
		subjects = append(subjects, subject{w.repo.Tip(branch), w.repo.PullEvent(p.Number, "opened", nil)})
	}
	_ = n
	took := make(chan time.Duration, b.N)
	todo := make(chan subject)
	b.ResetTimer()
	start := time.Now()
	done := make(chan struct{})
	for range 8 {
		go func() {
			for s := range todo {
				began := time.Now()
				w.deliver("pull_request", s.payload)
				for {
					if runs := w.repo.Runs(s.head); len(runs) > 0 && runs[0].Status == "completed" {
						break
					}
					time.Sleep(500 * time.Microsecond)
				}
				took <- time.Since(began)
			}
			done <- struct{}{}
		}()
	}
	for _, s := range subjects {
		todo <- s
	}
	close(todo)
	for range 8 {
		<-done
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "verdicts/s")
	close(took)
	report(b, took)
}

// report gives the median and the 99th percentile.
func report(b *testing.B, took chan time.Duration) {
	var all []time.Duration
	for d := range took {
		all = append(all, d)
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
}
