package main

import (
	"cmp"
	"context"
	"flag"
	"os"

	"github.com/changeguard/changeguard/internal/app"
)

// auditDatabase is the flag of both commands; the environment names the database
// as it does for the server.
func auditDatabase(f *flag.FlagSet) *string {
	return f.String("database-url", "", "`address` of the database (default CHANGEGUARD_DATABASE_URL, else sqlite:changeguard.db)")
}

func databaseOf(e env, given string) string {
	return cmp.Or(given, e.getenv("CHANGEGUARD_DATABASE_URL"), "sqlite:changeguard.db")
}

var auditExportCommand = command{
	name:  "audit export",
	title: "write the audit log as JSON lines",
	describe: `
Every verdict, session, override, approval by the button and refusal that the
server wrote down, the oldest first, one a line. Each entry holds the hash of the
one before, so that a change shows: see audit verify. With --kind only entries
of one kind: verdict, session, override, approval, lift-session, refusal, landing,
merge, foreign-check, policy, repository, installation, configuration or token; what
is left out then makes the export one that cannot be verified. With --overrides only what went in by
an override: the pull request, who merged it, when, and for each finding who lifted
it and why.`,
	example: `changeguard audit export --database-url sqlite:/var/lib/changeguard.db > audit.jsonl
changeguard audit export --overrides`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		database := auditDatabase(f)
		kind := f.String("kind", "", "only entries of this `kind`")
		overrides := f.Bool("overrides", false, "only what went in by an override")
		return func(ctx context.Context, args []string) int {
			if !noArguments(e, "audit export", args) {
				return app.ExitUsage
			}
			return app.Audit{DatabaseURL: databaseOf(e, *database), Kind: *kind, Overrides: *overrides}.Export(ctx, e.stdout, e.stderr)
		}
	},
}

var auditVerifyCommand = command{
	name:  "audit verify",
	args:  "[FILE]",
	title: "check that the audit log was not changed",
	describe: `
Checks the hashes of the server's audit log, or of an export ("-" reads it from
the standard input). Says what was changed, and exits with 1. That the end was
cut off, or everything written anew, shows only by a hash that was kept elsewhere:
--contains asks for it.`,
	example: `changeguard audit verify --contains HASH
changeguard audit export | changeguard audit verify -`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		database := auditDatabase(f)
		contains := f.String("contains", "", "a `hash` that the log must hold")
		return func(ctx context.Context, args []string) int {
			a := app.Audit{DatabaseURL: databaseOf(e, *database), Contains: *contains}
			if len(args) > 0 {
				a.File, args = args[0], args[1:]
			}
			if !noArguments(e, "audit verify", args) {
				return app.ExitUsage
			}
			return a.Verify(ctx, os.Stdin, e.stdout, e.stderr)
		}
	},
}
