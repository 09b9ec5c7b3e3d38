package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
	"github.com/changeguard/changeguard/internal/hook"
)

const hookPolicy = `version: 1
rules:
  core: {uses: protected-paths, with: {paths: ["core/**"]}}
  packages: {uses: dependencies, with: {on: [added]}}
  new: {uses: dependencies, level: approve}
`

func noEnv(string) string { return "" }

func hooked(t testing.TB, policy string) *gitrepotest.Repo {
	t.Helper()
	r := gitrepotest.New(t)
	r.Write(map[string]string{".github/changeguard.yml": policy, "core/a.py": "a = 1\n", "lib/a.py": "a = 1\n", "requirements.txt": "flask==3.0.0\n", ".gitignore": "*.log\nout/\n"})
	r.Write(map[string]string{"core/out/b.py": "built\n"})
	r.Commit("base")
	r.Git("checkout", "-q", "-b", "feature")
	return r
}

// asked is one call of an agent in a repository.
func asked(t *testing.T, dir, tool string, args map[string]any) (code int, reason string) {
	t.Helper()
	data, err := json.Marshal(map[string]any{"cwd": dir, "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": args})
	if err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	code = app.HookRun{Stdin: strings.NewReader(string(data)), Env: noEnv}.Run(context.Background(), &out, &errs)
	if (code == 2) != (errs.Len() > 0) || (code == 2) != (out.Len() > 0) {
		t.Errorf("%d: %s%s", code, out.String(), errs.String())
	}
	return code, errs.String()
}

// The same policy judges contents, too: a package is refused where it is written.
func TestHookJudgesContents(t *testing.T) {
	t.Parallel()
	r := hooked(t, hookPolicy)
	for name, c := range map[string]struct {
		tool  string
		args  map[string]any
		code  int
		words string
	}{
		"a package":               {"Write", map[string]any{"file_path": "requirements.txt", "content": "flask==3.0.0\nrequests>=2.32.0\n"}, 2, "refuses to change requirements.txt by the rule packages"},
		"a comment":               {"Write", map[string]any{"file_path": "requirements.txt", "content": "# why\nflask==3.0.0\n"}, 0, ""},
		"an approval is no ban":   {"Write", map[string]any{"file_path": "requirements.txt", "content": "flask==4.0.0\n"}, 0, ""},
		"unknown content":         {"Bash", map[string]any{"command": "echo x >> requirements.txt"}, 0, ""},
		"unknown, by name":        {"Bash", map[string]any{"command": "echo x >> core/a.py"}, 2, "core/a.py"},
		"the same content":        {"Write", map[string]any{"file_path": "core/a.py", "content": "a = 1\n"}, 0, ""},
		"absolute":                {"Write", map[string]any{"file_path": filepath.Join(r.Dir, "core", "new", "b.py"), "content": "b\n"}, 2, "core/new/b.py"},
		"through a folder":        {"Bash", map[string]any{"command": "rm -rf core"}, 2, "core/a.py"},
		"into a folder":           {"Bash", map[string]any{"command": "cp lib/a.py . && cp lib/a.py lib/"}, 0, ""},
		"into a guarded one":      {"Bash", map[string]any{"command": "cp lib/a.py core/"}, 2, "core/a.py"},
		"what is ignored":         {"Bash", map[string]any{"command": "make > core/build.log; rm -rf core/out"}, 0, ""},
		"the whole tree":          {"Bash", map[string]any{"command": "rm -rf ."}, 2, "git's own files"},
		"a glob":                  {"Bash", map[string]any{"command": "rm co*/*.py"}, 2, "core/a.py"},
		"out and in again":        {"Write", map[string]any{"file_path": "lib/../core/a.py", "content": "b\n"}, 2, "core/a.py"},
		"elsewhere":               {"Write", map[string]any{"file_path": filepath.Join(t.TempDir(), "core", "a.py"), "content": "b\n"}, 0, ""},
		"other letters":           {"Write", map[string]any{"file_path": "Core/A.py", "content": "b\n"}, 2, "Core/A.py"},
		"a package by its tool":   {"Bash", map[string]any{"command": "cd core && npm install left-pad"}, 2, "core/package.json"},
		"nothing of a repository": {"Bash", map[string]any{"command": "ls > /dev/null"}, 0, ""},
	} {
		if code, reason := asked(t, r.Dir, c.tool, c.args); code != c.code || !strings.Contains(reason, c.words) || strings.Count(strings.TrimSpace(reason), "\n") > 0 {
			t.Errorf("%s: %d %s", name, code, reason)
		}
	}
}

