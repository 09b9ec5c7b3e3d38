package manifest

import (
	"path"
	"slices"
	"strings"
)

// A uvLock collects one uv.lock, whose members of the workspace are entries with
// what they ask for.
type uvLock struct {
	pyLock
	folders map[string]string // of entries that lie in the tree, by name
}

func parseUvLock(path string, data []byte) (*File, error) {
	l := &uvLock{folders: make(map[string]string)}
	rest, err := l.parse("uv-lock", path, data, "package", l.entry)
	if err != nil {
		return nil, err
	}
	if v := rest.child("version"); v != nil && v.text != "1" {
		return nil, l.fail(v, "unknown version %s", quote(v.text))
	}
	l.members(rest.child("manifest"))
	return l.file, l.file.count()
}

func (l *uvLock) entry(t *lockNode, p *Package) error {
	var sdist []*lockNode
	if s := t.child("sdist"); s != nil {
		sdist = []*lockNode{s}
	}
	hosts := p.artefacts(t.list("wheels"), sdist)
	s := t.child("source")
	switch {
	case s.str("git") != "":
		url, commit, _ := strings.Cut(s.str("git"), "#")
		url, query, _ := strings.Cut(url, "?")
		sub := ""
		for pair := range strings.SplitSeq(query, "&") {
			if dir, ok := strings.CutPrefix(pair, "subdirectory="); ok {
				sub = dir
			}
		}
		p.Source = repositoryAt("git", url, commit, sub)
	case s.str("url") != "":
		p.Source = parseLocation(s.str("url")).String()
	case s.str("editable") != "" || s.str("virtual") != "" || s.str("directory") != "":
		folder := s.str("editable") + s.str("virtual") + s.str("directory")
		p.Source, p.Spec = "path:"+path.Clean(folder), ""
		l.folders[p.Name] = memberPath(folder)
		return l.asked(t.child("metadata"), memberPath(folder))
	case s.str("path") != "":
		p.Source = "path:" + path.Clean(s.str("path"))
	case s.str("registry") != "":
		p.Source = pyIndex(s.str("registry"), hosts)
	default:
		return l.fail(t, "%s has no source that is known", quote(p.Name))
	}
	return nil
}

// asked reads what a member asks for.
func (l *uvLock) asked(meta *lockNode, member string) error {
	if err := l.declared(meta.list("requires-dist"), member, ""); err != nil {
		return err
	}
	dev := meta.child("requires-dev")
	if dev == nil || dev.kind != tomlTable {
		return nil
	}
	for i, group := range dev.keys {
		if err := l.declared(dev.vals[i].vals, member, "group:"+pyName(group)); err != nil {
			return err
		}
	}
	return nil
}

func (l *uvLock) declared(list []*lockNode, member, group string) error {
	for _, e := range list {
		name := e.str("name")
		spec, reason := normalSpec(e.str("specifier"))
		if reason != "" {
			return l.fail(e, "%s", reason)
		}
		d := Package{Ecosystem: PyPI, Name: pyName(name), PURL: pyPURL(name), Spec: spec, Group: group, Path: member, Line: e.line, EndLine: max(e.line, e.end)}
		for _, key := range []string{"git", "url", "path", "directory", "editable", "virtual"} {
			if e.str(key) != "" {
				d.Source = key + ":" + e.str(key)
			}
		}
		l.file.Declared = append(l.file.Declared, d)
		if err := l.file.count(); err != nil {
			return err
		}
	}
	return nil
}

// members are the entries that the lock file calls so; in a project alone it is
// the one beside it. Only their requirements are somebody's wish.
func (l *uvLock) members(manifest *lockNode) {
	listed := manifest.list("members")
	named := make(map[string]bool, len(listed))
	for _, m := range listed {
		named[pyName(m.text)] = true
	}
	is := make(map[string]bool)
	for _, p := range l.file.Packages {
		if folder, ok := l.folders[p.Name]; ok && (named[p.Name] || len(listed) == 0 && folder == "") && !is[folder] {
			is[folder] = true
			l.file.Members = append(l.file.Members, folder)
		}
	}
	l.file.Declared = slices.DeleteFunc(l.file.Declared, func(d Package) bool { return !is[d.Path] })
	asked := make(map[string]bool, len(l.file.Declared))
	for i := range l.file.Declared {
		asked[l.file.Declared[i].Name] = true
	}
	for i := range l.file.Packages {
		l.file.Packages[i].Transitive = !asked[l.file.Packages[i].Name]
	}
}

// uvFixes: a member's requirement is fixed when each entry of its name is one
// artefact.
func uvFixes(manifest string, lock *File) func(*Package) bool {
	if _, ok := memberOf(manifest, lock); !ok {
		return fixesNothing
	}
	anywhere := pinnedAnywhere(lock)
	return func(p *Package) bool { return anywhere[p.Name] }
}

// uvSatisfies compares a member with its copy, and what is locked with what it
// asks for. Where packages come from, the manifest of the whole may say.
func uvSatisfies(manifest, lock *File) []Drift {
	member, ok := memberOf(manifest.Path, lock)
	if !ok {
		return nil
	}
	asked := slices.DeleteFunc(slices.Clone(manifest.Packages), func(p Package) bool { return !pyGroups(p.Group) || p.Name == manifest.project })
	dynamic := slices.ContainsFunc(manifest.Settings, func(s Setting) bool { return s.Name == "project.dynamic" })
	drifts := uvCopy(asked, slices.DeleteFunc(slices.Clone(lock.Declared), func(d Package) bool { return d.Path != member || d.Name == manifest.project }), dynamic)
	reported := make(map[string]bool, len(drifts))
	for _, d := range drifts {
		reported[d.Package.Name] = true
	}
	for _, d := range pyDrifts(manifest, pyByName(lock), pyGroups, member == "") {
		if !reported[d.Package.Name] {
			drifts = append(drifts, d)
		}
	}
	return drifts
}

// uvCopy compares requirements by name and by what they accept; uv writes both
// in an order and a form of its own. Where the manifest leaves its list to a
// program, the copy may have more.
func uvCopy(asked, declared []Package, more bool) []Drift {
	copies := make(map[string][]*Package)
	for i := range declared {
		copies[declared[i].Name] = append(copies[declared[i].Name], &declared[i])
	}
	wanted := make(map[string]bool, len(asked))
	var drifts []Drift
	for _, p := range asked {
		wanted[p.Name] = true
		switch there := copies[p.Name]; {
		case len(there) == 0:
			drifts = append(drifts, Drift{Package: p, Reason: "the lock file does not know this requirement"})
		case !slices.ContainsFunc(there, func(d *Package) bool { return sameRequirement(&p, d) }):
			drifts = append(drifts, Drift{Package: p, Locked: there[0].Spec, Reason: "the lock file was made for another requirement"})
		}
	}
	for _, d := range declared {
		if !wanted[d.Name] && !more {
			drifts = append(drifts, Drift{Package: d, Reason: "the lock file has a requirement that the manifest has not"})
		}
	}
	return drifts
}

// sameRequirement: what comes from elsewhere than an index has no version in the
// copy.
func sameRequirement(p, d *Package) bool {
	if p.Spec == d.Spec || d.Source != "" || p.Source != "" && !strings.HasPrefix(p.Source, "index:") {
		return true
	}
	a, okA := parsePySpec(p.Spec)
	b, okB := parsePySpec(d.Spec)
	return !okA || !okB || a.covers(&b.set) && b.covers(&a.set)
}
