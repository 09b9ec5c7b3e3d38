package app_test

import (
	"context"
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

// The commands are those that agents use. Each block is one, after the line that
// says what must come of it.
//
//go:embed testdata/hook-commands.txt
var shellCommands string

//go:embed testdata/hook-powershell.txt
var powershellCommands string

// command is one case: a command, and whether it is refused.
type commandCase struct {
	text   string
	refuse bool
}

func commandCases(t *testing.T, text string) (list []commandCase) {
	t.Helper()
	refused := 0
	for block := range strings.SplitSeq(text, "\n\n") {
		verdict, command, _ := strings.Cut(strings.Trim(block, "\n"), " ")
		if verdict != "refuse" && verdict != "pass" || command == "" {
			t.Fatalf("%q is no case", block)
		}
		if verdict == "refuse" {
			refused++
		}
		list = append(list, commandCase{command, verdict == "refuse"})
	}
	if 3*refused < len(list) || 3*refused > 2*len(list) {
		t.Errorf("%d of %d are refused, which is not about half", refused, len(list))
	}
	return list
}

const guardedPolicy = `version: 1
rules:
  core:
    uses: protected-paths
    with: {paths: ["core/**", "*.toml", "package.json", "go.mod", "requirements.txt", "Gemfile", "Pipfile", "composer.json", "*.csproj", ".gitmodules"]}
`

const sessionPolicy = `version: 1
sessions:
  analysis-only:
    declared-by: {trailers: ["Session-Mode: analysis-only"]}
    may-change: [docs, cosmetic]
`

// commandRepo has what the commands of the tables speak of.
func commandRepo(t *testing.T, policy string) *gitrepotest.Repo {
	t.Helper()
	r := gitrepotest.New(t)
	r.Write(map[string]string{
		".github/changeguard.yml": policy, ".gitignore": "*.log\nbuild/\nnode_modules/\n", "core/a.py": "a = 1\nold = 2\n", "core/run.sh": "echo\n",
		"core/sub/b.py": "b = 1\n", "docs/a.md": "words\n", "requirements.txt": "flask==3.0.0\n", "package.json": "{}\n", "core/package.json": "{}\n",
		"core.diff": "--- a/core/a.py\n+++ b/core/a.py\n@@ -1 +1 @@\n-a = 1\n+a = 2\n", "docs.diff": "--- a/docs/a.md\n+++ b/docs/a.md\n@@ -1 +1 @@\n-words\n+more\n",
	})
	r.Commit("base")
	r.Git("checkout", "-q", "-b", "other")
	r.Write(map[string]string{"core/a.py": "a = 3\n"})
	r.Commit("other")
	r.Git("checkout", "-q", "main")
	r.Write(map[string]string{"core/a.py": "a = 4\n"})
	r.Git("stash", "-q")
	r.Git("checkout", "-q", "-b", "feature")
	r.Write(map[string]string{"core/scratch.py": "x = 1\n"})
	return r
}

// A command that writes to a protected file, or anywhere in a session of analysis,
// is refused; one that reads, searches, builds or writes elsewhere is not.
func TestHookAndCommands(t *testing.T) {
	t.Parallel()
	protected, declared := commandRepo(t, guardedPolicy), commandRepo(t, sessionPolicy)
	var out, errs strings.Builder
	if code := (app.SessionStart{Repo: declared.Dir, Mode: "analysis-only", Env: noEnv}).Run(context.Background(), &out, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	for _, table := range []struct{ tool, text string }{{"Bash", shellCommands}, {"PowerShell", powershellCommands}} {
		for _, c := range commandCases(t, table.text) {
			for door, dir := range map[string]string{"protected": protected.Dir, "session": declared.Dir} {
				code, reason := asked(t, dir, table.tool, map[string]any{"command": c.text})
				if (code == 2) != c.refuse || strings.Contains(reason, "could not judge") {
					t.Errorf("%s: refused is %t: %s\n%s", door, code == 2, c.text, reason)
				}
			}
		}
	}
	if _, err := os.Stat(filepath.Join(protected.Dir, "core", "scratch.py")); err != nil {
		t.Error("a command was run:", err)
	}
}