// An agent does not switch its own guard off.
func TestHookGuardsItself(t *testing.T) {
	t.Parallel()
	r := hooked(t, hookPolicy)
	write := map[string]any{"file_path": ".claude/settings.json", "content": "{}"}
	off := map[string]any{"file_path": ".claude/settings.local.json", "content": `{"disableAllHooks": true}`}
	for _, args := range []map[string]any{write, off} {
		if code, reason := asked(t, r.Dir, "Write", args); code != 0 {
			t.Errorf("without a hook: %d %s", code, reason)
		}
	}
	var out, errs strings.Builder
	if code := (app.HookInstall{Repo: r.Dir, Target: hook.ClaudeCode}).Run(context.Background(), &out, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	for _, c := range []struct {
		tool string
		args map[string]any
	}{{"Write", write}, {"Write", off}, {"Bash", map[string]any{"command": "rm -r .claude"}}, {"Bash", map[string]any{"command": "rm .git/hooks/pre-commit"}}, {"Bash", map[string]any{"command": "git commit -n -m x"}}} {
		if code, reason := asked(t, r.Dir, c.tool, c.args); code != 2 || !strings.Contains(reason, "changeguard refuses") {
			t.Errorf("%v: %d %s", c.args, code, reason)
		}
	}
}

// A tool that nobody knows writes what it names; what it is told to say is why.
func TestHookAndUnknownTools(t *testing.T) {
	t.Parallel()
	r := hooked(t, hookPolicy)
	for name, c := range map[string]struct {
		tool  string
		args  map[string]any
		words string
	}{
		"a name":          {"mcp__x__touch_up", map[string]any{"filename": "core/a.py"}, "the tool mcp__x__touch_up names it, and is not known only to read it."},
		"a URI":           {"mcp__x__touch_up", map[string]any{"uri": "file://" + filepath.ToSlash(r.Dir) + "/core/a.py"}, "refuses to change core/a.py"},
		"another file":    {"mcp__x__touch_up", map[string]any{"filename": "lib/a.py"}, ""},
		"a page":          {"mcp__x__touch_up", map[string]any{"uri": "https://example.com/core/a.py"}, ""},
		"one that reads":  {"mcp__x__get_text", map[string]any{"filename": "core/a.py"}, ""},
		"a folder":        {"mcp__x__touch_up", map[string]any{"path": "core"}, "refuses to change core/a.py"},
		"a folder's key":  {"mcp__x__touch_up", map[string]any{"directory": "core/sub"}, "refuses to change core/sub"},
		"a free folder":   {"mcp__x__touch_up", map[string]any{"path": "lib"}, ""},
		"the whole tree":  {"mcp__x__touch_up", map[string]any{"path": "."}, ""},
		"a listed folder": {"mcp__x__list_all", map[string]any{"directory": "core"}, ""},
		"a folder goes":   {"mcp__x__delete_directory", map[string]any{"path": "core"}, "refuses to change core/a.py"},
		"into a folder":   {"mcp__x__move_file", map[string]any{"source": "lib/a.py", "destination": "core"}, "refuses to change core/a.py"},
		"one that writes": {"mcp__x__save_text", map[string]any{"filename": "core/a.py"}, "for an override by role:maintain."},
	} {
		if code, reason := asked(t, r.Dir, c.tool, c.args); (code == 2) != (c.words != "") || !strings.Contains(reason, c.words) {
			t.Errorf("%s: %d %s", name, code, reason)
		}
	}
}

// A link leads to where it leads.
func TestHookFollowsLinks(t *testing.T) {
	t.Parallel()
	r := hooked(t, hookPolicy)
	if err := os.Symlink("core", filepath.Join(r.Dir, "alias")); err != nil {
		t.Fatal(err)
	}
	if code, reason := asked(t, r.Dir, "Write", map[string]any{"file_path": "alias/b.py", "content": "b\n"}); code != 2 || !strings.Contains(reason, "core/b.py") {
		t.Errorf("%d %s", code, reason)
	}
}

// A policy that observes refuses nothing; one that is broken refuses everything
// that writes.
func TestHookAndTheStateOfThePolicy(t *testing.T) {
	t.Parallel()
	write := map[string]any{"file_path": "core/a.py", "content": "b\n"}
	for policy, want := range map[string]int{hookPolicy: 2, hookPolicy + "mode: observe\n": 0, "version: 1\nrules: {x: {uses: nothing}}\n": 2, "version: 1\n": 0} {
		if code, reason := asked(t, hooked(t, policy).Dir, "Write", write); code != want {
			t.Errorf("%s: %d %s", policy, code, reason)
		}
	}
}

// What is in the settings stays, a second installation changes nothing, and each
// agent that would go on when its hook fails is told not to.
func TestHookInstall(t *testing.T) {
	t.Parallel()
	for agent, c := range map[string]struct{ file, before, closed string }{
		hook.ClaudeCode: {".claude/settings.json", `{"permissions": {"deny": ["Read(.env)"]}, "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "./own.sh"}]}], "Stop": []}, "big": 12345678901234567890}`, `"onFailure": "block"`},
		hook.Codex:      {".codex/hooks.json", `{"hooks": {}}`, `|| exit 2`},
		hook.Copilot:    {".github/hooks/changeguard.json", `{"version": 1}`, `|| exit 2`},
		hook.Cursor:     {".cursor/hooks.json", `{"version": 1, "hooks": {"preToolUse": [{"command": "./own.sh"}]}}`, `"failClosed": true`},
		hook.Gemini:     {".gemini/settings.json", `{"theme": "x"}`, `|| exit 2`},
	} {
		r := hooked(t, hookPolicy)
		r.Write(map[string]string{c.file: c.before})
		var first string
		for range 2 {
			var out, errs strings.Builder
			if code := (app.HookInstall{Repo: r.Dir, Target: agent}).Run(context.Background(), &out, &errs); code != 0 {
				t.Fatalf("%s: %d %s", agent, code, errs.String())
			}
			data, err := os.ReadFile(filepath.Join(r.Dir, filepath.FromSlash(c.file)))
			if err != nil {
				t.Fatal(err)
			}
			if first != "" && first != string(data) {
				t.Errorf("%s: %s", agent, cmp.Diff(first, string(data)))
			}
			first = string(data)
		}
		if !strings.Contains(first, "changeguard hook run --agent "+agent+" || exit 2") || !strings.Contains(first, c.closed) {
			t.Errorf("%s: %s", agent, first)
		}
		if strings.Contains(c.before, "own.sh") && !strings.Contains(first, "own.sh") || agent == hook.ClaudeCode && (!strings.Contains(first, "Read(.env)") || !strings.Contains(first, "12345678901234567890")) {
			t.Errorf("%s: what was there is gone: %s", agent, first)
		}
	}
}

func TestHookInstallRefusesWhatItCannotAddTo(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"{", "[]", "null", `{"theme": "x"} // mine`, `{"hooks": []}`, `{"hooks": {"PreToolUse": {}}}`, `{"disableAllHooks": true}`} {
		r := hooked(t, hookPolicy)
		r.Write(map[string]string{".claude/settings.json": before})
		var out, errs strings.Builder
		code := app.HookInstall{Repo: r.Dir, Target: hook.ClaudeCode}.Run(context.Background(), &out, &errs)
		after, err := os.ReadFile(filepath.Join(r.Dir, ".claude", "settings.json"))
		if code != 2 || errs.Len() == 0 || err != nil || string(after) != before {
			t.Errorf("%s: %d %s%s, %v", before, code, errs.String(), after, err)
		}
	}
}

