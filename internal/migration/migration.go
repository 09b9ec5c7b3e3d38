// Package migration reads migrations of databases: which files are some, and
// what in them cannot be undone.
//
// It knows SQL and the migrations of Alembic, Django, Rails, Laravel, Knex,
// Sequelize, golang-migrate, goose, Flyway and Prisma by their folders and names.
// What other tools do in code is not read. A text is looked at by signs, not
// parsed: lines that are comments for certain are left out, strings are not, so what
// is quoted may be taken for a step. Where it is not certain, something counts.
package migration

import (
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var (
	flyway = lazyregexp.New(`^[VR][0-9_.]*__.*\.(?i:sql)$`)
	undo   = lazyregexp.New(`^[Uu][0-9][0-9_.]*__`)
)

// languages are those of the texts that are read, by the endings of names.
var languages = map[string]string{".sql": ".sql", ".py": ".py", ".rb": ".rb", ".php": ".php", ".js": ".js", ".cjs": ".js", ".mjs": ".js", ".ts": ".js", ".cts": ".js", ".mts": ".js"}

func language(p string) string { return languages[strings.ToLower(path.Ext(p))] }

// Is reports whether a path is that of a migration that goes forward.
func Is(p string) bool {
	base := path.Base(p)
	dir := "/" + strings.ToLower(path.Dir(p)) + "/"
	switch language(p) {
	case ".sql":
		return (flyway.MatchString(base) || folder(dir) || strings.HasSuffix(strings.ToLower(base), ".up.sql")) && !down(base)
	case ".py":
		return base != "__init__.py" && (strings.Contains(dir, "/migrations/") || strings.Contains(dir, "/alembic/versions/"))
	case ".rb":
		return strings.Contains(dir, "/db/migrate/")
	case ".php", ".js":
		return strings.Contains(dir, "/migrations/")
	}
	return false
}

func folder(dir string) bool {
	return strings.Contains(dir, "/migrations/") || strings.Contains(dir, "/migration/") || strings.Contains(dir, "/migrate/") || strings.Contains(dir, "/changelog/")
}

// down reports whether a file is the way back itself.
func down(base string) bool {
	lower := strings.ToLower(base)
	return strings.HasSuffix(lower, ".down.sql") || undo.MatchString(base) || lower == "down.sql"
}

// WayBack is the file that takes a migration back, where its tool wants one.
func WayBack(p string) (back string, needed bool) {
	if before, ok := strings.CutSuffix(p, ".up.sql"); ok {
		return before + ".down.sql", true
	}
	if path.Base(p) == "up.sql" {
		return path.Join(path.Dir(p), "down.sql"), true
	}
	return "", false
}

// A Step is something in a migration that cannot be undone.
type Step struct {
	What  string // in words that follow "this migration"
	Shown string // the first line of it
	Line  int    // from 1
}

// A sign is how such a step looks.
type sign struct {
	find     search
	what     string
	anywhere bool // also in the way back
}

var (
	sqlSigns = []sign{
		{after(dropped, "drop"), "drops a table", false},
		{altered((*scan).ends, column, "drop"), "drops a column", false},
		{after(restOfStatement, "truncate"), "empties a table", false},
		{after(restOfStatement, "delete", "from"), "deletes rows", false},
		{altered((*scan).ends, retyped, "alter", "modify"), "changes a type in place", false},
	}
	// inCode are signs of SQL that code hands on.
	inCode = []sign{
		{after(droppedByCode, "drop"), "drops a table", false},
		{altered((*scan).spaced, restOfCode, "drop"), "drops a column", false},
		{after(restOfLine, "truncate", "table"), "empties a table", false},
	}
	codeSigns = map[string][]sign{
		".py": {
			{inLines(lazyregexp.New(`\bop\.drop_(?:table|column)\([^\n]*|\bmigrations\.(?:RemoveField|DeleteModel)\([^\n]*`), "op.drop_", "migrations.removefield", "migrations.deletemodel"), "drops a table or a column", false},
			{behind("migrations.run", lazyregexp.New(`^migrations\.(?:RunPython\(\s*[\w.]+\s*,?\s*\)|RunSQL\(\s*(?:"[^"\n]*"|'[^'\n]*'|"""[^"]*""")\s*,?\s*\))`)), "runs something without its reverse", false},
			{noDowngrade, "has no downgrade", true},
		},
		".rb": {
			{inLines(lazyregexp.New(`\b(?:drop_table|remove_columns?|drop_join_table)\b[^\n]*`), "drop_table", "remove_column", "drop_join_table"), "drops a table or a column", false},
			{inLines(lazyregexp.New(`\bIrreversibleMigration\b`), "irreversiblemigration"), "says itself that it is irreversible", true},
		},
		".php": {{inLines(lazyregexp.New(`\bSchema::drop(?:IfExists)?\([^\n]*|->dropColumn\([^\n]*`), "schema::drop", "->dropcolumn("), "drops a table or a column", false}},
		".js":  {{inLines(lazyregexp.New(`\.(?:dropTable|dropTableIfExists|dropColumns?|removeColumn)\([^\n]*`), ".droptable", ".dropcolumn", ".removecolumn("), "drops a table or a column", false}},
	}
)

var nothing = lazyregexp.New(`^[^\n:]*:\s*(?:"""[^"]*"""\s*)?(?:pass\b|raise\b|\.\.\.)`)

// noDowngrade is a way back that leads nowhere.
func noDowngrade(t *scan, from int) (int, int) {
	const head = "def downgrade("
	tried := -1 // the end of parameters without an empty body behind
	for at := t.next(head, from); at < len(t.s); at = t.next(head, at+1) {
		closing := t.next(")", at+len(head))
		if !strings.HasPrefix(t.s[at:], head) || at > 0 && t.s[at-1] != '\n' || closing == len(t.s) || closing == tried {
			continue
		}
		if m := nothing.FindStringIndex(t.s[closing+1:]); m != nil {
			return at, closing + 1 + m[1]
		}
		tried = closing
	}
	return -1, -1
}

// MaxSteps bounds what is said of one migration.
const MaxSteps = 20

// Steps finds what a migration takes away, each line once and at most [MaxSteps].
func Steps(p, text string) []Step {
	lang := language(p)
	signs := slices.Concat(codeSigns[lang], inCode)
	if lang == ".sql" {
		signs = sqlSigns
	}
	code := withoutComments(lang, text)
	back := backwards(p, lang, text, code)
	var found []Step
	last := ""
	seen := make(map[int]bool)
	for i, code := range []string{code, joined(lang, code)} {
		if i > 0 && code == last {
			break // nothing that looks like a comment
		}
		last = code
		lower := lowered(code)
		for _, s := range signs {
			line, counted := 1, 0
			for start, end := range s.find.all(code, lower) {
				line += strings.Count(code[counted:start], "\n")
				counted = start
				if back.has(start) && !s.anywhere || seen[line] {
					continue
				}
				if len(found) == MaxSteps {
					return found
				}
				seen[line] = true
				shown, _, _ := strings.Cut(strings.TrimSpace(code[start:end]), "\n")
				found = append(found, Step{s.what, strings.TrimSpace(shown), line})
			}
		}
	}
	return found
}
