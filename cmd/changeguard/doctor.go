package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/app"
)

var doctorCommand = command{
	name:  "doctor",
	args:  "OWNER/REPO",
	title: "say whether the guard holds on a repository",
	describe: `
Asks GitHub as the App, with the server's configuration (CHANGEGUARD_APP_ID, …):
is the check required on the branch, pinned to this App, and who is exempt; do
permissions and events suffice; how were the last webhooks answered; is the server
ready. Each answer says what to do. What GitHub does not tell the App is left to
you, with the address of the page. Exits with 1 when there is a problem, with 3
when something could not be asked.`,
	example: `changeguard doctor acme/platform
changeguard doctor --json --branch release --ping acme/platform`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		var d app.Doctor
		f.StringVar(&d.Branch, "branch", "", "the `branch` to look at (default: the repository's)")
		f.BoolVar(&d.Ping, "ping", false, "have GitHub send the last ping again, and look how it was answered")
		f.BoolVar(&d.JSON, "json", false, "write JSON")
		return func(ctx context.Context, args []string) int {
			var ok bool
			if len(args) == 1 {
				d.Owner, d.Repo, ok = strings.Cut(args[0], "/")
			}
			if !ok || d.Owner == "" || d.Repo == "" || strings.Contains(d.Repo, "/") {
				fmt.Fprintln(e.stderr, "changeguard doctor: name one repository, as OWNER/REPO")
				return app.ExitUsage
			}
			if err := d.Config.Complete(e.getenv, false); err != nil {
				fmt.Fprintf(e.stderr, "changeguard doctor: the configuration has problems:\n%v\n", err)
				return app.ExitUsage
			}
			if d.Config.Unset() {
				fmt.Fprintln(e.stderr, "changeguard doctor: it asks as the App: set CHANGEGUARD_APP_ID, CHANGEGUARD_PRIVATE_KEY_FILE and CHANGEGUARD_WEBHOOK_SECRET_FILE, as for `changeguard serve`")
				return app.ExitUsage
			}
			d.Now = time.Now
			return d.Run(ctx, e.stdout, e.stderr)
		}
	},
}