// Where all hooks are off in another file of the agent's, nothing is promised.
func TestHookInstallWhereHooksAreOff(t *testing.T) {
	t.Parallel()
	for _, agent := range []string{hook.ClaudeCode, hook.Copilot} {
		r := hooked(t, hookPolicy)
		r.Write(map[string]string{".claude/settings.local.json": `{"disableAllHooks": true}`})
		var out, errs strings.Builder
		if code := (app.HookInstall{Repo: r.Dir, Target: agent}).Run(context.Background(), &out, &errs); code != 2 || !strings.Contains(errs.String(), ".claude/settings.local.json: disableAllHooks") {
			t.Errorf("%s: %d %s%s", agent, code, &out, &errs)
		}
	}
}

// What is written where nothing was, to the letter: an agent runs no hook under a
// key that it does not know.
func TestHookInstallShapes(t *testing.T) {
	t.Parallel()
	for agent, c := range map[string]struct{ file, want string }{
		hook.ClaudeCode: {".claude/settings.json", `{"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [{"type": "command", "command": "COMMAND", "timeout": 20, "onFailure": "block"}]}]}}`},
		hook.Codex:      {".codex/hooks.json", `{"hooks": {"PreToolUse": [{"matcher": ".*", "hooks": [{"type": "command", "command": "COMMAND", "timeout": 20}]}]}}`},
		hook.Copilot:    {".github/hooks/changeguard.json", `{"version": 1, "hooks": {"preToolUse": [{"type": "command", "bash": "COMMAND", "timeoutSec": 60}]}}`},
		hook.Cursor:     {".cursor/hooks.json", `{"version": 1, "hooks": {"preToolUse": [{"command": "COMMAND", "failClosed": true, "timeout": 20}], "beforeShellExecution": [{"command": "COMMAND", "failClosed": true, "timeout": 20}]}}`},
		hook.Gemini:     {".gemini/settings.json", `{"hooks": {"BeforeTool": [{"matcher": ".*", "hooks": [{"type": "command", "name": "changeguard", "command": "COMMAND", "timeout": 20000}]}]}}`},
	} {
		r := hooked(t, hookPolicy)
		var out, errs strings.Builder
		if code := (app.HookInstall{Repo: r.Dir, Target: agent}).Run(context.Background(), &out, &errs); code != 0 {
			t.Fatalf("%s: %d %s", agent, code, &errs)
		}
		data, err := os.ReadFile(filepath.Join(r.Dir, filepath.FromSlash(c.file)))
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if err := errors.Join(json.Unmarshal(data, &got), json.Unmarshal([]byte(strings.ReplaceAll(c.want, "COMMAND", "changeguard hook run --agent "+agent+" || exit 2")), &want)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", agent, diff)
		}
	}
}

