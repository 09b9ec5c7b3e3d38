package main

import (
	"context"
	"flag"
	"fmt"
	"slices"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/internal/policytest"
)

var policyTestCommand = command{
	name:  "policy test",
	args:  "[FILE]",
	title: "try a policy with the changes that a file describes",
	describe: `
Reads cases from .github/changeguard.test.yml, or FILE: each describes a change in
a few lines and says which verdict must come out. The policy is the one beside it,
as it is on disk, so that it can be tried before it is merged. The same engine
judges as everywhere. docs/policy-test.md describes the format.

Exit codes: 0 all came out as expected, 1 a case did not, 2 usage, or the policy
or the cases do not load, 3 cases could not be judged.`,
	example: "changeguard policy test\nchangeguard policy test --format junit --output policy-tests.xml\nchangeguard policy test --policy candidate.yml .github/changeguard.test.yml",
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		var k app.PolicyTest
		f.StringVar(&k.Policy, "policy", "", "a policy `file` instead of the one beside the cases")
		f.StringVar(&k.OrgPolicy, "org-policy", "", "a `file` with the organisation's policy")
		f.StringVar(&k.Format, "format", "text", "how to print, a `format`: text or junit")
		f.StringVar(&k.Output, "output", "", "write to this `file` instead of standard output")
		return func(ctx context.Context, args []string) int {
			if len(args) > 1 {
				fmt.Fprintf(e.stderr, "changeguard policy test: one file at a time, %d given\n", len(args))
				return app.ExitUsage
			}
			if !slices.Contains(policytest.Formats(), k.Format) {
				fmt.Fprintf(e.stderr, "changeguard policy test: %s\n", nearest.Unknown("format", k.Format, policytest.Formats()))
				return app.ExitUsage
			}
			if len(args) == 1 {
				k.File = args[0]
			}
			return k.Run(ctx, e.stdout, e.stderr)
		}
	},
}
