package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/report"
)

var checkCommand = command{
	name:  "check",
	title: "judge a local change by the base's policy",
	describe: `
Judges the commits between base and head as the server would. The policy is
the one on the base, never the change's own. Nothing is asked of the network.
In GitHub Actions (GITHUB_ACTIONS=true) the text is followed by annotations.

Exit codes: 0 pass (also when the policy observes), 1 blocked or approval
needed, 2 usage or policy error, 3 the analysis is incomplete.`,
	example: `changeguard check --base origin/main
changeguard check --event "$GITHUB_EVENT_PATH" --format markdown`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		k := app.Check{Env: e.getenv}
		f.StringVar(&k.Repo, "repo", ".", "the repository's `folder`")
		f.StringVar(&k.Base, "base", "", "the `revision` to compare with; without it GITHUB_BASE_REF, else origin/HEAD, else main, else master")
		f.StringVar(&k.Head, "head", "", "the `revision` to judge; without it HEAD")
		f.StringVar(&k.Event, "event", "", "a `file` with a GitHub webhook payload: title, body, labels, author, branches")
		f.StringVar(&k.Session, "session", "", "hold the change to this session `mode`")
		f.StringVar(&k.Record, "record", "", "a `file` with a session record: what was declared before")
		f.StringVar(&k.Evidence, "evidence", "", "a `file` with what others said of the head, as docs/evidence.md shows; without it required-evidence is incomplete")
		f.StringVar(&k.Policy, "policy", "", "a policy `file` instead of the base's")
		f.StringVar(&k.OrgPolicy, "org-policy", "", "a `file` with the organisation's policy")
		f.StringVar(&k.Format, "format", "text", "how to print, a `format`: "+strings.Join(report.Formats(), ", "))
		f.StringVar(&k.Output, "output", "", "write to this `file` instead of standard output")
		f.Int64Var(&k.Limits.File, "max-file-bytes", 0, "most `bytes` read of one file; 0 means 5 MiB")
		f.Int64Var(&k.Limits.Change, "max-change-bytes", 0, "most `bytes` read of the whole change; 0 means 64 MiB")
		return func(ctx context.Context, args []string) int {
			if !noArguments(e, "check", args) {
				return app.ExitUsage
			}
			if !slices.Contains(report.Formats(), k.Format) {
				fmt.Fprintf(e.stderr, "changeguard check: %s\n", nearest.Unknown("format", k.Format, report.Formats()))
				return app.ExitUsage
			}
			if k.Limits.File < 0 || k.Limits.Change < 0 {
				fmt.Fprintln(e.stderr, "changeguard check: limits cannot be negative")
				return app.ExitUsage
			}
			k.Colour = k.Output == "" && terminal(e.stdout, e.getenv)
			return k.Run(ctx, e.stdout, e.stderr)
		}
	},
}
