package main

import (
	"context"
	"flag"

	"github.com/changeguard/changeguard/internal/app"
)

var rulesCommand = command{
	name:     "rules",
	args:     "[explain KIND]",
	title:    "list the kinds of rules, or explain one",
	describe: "Lists every kind that a policy can name with uses:, or prints the page of one: what it finds, why it matters, its options.",
	example:  "changeguard rules\nchangeguard rules explain protected-paths",
	setup: func(_ *flag.FlagSet, e env) func(context.Context, []string) int {
		return func(_ context.Context, args []string) int { return app.Rules(args, e.stdout, e.stderr) }
	},
}
