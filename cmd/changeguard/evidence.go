package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/app"
)

// files are a flag that can be given several times.
type files []string

func (f *files) String() string { return strings.Join(*f, " ") }

// Set implements flag.Value.
func (f *files) Set(name string) error {
	*f = append(*f, name)
	return nil
}

var evidenceAttachCommand = command{
	name:  "evidence attach",
	args:  "[FILE...]",
	title: "attach a summary of a test run to a commit",
	describe: `
Counts the tests of JUnit reports and sends the numbers, not the reports, to the
server, where the rule required-evidence judges by them. In a job of GitHub
Actions the job's own token says for which repository and commit (the job needs
"permissions: id-token: write"); elsewhere CHANGEGUARD_TOKEN holds an API token.
A later summary of the same suite replaces the earlier one, so the jobs of a matrix
each need their own --suite. Exit code 2 says that a flag or a file is wrong, 3
that the server did not take it.`,
	example: `changeguard evidence attach --server https://guard.example --junit report.xml
changeguard evidence attach --suite "unit ${{ matrix.os }}" --junit build/*.xml
changeguard evidence attach --tests 214`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		a := app.Attach{Env: e.getenv, Pause: app.Sleep}
		var junit files
		f.Var(&junit, "junit", "a JUnit `FILE`; more can follow as arguments, and the flag can be repeated")
		f.IntVar(&a.Tests, "tests", -1, "how many `tests` ran and passed, where there is no report")
		f.StringVar(&a.Suite, "suite", "", "the `name` of the report (default GITHUB_JOB, else tests)")
		f.StringVar(&a.Server, "server", "", "`address` of the server, as its CHANGEGUARD_PUBLIC_URL (default CHANGEGUARD_SERVER)")
		f.StringVar(&a.Commit, "commit", "", "the `commit` that was tested (default: the pull request's head, else GITHUB_SHA)")
		f.StringVar(&a.Repository, "repository", "", "`OWNER/REPO` (default GITHUB_REPOSITORY)")
		return func(ctx context.Context, args []string) int {
			if len(args) > 0 && len(junit) == 0 {
				return badUse(e, "evidence attach", "unexpected argument %q; files follow --junit", args[0])
			}
			given := false
			f.Visit(func(fl *flag.Flag) { given = given || fl.Name == "tests" })
			if given && a.Tests < 0 {
				return badUse(e, "evidence attach", "--tests must be a number of tests")
			}
			a.JUnit = append(junit, args...)
			a.Server = cmp.Or(a.Server, e.getenv("CHANGEGUARD_SERVER"))
			a.Token = strings.TrimSpace(e.getenv("CHANGEGUARD_TOKEN"))
			return a.Run(ctx, e.stdout, e.stderr)
		}
	},
}

func badUse(e env, name, format string, args ...any) int {
	fmt.Fprintf(e.stderr, "changeguard %s: %s\n", name, fmt.Sprintf(format, args...))
	return app.ExitUsage
}

func tokens(e env, database string) app.Tokens {
	return app.Tokens{DatabaseURL: databaseOf(e, database), Now: time.Now}
}

// oneName takes the one argument of a command.
func oneName(e env, command string, args []string) (string, bool) {
	if len(args) != 1 {
		badUse(e, command, "it takes one NAME")
		return "", false
	}
	return args[0], true
}

var evidenceTokenCreateCommand = command{
	name:  "evidence token create",
	args:  "NAME",
	title: "make an API token that attaches evidence",
	describe: `
Makes a token in the server's database and prints it, once: the server keeps its
hash only. It attaches evidence to commits of one owner, or of one repository, and
can do nothing else. It is for CI other than GitHub Actions, and for workflow_run
jobs that attach the reports of pull requests from forks.`,
	example: `changeguard evidence token create jenkins --for acme/shop --expires 2160h`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		database := auditDatabase(f)
		scope := f.String("for", "", "`OWNER` or OWNER/REPO that it is for, as GitHub writes it")
		life := f.Duration("expires", 90*24*time.Hour, "how long it holds, at most a year")
		return func(ctx context.Context, args []string) int {
			name, ok := oneName(e, "evidence token create", args)
			if !ok {
				return app.ExitUsage
			}
			return tokens(e, *database).Create(ctx, name, *scope, *life, e.stdout, e.stderr)
		}
	},
}

var evidenceTokenListCommand = command{
	name:     "evidence token list",
	title:    "show the API tokens, and whether they hold",
	describe: `Shows name, scope, age and state of each token in the server's database. The tokens themselves are not in it.`,
	example:  `changeguard evidence token list`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		database := auditDatabase(f)
		return func(ctx context.Context, args []string) int {
			if !noArguments(e, "evidence token list", args) {
				return app.ExitUsage
			}
			return tokens(e, *database).List(ctx, e.stdout, e.stderr)
		}
	},
}

var evidenceTokenRevokeCommand = command{
	name:     "evidence token revoke",
	args:     "NAME",
	title:    "end an API token at once",
	describe: `Ends a token for good; its name is not given out again. What it attached stays.`,
	example:  `changeguard evidence token revoke jenkins`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		database := auditDatabase(f)
		return func(ctx context.Context, args []string) int {
			name, ok := oneName(e, "evidence token revoke", args)
			if !ok {
				return app.ExitUsage
			}
			return tokens(e, *database).Revoke(ctx, name, e.stdout, e.stderr)
		}
	},
}
