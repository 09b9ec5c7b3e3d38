package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/backtest"
	"github.com/changeguard/changeguard/internal/nearest"
)

var backtestCommand = command{
	name:  "backtest",
	title: "see what a policy would have done to the changes of the past",
	describe: `
Judges the history of a clone by the policy at its head, and by --candidate when
one is given: how many changes would not have passed, by rule, by who made them
and by folder, the worst of them, and what the candidate changes. Nothing is
asked of the network. A clone does not know labels, reviews and texts of pull
requests; rules that ask for those are named. --by commit takes each commit alone,
merge what each commit of the branch's own line brought, pull-request those of
the latter that were one by their message.

Exit codes: 0 done, 2 usage or policy error, 3 some changes could not be judged.`,
	example: `changeguard backtest --since 90d
changeguard backtest --by merge --since v1.4 --candidate strict.yml --format html --output backtest.html`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		k := app.Backtest{Env: e.getenv, Now: time.Now()}
		f.StringVar(&k.Repo, "repo", ".", "the repository's `folder`")
		f.StringVar(&k.Head, "head", "", "the `revision` whose history is judged; without it HEAD")
		f.StringVar(&k.Since, "since", "", "leave out what is older than a `day` (2025-08-31), an age (90d, 12w, 3 months) or a revision")
		f.StringVar(&k.By, "by", app.ByCommit, "what is one change, a `unit`: commit, merge or pull-request")
		f.IntVar(&k.Last, "last", 0, "only the newest `number` of changes")
		f.StringVar(&k.Policy, "policy", "", "a policy `file` instead of the one at the head")
		f.StringVar(&k.Candidate, "candidate", "", "a policy `file` to compare with")
		f.StringVar(&k.OrgPolicy, "org-policy", "", "a `file` with the organisation's policy")
		f.IntVar(&k.Worst, "worst", 20, "how many of the worst to list, a `number`")
		f.StringVar(&k.Format, "format", "text", "how to print, a `format`: text, json or html")
		f.StringVar(&k.Output, "output", "", "write to this `file` instead of standard output")
		return func(ctx context.Context, args []string) int {
			if !noArguments(e, "backtest", args) {
				return app.ExitUsage
			}
			for _, c := range []struct {
				what, value string
				known       []string
			}{{"unit", k.By, app.BacktestUnits()}, {"format", k.Format, backtest.Formats()}} {
				if message := nearest.Unknown(c.what, c.value, c.known); message != "" {
					fmt.Fprintln(e.stderr, "changeguard backtest:", message)
					return app.ExitUsage
				}
			}
			if k.Last < 0 || k.Worst < 1 {
				fmt.Fprintln(e.stderr, "changeguard backtest: --last cannot be negative, and --worst is at least 1")
				return app.ExitUsage
			}
			if terminal(e.stderr, e.getenv) {
				k.Progress = e.stderr
			}
			return k.Run(ctx, e.stdout, e.stderr)
		}
	},
}
