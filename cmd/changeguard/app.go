package main

import (
	"context"
	"flag"

	"github.com/changeguard/changeguard/internal/app"
)

var appCreateCommand = command{
	name:  "app create",
	title: "make the GitHub App and keep its credentials",
	describe: `
Prints a link to a page on this machine, from which GitHub makes the App with one
button, and keeps the credentials in the database, sealed, where changeguard serve
finds them. It needs to know the address that GitHub will deliver to. It takes the
same settings as changeguard serve.`,
	example: `changeguard app create --public-url https://guard.example.com`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		var c app.Config
		for _, s := range app.Settings() {
			switch s.Flag {
			case "public-url", "github-url", "database-url", "secret-key", "check-name":
				f.StringVar(s.Field(&c), s.Flag, "", s.Text)
			}
		}
		return func(ctx context.Context, args []string) int {
			if !noArguments(e, "app create", args) {
				return app.ExitUsage
			}
			given := make(map[string]bool)
			f.Visit(func(fl *flag.Flag) { given[fl.Name] = true })
			return app.CreateApp(ctx, c, app.Without(e.getenv, given), e.stdout, e.stderr)
		}
	},
}
