package main

import (
	"context"
	"flag"

	"github.com/changeguard/changeguard/internal/app"
)

var serveCommand = command{
	name:  "serve",
	title: "run the GitHub App's server",
	describe: `
Receives GitHub's webhooks, judges changes, and publishes check runs. Settings
come from the environment (CHANGEGUARD_APP_ID, …; a name with _FILE behind it
names a file) or from flags, which win. Without any credentials it serves /setup
only. All problems of the configuration are named at once, with exit code 2.`,
	example: `CHANGEGUARD_APP_ID=12345 CHANGEGUARD_PRIVATE_KEY_FILE=key.pem \
CHANGEGUARD_WEBHOOK_SECRET_FILE=secret changeguard serve`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		var c app.Config
		for _, s := range app.Settings() {
			f.StringVar(s.Field(&c), s.Flag, "", s.Text)
		}
		return func(ctx context.Context, args []string) int {
			if !noArguments(e, "serve", args) {
				return app.ExitUsage
			}
			given := make(map[string]bool)
			f.Visit(func(fl *flag.Flag) { given[fl.Name] = true })
			return app.Serve(ctx, c, app.Without(e.getenv, given), terminal(e.stderr, noColours), e.stderr)
		}
	},
}

// noColours is an environment that says nothing about colours: whether the log
// is text depends on the terminal alone.
func noColours(string) string { return "" }
