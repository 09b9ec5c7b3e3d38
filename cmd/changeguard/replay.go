package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/changeguard/changeguard/internal/app"
)

var replayCommand = command{
	name:  "replay",
	args:  "ID|FILE",
	title: "compute a verdict again and compare it byte for byte",
	describe: `
Takes a verdict, from a file that changeguard check --format json wrote or by its
id from the server's database, judges the same commits again in a clone, and says
what differs. With an id, the pull request's texts and labels, what was declared
before, the organisation's policy, evidence, approvals and overrides come from the
database as they were. With a file they are given as to check: texts by --event,
what was declared before by --record; what a file's verdict was lifted by is not
known then. Nothing is asked of the network.

Exit codes: 0 the same bytes, 1 another verdict, 2 usage or policy error, 3 the
verdict could not be computed.`,
	example: `changeguard check --format json --output verdict.json; changeguard replay verdict.json
changeguard replay 4711 --repo ../app --database-url sqlite:changeguard.db`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		k := app.Replay{Check: app.Check{Env: e.getenv}}
		database := auditDatabase(f)
		f.StringVar(&k.Repo, "repo", ".", "the repository's `folder`")
		f.StringVar(&k.Event, "event", "", "a `file` with the webhook payload that was judged")
		f.StringVar(&k.Session, "session", "", "the `mode` that the change was held to")
		f.StringVar(&k.Record, "record", "", "a `file` with the session record of then")
		f.StringVar(&k.Policy, "policy", "", "the policy `file` that judged instead of the base's")
		f.StringVar(&k.OrgPolicy, "org-policy", "", "a `file` with the organisation's policy of then")
		return func(ctx context.Context, args []string) int {
			if len(args) != 1 {
				fmt.Fprintln(e.stderr, "changeguard replay: name one verdict, by its id or its file")
				return app.ExitUsage
			}
			k.What, k.DatabaseURL = args[0], databaseOf(e, *database)
			return k.Run(ctx, e.stdout, e.stderr)
		}
	},
}