// endless is an input that an agent never ends.
type endless struct{ end <-chan struct{} }

func (e endless) Read([]byte) (int, error) {
	<-e.end
	return 0, io.EOF
}

// An agent takes a hook that is too slow for consent, so the hook refuses before.
func TestHookThatIsTooSlow(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	code := app.HookRun{Agent: hook.Copilot, Stdin: endless{t.Context().Done()}, Env: noEnv, Patience: time.Millisecond}.Run(t.Context(), &out, &errs)
	if code != 2 || !strings.Contains(out.String(), `"permissionDecision":"deny"`) || !strings.Contains(errs.String(), "too long") {
		t.Errorf("%d: %s%s", code, &out, &errs)
	}
}

// A hook of git that was there is called first; the folder is the one that git is
// told to use.
func TestHookInstallKeepsHooksOfGit(t *testing.T) {
	t.Parallel()
	r := hooked(t, hookPolicy)
	r.Git("config", "core.hooksPath", "own")
	r.Write(map[string]string{"own/pre-commit": "#!/bin/sh\nexit 3\n"})
	for range 2 {
		var out, errs strings.Builder
		if code := (app.HookInstall{Repo: r.Dir, Target: "git"}).Run(context.Background(), &out, &errs); code != 0 {
			t.Fatal(errs.String())
		}
	}
	for name, want := range map[string]string{"pre-commit": "changeguard hook run --git pre-commit", "pre-commit.local": "exit 3", "commit-msg": `"$@"`, "pre-push": "printf"} {
		data, err := os.ReadFile(filepath.Join(r.Dir, "own", name))
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: %s, %v", name, data, err)
		}
	}
}
