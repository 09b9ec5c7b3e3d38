package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/hook"
)

// HookInstall is what `changeguard hook install` was asked.
type HookInstall struct {
	Repo, Target, Base string
	Force              bool
}

// HookTargets are all that hooks can be installed for.
func HookTargets() []string { return append(hook.Agents(), "git") }

// Run installs and returns the exit code.
func (k HookInstall) Run(ctx context.Context, stdout, stderr io.Writer) int {
	text, err := k.install(ctx)
	if err == nil {
		_, err = io.WriteString(stdout, text)
	}
	if err != nil {
		fmt.Fprintln(stderr, "changeguard hook install:", err)
		return ExitUsage
	}
	return ExitPass
}

func (k HookInstall) install(ctx context.Context) (text string, err error) {
	repo, err := gitrepo.Open(ctx, k.Repo)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, repo.Close()) }()
	where, err := repo.Worktree(ctx)
	if err != nil {
		return "", err
	}
	if k.Target == "git" {
		dir, err := installGit(ctx, repo, where, k.Base, k.Force)
		if err != nil {
			return "", err
		}
		return "wrote pre-commit, commit-msg and pre-push to " + dir + "\n" + inTree(where, dir), nil
	}
	name, err := k.agent(where.Top)
	if err != nil {
		return "", err
	}
	return "wrote " + name + "\nCommit it, so that everybody's agent is held by it; the program `changeguard` must be on their PATH.\n", nil
}

// inTree warns of a folder of hooks, such as husky's, that another work tree has only
// when it is committed: git runs none there, and says nothing.
func inTree(where gitrepo.Worktree, dir string) string {
	rel, err := filepath.Rel(where.Top, dir)
	if err != nil || !filepath.IsLocal(rel) || rel == ".git" || strings.HasPrefix(filepath.ToSlash(rel), ".git/") {
		return ""
	}
	return "core.hooksPath places hooks in the work tree: commit them, or other work trees and clones have none; what writes that folder anew (husky does) takes them away, so install them after it.\n"
}

// ourCommand begins every command that we install.
const ourCommand = "changeguard hook run "

// hookCommand is what an agent's settings run.
func hookCommand(flags, base string) string {
	command := ourCommand + flags
	if base != "" {
		command += " --base '" + strings.ReplaceAll(base, "'", `'\''`) + "'"
	}
	return command
}

// hookSeconds is how long an agent waits; an answer takes a fraction of a second.
const hookSeconds = 20

// settings are an agent's file, the path of keys to its list of hooks, and our
// entry there, with what makes the agent refuse when the hook itself fails.
type settings struct {
	file  string
	lists []string // events
	fixed map[string]any
	entry func(command string) map[string]any
	off   []string // other files of the repository in which hooks can be switched off
}

func nested(extra map[string]any, matcher string, timeout int) func(string) map[string]any {
	return func(command string) map[string]any {
		one := map[string]any{"type": "command", "command": command, "timeout": timeout}
		for k, v := range extra {
			one[k] = v
		}
		return map[string]any{"matcher": matcher, "hooks": []any{one}}
	}
}

// agentSettings are those of each agent. Claude Code lets a call run when its hook
// crashes or is too slow, unless onFailure says block; Cursor unless failClosed is
// set. Copilot refuses when the hook fails and lets calls run after its timeout, and
// Codex and Gemini know no such setting: for them a missing program is made exit
// code 2 by the shell.
var agentSettings = map[string]settings{
	hook.ClaudeCode: {".claude/settings.json", []string{"PreToolUse"}, nil, nested(map[string]any{"onFailure": "block"}, "*", hookSeconds), []string{".claude/settings.local.json"}},
	hook.Codex:      {".codex/hooks.json", []string{"PreToolUse"}, nil, nested(nil, ".*", hookSeconds), []string{".codex/config.toml"}},
	hook.Gemini:     {".gemini/settings.json", []string{"BeforeTool"}, nil, nested(map[string]any{"name": "changeguard"}, ".*", 1000*hookSeconds), nil},
	hook.Copilot: {".github/hooks/changeguard.json", []string{"preToolUse"}, map[string]any{"version": 1}, func(command string) map[string]any {
		return map[string]any{"type": "command", "bash": command, "timeoutSec": 60}
	}, []string{".github/copilot/settings.json", ".github/copilot/settings.local.json", ".claude/settings.json", ".claude/settings.local.json"}},
	hook.Cursor: {".cursor/hooks.json", []string{"preToolUse", "beforeShellExecution"}, map[string]any{"version": 1}, func(command string) map[string]any {
		return map[string]any{"command": command, "failClosed": true, "timeout": hookSeconds}
	}, nil},
}

