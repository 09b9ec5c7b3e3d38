// Package reversibility is the rule that fails when taking a change back would be
// hard.
package reversibility

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/migration"
	"github.com/changeguard/changeguard/rules"
)

// Options of the rule.
type Options struct {
	Commits    *int  `yaml:"commits" min:"1" desc:"Most commits, merges counted. Default: not limited."`
	Migrations *bool `yaml:"migrations" desc:"Look into migrations of databases. Default: true."`
}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "reversibility",
		Title: "rolling the change back would be hard",
		Why: "When a change breaks production at night, somebody reverts it and goes back to sleep, if it can be reverted. Eighty commits and their merges cannot; " +
			"nor can a dropped column, a migration without a way back or one that was edited after it ran, removed data, or an interface that others call. A change that moves the " +
			"schema, the code and the deployment at once has no order in which it could be taken back. Found in SQL and in migrations of Alembic, Django, Rails, Laravel, Knex, Sequelize, golang-migrate, goose, Flyway and Prisma; " +
			"what other tools do in code is not read.",
		Bad:  "A db/migrate/20250915_drop_sessions.sql   with DROP TABLE sessions",
		Good: "A db/migrate/20250915_add_sessions.up.sql, A db/migrate/20250915_add_sessions.down.sql",
		Remedy: "Split as the finding says: by purpose, or a migration that the running code can live with first, then the code, then " +
			"what removes the old. Give a migration its way back, and squash or rebase instead of merging.",
		Since:   "0.1.0",
		Subject: rules.Content,
	}, nil, run)
}

func run(ctx context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	var found []rules.Finding
	if o.Commits != nil {
		found = append(found, commits(in.Change, *o.Commits)...)
	}
	found = append(found, removed(in)...)
	if o.Migrations != nil && !*o.Migrations {
		return found, nil
	}
	moves, more, err := migrations(ctx, in.Change)
	if found = append(found, more...); err != nil || len(moves) == 0 {
		return found, err
	}
	return append(found, mixed(in, moves)...), nil
}

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

// mixed finds a change that moves the schema together with the code and the
// deployment.
func mixed(in *rules.Input, moves []change.File) []rules.Finding {
	files := make(map[change.Class]int)
	for i, f := range in.Change.Files {
		if !migration.Is(f.Path) {
			files[in.Classes[i].Now()]++
		}
	}
	if files[change.ClassFunctional] == 0 || files[change.ClassDeployment] == 0 {
		return nil
	}
	return []rules.Finding{{
		Key: "mixed",
		Message: fmt.Sprintf("The change moves the schema (%d files), the code (%d) and the deployment (%d) at once: there is no order in which it could be taken back.",
			len(moves), files[change.ClassFunctional], files[change.ClassDeployment]),
		Remedy: "Split it into three: first a migration that the running code can live with, then the code, then the deployment.",
	}}
}
