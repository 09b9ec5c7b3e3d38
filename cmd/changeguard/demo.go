package main

import (
	"context"
	"flag"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/demo"
)

var demoCommand = command{
	name:  "demo",
	title: "show a real incident being stopped, on this machine alone",
	describe: `
Starts the real server with its embedded database against a local stand-in for
GitHub, opens a real incident as a pull request, delivers the signed webhook and
shows the check run that comes back. Then the pages stay open until Ctrl-C.
Exit code 0 when the incident was stopped.`,
	example: "changeguard demo --once",
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		var o demo.Options
		f.BoolVar(&o.Once, "once", false, "end after the check run")
		f.StringVar(&o.Addr, "addr", "127.0.0.1:0", "`host:port` for the pages; port 0 takes a free one")
		return func(ctx context.Context, args []string) int {
			if !noArguments(e, "demo", args) {
				return app.ExitUsage
			}
			return demo.Run(ctx, o, e.stdout, e.stderr)
		}
	},
}