// agent merges our entry into an agent's settings and leaves all else.
func (k HookInstall) agent(top string) (string, error) {
	s := agentSettings[k.Target]
	root, err := os.OpenRoot(top)
	if err != nil {
		return "", err
	}
	defer root.Close()
	file := filepath.FromSlash(s.file)
	doc := make(map[string]any)
	switch data, err := root.ReadFile(file); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return "", err
	default:
		if doc, err = jsonObject(data); err != nil {
			return "", fmt.Errorf("%s is no JSON that can be added to: %w", s.file, err)
		}
	}
	if err := switchedOff(root, s); err != nil {
		return "", err
	}
	// A hook that cannot even start must not be taken for consent.
	command := hookCommand("--agent "+k.Target, k.Base) + " || exit 2"
	if err := merge(doc, s, command); err != nil {
		return "", fmt.Errorf("%s: %w", s.file, err)
	}
	data, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return "", err
	}
	if err := root.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	if err := root.WriteFile(file, append(data, '\n'), 0o644); err != nil {
		return "", err
	}
	return filepath.Join(top, file), nil
}

// jsonObject reads one object, and nothing behind it.
func jsonObject(data []byte) (doc map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON")
	}
	if doc == nil {
		return nil, errors.New("it is null, not an object")
	}
	return doc, nil
}

// switchedOff says in which other settings of the agent all hooks are off. What
// cannot be read as JSON is the agent's own to judge.
func switchedOff(root *os.Root, s settings) error {
	for _, name := range s.off {
		data, err := root.ReadFile(filepath.FromSlash(name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if doc, err := jsonObject(data); err == nil && doc["disableAllHooks"] == true {
			return fmt.Errorf("%s: disableAllHooks is set, so no hook would run; remove it first", name)
		}
	}
	return nil
}

func merge(doc map[string]any, s settings, command string) error {
	for key, value := range s.fixed {
		if _, ok := doc[key]; !ok {
			doc[key] = value
		}
	}
	if doc["disableAllHooks"] == true {
		return errors.New("disableAllHooks is set, so no hook would run; remove it first")
	}
	if doc["hooks"] == nil {
		doc["hooks"] = make(map[string]any)
	}
	hooks, ok := doc["hooks"].(map[string]any)
	if !ok {
		return errors.New("hooks is no object")
	}
	for _, event := range s.lists {
		list, ok := hooks[event].([]any)
		if !ok && hooks[event] != nil {
			return fmt.Errorf("hooks.%s is no list", event)
		}
		list = slices.DeleteFunc(list, func(old any) bool { return isOurs(old) })
		hooks[event] = append(list, s.entry(command))
	}
	return nil
}

// isOurs finds an entry of an earlier installation, which has no other hooks.
func isOurs(entry any) bool {
	m, ok := entry.(map[string]any)
	if !ok {
		return false
	}
	if inner, ok := m["hooks"].([]any); ok && len(inner) == 1 {
		m, _ = inner[0].(map[string]any)
	}
	for _, key := range []string{"command", "bash"} {
		if text, _ := m[key].(string); strings.HasPrefix(text, ourCommand) {
			return true
		}
	}
	return false
}

// gitMark tells our hooks from others.
const gitMark = "# written by changeguard hook install git"

// installGit writes git's hooks and says where. One of somebody else's is kept and
// called first.
func installGit(ctx context.Context, repo *gitrepo.Repo, where gitrepo.Worktree, base string, force bool) (dir string, err error) {
	if dir, err = repo.HooksDir(ctx, where); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for _, name := range GitHooks() {
		file := filepath.Join(dir, name)
		if err := keep(file, force); err != nil {
			return "", err
		}
		if err := os.WriteFile(file, []byte(gitHook(name, base)), 0o755); err != nil {
			return "", err
		}
		if err := os.Chmod(file, 0o755); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// keep puts a hook of somebody else's aside.
func keep(file string, force bool) error {
	old, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case strings.Contains(string(old), gitMark):
		return nil
	case !exists(file + ".local"):
		return os.Rename(file, file+".local")
	case !force:
		return fmt.Errorf("%s is there, and %s.local too; put them together yourself, or --force drops the former", file, file)
	}
	return os.Remove(file)
}

// gitHook is the script of one hook. pre-push hands what it reads to both.
func gitHook(name, base string) string {
	run := hookCommand("--git "+name, base) + ` -- "$@"`
	if name != "pre-push" {
		return "#!/bin/sh\n" + gitMark + "\nif [ -x \"$0.local\" ]; then \"$0.local\" \"$@\" || exit; fi\nexec " + run + "\n"
	}
	return "#!/bin/sh\n" + gitMark + "\nrefs=$(cat)\nif [ -x \"$0.local\" ]; then printf '%s\\n' \"$refs\" | \"$0.local\" \"$@\" || exit; fi\nif [ -z \"$refs\" ]; then exit 0; fi\nprintf '%s\\n' \"$refs\" | " + run + "\n"
}
