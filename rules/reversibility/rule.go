// Package reversibility is the rule that fails when taking a change back would be
// hard.
package reversibility

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
)

// Options of the rule.
type Options struct {
	Commits    *int  `yaml:"commits" min:"1" desc:"Most commits, merges counted. Default: not limited."`
	Migrations *bool `yaml:"migrations" desc:"Look into migrations of databases. Default: true."`
	Interfaces *bool `yaml:"interfaces" desc:"Look for what others call and the change takes away or changes: operations, fields and types of descriptions, exported names of Go, JavaScript, TypeScript and Python. Default: true."`
}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "reversibility",
		Title: "rolling the change back would be hard",
		Why: "When a change breaks production at night, somebody reverts it and goes back to sleep, if it can be reverted. Eighty commits and their merges cannot; " +
			"nor can a dropped column, a type that holds less, a migration without a way back or one that was edited after it ran, removed data, or an interface that others call. A change that moves the " +
			"schema, the code and the deployment at once has no order in which it could be taken back, and a rename of fifty files or an update that comes along with a feature goes back with it. " +
			"Found in SQL and in migrations of Alembic, Django, Rails, Laravel, Knex, Sequelize, TypeORM, Entity Framework, FluentMigrator, golang-migrate, goose, dbmate, Flyway, Liquibase and Prisma; " +
			"what other tools do in code is not read. Interfaces are operations, fields and types of OpenAPI, Protocol Buffers and GraphQL; exported names of packages of Go outside of internal, and cmd; " +
			"what the entry of an npm package that is not private exports; names in Python's __all__, or that an __init__.py imports from its package.",
		Bad:  "A db/migrate/20250915_drop_sessions.sql   with DROP TABLE sessions",
		Good: "A db/migrate/20250915_add_sessions.up.sql, A db/migrate/20250915_add_sessions.down.sql",
		Remedy: "Split as the finding says: it names the paths of each pull request and their order, a migration that the running code can live with before the code, " +
			"and what removes the old last. Give a migration its way back, keep an old interface beside the new until nobody uses it, and squash or rebase instead of merging.",
		Since:   "0.1.0",
		More:    page,
		Subject: rules.Content,
	}, nil, run)
}

func run(ctx context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	var found []rules.Finding
	if o.Commits != nil {
		found = append(found, commits(in.Change, *o.Commits)...)
	}
	found = append(found, removed(in)...)
	if asked(o.Interfaces) {
		more, err := interfaces(ctx, in.Change)
		if found = append(found, more...); err != nil {
			return found, err
		}
	}
	var moves []change.File
	if asked(o.Migrations) {
		some, more, err := migrations(ctx, in.Change)
		if moves, found = some, append(found, more...); err != nil {
			return found, err
		}
	}
	more, err := mixed(ctx, in, moves)
	return append(found, more...), err
}

func asked(option *bool) bool { return option == nil || *option }

func commits(c *change.Change, most int) []rules.Finding {
	merges := 0
	for _, one := range c.Commits {
		if one.Merge() {
			merges++
		}
	}
	if len(c.Commits) <= most {
		return nil
	}
	return []rules.Finding{{
		Key:      "commits",
		Message:  fmt.Sprintf("The change has %d commits, %d of them merges; more than %d are hard to take back one by one.", len(c.Commits), merges, most),
		Evidence: fmt.Sprintf("commits: %d > %d", len(c.Commits), most),
		Remedy:   "Split the change by purpose, squash what belongs together, and rebase instead of merging.",
		Files:    c.Paths(),
	}}
}

// interfaces are the files that describe what others call.
func isInterface(p string) bool {
	base := strings.ToLower(path.Base(p))
	switch path.Ext(base) {
	case ".proto", ".thrift", ".avsc", ".graphqls", ".wsdl", ".smithy":
		return true
	case ".yaml", ".yml", ".json":
		return strings.HasPrefix(base, "openapi") || strings.HasPrefix(base, "swagger") || strings.HasPrefix(base, "asyncapi")
	}
	return base == "schema.graphql"
}

// removed finds data and interfaces that go.
func removed(in *rules.Input) []rules.Finding {
	var found []rules.Finding
	for i, f := range in.Change.Files {
		what := ""
		switch {
		case f.Status != change.Removed:
		case isInterface(f.Path):
			what = "The description of an interface is removed: whoever calls it breaks, and reverting does not mend what they did meanwhile."
		case in.Classes[i].Before == change.ClassData:
			what = "Data is removed with this change."
		}
		if what != "" {
			found = append(found, rules.Finding{Key: "removed", Path: f.Path, Message: what, Evidence: "removed " + f.Path, Remedy: rules.Undo(in.Change, f)})
		}
	}
	return found
}
