package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/nearest"
)

var hookInstallCommand = command{
	name:  "hook install",
	args:  "AGENT|git",
	title: "hold a coding agent, or git, to the policy at the source",
	describe: `
Writes the settings that make claude-code, codex, copilot, cursor or gemini ask
changeguard before each tool, or git's hooks pre-commit, commit-msg and pre-push.
What is in the settings already stays; a hook of git that is there is called
first. Where an agent would go on when its hook fails, the setting that makes it
refuse is written too. Exit code 2 when nothing could be installed.`,
	example: "changeguard hook install claude-code\nchangeguard hook install git --base origin/develop",
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		var k app.HookInstall
		f.StringVar(&k.Repo, "repo", ".", "the repository's `folder`")
		f.StringVar(&k.Base, "base", "", "the `revision` whose policy judges; without it the defaults of check")
		f.BoolVar(&k.Force, "force", false, "drop a hook of git where another was put aside before")
		return func(ctx context.Context, args []string) int {
			if len(args) != 1 {
				fmt.Fprintf(e.stderr, "changeguard hook install: name one of %s\n", strings.Join(app.HookTargets(), ", "))
				return app.ExitUsage
			}
			if message := nearest.Unknown("agent", args[0], app.HookTargets()); message != "" {
				fmt.Fprintln(e.stderr, "changeguard hook install:", message)
				return app.ExitUsage
			}
			k.Target = args[0]
			return k.Run(ctx, e.stdout, e.stderr)
		}
	},
}

var hookRunCommand = command{
	name:  "hook run",
	args:  "[-- ARGUMENTS]",
	title: "answer a coding agent's or git's hook",
	describe: `
Reads what an agent is about to do from standard input and refuses edits, writes
and shell commands that the policy on the base and the declared session forbid.
hook install writes the settings that call it. Nothing is asked of the network.

Exit codes: 0 nothing stands against it, 2 refused, also when it could not be
judged.`,
	example: `echo '{"tool_name":"Write","tool_input":{"file_path":"a.py","content":"x"},"cwd":"."}' | changeguard hook run`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		k := app.HookRun{Env: e.getenv, Stdin: os.Stdin}
		f.StringVar(&k.Agent, "agent", "", "the `agent` that asks; without it the one whose words the input has")
		f.StringVar(&k.Git, "git", "", "the `hook` of git that asks: pre-commit, commit-msg or pre-push")
		f.StringVar(&k.Base, "base", "", "the `revision` whose policy judges; without it the defaults of check")
		return func(ctx context.Context, args []string) int {
			for _, c := range []struct {
				what, value string
				known       []string
			}{{"agent", k.Agent, app.HookTargets()[:len(app.HookTargets())-1]}, {"hook", k.Git, app.GitHooks()}} {
				if message := nearest.Unknown(c.what, c.value, c.known); c.value != "" && message != "" {
					fmt.Fprintln(e.stderr, "changeguard hook run:", message)
					return app.ExitUsage
				}
			}
			k.Args = args
			// An agent waits, and so short a run need not tidy up after itself before
			// it has taken much.
			debug.SetGCPercent(-1)
			debug.SetMemoryLimit(hookMemory)
			return k.Run(ctx, e.stdout, e.stderr)
		}
	},
}

// hookMemory is how many bytes a hook takes before it collects what it left behind.
const hookMemory = 128 << 20

var sessionStartCommand = command{
	name:  "session start",
	title: "declare what the work on this branch may touch",
	describe: `
Writes the declaration into the configuration of the branch that is checked out,
where changeguard check and the hooks read it, and installs git's hooks, which
put it with a session id into every commit message. So it reaches the pull request
by itself. A declaration sticks: another mode needs another branch. --paths holds
the session to some paths on this machine besides.`,
	example: "changeguard session start --mode analysis-only\nchangeguard session start --mode analysis-only --paths 'docs/**' --paths 'reports/**'",
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		k := app.SessionStart{Env: e.getenv}
		f.StringVar(&k.Repo, "repo", ".", "the repository's `folder`")
		f.StringVar(&k.Mode, "mode", "", "the `mode` of the session, as the policy calls it")
		f.StringVar(&k.Base, "base", "", "the `revision` whose policy judges; without it the defaults of check")
		f.Func("paths", "a `glob` of paths that the session is held to; may be given again", func(glob string) error {
			k.Paths = append(k.Paths, glob)
			return nil
		})
		return func(ctx context.Context, args []string) int {
			if !noArguments(e, "session start", args) {
				return app.ExitUsage
			}
			return k.Run(ctx, e.stdout, e.stderr)
		}
	},
}
