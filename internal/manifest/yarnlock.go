package manifest

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// parseYarnLock reads the lock file of Yarn, in the form of its first version or
// in that of the later ones, which is YAML and says so by its "__metadata".
func parseYarnLock(path string, data []byte) (*File, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	f := &File{Path: path, Ecosystem: NPM, Format: "yarn-lock", Lock: true}
	if isBerry(string(data)) {
		return f, f.berry(data)
	}
	y := &yarnClassic{file: f}
	for rest := strings.TrimPrefix(string(data), "\ufeff"); rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		y.line++
		if err := y.read(strings.TrimSuffix(line, "\r")); err != nil {
			return nil, err
		}
	}
	if err := y.finish(); err != nil {
		return nil, err
	}
	return f, f.count()
}

// isBerry: Yarn looks for the key at the beginning of a line, too.
func isBerry(text string) bool {
	return strings.HasPrefix(text, "__metadata:") || strings.Contains(text, "\n__metadata:")
}

// A yarnClassic reads version 1 line by line: an entry's patterns, its fields
// below, and the dependencies below one of these.
type yarnClassic struct {
	file     *File
	line     int
	patterns []string
	entry    lockEntry
	first    int
	last     int
	fields   keySet
	seen     map[string]bool
	within   bool // the lines of a list of dependencies
}

func (y *yarnClassic) fail(format string, args ...any) error {
	p := &pyprojectReader{file: y.file}
	p.fail(&tomlNode{line: y.line}, format, args...)
	return p.err
}

// read takes in one line.
func (y *yarnClassic) read(line string) error {
	text := strings.TrimLeft(line, " ")
	indent := len(line) - len(text)
	switch {
	case text == "" || text[0] == '#':
		return nil
	case strings.ContainsAny(text, "\t\r\x00"):
		return y.fail("a character that no such file has")
	case indent == 0:
		if err := y.finish(); err != nil {
			return err
		}
		return y.begin(text)
	case y.patterns == nil:
		return y.fail("a line that belongs to no entry")
	case indent == 2:
		y.last = y.line
		return y.field(text)
	case indent == 4 && y.within:
		y.last = y.line
		return y.dependency(text)
	}
	return y.fail("a line with %d blanks before it", indent)
}

// begin reads `a@^1, "@b/c@^2":`.
func (y *yarnClassic) begin(text string) error {
	y.first, y.last, y.fields, y.within = y.line, y.line, keySet{}, false
	for {
		word, rest, ok := yarnWord(text)
		if !ok || word == "" {
			return y.fail("no patterns of an entry: %s", quote(text))
		}
		if y.seen == nil {
			y.seen = make(map[string]bool)
		}
		if y.seen[word] {
			return y.fail("the entry %s is there twice", quote(word))
		}
		y.seen[word] = true
		y.patterns = append(y.patterns, word)
		if rest == ":" {
			return nil
		}
		if text, ok = strings.CutPrefix(rest, ", "); !ok {
			return y.fail("no patterns of an entry: %s", quote(rest))
		}
	}
}

