package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/backtest"
	"github.com/changeguard/changeguard/internal/nearest"
)

var backtestCommand = command{
	name:  "backtest",
	args:  "[OWNER/REPO]",
	title: "see what a policy would have done to the changes of the past",
	describe: `
Judges the history of a clone by the policy at its head, and by --candidate when
one is given: how many changes would not have passed, by rule, by who made them
and by folder, the worst of them, and what the candidate changes. Nothing is
asked of the network. A clone does not know labels, reviews and texts of pull
requests; rules that ask for those are named. --by commit takes each commit alone,
merge what each commit of the branch's own line brought, pull-request those of
the latter that were one by their message.

With OWNER/REPO it judges the closed pull requests of that repository instead, the
newest 100 or --last, as GitHub's API tells them: with labels, texts and authors,
also those of forks and those that were squashed or never merged. The policy is
the one on the default branch, with the organisation's. The token is GITHUB_TOKEN
or GH_TOKEN, which may read contents and pull requests; CHANGEGUARD_GITHUB_URL is
the API of an Enterprise Server. It takes about two requests for each. When
GitHub's limit is reached, it prints what it has and says so; what was read is
kept for a day, so that the next run goes on from there.

Exit codes: 0 done, 2 usage or policy error, 3 some changes could not be judged.`,
	example: `changeguard backtest --since 90d
changeguard backtest --by merge --since v1.4 --candidate strict.yml --format html --output backtest.html
GITHUB_TOKEN=$(gh auth token) changeguard backtest --last 200 acme/platform`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		k := app.Backtest{Env: e.getenv, Now: time.Now()}
		f.StringVar(&k.Repo, "repo", ".", "the repository's `folder`")
		f.StringVar(&k.Head, "head", "", "the `revision` whose history is judged; without it HEAD")
		f.StringVar(&k.Since, "since", "", "leave out what is older than a `day` (2025-08-31), an age (90d, 12w, 3 months) or a revision")
		f.StringVar(&k.By, "by", "", "what is one change, a `unit`: commit, merge or pull-request; without it commit, and pull-request of OWNER/REPO")
		f.IntVar(&k.Last, "last", 0, "only the newest `number` of changes")
		f.StringVar(&k.Policy, "policy", "", "a policy `file` instead of the one at the head")
		f.StringVar(&k.Candidate, "candidate", "", "a policy `file` to compare with")
		f.StringVar(&k.OrgPolicy, "org-policy", "", "a `file` with the organisation's policy")
		f.IntVar(&k.Worst, "worst", 20, "how many of the worst to list, a `number`")
		f.StringVar(&k.Format, "format", "text", "how to print, a `format`: text, json or html")
		f.StringVar(&k.Cache, "cache", "", "the `folder` that keeps what GitHub said of pull requests for a day, or none; without it the user's own for caches")
		f.StringVar(&k.Output, "output", "", "write to this `file` instead of standard output")
		return func(ctx context.Context, args []string) int {
			if !backtestOf(&k, e, args) {
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
			if k.Cache = cmp.Or(k.Cache, cacheFolder()); k.Cache == "none" {
				k.Cache = ""
			}
			if terminal(e.stderr, e.getenv) {
				k.Progress = e.stderr
			}
			return k.Run(ctx, e.stdout, e.stderr)
		}
	},
}

// backtestOf reads the arguments: one repository on GitHub, or none for the clone.
func backtestOf(k *app.Backtest, e env, args []string) bool {
	if len(args) == 0 {
		k.By = cmp.Or(k.By, app.ByCommit)
		return true
	}
	owner, repo, ok := strings.Cut(args[0], "/")
	problem := ""
	switch {
	case len(args) > 1 || !ok || owner == "" || repo == "" || strings.Contains(repo, "/"):
		problem = "name one repository on GitHub, as OWNER/REPO, or none for the clone here"
	case k.By != "" && k.By != app.ByPull && slices.Contains(app.BacktestUnits(), k.By):
		problem = "of a repository on GitHub it judges pull requests; for --by " + k.By + " leave " + args[0] + " out and run it in a clone"
	case k.Head != "" || k.Repo != ".":
		problem = "--head and --repo are for a clone; leave them or " + args[0] + " out"
	}
	if problem != "" {
		fmt.Fprintln(e.stderr, "changeguard backtest:", problem)
		return false
	}
	k.GitHub, k.By = args[0], cmp.Or(k.By, app.ByPull)
	return true
}

// cacheFolder is where the user's caches are, "" where that is not known.
func cacheFolder() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "changeguard", "backtest")
}
