package manifest

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// A packageLock collects one package-lock.json, of any version. Version 1 nests
// "dependencies"; 2 and 3 have a flat "packages", whose entry "" repeats what
// the manifest asks for. Version 2 has both; "packages" is the one npm reads.
type packageLock struct {
	*jsonReader
	file   *File
	flat   []Package
	nested []Package
	isFlat bool
	paths  int // bytes of all paths of nested entries
}

// A lockEntry is one entry of either form.
type lockEntry struct {
	name, version, resolved, integrity string
	platforms                          []string
	link, bundled, script, dev         bool
}

// parsePackageLock decides between the forms when both were read: their order in
// the file is free.
func parsePackageLock(path string, data []byte) (*File, error) {
	r, err := newJSONReader(path, data)
	if err != nil {
		return nil, err
	}
	l := &packageLock{jsonReader: r, file: &File{Path: path, Ecosystem: NPM, Format: "package-lock", Lock: true}}
	l.flat = make([]Package, 0, room(data, "node_modules/"))
	if err := l.object("the document", l.member); err != nil {
		return nil, err
	}
	l.file.Packages = l.nested
	if l.isFlat {
		l.file.Packages = append(l.flat, l.contradictions()...)
	}
	l.markDirect()
	return l.file, nil
}

// room is how many packages to make room for: as often as a word is there, of what a
// file of that size may hold.
func room(data []byte, word string) int {
	return min(bytes.Count(data, []byte(word)), len(data)/64, maxEntries)
}

// contradictions are the entries of "dependencies" that say otherwise than
// "packages". npm has not read them since version 7, but version 6 reads nothing
// else: they count as entries of their own.
func (l *packageLock) contradictions() []Package {
	flat := make(map[string]*Package, len(l.flat))
	for i := range l.flat {
		flat[l.flat[i].Path] = &l.flat[i]
	}
	var odd []Package
	for _, n := range l.nested {
		f := flat[n.Path]
		if f == nil || n.Source != f.Source || n.Spec != "" && n.Spec != f.Spec || !slices.Equal(n.Integrity, f.Integrity) {
			odd = append(odd, n)
		}
	}
	return odd
}

// member reads a part of the document. A version to come may mean other things
// by the same words, so it is refused.
func (l *packageLock) member(key string, line int) error {
	switch key {
	case "packages":
		l.isFlat = true
		return l.object(key, l.flatEntry)
	case "dependencies":
		return l.object(key, func(name string, line int) error { return l.nestedEntry("", name, line, 0) })
	case "lockfileVersion":
		if v := string(l.raw()); v != "1" && v != "2" && v != "3" {
			return &ParseError{Path: l.path, Line: line, Reason: "unknown lockfileVersion " + quote(v)}
		}
		return nil
	}
	l.skip()
	return nil
}

// flatEntry reads "node_modules/a/node_modules/b"; "" is the project itself.
func (l *packageLock) flatEntry(at string, line int) error {
	var e lockEntry
	err := l.object("an entry of packages", func(key string, _ int) error {
		if group, ok := npmGroups[key]; ok && isMember(at) {
			return l.declared(at, key, group)
		}
		return l.field(&e, key)
	})
	if isMember(at) {
		l.file.Members = append(l.file.Members, at)
	}
	if err != nil || at == "" {
		return err
	}
	name := e.name
	if _, installed, ok := cutLast(at, "node_modules/"); ok && name == "" {
		name = installed
	} else if name == "" {
		name = at
	}
	return l.add(&l.flat, e, at, name, line)
}

// isMember tells the project and the members of its workspace from what is
// installed.
func isMember(at string) bool { return !strings.Contains(at, "node_modules/") }

// cutLast splits at the last occurrence of a separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// declared reads what the lock file says its manifest asked for. It is read like
// the manifest itself, so that the two compare.
func (l *packageLock) declared(at, key, group string) error {
	return l.object(key, func(name string, line int) error {
		spec, err := l.text("the version of " + quote(name))
		if err != nil {
			return err
		}
		p := npmPackage(name, spec)
		p.Group, p.Path, p.Line, p.EndLine = group, at, line, line
		l.file.Declared = append(l.file.Declared, p)
		return l.file.count()
	})
}

// maxPaths bounds what the paths of version 1 take: each holds those above it, so
// that a small file could ask for a thousand times its size.
const maxPaths = 8 << 20

// nestedEntry reads an entry of version 1 and those below it.
func (l *packageLock) nestedEntry(above, name string, line, depth int) error {
	at := above + "node_modules/" + name
	if l.paths += len(at); l.paths > maxPaths {
		return l.fail("the paths of nested packages have more than %d bytes together", maxPaths)
	}
	if depth > maxNesting || len(above) > maxPathLen {
		return l.fail("dependencies nested more than %d levels or %d bytes deep", maxNesting, maxPathLen)
	}
	var e lockEntry
	err := l.object("an entry of dependencies", func(key string, _ int) error {
		if key == "dependencies" {
			return l.object(key, func(name string, line int) error { return l.nestedEntry(at+"/", name, line, depth+1) })
		}
		return l.field(&e, key)
	})
	if err != nil {
		return err
	}
	if target, ok := strings.CutPrefix(e.version, "npm:"); ok {
		name, e.version = cutNameVersion(target)
	} else if source, _ := npmSource(e.version); source != "" && e.resolved == "" {
		e.resolved, e.version = e.version, ""
	}
	return l.add(&l.nested, e, at, name, line)
}