// yarnWord splits off a word, in quotation marks or not.
func yarnWord(s string) (word, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ` ,:"`)
		for end > 0 && s[end] == ':' && end+1 < len(s) && s[end+1] != ' ' { // "npm:x", a URL
			next := strings.IndexAny(s[end+1:], ` ,:"`)
			if next < 0 {
				end = -1
				break
			}
			end += 1 + next
		}
		if end < 0 {
			return s, "", true
		}
		return s[:end], s[end:], s[end] != '"'
	}
	end := 1
	for end < len(s) && s[end] != '"' {
		if s[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(s) {
		return "", "", false
	}
	word, err := strconv.Unquote(strings.ReplaceAll(s[:end+1], `\/`, `/`))
	return word, s[end+1:], err == nil
}

// field reads "key value" or "dependencies:".
func (y *yarnClassic) field(text string) error {
	key, rest, ok := yarnWord(text)
	if !ok || !y.fields.add(key) {
		return y.fail("a field that is no field, or is there twice: %s", quote(text))
	}
	if y.within = rest == ":"; y.within {
		return nil
	}
	value, end, ok := yarnWord(strings.TrimLeft(rest, " "))
	if !ok || end != "" || !strings.HasPrefix(rest, " ") {
		return y.fail("no value of %s: %s", quote(key), quote(rest))
	}
	switch key {
	case "version":
		y.entry.version = value
	case "resolved":
		y.entry.resolved = value
	case "integrity":
		y.entry.integrity = value
	case "name":
		y.entry.name = value
	}
	return nil
}

func (y *yarnClassic) dependency(text string) error {
	_, rest, ok := yarnWord(text)
	_, end, ok2 := yarnWord(strings.TrimLeft(rest, " "))
	if !ok || !ok2 || end != "" || !strings.HasPrefix(rest, " ") {
		return y.fail("no dependency: %s", quote(text))
	}
	return nil
}

// finish makes a package of the entry, and a declaration of each of its patterns.
func (y *yarnClassic) finish() error {
	if y.patterns == nil {
		return nil
	}
	p := npmPackage(splitPattern(y.patterns[0]))
	if y.entry.name != "" {
		p.Name, p.PURL = y.entry.name, npmPURL(y.entry.name)
	}
	p.Path, p.Spec, p.Line, p.EndLine = y.patterns[0], y.entry.version, y.first, y.last
	p.Integrity = sorted(strings.Fields(y.entry.integrity))
	if _, hash, _ := strings.Cut(y.entry.resolved, "#"); len(hash) == 40 && isHex(hash) && vcsOf(urlScheme(y.entry.resolved)) == "" && len(p.Integrity) == 0 {
		p.Integrity = []string{"sha1-" + hash}
	}
	if y.entry.resolved != "" {
		p.Source = archiveSource(y.entry.resolved, p.Name, p.Spec)
	} else if p.Source != "" && !strings.HasPrefix(p.Source, "path:") {
		p.Source = "" // nothing says where it was found
	}
	p.Pinned = lockPinned(&p)
	p.Transitive = true
	y.file.Packages = append(y.file.Packages, p)
	for _, pattern := range y.patterns {
		asked := npmPackage(splitPattern(pattern))
		y.file.answer(&asked, p.Path)
	}
	y.patterns, y.entry = nil, lockEntry{}
	return y.file.count()
}

// answer records which entry answers a requirement, whoever made it.
func (f *File) answer(asked *Package, locked string) {
	if f.patterns == nil {
		f.patterns = make(map[string]string)
	}
	f.patterns[patternKey(asked)] = locked
}

// patternKey is a requirement without its group.
func patternKey(p *Package) string {
	return p.installedAs() + "\x00" + p.Name + "\x00" + p.Spec + "\x00" + p.Source
}

// splitPattern splits "@scope/name@range".
func splitPattern(pattern string) (name, spec string) {
	if i := strings.IndexByte(pattern[min(1, len(pattern)):], '@'); i >= 0 {
		return pattern[:i+1], pattern[i+2:]
	}
	return pattern, ""
}

// yarnFinder finds the entry that answers a requirement.
func yarnFinder(_ string, lock *File) finder {
	at := byPath(lock)
	return func(p *Package) *Package { return at[lock.patterns[patternKey(p)]] }
}

// yarnFixes asks for the requirement itself: Yarn's first form does not say who
// the members of the workspace are, but it holds each of their requirements as
// they wrote it.
func yarnFixes(manifest string, lock *File) func(*Package) bool {
	if len(lock.Members) > 0 {
		return nodeFixes(yarnFinder)(manifest, lock)
	}
	find, anywhere := yarnFinder("", lock), pinnedAnywhere(lock)
	return func(p *Package) bool {
		if notInstalled(p.Group) {
			return anywhere[p.Name]
		}
		locked := find(p)
		return locked != nil && locked.Pinned && locked.Name == p.Name
	}
}

// yarnSatisfies holds yarn.lock against package.json. The later form repeats what
// the members ask for; in the first one each requirement is the name of an entry.
func yarnSatisfies(manifest, lock *File) []Drift {
	if len(lock.Members) > 0 {
		return berrySatisfies(manifest, lock)
	}
	if path.Dir(manifest.Path) != path.Dir(lock.Path) {
		return nil // nobody can tell whether it is a member
	}
	workspace := slices.ContainsFunc(manifest.Settings, func(s Setting) bool { return s.Name == "workspaces" })
	there := make(map[string]bool)
	for i := range lock.Packages {
		there[lock.Packages[i].installedAs()] = true
	}
	find, overrides := yarnFinder("", lock), overridden(manifest)
	var missing []Drift
	for _, p := range npmAsked(manifest.Packages) {
		switch {
		case p.Group == "peer", strings.HasPrefix(p.Source, "path:"), strings.HasPrefix(p.Source, "workspace:"), find(&p) != nil:
		case !there[p.installedAs()] && !workspace: // in a workspace it may be a member, which is not locked
			missing = append(missing, Drift{Package: p, Reason: "nothing is locked for this requirement"})
		case there[p.installedAs()] && !overrides[p.installedAs()]:
			missing = append(missing, Drift{Package: p, Reason: "the lock file was made for another requirement"})
		}
	}
	asked := slices.DeleteFunc(npmAsked(manifest.Packages), func(p Package) bool { return find(&p) == nil })
	return append(missing, lockedDrifts(asked, missing, find, overrides)...)
}
