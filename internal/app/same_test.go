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
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

// copyTo puts every object and branch of a clone into the stand-in.
func copyTo(t *testing.T, c *gitrepotest.Repo, repo *ghfake.Repo) {
	t.Helper()
	cmd := exec.Command("git", "cat-file", "--batch-all-objects", "--batch")
	cmd.Dir = c.Dir
	all, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for len(all) > 0 {
		head, rest, _ := bytes.Cut(all, []byte("\n"))
		fields := strings.Fields(string(head)) // id, kind, size
		size, err := strconv.Atoi(fields[2])
		if err == nil {
			err = repo.AddObject(fields[1], rest[:size])
		}
		if err != nil {
			t.Fatal(err)
		}
		all = rest[size+1:]
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
  ports: {uses: deployment-ports, level: warn}
  variables: {uses: environment-variables, level: warn}
  cel: {uses: expression, level: warn, with: {require: "change.additions < 5 && !touches('core/**')"}}
risk: {surfaces: {core: {paths: ["core/**"], weight: 20}}}
`

// long is text enough to be recognised when it was moved and edited.
var long = strings.Repeat("line of text\n", 40)

// link makes a symbolic link.
func link(c *gitrepotest.Repo, target, name string) {
	if err := os.Symlink(target, filepath.Join(c.Dir, filepath.FromSlash(name))); err != nil {
		panic(err) // the test's own folder
	}
}

// module makes a submodule that points to a commit of one digit.
func module(c *gitrepotest.Repo, digit, name string) {
	c.Git("update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat(digit, 40)+","+name)
}

func manyFiles(n int, content string) map[string]string {
	many := make(map[string]string)
	for i := range n {
		many[fmt.Sprintf("gen/d%d/file%d.py", i%17, i)] = fmt.Sprintf("%s = %d\n", content, i)
	}
	return many
}

// sameCases are changes from which both sources must make the same verdict.
var sameCases = map[string]func(c *gitrepotest.Repo){
	"modify and add": func(c *gitrepotest.Repo) {
		c.Write(map[string]string{"core/a.py": "x = 2\ny = 3\n", "docs/new.md": "# new\n", "requirements.txt": "a==1\nrequests>=2.32.0\n"})
		c.Commit("docs: words\n\nSession-Mode: analysis-only\n\nCo-Authored-By: Claude <noreply@anthropic.com>")
	},
	"ports and variables": func(c *gitrepotest.Repo) {
		c.Write(map[string]string{
			"web/gunicorn.conf.py": "import os\nbind = '0.0.0.0:' + os.environ.get('PORT', '8081')\n", "web/settings.py": "import os\nkey = os.environ['NEW_KEY']\n",
			".env.example": "OTHER_KEY=\n",
		})
		c.Commit("ports")
	},
	"rename, edit and move": func(c *gitrepotest.Repo) {
		c.Git("mv", "lib/long.py", "core/long.py")
		c.Git("mv", "lib/other.py", "lib/moved.py")
		c.Write(map[string]string{"lib/moved.py": long + "and = 1\n"})
		c.Commit("move")
	},
	"many equal files move": func(c *gitrepotest.Repo) {
		for i := range 6 {
			c.Write(map[string]string{fmt.Sprintf("equal/b%d/same.py", i): "same = 1\n"})
		}
		c.Git("rm", "-q", "lib/equal1.py", "lib/equal2.py", "lib/deep/equal1.py")
		c.Commit("move")
	},
	"a copy": func(c *gitrepotest.Repo) {
		c.Write(map[string]string{"core/copy.py": long, "core/edited.py": long + "more\n"})
		c.Commit("copy")
	},
	"only the case of a name": func(c *gitrepotest.Repo) {
		c.Git("mv", "lib/long.py", "lib/LONG.py")
		c.Commit("case")
	},
	"modes, links and removal": func(c *gitrepotest.Repo) {
		c.Git("update-index", "--chmod=+x", "core/a.py")
		c.Git("commit", "-q", "-m", "executable")
		c.Git("rm", "-q", "lib/other.py")
		link(c, "../core/a.py", "docs/link.md")
		c.Commit("link")
	},
	"renamed and made executable": func(c *gitrepotest.Repo) {
		c.Git("mv", "lib/long.py", "docs/long.md")
		c.Git("update-index", "--chmod=+x", "docs/long.md")
		c.Git("commit", "-q", "-m", "move")
	},
	"files, links and folders in each other's place": func(c *gitrepotest.Repo) {
		c.Git("rm", "-q", "-r", "lib/deep", "docs/a.txt", "docs/link")
		c.Write(map[string]string{"lib/deep": "a file now\n", "docs/a.txt/inner.md": "a folder now\n", "docs/link": "a file now\n"})
		c.Git("rm", "-q", "lib/other.py")
		link(c, "long.py", "lib/other.py")
		c.Commit("swap")
	},
	"submodules": func(c *gitrepotest.Repo) {
		module(c, "2", "modules/kept")
		module(c, "3", "modules/new")
		c.Git("rm", "-q", "--cached", "modules/gone")
		c.Git("update-index", "--force-remove", "lib/other.py")
		module(c, "4", "lib/other.py")
		c.Git("commit", "-q", "-m", "modules")
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
	"a merge that changes something itself": func(c *gitrepotest.Repo) {
		c.Write(map[string]string{"core/a.py": "x = 2\n"})
		c.Commit("one")
		c.Git("checkout", "-q", "main")
		c.Write(map[string]string{"core/b.py": "b = 1\n"})
		c.Commit("main goes on")
		c.Git("checkout", "-q", "feature")
		c.Git("merge", "-q", "--no-commit", "main")
		c.Write(map[string]string{"core/evil.py": "evil = 1\n", "core/b.py": "b = 2\n"})
		c.Commit("merge\n\nSession-Mode: analysis-only")
	},
	"many branches merged at once": func(c *gitrepotest.Repo) {
		for _, b := range []string{"one", "two", "three"} {
			c.Git("checkout", "-q", "-b", b, "feature")
			c.Write(map[string]string{"docs/" + b + ".md": b, "core/" + b + ".py": b + " = 1\n"})
			c.Commit(b)
		}
		c.Git("checkout", "-q", "feature")
		c.Git("merge", "-q", "--no-edit", "one", "two", "three")
	},
	"done and undone": func(c *gitrepotest.Repo) {
		c.Write(map[string]string{"core/a.py": "x = 2\n"})
		c.Commit("do\n\nSession-Mode: analysis-only")
		c.Git("revert", "--no-edit", "HEAD")
	},
	"the base goes on": func(c *gitrepotest.Repo) {
		c.Write(map[string]string{"core/a.py": "x = 2\n"})
		c.Commit("one")
		c.Git("checkout", "-q", "main")
		c.Write(map[string]string{"core/a.py": "x = 3\n", ".github/changeguard.yml": samePolicy + "mode: observe\n"})
		c.Commit("another policy")
		c.Git("checkout", "-q", "feature")
	},
	"binary and odd names": func(c *gitrepotest.Repo) {
		c.Write(map[string]string{
			"data/b.bin": "a\x00b\x01c", "docs/sp ace \"quote\".md": "x\n", "docs/ümläut.md": "x\n", "docs/\u202etxt.md": "x\n", "docs/u\u0308.md": "nfd\n",
			"docs/new\nline.md": "x\n", "docs/-rf": "x\n", "docs/$(id).md": "x\n", "docs/a#b?c%20.md": "x\n", "docs/ lead": "x\n", "docs/back\\slash.md": "x\n", "CORE/A.py": "x\n",
		})
		c.Commit("odd")
	},
	"contents at their edges": func(c *gitrepotest.Repo) {
		c.Write(map[string]string{
			"core/empty.py": "", "core/a.py": "", "core/open.py": "x = 1", "core/crlf.py": "x = 1\r\ny = 2\r\n", "core/bom.py": "\ufeffx = 1\n", "core/latin.py": "# caf\xe9\nx = 1\n",
			"data/old.bin": "a\x00c", "lib/other.py": strings.ReplaceAll(long, "\n", "\r\n"), "core/nul.py": strings.Repeat("a\n", 5000) + "\x00",
		})
		c.Commit("edges")
	},
	"large files": func(c *gitrepotest.Repo) {
		// More than a query shows of a text, more than a comparison shows of a file.
		c.Write(map[string]string{"requirements.txt": "a==1\n" + strings.Repeat("# padding\n", 60_000) + "evil\n", "core/long.py": strings.Repeat("x = 1\n", 30_000)})
		c.Commit("large")
	},
	"manifests": func(c *gitrepotest.Repo) {
		c.Write(map[string]string{
			"package.json": `{"dependencies": {"left-pad": "^1.0.0"}, "scripts": {"postinstall": "curl x | sh"}}`, "go.mod": "module m\n\ngo 1.26\n\nrequire example.org/x v1.2.3\n",
			"pyproject.toml": "[project]\nname = \"x\"\ndependencies = [\"requests>=2\"]\n", "requirements.txt": "-r more.txt\na==2\n", "more.txt": "b\n", "sub/requirements.txt": "-r ../lib/base.in\n",
		})
		c.Commit("build: packages")
	},
	"sessions of several people": func(c *gitrepotest.Repo) {
		c.Write(map[string]string{"core/a.py": "x = 2\n"})
		c.Commit("one\n\nSession-Id: s-1")
		c.Write(map[string]string{"lib/long.py": long + "y\n"})
		c.Commit("two\n\nSession-Id: s-2\nSession-Mode: analysis-only")
		c.Git("mv", "lib/other.py", "lib/third.py")
		c.Commit("three\n\nSession-Id: s-2")
		c.Git("commit", "-q", "--allow-empty", "-m", "four", "--author", "Claude <noreply@anthropic.com>")
	},
	"more than 300 files": func(c *gitrepotest.Repo) {
		c.Write(manyFiles(340, "x"))
		c.Commit("generate")
	},
	"more than 300 files changed and moved": func(c *gitrepotest.Repo) {
		c.Write(manyFiles(340, "x"))
		c.Commit("generate")
		c.Git("checkout", "-q", "main")
		c.Git("merge", "-q", "feature")
		c.Git("checkout", "-q", "feature")
		c.Git("mv", "gen/d3", "core/d3")
		c.Git("rm", "-q", "-r", "gen/d4")
		c.Write(manyFiles(340, "y"))
		c.Git("rm", "-q", "-r", "-f", "--ignore-unmatch", "gen/d5")
		c.Commit("change")
	},
	"more than 100 commits": func(c *gitrepotest.Repo) {
		for i := range 105 {
			c.Git("commit", "-q", "--allow-empty", "-m", fmt.Sprint("empty ", i))
		}
		c.Write(map[string]string{"docs/a.md": "a\n"})
		c.Commit("the last")
	},
	"more than 250 commits": func(c *gitrepotest.Repo) {
		var feed strings.Builder
		for i := range 260 {
			fmt.Fprintf(&feed, "commit refs/heads/feature\ncommitter Dev <dev@example.com> %d +0000\ndata 2\nc\n\n", 1_735_700_000+i)
			if i == 0 {
				fmt.Fprintf(&feed, "from %s\n", c.Git("rev-parse", "feature"))
			}
			fmt.Fprintf(&feed, "M 100644 inline docs/c.md\ndata %d\n%d\n", len(fmt.Sprint(i))+1, i)
		}
		c.Feed(feed.String(), "fast-import", "--quiet")
	},
	"mending the policy": func(c *gitrepotest.Repo) {
		c.Write(map[string]string{".github/changeguard.yml": "version: 1\nrules: {x: {uses: nothing}}\n"})
		c.Commit("break")
	},
	"the policy becomes a link": func(c *gitrepotest.Repo) {
		c.Git("rm", "-q", ".github/changeguard.yml")
		c.Write(map[string]string{".github/other.yml": samePolicy})
		link(c, "other.yml", ".github/changeguard.yml")
		c.Commit("link")
	},
	"the policy is removed": func(c *gitrepotest.Repo) {
		c.Git("rm", "-q", ".github/changeguard.yml")
		c.Commit("away with it")
	},
}

// sameBase is what the cases begin with.
func sameBase(t *testing.T) *gitrepotest.Repo {
	c := gitrepotest.New(t)
	c.Write(map[string]string{
		".github/changeguard.yml": samePolicy, "core/a.py": "x = 1\n", "docs/a.txt": "x\n", "requirements.txt": "a==1\n", "lib/base.in": "c\n",
		"lib/long.py": long, "lib/other.py": long + "z = 1\n", "lib/equal1.py": "same = 1\n", "lib/equal2.py": "same = 1\n", "lib/deep/equal1.py": "same = 1\n",
		"lib/deep/x.py": "x\n", "data/old.bin": "a\x00b",
		"web/Dockerfile": "FROM python:3.12\nCOPY . .\nCMD [\"gunicorn\", \"app:app\"]\n", "web/settings.py": "import os\nother = os.environ['OTHER_KEY']\n",
		"deploy.sh": "gcloud run deploy web --port=8080\n", ".env.example": "OTHER_KEY=\nLOST_KEY=\n", "web/main.py": "import os\nlost = os.environ['LOST_KEY']\n",
	})
	link(c, "a.txt", "docs/link")
	c.Git("add", "-A")
	module(c, "1", "modules/kept")
	module(c, "1", "modules/gone")
	c.Git("commit", "-q", "-m", "base")
	c.Git("checkout", "-q", "-b", "feature")
	return c
}

// The verdict of a pull request through the API and of the same commits in a
// clone must be the same, byte for byte: also where GitHub cuts what it lists,
// and where somebody set a label.
func TestSameVerdictFromBothSources(t *testing.T) {
	t.Parallel()
	for name, build := range sameCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := sameBase(t)
			build(c)
			same(t, c, ghfake.Options{}, "")
		})
	}
	for _, name := range []string{"ports and variables", "more than 300 files changed and moved", "files, links and folders in each other's place"} {
		t.Run(name+", listings cut", func(t *testing.T) {
			t.Parallel()
			c := sameBase(t)
			sameCases[name](c)
			same(t, c, ghfake.Options{TreeLimit: 25, Limits: ghfake.Limits{QueryObjects: 40}}, "")
		})
	}
	t.Run("a label", func(t *testing.T) {
		t.Parallel()
		c := sameBase(t)
		sameCases["modify and add"](c)
		same(t, c, ghfake.Options{}, "analysis-only")
	})
}

// same compares the stored verdict of the server with that of check.
func same(t *testing.T, c *gitrepotest.Repo, o ghfake.Options, label string) {
	t.Helper()
	w := newWorld(t, o, nil)
	copyTo(t, c, w.repo)
	n := w.repo.Open(ghfake.Pull{Title: "Document the change", Body: "Session-Mode: unknown-thing\n", Base: "main", Head: "feature", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
	if label != "" {
		w.repo.Label(n, label, "lead")
	}
	payload := w.repo.PullEvent(n, "opened", nil)
	w.deliver("pull_request", payload)
	w.run(w.repo.Tip("feature"), 1)
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
	if stdout.Len() == 0 {
		t.Fatal(stderr.String())
	}
	if diff := cmp.Diff(stdout.String(), w.verdict(n)); diff != "" {
		t.Errorf("the clone says one thing and the API another: %s", diff)
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
