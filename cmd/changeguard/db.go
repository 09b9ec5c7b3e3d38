package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/changeguard/changeguard/internal/app"
)

// dbSetup declares the flag of the commands and runs one.
func dbSetup(name string, do func(ctx context.Context, d app.Database, e env) int) func(*flag.FlagSet, env) func(context.Context, []string) int {
	return func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		database := auditDatabase(f)
		return func(ctx context.Context, args []string) int {
			if !noArguments(e, name, args) {
				return app.ExitUsage
			}
			return do(ctx, app.Database{DatabaseURL: databaseOf(e, *database)}, e)
		}
	}
}

var dbMigrateCommand = command{
	name:  "db migrate",
	title: "bring the database up to date",
	describe: `
Makes what this version needs in the database, which the server does by itself
when it starts. For those who want it done before, for instance by an account
that may create tables while the server's may not. Servers of the version before
go on meanwhile and may be replaced one by one; docs/operate-database.md says
when they may not.`,
	example: `changeguard db migrate --database-url postgres://owner:PASSWORD@db/changeguard`,
	setup: dbSetup("db migrate", func(ctx context.Context, d app.Database, e env) int {
		return d.Migrate(ctx, e.stdout, e.stderr)
	}),
}

var dbExportCommand = command{
	name:  "db export",
	title: "write all of the database as JSON lines",
	describe: `
Writes everything that the server keeps, of one moment, to the standard output:
a first line that says what it is, for each table its name and columns and then a
row a line, and a last line with the number of rows and the SHA-256 of all lines
before it. The form does not depend on the engine. It holds what private
repositories say, and no key and no token.

A server may run meanwhile, but what it does afterwards is not in the export: to
move to another database stop the servers first.`,
	example: `changeguard db export --database-url sqlite:/var/lib/changeguard.db > changeguard.jsonl`,
	setup: dbSetup("db export", func(ctx context.Context, d app.Database, e env) int {
		return d.Export(ctx, e.stdout, e.stderr)
	}),
}

var dbImportCommand = command{
	name:  "db import",
	args:  "FILE",
	title: "fill an empty database from an export",
	describe: `
Reads what db export wrote ("-" reads the standard input) into a database of
either engine, all of it or nothing. The database must be empty, and no server may
use it: the import is refused while one does. Its tables are made where there are
none. An export that was cut off or changed is refused. What
waited to be evaluated is evaluated when a server starts.`,
	example: `changeguard db import --database-url postgres://guard:PASSWORD@db/changeguard changeguard.jsonl`,
	setup: func(f *flag.FlagSet, e env) func(context.Context, []string) int {
		database := auditDatabase(f)
		return func(ctx context.Context, args []string) int {
			d := app.Database{DatabaseURL: databaseOf(e, *database)}
			if len(args) > 0 {
				d.File, args = args[0], args[1:]
			}
			if !noArguments(e, "db import", args) {
				return app.ExitUsage
			}
			if d.File == "" {
				fmt.Fprintln(e.stderr, "changeguard db import: it needs the FILE that db export wrote, or - for the standard input")
				return app.ExitUsage
			}
			return d.Import(ctx, os.Stdin, e.stdout, e.stderr)
		}
	},
}
