package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/changeguard/changeguard/internal/app"
)

var notifyTestCommand = command{
	name:  "notify test",
	args:  "CHANNEL",
	title: "send a test to a channel of notifications",
	describe: `
Sends a message to a channel that CHANGEGUARD_NOTIFY configures and says what it
answered: exit code 0 when it took the message, 1 when not. The channel's address
is never printed.`,
	example: "CHANGEGUARD_NOTIFY_FILE=channels.json changeguard notify test slack",
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		channels := f.String("notify", "", "the channels as `JSON`; rather use CHANGEGUARD_NOTIFY_FILE")
		return func(ctx context.Context, args []string) int {
			if len(args) != 1 {
				fmt.Fprintln(e.stderr, "changeguard notify test: name one channel")
				return app.ExitUsage
			}
			return app.NotifyTest(ctx, *channels, args[0], e.getenv, e.stdout, e.stderr)
		}
	},
}
