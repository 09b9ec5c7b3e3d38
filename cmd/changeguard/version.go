package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/version"
)

var versionCommand = command{
	name:     "version",
	title:    "say which version this is",
	describe: "Prints the release, the commit it was built from and the Go version.",
	example:  "changeguard version",
	setup: func(_ *flag.FlagSet, e env) func(context.Context, []string) int {
		return func(_ context.Context, args []string) int {
			if !noArguments(e, "version", args) {
				return app.ExitUsage
			}
			fmt.Fprintln(e.stdout, version.Full())
			return app.ExitPass
		}
	},
}
