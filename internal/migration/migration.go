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
	re       *lazyregexp.Regexp
	what     string
	anywhere bool // also in the way back
}

var (
	sqlSigns = []sign{
		{lazyregexp.New(`(?i)\bdrop\s+(?:table|schema|database|materialized\s+view)\b[^;]*`), "drops a table", false},
		{lazyregexp.New(`(?i)\balter\s+table\b[^;]*?\bdrop\s+(?:column\b|(?:if\s+exists\s+)?(?:"[^"]+"|\x60[^\x60]+\x60|\[[^\]]+\]|[\w$]+)\s*(?:,|;|$))[^;]*`), "drops a column", false},
		{lazyregexp.New(`(?i)\btruncate\b[^;]*`), "empties a table", false},
		{lazyregexp.New(`(?i)\bdelete\s+from\b[^;]*`), "deletes rows", false},
		{lazyregexp.New(`(?i)\balter\s+table\b[^;]*?\b(?:alter|modify)\s+(?:column\s+)?\S+\s+(?:set\s+data\s+)?type\b[^;]*`), "changes a type in place", false},
	}
	// inCode are signs of SQL that code hands on.
	inCode = []sign{
		{lazyregexp.New(`(?i)\bdrop\s+(?:table|schema|database)\s+(?:if\s+exists\s+)?["\x60\w\[$][^\n]*`), "drops a table", false},
		{lazyregexp.New(`(?i)\balter\s+table\s[^;]*?\bdrop\s+column\s[^\n]*`), "drops a column", false},
		{lazyregexp.New(`(?i)\btruncate\s+table\s[^\n]*`), "empties a table", false},
	}
	codeSigns = map[string][]sign{
		".py": {
			{lazyregexp.New(`\bop\.drop_(?:table|column)\([^\n]*|\bmigrations\.(?:RemoveField|DeleteModel)\([^\n]*`), "drops a table or a column", false},
			{lazyregexp.New(`\bmigrations\.RunPython\(\s*[\w.]+\s*,?\s*\)|\bmigrations\.RunSQL\(\s*(?:"[^"\n]*"|'[^'\n]*'|"""[^"]*""")\s*,?\s*\)`), "runs something without its reverse", false},
			{lazyregexp.New(`(?m)^def downgrade\([^)]*\)[^\n:]*:\s*(?:"""[^"]*"""\s*)?(?:pass\b|raise\b|\.\.\.)`), "has no downgrade", true},
		},
		".rb": {
			{lazyregexp.New(`\b(?:drop_table|remove_columns?|drop_join_table)\b[^\n]*`), "drops a table or a column", false},
			{lazyregexp.New(`\bIrreversibleMigration\b`), "says itself that it is irreversible", true},
		},
		".php": {{lazyregexp.New(`\bSchema::drop(?:IfExists)?\([^\n]*|->dropColumn\([^\n]*`), "drops a table or a column", false}},
		".js":  {{lazyregexp.New(`\.(?:dropTable|dropTableIfExists|dropColumns?|removeColumn)\([^\n]*`), "drops a table or a column", false}},
	}
)

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
	seen := make(map[int]bool)
	for _, code := range []string{code, joined(lang, code)} {
		for _, s := range signs {
			line, counted := 1, 0
			for _, at := range s.re.FindAllStringIndex(code, -1) {
				line += strings.Count(code[counted:at[0]], "\n")
				counted = at[0]
				if back.has(at[0]) && !s.anywhere || seen[line] {
					continue
				}
				if len(found) == MaxSteps {
					return found
				}
				seen[line] = true
				shown, _, _ := strings.Cut(strings.TrimSpace(code[at[0]:at[1]]), "\n")
				found = append(found, Step{s.what, strings.TrimSpace(shown), line})
			}
		}
	}
	return found
}
