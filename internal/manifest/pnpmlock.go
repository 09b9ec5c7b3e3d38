package manifest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// A pnpmLock collects one pnpm-lock.yaml, of the versions 5 to 9. Up to 8 a
// package's key begins with a slash, and a project alone has no "importers".
type pnpmLock struct {
	file *File
	at   map[string]bool // the keys of packages, without their peers
	old  bool            // version 5, whose keys are "/name/version"
}

// parsePnpmLock reads every document of the file: the newest pnpm keeps what it
// needs to install itself in one of its own.
func parsePnpmLock(path string, data []byte) (*File, error) {
	docs, err := parseYAML(path, data)
	if err != nil {
		return nil, err
	}
	l := &pnpmLock{file: &File{Path: path, Ecosystem: NPM, Format: "pnpm-lock", Lock: true}, at: make(map[string]bool)}
	for _, doc := range docs {
		if doc.isNull() {
			continue
		}
		if doc.kind != yamlMap {
			return nil, l.fail(doc, "the document is no mapping")
		}
		if err := l.document(doc); err != nil {
			return nil, err
		}
	}
	l.resolve()
	return l.file, l.file.count()
}

func (l *pnpmLock) fail(v *yamlValue, format string, args ...any) error {
	return &ParseError{Path: l.file.Path, Line: v.line, Reason: fmt.Sprintf(format, args...)}
}

func (l *pnpmLock) document(doc *yamlValue) error {
	v := doc.str("lockfileVersion")
	if v == "" || strings.IndexByte("56789", v[0]) < 0 || len(v) > 1 && v[1] != '.' && v[1] != '-' {
		return l.fail(doc, "unknown lockfileVersion %s", quote(v))
	}
	l.old = v[0] == '5'
	l.file.undivided = v[0] == '9'
	alone := doc.child("importers") == nil
	for i, k := range doc.keys {
		v, err := doc.list[i], error(nil)
		switch k.text {
		case "importers":
			err = l.each(v, k.text, func(k yamlKey, v *yamlValue) error { return l.importer(memberPath(k.text), v) })
		case "packages":
			l.file.Packages = slices.Grow(l.file.Packages, min(v.length(), maxEntries+1))
			err = l.each(v, k.text, l.entry)
		case "catalogs":
			err = l.each(v, k.text, l.catalog)
		case "overrides":
			l.file.expect(v.length())
			err = l.each(v, k.text, l.override)
		case "patchedDependencies", "packageExtensionsChecksum", "pnpmfileChecksum":
			l.setting(k, v, SourceChanged)
		case "onlyBuiltDependencies", "neverBuiltDependencies":
			l.setting(k, v, LifecycleScript)
		case "dependencies", "devDependencies", "optionalDependencies":
			if alone {
				err = l.list("", npmGroups[k.text], v, doc.child("specifiers"))
			}
		}
		if err != nil {
			return err
		}
	}
	if alone {
		l.file.Members = append(l.file.Members, "")
	}
	return nil
}

// each calls a function for every member of a mapping.
func (l *pnpmLock) each(v *yamlValue, what string, member func(k yamlKey, v *yamlValue) error) error {
	if v.isNull() {
		return nil
	}
	if v.kind != yamlMap {
		return l.fail(v, "%s is no mapping", what)
	}
	for i, k := range v.keys {
		if err := member(k, v.list[i]); err != nil {
			return err
		}
		if err := l.file.count(); err != nil {
			return err
		}
	}
	return nil
}

func (l *pnpmLock) setting(k yamlKey, v *yamlValue, kind Kind) {
	l.file.Settings = append(l.file.Settings, Setting{
		Name: k.text, Value: v.String(), Gained: kind, Lost: kind, Line: k.line, EndLine: max(k.line, v.end),
	})
}

// importer reads one member of the workspace.
func (l *pnpmLock) importer(member string, v *yamlValue) error {
	l.file.Members = append(l.file.Members, member)
	return l.each(v, "an importer", func(k yamlKey, list *yamlValue) error {
		if group, ok := npmGroups[k.text]; ok {
			return l.list(member, group, list, v.child("specifiers"))
		}
		return nil
	})
}

// list reads what a member asks for: since version 6 with what is locked, before
// that with the requirements in a mapping of their own.
func (l *pnpmLock) list(member, group string, v, specifiers *yamlValue) error {
	specs := make(map[string]string)
	if specifiers != nil && specifiers.kind == yamlMap {
		for i, k := range specifiers.keys {
			specs[k.text] = specifiers.list[i].String()
		}
	}
	l.file.expect(v.length())
	return l.each(v, "dependencies", func(k yamlKey, e *yamlValue) error {
		spec, version := specs[k.text], e.String()
		if e.kind == yamlMap {
			spec, version = e.str("specifier"), e.str("version")
		}
		if version == "" {
			return l.fail(e, "nothing is locked for %s", quote(k.text))
		}
		d := npmPackage(k.text, spec)
		d.Group, d.Path, d.Line, d.EndLine, d.Locked = group, member, k.line, max(k.line, e.end), version
		l.file.Declared = append(l.file.Declared, d)
		return nil
	})
}

// catalog reads what the lock file says of a catalogue: its entries that are used.
func (l *pnpmLock) catalog(k yamlKey, v *yamlValue) error {
	l.file.expect(v.length())
	return l.each(v, "a catalog", func(name yamlKey, e *yamlValue) error {
		d := npmPackage(name.text, e.str("specifier"))
		d.Group, d.Line, d.EndLine = catalogGroup(k.text), name.line, max(name.line, e.end)
		l.file.Declared = append(l.file.Declared, d)
		return nil
	})
}

