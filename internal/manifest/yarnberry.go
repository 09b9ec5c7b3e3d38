package manifest

import (
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// berry reads the lock file of Yarn 2 and later: a mapping of descriptors to what
// they resolve to. Entries of the workspace are its members, with what they ask
// for.
func (f *File) berry(data []byte) error {
	doc, err := oneYAML(f.Path, data)
	if err != nil || doc == nil {
		return err
	}
	for i, k := range doc.keys {
		e := doc.list[i]
		if k.text == "__metadata" {
			if v, err := strconv.Atoi(e.str("version")); err != nil || v < 1 || v > 10 {
				return &ParseError{Path: f.Path, Line: k.line, Reason: "unknown version of the lock file: " + quote(e.str("version"))}
			}
			continue
		}
		if e.kind != yamlMap || e.str("resolution") == "" {
			return &ParseError{Path: f.Path, Line: k.line, Reason: "the entry " + quote(k.text) + " has no resolution"}
		}
		if err := f.berryEntry(k, e); err != nil {
			return err
		}
	}
	if len(f.Members) == 0 {
		return &ParseError{Path: f.Path, Line: 1, Reason: "no entry of the project itself"}
	}
	f.answered()
	return nil
}

// berryEntry reads one entry with all its descriptors.
func (f *File) berryEntry(k yamlKey, e *yamlValue) error {
	name, reference := splitPattern(e.str("resolution"))
	p := Package{
		Ecosystem: NPM, Name: name, PURL: npmPURL(name), Spec: e.str("version"), Path: e.str("resolution"),
		Transitive: true, Line: k.line, EndLine: max(k.line, e.end),
	}
	member, isMember := strings.CutPrefix(reference, "workspace:")
	if isMember {
		member = memberPath(member)
		f.Members = append(f.Members, member)
		p.Source, p.Spec = "path:"+path.Clean(member), ""
		if err := f.berryAsked(member, e.child("dependencies")); err != nil {
			return err
		}
	} else {
		p.berryLocate(reference)
	}
	if bare, _, _ := strings.Cut(reference, "::"); strings.HasPrefix(bare, "npm:") && isExactVersion(p.Spec) && bare != "npm:"+p.Spec {
		return &ParseError{Path: f.Path, Line: k.line, Reason: "the version of " + quote(name) + " is not that of its resolution"}
	}
	if _, hex, ok := strings.Cut(e.str("checksum"), "/"); ok {
		p.Integrity = []string{"sha512:" + hex}
	} else if sum := e.str("checksum"); sum != "" {
		p.Integrity = []string{"sha512:" + sum}
	}
	p.Platforms = berryPlatforms(e.str("conditions"))
	p.Pinned = lockPinned(&p)
	for descriptor := range strings.SplitSeq(k.text, ", ") {
		asked := berryPackage(splitPattern(descriptor))
		if asked.Alias != "" || asked.Name != name {
			p.Alias = asked.installedAs()
		}
		f.answer(&asked, p.Path)
	}
	f.Packages = append(f.Packages, p)
	return f.count()
}

// berryAsked reads what a member asks for.
func (f *File) berryAsked(member string, list *yamlValue) error {
	if list == nil {
		return nil
	}
	if list.kind != yamlMap {
		return &ParseError{Path: f.Path, Line: list.line, Reason: "dependencies are no mapping"}
	}
	f.expect(len(list.keys))
	for i, k := range list.keys {
		d := berryPackage(k.text, list.list[i].String())
		d.Path, d.Line, d.EndLine = member, k.line, k.line
		f.Declared = append(f.Declared, d)
		if err := f.count(); err != nil {
			return err
		}
	}
	return nil
}

// expect makes room for what a list asks for: growing step by step takes many times
// what is there in the end.
func (f *File) expect(n int) { f.Declared = slices.Grow(f.Declared, min(n, maxEntries+1)) }

// berryPackage reads a descriptor: what comes from the registry says so by
// "npm:", which in package.json is only written before another name.
func berryPackage(name, spec string) Package {
	if bare, ok := strings.CutPrefix(spec, "npm:"); ok && strings.LastIndexByte(bare, '@') <= 0 {
		spec = bare
	}
	return npmPackage(name, spec)
}

// berryLocate reads a reference: what follows the name in a resolution.
func (p *Package) berryLocate(reference string) {
	reference, params, _ := strings.Cut(reference, "::")
	bound, _ := url.ParseQuery(params) // what cannot be read of it is no address
	protocol, rest, _ := strings.Cut(reference, ":")
	switch {
	case protocol == "npm":
		if archive := bound.Get("__archiveUrl"); archive != "" {
			p.Source = archiveSource(archive, p.Name, p.Spec)
		}
	case protocol == "patch" && builtinPatch(rest):
		p.Marker = "patched by Yarn itself"
	case protocol == "patch":
		p.Source = "patch:" + rest + " " + bound.Get("hash")
	case protocol == "file" || protocol == "link" || protocol == "portal":
		p.Source, p.Spec = "path:"+path.Clean(beforeHash(rest)), ""
	case strings.Contains(reference, "#commit="):
		repo, commit, _ := strings.Cut(reference, "#commit=")
		p.Source, _ = gitURL(repo + "#" + commit)
	case protocol == "https" || protocol == "http":
		p.Source = archiveSource(reference, p.Name, p.Spec)
	default:
		p.Source = redact(reference)
	}
}

// builtinPatch tells the patches that are part of Yarn from those of the tree, which
// may have any name: "a@npm%3A1.0.0#optional!builtin<compat/a>".
func builtinPatch(reference string) bool {
	_, patches, _ := strings.Cut(reference, "#")
	for name := range strings.SplitSeq(patches, "&") {
		name = strings.TrimPrefix(strings.TrimPrefix(name, "optional!"), "~")
		if inner, ok := strings.CutPrefix(name, "builtin<"); !ok || !strings.HasSuffix(inner, ">") {
			return false
		}
	}
	return true
}

// answered tells which entries the members ask for.
func (f *File) answered() {
	for i := range f.Declared {
		f.Declared[i].Locked = f.patterns[patternKey(&f.Declared[i])]
	}
	f.markAsked()
}

// berrySatisfies compares a member with its copy, and what is locked with what it
// asks for. A requirement that no entry answers by its words may be overridden in
// the manifest of the whole; one whose name is not locked at all is not.
func berrySatisfies(manifest, lock *File) []Drift {
	member, ok := memberOf(manifest.Path, lock)
	if !ok {
		return nil
	}
	asked := slices.DeleteFunc(npmAsked(manifest.Packages), func(p Package) bool { return p.Group == "peer" })
	drifts := copyDrifts(asked, slices.DeleteFunc(slices.Clone(lock.Declared), func(p Package) bool { return p.Path != member }))
	there := make(map[string]bool)
	for i := range lock.Packages {
		there[lock.Packages[i].Name], there[lock.Packages[i].installedAs()] = true, true
	}
	find := yarnFinder(member, lock)
	asked = slices.DeleteFunc(asked, func(p Package) bool { return find(&p) == nil && there[p.Name] })
	return append(drifts, lockedDrifts(asked, drifts, find, overridden(manifest))...)
}
