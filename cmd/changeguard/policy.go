package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/nearest"
)

var policyLintCommand = command{
	name:  "policy lint",
	args:  "[FILE]",
	title: "find mistakes in a policy file",
	describe: `
Reads the policy (that of the repository here without FILE) and prints every
mistake with its line and column, or else warnings about what is valid and
probably not meant: guards that are off, rules that can never fire, globs that
match a folder and none of its files. Exit code 2 when the policy does not load,
0 otherwise.`,
	example: "changeguard policy lint\nchangeguard policy lint .github/changeguard.yml",
	setup: func(_ *flag.FlagSet, e env) func(context.Context, []string) int {
		return func(ctx context.Context, args []string) int { return app.LintPolicy(ctx, args, e.stdout, e.stderr) }
	},
}

var policyInitCommand = command{
	name:  "policy init",
	title: "write a policy that fits the repository",
	describe: `
Looks at what is committed in the repository and writes a commented policy for
it to .github/changeguard.yml: the folders whose failure is felt at once, the
manifests, what builds and deploys, the owners from CODEOWNERS. It starts in mode
observe: it shows what it would stop and stops nothing, until you remove one line.`,
	example: "changeguard policy init\nchangeguard policy init --print > policy.yml\nchangeguard policy init --print-default",
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		var k app.PolicyInit
		f.StringVar(&k.Repo, "repo", ".", "the repository's `folder`")
		f.BoolVar(&k.PrintDefault, "print-default", false, "print the built-in policy instead, which judges where there is no file")
		f.BoolVar(&k.Print, "print", false, "print the policy instead of writing it")
		f.BoolVar(&k.Force, "force", false, "replace a policy that is there")
		return func(ctx context.Context, args []string) int {
			if !noArguments(e, "policy init", args) {
				return app.ExitUsage
			}
			if k.PrintDefault && (k.Print || k.Force) {
				fmt.Fprintln(e.stderr, "changeguard policy init: --print-default goes with no other flag")
				return app.ExitUsage
			}
			return k.Run(ctx, e.stdout, e.stderr)
		}
	},
}

var policySchemaCommand = command{
	name:  "policy schema",
	title: "print the JSON Schema of policy files",
	describe: `
Prints the JSON Schema (draft 2020-12) of .github/changeguard.yml, with a
description of every key and of every kind's options, for editors and tools.
What a schema cannot say, such as the syntax of globs and conditions, is found
by changeguard policy lint.`,
	example: "changeguard policy schema > changeguard.schema.json\nchangeguard policy schema --tests > changeguard.test.schema.json",
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		tests := f.Bool("tests", false, "the schema of .github/changeguard.test.yml instead, see policy test")
		return func(_ context.Context, args []string) int {
			if !noArguments(e, "policy schema", args) {
				return app.ExitUsage
			}
			if *tests {
				return app.PolicyTestSchema(e.stdout, e.stderr)
			}
			return app.PolicySchema(e.stdout, e.stderr)
		}
	},
}

var policyExplainCommand = command{
	name:  "policy explain",
	title: "show what judges a repository, and where each line comes from",
	describe: `
Prints every value of the policies that judge changes to the repository here,
each with its place: the organisation's file, the repository's, or a default. A
rule of the organisation that a repository's replaces says so. The policy is the
one on the base branch, as for changeguard check, or that of another revision.
Exit code 2 when a policy does not load.`,
	example: "changeguard policy explain\nchangeguard policy explain --ref origin/release/1.0 --format json\nchangeguard policy explain --org-policy ../.github/.github/changeguard.yml",
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		k := app.PolicyExplain{Env: e.getenv}
		f.StringVar(&k.Repo, "repo", ".", "the repository's `folder`")
		f.StringVar(&k.Ref, "ref", "", "the `revision` whose policy is explained; without it the base that changes here have")
		f.StringVar(&k.Policy, "policy", "", "a policy `file` instead of the committed one")
		f.StringVar(&k.OrgPolicy, "org-policy", "", "a `file` with the organisation's policy")
		f.StringVar(&k.Format, "format", "text", "how to print, a `format`: text or json")
		return func(ctx context.Context, args []string) int {
			if !noArguments(e, "policy explain", args) {
				return app.ExitUsage
			}
			if k.Format != "text" && k.Format != "json" {
				fmt.Fprintf(e.stderr, "changeguard policy explain: %s\n", nearest.Unknown("format", k.Format, []string{"text", "json"}))
				return app.ExitUsage
			}
			return k.Run(ctx, e.stdout, e.stderr)
		}
	},
}