func (l *packageLock) field(e *lockEntry, key string) (err error) {
	switch key {
	case "name":
		e.name, err = l.text("a name")
	case "version":
		e.version, err = l.text("a version")
	case "resolved":
		if l.next() != '"' { // false for what is bundled, in old files
			l.skip()
			return nil
		}
		e.resolved, err = l.text("resolved")
	case "integrity":
		e.integrity, err = l.text("integrity")
	case "link":
		e.link = l.isTruthy()
	case "inBundle", "bundled":
		e.bundled = l.isTruthy()
	case "os", "cpu":
		e.platforms, err = l.platforms(key, e.platforms)
	case "dev":
		e.dev = l.isTruthy()
	case "hasInstallScript":
		e.script = l.isTruthy()
	default:
		l.skip()
	}
	return err
}

// add makes a package of an entry. Lock files always name one version; whether
// that is one artefact depends on the source.
func (l *packageLock) add(to *[]Package, e lockEntry, at, name string, line int) error {
	p := Package{
		Ecosystem: NPM, Name: name, PURL: npmPURL(name), Spec: e.version, Path: at, InstallScript: e.script, Dev: e.dev, Platforms: sorted(e.platforms),
		Transitive: true, Line: line, EndLine: l.lines.at(l.at),
		Integrity: sorted(strings.Fields(e.integrity)), Source: lockSource(e, name, at),
	}
	p.Pinned = lockPinned(&p)
	if _, installed, ok := cutLast(at, "node_modules/"); ok && installed != name {
		p.Alias = installed
	}
	if *to = append(*to, p); len(*to) > maxEntries {
		return l.fail("more than %d entries", maxEntries)
	}
	return nil
}

// lockPinned: a registry keeps its versions; a repository and an address must be
// held by a commit or a hash.
func lockPinned(p *Package) bool {
	switch scheme := urlScheme(p.Source); {
	case vcsOf(scheme) != "":
		_, ref, _ := cutLast(p.Source, "@")
		return isCommit(ref)
	case scheme == "http" || scheme == "https":
		return len(p.Integrity) > 0
	}
	return true
}

// defaultRegistry is where npm looks unless told otherwise.
const defaultRegistry = "https://registry.npmjs.org/"

// lockSource is where an entry was found: a registry, when its archive stands
// there under the entry's own name and version, else the whole address. So an
// entry that names one package and fetches another shows.
func lockSource(e lockEntry, name, at string) string {
	switch {
	case e.bundled:
		return "bundled"
	case e.link:
		return "path:" + path.Clean(e.resolved)
	case e.resolved == "" && isMember(at):
		return "path:" + at
	case e.resolved == "":
		return ""
	}
	file := "/-/" + path.Base(name) + "-" + e.version + ".tgz"
	base, ok := strings.CutSuffix(beforeHash(e.resolved), name+file)
	if ok && strings.HasPrefix(base, "http") && strings.HasSuffix(base, "/") {
		if base == defaultRegistry {
			return ""
		}
		return "registry:" + redact(base)
	}
	source, _ := npmSource(e.resolved)
	if source == "" {
		return "path:" + e.resolved
	}
	if vcsOf(urlScheme(source)) != "" {
		return source
	}
	return withoutVersion(source, path.Base(name), e.version)
}

// withoutVersion takes out of an archive's address what every upgrade changes:
// path segments that are the version or a hash, and the version in the usual
// file name.
func withoutVersion(url, base, version string) string {
	segments := strings.Split(url, "/")
	for i := 3; i < len(segments); i++ { // after "https://host/"
		switch s := segments[i]; {
		case s == version && s != "":
			segments[i] = "{version}"
		case s == base+"-"+version+".tgz":
			segments[i] = base + "-{version}.tgz"
		case len(s) >= 40 && isHex(s):
			segments[i] = "{hash}"
		}
	}
	return strings.Join(segments, "/")
}

// markDirect finds the entries that a manifest asks for.
func (l *packageLock) markDirect() {
	asked := make(map[string]bool, len(l.file.Declared))
	for _, d := range l.file.Declared {
		asked["node_modules/"+d.installedAs()] = true
		if d.Path != "" && len(d.Path) < maxPathLen {
			asked[d.Path+"/node_modules/"+d.installedAs()] = true
		}
	}
	for i := range l.file.Packages {
		p := &l.file.Packages[i]
		p.Transitive = !asked[p.Path]
	}
}

// installedAs is the folder in node_modules.
func (p *Package) installedAs() string {
	if p.Alias != "" {
		return p.Alias
	}
	return p.Name
}