// catalogGroup names a catalogue; the default one has two names.
func catalogGroup(name string) string {
	if name == "default" {
		return "catalog"
	}
	return "catalog:" + name
}

func (l *pnpmLock) override(k yamlKey, v *yamlValue) error {
	d := overrideOf(k.text, v.String())
	d.Line, d.EndLine = k.line, max(k.line, v.end)
	l.file.Declared = append(l.file.Declared, d)
	return nil
}

// overrideOf reads one entry of a flat list of overrides.
func overrideOf(key, spec string) Package {
	name, within := lastName(key)
	p := &packageJSON{file: &File{}}
	p.override(name, spec, within, 1)
	return p.file.Packages[0]
}

// withoutPeers cuts "a@1.0.0(b@2.0.0)" before the peers.
func withoutPeers(key string) string {
	if i := strings.IndexByte(key, '('); i > 0 {
		return key[:i]
	}
	return key
}

// entry reads one package.
func (l *pnpmLock) entry(k yamlKey, v *yamlValue) error {
	if v.kind != yamlMap {
		return l.fail(v, "the entry %s is no mapping", quote(k.text))
	}
	key := withoutPeers(k.text)
	name, version := l.split(strings.TrimPrefix(key, "/"))
	if n := v.str("name"); n != "" {
		name = n
	}
	if n := v.str("version"); n != "" {
		version = n
	}
	p := Package{
		Ecosystem: NPM, Name: name, PURL: npmPURL(name), Spec: version, Path: key, Transitive: true,
		InstallScript: v.child("requiresBuild").isTrue(), Dev: v.child("dev").isTrue(), Platforms: v.platforms(), Line: k.line, EndLine: max(k.line, v.end),
	}
	if !isExactVersion(version) {
		p.Spec = v.str("version")
	}
	p.pnpmLocate(v.child("resolution"), version)
	p.Pinned = lockPinned(&p)
	l.at[key] = true
	l.file.Packages = append(l.file.Packages, p)
	return nil
}

// split splits "name@version", and "name/version_peers" of version 5.
func (l *pnpmLock) split(key string) (name, version string) {
	if !l.old {
		return splitPattern(key)
	}
	bare, _, _ := strings.Cut(key, "_")
	name, version, _ = cutLast(bare, "/")
	return name, version
}

// pnpmLocate reads a resolution. What it does not know stands as it is written.
func (p *Package) pnpmLocate(r *yamlValue, version string) {
	p.Integrity = sorted(strings.Fields(r.str("integrity")))
	switch kind := r.str("type"); {
	case r.str("tarball") != "":
		p.Source = archiveSource(r.str("tarball"), p.Name, p.Spec)
	case kind == "git" || r.str("repo") != "":
		p.Source, _ = gitURL(strings.TrimPrefix(r.str("repo"), "git+") + "#" + r.str("commit"))
		if !strings.Contains(p.Source, "://") {
			p.Source = "git+" + redact(r.str("repo")) + "@" + r.str("commit")
		}
	case kind == "directory" || r.str("directory") != "":
		p.Source = "path:" + path.Clean(r.str("directory"))
	case kind != "":
		p.Source = "resolution:" + r.String()
	case !isExactVersion(version):
		p.Source, _ = npmSource(version)
	}
	if reg := r.str("registry"); reg != "" && p.Source == "" {
		p.Source = "registry:" + redact(reg)
	}
}

// resolve finds the entry that each requirement is locked to.
func (l *pnpmLock) resolve() {
	for i := range l.file.Declared {
		d := &l.file.Declared[i]
		if strings.HasPrefix(d.Locked, "link:") || d.Locked == "" {
			continue
		}
		version := withoutPeers(d.Locked)
		bare, _, _ := strings.Cut(version, "_")
		d.Locked = "?" // what no entry is named
		for _, key := range []string{version, d.installedAs() + "@" + version, "/" + d.installedAs() + "@" + version, "/" + d.installedAs() + "/" + version, "/" + d.installedAs() + "/" + bare} {
			if l.at[key] {
				d.Locked = key
				break
			}
		}
	}
	l.file.markAsked()
}

// pnpmWorkspaceSatisfies: what the lock file says of catalogues must be what the
// workspace says; entries that nobody uses are not locked. The same holds for the
// overrides, unless the workspace has none and package.json may.
func pnpmWorkspaceSatisfies(manifest, lock *File) []Drift {
	wanted := make(map[string]*Package)
	overrides := false
	for i := range manifest.Packages {
		p := &manifest.Packages[i]
		wanted[p.Group+"\x00"+p.installedAs()+"\x00"+p.Marker] = p
		overrides = overrides || p.Group == groupOverrides
	}
	var drifts []Drift
	for _, d := range lock.Declared {
		if !notInstalled(d.Group) || d.Group == groupOverrides && !overrides {
			continue
		}
		switch p := wanted[d.Group+"\x00"+d.installedAs()+"\x00"+d.Marker]; {
		case p == nil:
			drifts = append(drifts, Drift{Package: d, Reason: "the lock file has a requirement that the manifest has not"})
		case patternKey(p) != patternKey(&d):
			drifts = append(drifts, Drift{Package: *p, Locked: d.Spec, Reason: "the lock file was made for another requirement"})
		}
	}
	return drifts
}
