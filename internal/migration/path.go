package migration

import (
	"path"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var (
	flyway     = lazyregexp.New(`^[VR][0-9_.]*__.*\.(?i:sql)$`)
	undo       = lazyregexp.New(`^[Uu][0-9][0-9_.]*__`)
	repeatable = lazyregexp.New(`^R__.*\.(?i:sql)$`)
	// beside are files that lie with migrations and are none.
	beside = lazyregexp.New(`^(?:__init__|env|conftest)\.py$|^index\.[a-z]+$|\.(?:test|spec|d)\.[a-z]+$|\.designer\.cs$|modelsnapshot\.cs$`)
	// changelog is how Liquibase's files are named outside of folders of its own.
	changelog = lazyregexp.New(`^(?:db\.)?change-?log(?:[._-].*)?\.(?:xml|ya?ml|json)$`)
)

// maxBase is as long as a file is named that a tool wrote.
const maxBase = 255

// languages are those of the texts that are read, by the endings of names.
var languages = map[string]string{
	".sql": ".sql", ".py": ".py", ".rb": ".rb", ".php": ".php", ".cs": ".cs", ".xml": ".xml", ".yaml": ".yaml", ".yml": ".yaml", ".json": ".yaml",
	".js": ".js", ".cjs": ".js", ".mjs": ".js", ".ts": ".js", ".cts": ".js", ".mts": ".js",
}

func language(p string) string { return languages[strings.ToLower(path.Ext(p))] }

// Is reports whether a path is that of a migration that goes forward.
func Is(p string) bool {
	base := path.Base(p)
	dir := "/" + strings.ToLower(path.Dir(p)) + "/"
	lang := language(p)
	if lang != "" && lang != ".sql" && len(base) <= maxBase && beside.MatchString(strings.ToLower(base)) {
		return false
	}
	switch lang {
	case ".sql":
		return (flyway.MatchString(base) || folder(dir) || strings.HasSuffix(strings.ToLower(base), ".up.sql")) && !down(base)
	case ".py":
		return strings.Contains(dir, "/migrations/") || strings.Contains(dir, "/alembic/versions/")
	case ".rb":
		return strings.Contains(dir, "/db/migrate/")
	case ".js":
		return strings.Contains(dir, "/migrations/") || strings.Contains(dir, "/migration/") && dated(base)
	case ".cs":
		return strings.Contains(dir, "/migrations/") && dated(base)
	case ".php":
		return strings.Contains(dir, "/migrations/")
	case ".xml", ".yaml":
		return Changelog(p)
	}
	return false
}

// dated reports whether a name has a number, as tools give it to what they run in order.
func dated(base string) bool { return strings.ContainsAny(base, "0123456789") }

// Changelog reports whether a path is that of one of Liquibase's files that are no
// SQL: further change sets are written into them.
func Changelog(p string) bool {
	lang := language(p)
	dir := "/" + strings.ToLower(path.Dir(p)) + "/"
	switch {
	case lang != ".xml" && lang != ".yaml":
		return false
	case strings.Contains(dir, "/liquibase/") || strings.Contains(dir, "/db/changelog"):
		return true
	case lang == ".xml" && (strings.Contains(dir, "/changelog/") || strings.Contains(dir, "/changelogs/")):
		return true
	}
	base := strings.ToLower(path.Base(p))
	return changelog.MatchString(base) && (lang == ".xml" || strings.HasPrefix(base, "db.") || strings.Contains(dir, "/db/"))
}

// Repeated reports whether a migration runs again whenever it is edited.
func Repeated(p string) bool { return repeatable.MatchString(path.Base(p)) }

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

// Forward is the file that a way back takes back, "" for any other file.
func Forward(p string) string {
	base := path.Base(p)
	switch before, ok := strings.CutSuffix(p, ".down.sql"); {
	case ok:
		return before + ".up.sql"
	case base == "down.sql":
		return path.Join(path.Dir(p), "up.sql")
	case undo.MatchString(base) && strings.EqualFold(path.Ext(base), ".sql"):
		return path.Join(path.Dir(p), "V"+base[1:])
	}
	return ""
}

// Undo is the file with which Flyway takes a versioned migration back, "" for any
// other. It is optional: whether a repository writes them its other files show.
func Undo(p string) string {
	base := path.Base(p)
	if len(base) < 2 || base[0] != 'V' || base[1] < '0' || base[1] > '9' || !flyway.MatchString(base) {
		return ""
	}
	return path.Join(path.Dir(p), "U"+base[1:])
}

// IsUndo reports whether a file is one of Flyway's that take a migration back.
func IsUndo(p string) bool {
	return undo.MatchString(path.Base(p)) && strings.EqualFold(path.Ext(p), ".sql")
}
