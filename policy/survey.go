package policy

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/pathset"
)

// found is what a survey of a repository's files found.
type found struct {
	files     int
	languages []counted
	manifests []string
	guarded   []string // globs of what builds and deploys
	unguarded int      // files of that kind for which there was no room
	tests     bool     // there are files of tests
	workflows bool     // of GitHub Actions
	deployed  bool     // something says how this is deployed
	surfaces  []foundSurface
	owners    []string // as "from" takes them
	ownersIn  string   // the file that names them
}

// counted is a name with how often it was seen.
type counted struct {
	name  string
	count int
}

type foundSurface struct {
	name   string
	globs  []string
	weight int
}

// surfaceNames are folders that carry more than others, by what people call
// them, with the name and the weight of the surface.
var surfaceNames = []struct {
	name   string
	weight int
	words  []string
}{
	{"WebSocket connections", 30, []string{"websocket", "websockets", "websocket_core", "websocket-core", "ws", "realtime", "sockets", "socketio"}},
	{"Sign-in and permissions", 30, []string{"auth", "authn", "authz", "authentication", "authorization", "oauth", "oidc", "sso", "login", "auth_core", "auth_service", "auth_integration", "permissions", "rbac", "session_management"}},
	{"Payments", 30, []string{"payment", "payments", "billing", "checkout", "stripe", "invoices", "invoicing"}},
	{"Database migrations", 25, []string{"migrations", "migration", "migrate", "alembic"}},
	{"Cryptography", 25, []string{"crypto", "cryptography", "encryption", "secrets", "keys", "kms"}},
}

// languageNames are by extension what the header of a policy counts.
var languageNames = map[string]string{
	".py": "Python", ".go": "Go", ".js": "JavaScript", ".jsx": "JavaScript", ".mjs": "JavaScript", ".cjs": "JavaScript",
	".ts": "TypeScript", ".tsx": "TypeScript", ".java": "Java", ".kt": "Kotlin", ".rb": "Ruby", ".php": "PHP", ".rs": "Rust",
	".c": "C", ".h": "C", ".cc": "C++", ".cpp": "C++", ".hpp": "C++", ".cs": "C#", ".swift": "Swift", ".scala": "Scala",
	".sh": "shell", ".sql": "SQL", ".tf": "Terraform", ".ex": "Elixir", ".dart": "Dart", ".vue": "Vue", ".svelte": "Svelte",
}

// The bounds of what is written out.
const (
	maxDirs      = 8  // globs of one surface
	maxGuarded   = 12 // globs of what builds and deploys
	maxManifests = 6
	maxOwners    = 5
	maxLanguages = 3
)

func survey(paths []string, read Reader) found {
	f := found{files: len(paths)}
	dirs := make(map[string][]string)
	languages := make(map[string]int)
	var guarded []string
	for _, p := range slices.Compact(slices.Sorted(slices.Values(paths))) {
		if !plain(p) {
			continue
		}
		switch class := change.Classify(p, change.Regular); class {
		case change.ClassDependencies:
			f.manifests = append(f.manifests, p)
		case change.ClassCI, change.ClassDeployment:
			guarded = append(guarded, p)
			f.deployed = f.deployed || class == change.ClassDeployment
			f.workflows = f.workflows || strings.HasPrefix(p, ".github/workflows/")
		case change.ClassFunctional, change.ClassTests, change.ClassData:
			if name := languageNames[strings.ToLower(path.Ext(p))]; name != "" {
				languages[name]++
			}
			f.tests = f.tests || class == change.ClassTests
			if class != change.ClassTests {
				surfacesAbove(p, dirs)
			}
		}
	}
	f.languages = commonest(languages)
	f.guarded, f.unguarded = buildAndDeploy(guarded)
	for _, s := range surfaceNames {
		if globs := outermost(dirs[s.name]); len(globs) > 0 {
			f.surfaces = append(f.surfaces, foundSurface{s.name, globs[:min(len(globs), maxDirs)], s.weight})
		}
	}
	f.owners, f.ownersIn = owners(paths, read)
	return f
}

// plain leaves out names that cannot be written into a policy as they are.
func plain(name string) bool {
	_, unreadable := pathset.Unreadable(name)
	return !unreadable && path.Clean(name) == name && name[0] != '/' && len(name) < 200 && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// surfacesAbove notes the folders above a file that have the name of a surface.
func surfacesAbove(name string, dirs map[string][]string) {
	for dir := path.Dir(name); dir != "." && dir != "/"; dir = path.Dir(dir) {
		base := strings.ToLower(path.Base(dir))
		for _, s := range surfaceNames {
			if known := dirs[s.name]; slices.Contains(s.words, base) && (len(known) == 0 || known[len(known)-1] != dir) {
				dirs[s.name] = append(known, dir)
			}
		}
	}
}

// commonest are the names seen most, by count and name.
func commonest(counts map[string]int) []counted {
	var list []counted
	for name, n := range counts {
		list = append(list, counted{name, n})
	}
	slices.SortFunc(list, func(a, b counted) int { return cmp.Or(b.count-a.count, strings.Compare(a.name, b.name)) })
	return list[:min(len(list), maxLanguages)]
}

var comment = lazyregexp.New(`(^|\s)#.*`)

// owners are those that CODEOWNERS names for everything, or else most often.
// The first of the three places that exists counts, as on GitHub.
func owners(paths []string, read Reader) ([]string, string) {
	for _, name := range []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"} {
		if read == nil || !slices.Contains(paths, name) {
			continue
		}
		data, ok := read(name)
		if !ok || len(data) > MaxSize {
			return nil, ""
		}
		if list := ownersOf(string(data)); len(list) > 0 {
			return list, name
		}
		return nil, ""
	}
	return nil, ""
}

func ownersOf(text string) []string {
	var all []string // the last line that names everything wins
	counts := make(map[string]int)
	for line := range strings.Lines(text) {
		fields := strings.Fields(comment.ReplaceAllString(line, ""))
		if len(fields) == 0 {
			continue
		}
		var named []string
		for _, owner := range fields[1:] {
			if who := asFrom(owner); who != "" && !slices.Contains(named, who) {
				named = append(named, who)
				counts[who]++
			}
		}
		if fields[0] == "*" || fields[0] == "**" || fields[0] == "/**" {
			all = named
		}
	}
	if len(all) == 0 {
		if most := commonest(counts); len(most) > 0 {
			all = []string{most[0].name}
		}
	}
	return all[:min(len(all), maxOwners)]
}

// asFrom writes an owner as "from" takes it, "" for an address.
func asFrom(owner string) string {
	if team.MatchString(owner) {
		return owner
	}
	if name, ok := strings.CutPrefix(owner, "@"); ok && login.MatchString(name) && !slices.Contains(roles, name) {
		return name
	}
	return ""
}
