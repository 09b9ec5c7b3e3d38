// Package migration reads migrations of databases: which files are some, and
// what in them cannot be undone.
//
// It knows SQL and the migrations of Alembic, Django, Rails, Laravel, Knex,
// Sequelize, golang-migrate, goose, Flyway and Prisma by their folders and names.
// What other tools do in code is not read. A text is looked at by signs, not
// parsed: comments are left out, strings are not, so what is quoted may be taken
// for a step.
package migration

import (
	"path"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var flyway = lazyregexp.New(`^[VR][0-9_.]*__.*\.sql$`)

// Is reports whether a path is that of a migration that goes forward.
func Is(p string) bool {
	base := path.Base(p)
	dir := "/" + strings.ToLower(path.Dir(p)) + "/"
	switch path.Ext(p) {
	case ".sql":
		return (flyway.MatchString(base) || folder(dir) || strings.HasSuffix(base, ".up.sql")) && !down(base)
	case ".py":
		return base != "__init__.py" && (strings.Contains(dir, "/migrations/") || strings.Contains(dir, "/alembic/versions/"))
	case ".rb":
		return strings.Contains(dir, "/db/migrate/")
	case ".php", ".js", ".ts":
		return strings.Contains(dir, "/migrations/")
	}
	return false
}

func folder(dir string) bool {
	return strings.Contains(dir, "/migrations/") || strings.Contains(dir, "/migration/") || strings.Contains(dir, "/migrate/") || strings.Contains(dir, "/changelog/")
}

// down reports whether a file is the way back itself.
func down(base string) bool {
	base = strings.ToLower(base)
	return strings.Contains(base, ".down.") || strings.HasPrefix(base, "u") && strings.Contains(base, "__") || base == "down.sql"
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
	re   *lazyregexp.Regexp
	what string
}

var (
	sqlSigns = []sign{
		{lazyregexp.New(`(?i)\bdrop\s+(?:table|schema|database|materialized\s+view)\b[^;]*`), "drops a table"},
		{lazyregexp.New(`(?i)\balter\s+table\b[^;]*?\bdrop\s+(?:column\b|(?:if\s+exists\s+)?[a-z_"\x60]+\s*(?:,|;|$))[^;]*`), "drops a column"},
		{lazyregexp.New(`(?i)\btruncate\b[^;]*`), "empties a table"},
		{lazyregexp.New(`(?i)\bdelete\s+from\b[^;]*`), "deletes rows"},
		{lazyregexp.New(`(?i)\balter\s+table\b[^;]*?\b(?:alter|modify)\s+(?:column\s+)?\S+\s+(?:set\s+data\s+)?type\b[^;]*`), "changes a type in place"},
	}
	codeSigns = map[string][]sign{
		".py": {
			{lazyregexp.New(`\bop\.drop_(?:table|column)\([^\n]*|\bmigrations\.(?:RemoveField|DeleteModel)\([^\n]*`), "drops a table or a column"},
			{lazyregexp.New(`\bmigrations\.RunPython\(\s*[\w.]+\s*,?\s*\)|\bmigrations\.RunSQL\(\s*(?:"[^"\n]*"|'[^'\n]*'|"""[^"]*""")\s*,?\s*\)`), "runs something without its reverse"},
			{lazyregexp.New(`(?m)^def downgrade\([^)]*\)[^\n:]*:\s*(?:"""[^"]*"""\s*)?(?:pass\b|raise\b|\.\.\.)`), "has no downgrade"},
		},
		".rb": {
			{lazyregexp.New(`\b(?:drop_table|remove_columns?|drop_join_table)\b[^\n]*`), "drops a table or a column"},
			{lazyregexp.New(`\bIrreversibleMigration\b`), "says itself that it is irreversible"},
		},
		".php": {{lazyregexp.New(`\bSchema::drop(?:IfExists)?\([^\n]*|->dropColumn\([^\n]*`), "drops a table or a column"}},
		".js":  {{lazyregexp.New(`\.(?:dropTable|dropTableIfExists|dropColumns?|removeColumn)\([^\n]*`), "drops a table or a column"}},
	}
	// backwards is where the way back begins; what is behind it is allowed to take
	// away.
	backwards = map[string]*lazyregexp.Regexp{
		".py":  lazyregexp.New(`(?m)^def downgrade\b`),
		".rb":  lazyregexp.New(`(?m)^\s*def (?:self\.)?down\b`),
		".php": lazyregexp.New(`\bfunction\s+down\b`),
		".js":  lazyregexp.New(`\bexports\.down\b|\bdown\s*[:(=]|\bfunction\s+down\b`),
		".sql": lazyregexp.New(`(?mi)^--\s*(?:\+goose\s+down|\+migrate\s+down|migrate:down|rollback\b|//@undo)`),
	}
	comments = map[string]*lazyregexp.Regexp{
		".sql": lazyregexp.New(`(?m)--[^\n]*|(?s:/\*.*?\*/)`),
		".py":  lazyregexp.New(`(?m)#[^\n]*`), ".rb": lazyregexp.New(`(?m)#[^\n]*`),
		".php": lazyregexp.New(`(?m)(?://|#)[^\n]*|(?s:/\*.*?\*/)`), ".js": lazyregexp.New(`(?m)//[^\n]*|(?s:/\*.*?\*/)`),
	}
)

// MaxSteps bounds what is said of one migration.
const MaxSteps = 20

// Steps finds what a migration takes away, each line once and at most [MaxSteps].
func Steps(p, text string) []Step {
	ext := path.Ext(p)
	if ext == ".ts" {
		ext = ".js"
	}
	signs, code := codeSigns[ext], text
	forward := len(code)
	if at := backwards[ext].FindStringIndex(code); at != nil {
		forward = at[0]
	}
	code = comments[ext].ReplaceAllStringFunc(code, blanks)
	if ext == ".sql" {
		signs = sqlSigns
	}
	var found []Step
	seen := make(map[int]bool)
	for _, s := range signs {
		for _, at := range s.re.FindAllStringIndex(code, MaxSteps) {
			line := strings.Count(code[:at[0]], "\n") + 1
			if at[0] >= forward && !strings.Contains(s.what, "downgrade") && !strings.Contains(s.what, "itself") || seen[line] || len(found) == MaxSteps {
				continue
			}
			seen[line] = true
			shown, _, _ := strings.Cut(strings.TrimSpace(code[at[0]:at[1]]), "\n")
			found = append(found, Step{s.what, strings.TrimSpace(shown), line})
		}
	}
	return found
}

// blanks keeps the length and the lines of a comment.
func blanks(comment string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return r
		}
		return ' '
	}, comment)
}
