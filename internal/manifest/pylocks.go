package manifest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// A pyLock collects one lock file in TOML.
type pyLock struct {
	file    *File
	divided bool // some entry says which groups it is for
}

// notNeeded are the keys of such files that decide nothing about what is
// installed.
var notNeeded = wordSet("optional description summary python-versions requires-python requires_python resolution-markers size upload-time upload_time provides-extras resolution_markers attestation-identities dependencies optional-dependencies dev-dependencies")

// parse reads a lock file whose packages are the tables of one array.
func (l *pyLock) parse(format, path string, data []byte, array string, entry func(*lockNode, *Package) error) (*lockNode, error) {
	l.file = &File{Path: path, Ecosystem: PyPI, Format: format, Lock: true}
	l.file.Packages = make([]Package, 0, room(data, "[["+array+"]]"))
	rest, err := readTOMLLock(path, data, array, notNeeded, func(t *lockNode) error {
		name := t.str("name")
		if got, left := cutName(name); got == "" || left != "" {
			return l.fail(t, "invalid package name %s", quote(name))
		}
		normal := pyName(name)
		l.file.Packages = append(l.file.Packages, Package{
			Ecosystem: PyPI, Name: normal, PURL: "pkg:pypi/" + purlEscape(normal), Spec: t.str("version"), Transitive: true,
			Line: t.line, EndLine: max(t.end, t.line),
		})
		p := &l.file.Packages[len(l.file.Packages)-1]
		if err := entry(t, p); err != nil {
			return err
		}
		p.Integrity = held(p.Integrity)
		p.Pinned = p.Pinned || pyLockPinned(p)
		return l.file.count()
	})
	if err != nil {
		return nil, err
	}
	if c := rest.child(array); c != nil && (c.kind != tomlArray || len(c.vals) > 0) {
		return nil, l.fail(c, "%s is no array of tables", array)
	}
	return rest, nil
}

func (l *pyLock) fail(n *lockNode, format string, args ...any) error {
	return &ParseError{Path: l.file.Path, Line: n.line, Reason: fmt.Sprintf(format, args...)}
}

// plainRelease tells "1.2.3", as most versions are, without reading it.
func plainRelease(s string) bool {
	dot := true
	for i := range len(s) {
		if s[i] == '.' && !dot {
			dot = true
		} else if s[i] < '0' || s[i] > '9' {
			return false
		} else {
			dot = false
		}
	}
	return !dot && len(s) <= maxDigits
}

// pyLockPinned: an index keeps its versions; a repository must be held by a
// commit, and an address by a hash.
func pyLockPinned(p *Package) bool {
	if p.Source == "" {
		if plainRelease(p.Spec) {
			return true
		}
		_, ok := parsePyVersion(p.Spec)
		return ok
	}
	l := parseLocation(p.Source)
	switch {
	case vcsOf(l.scheme) != "":
		return isCommit(l.ref)
	case l.scheme == "http" || l.scheme == "https":
		return len(p.Integrity) > 0
	case strings.HasPrefix(p.Source, "path:"):
		return true
	}
	_, ok := parsePyVersion(p.Spec)
	return ok
}

// hashTable reads "hashes = {sha256 = …}".
func (p *Package) hashTable(a *lockNode) {
	h := a.child("hashes")
	if h == nil || h.kind != tomlTable {
		return
	}
	for i, algorithm := range h.keys {
		p.Integrity = append(p.Integrity, strings.ToLower(algorithm+":"+h.vals[i].text))
	}
}

// repositoryAt is the source of a repository at a reference.
func repositoryAt(vcs, url, ref, subdirectory string) string {
	if !strings.HasPrefix(url, vcs+"+") {
		if urlScheme(url) == "" {
			url = "ssh://" + strings.Replace(url, ":", "/", 1) // git@host:path
		}
		url = vcs + "+" + url
	}
	source := parseLocation(url).String()
	if ref != "" {
		source += "@" + ref
	}
	if subdirectory != "" {
		source += "#subdirectory=" + subdirectory
	}
	return source
}

// parsePoetryLock reads poetry.lock, of the newer form with the files at each
// package and of the older with all files in one table.
func parsePoetryLock(path string, data []byte) (*File, error) {
	l := &pyLock{}
	rest, err := l.parse("poetry-lock", path, data, "package", func(t *lockNode, p *Package) error {
		hosts := p.artefacts(t.list("files"))
		if err := l.lockMarker(t, "markers", p); err != nil {
			return err
		}
		l.groups(t, p, "main")
		return l.poetrySource(t.child("source"), p, hosts)
	})
	if err != nil {
		return nil, err
	}
	if meta := rest.child("metadata"); meta != nil {
		l.oldFiles(meta.child("files"))
	}
	l.file.undivided = !l.divided
	return l.file, l.version(rest.child("metadata").child("lock-version"), 2)
}

func (l *pyLock) poetrySource(s *lockNode, p *Package, hosts []string) error {
	ref := s.str("resolved_reference")
	if ref == "" {
		ref = s.str("reference")
	}
	switch kind := s.str("type"); kind {
	case "", "legacy", "pypi":
		p.Source = pyIndex(s.str("url"), hosts)
	case "git", "hg", "svn", "bzr":
		p.Source = repositoryAt(kind, s.str("url"), ref, s.str("subdirectory"))
	case "url":
		p.Source = parseLocation(s.str("url")).String()
	case "directory", "file":
		p.Source = "path:" + path.Clean(s.str("url"))
	default:
		return l.fail(s, "unknown type of source %s", quote(kind))
	}
	return nil
}

// oldFiles adds the hashes that stand in a table of their own.
func (l *pyLock) oldFiles(files *lockNode) {
	if files == nil || files.kind != tomlTable {
		return
	}
	byName := pyByName(l.file)
	for i, name := range files.keys {
		for _, p := range byName[pyName(name)] {
			if files.vals[i].kind == tomlArray && len(p.Integrity) == 0 {
				p.artefacts(files.vals[i].vals)
				p.Integrity = held(p.Integrity)
			}
		}
	}
}

// groups reads for whom an entry is: for development only where none of its groups is
// that of the program. Of Poetry's first versions each entry has one category.
func (l *pyLock) groups(t *lockNode, p *Package, main string) {
	names := t.list("groups")
	if category := t.child("category"); category != nil {
		names = append(names, category)
	}
	l.divided = l.divided || len(names) > 0
	p.Dev = len(names) > 0 && !slices.ContainsFunc(names, func(n *lockNode) bool { return n.text == main })
}

// parsePdmLock reads pdm.lock. One package has several entries where it is asked
// for with extras.
func parsePdmLock(name string, data []byte) (*File, error) {
	l := &pyLock{}
	rest, err := l.parse("pdm-lock", name, data, "package", func(t *lockNode, p *Package) error {
		hosts := p.artefacts(t.list("files"))
		if err := l.lockMarker(t, "marker", p); err != nil {
			return err
		}
		l.groups(t, p, "default")
		for _, e := range t.list("extras") {
			p.Extras = append(p.Extras, pyName(e.text))
		}
		p.Extras = sorted(p.Extras)
		if len(p.Extras) > 0 {
			p.Alias = p.Name + "[" + strings.Join(p.Extras, ",") + "]"
		}
		switch {
		case t.str("git") != "":
			ref := t.str("revision")
			if ref == "" {
				ref = t.str("ref")
			}
			p.Source = repositoryAt("git", t.str("git"), ref, t.str("subdirectory"))
		case t.str("url") != "":
			p.Source = parseLocation(t.str("url")).String()
		case t.str("path") != "":
			p.Source = "path:" + path.Clean(t.str("path"))
		default:
			p.Source = pyIndex("", hosts)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if meta := rest.child("metadata"); meta != nil {
		l.oldFiles(meta.child("files"))
	}
	l.file.undivided = !l.divided
	return l.file, l.version(rest.child("metadata").child("lock_version"), 4)
}

// parsePylock reads the lock files of PEP 751.
func parsePylock(name string, data []byte) (*File, error) {
	l := &pyLock{}
	rest, err := l.parse("pylock", name, data, "packages", func(t *lockNode, p *Package) error {
		var sdist []*lockNode
		if s := t.child("sdist"); s != nil {
			sdist = []*lockNode{s}
		}
		hosts := p.artefacts(t.list("wheels"), sdist)
		if err := l.lockMarker(t, "marker", p); err != nil {
			return err
		}
		vcs, archive, directory := t.child("vcs"), t.child("archive"), t.child("directory")
		switch {
		case vcs != nil:
			if vcsOf(vcs.str("type")) == "" {
				return l.fail(vcs, "unknown type of source %s", quote(vcs.str("type")))
			}
			p.Source = repositoryAt(vcs.str("type"), vcs.str("url")+vcs.str("path"), vcs.str("commit-id"), vcs.str("subdirectory"))
		case archive != nil:
			p.hashTable(archive)
			if p.Source = parseLocation(archive.str("url")).String(); archive.str("url") == "" {
				p.Source = "path:" + path.Clean(archive.str("path"))
			}
		case directory != nil:
			p.Source = "path:" + path.Clean(directory.str("path"))
		default:
			p.Source = pyIndex(t.str("index"), hosts)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if v := rest.str("lock-version"); v != "" && v != "1" && !strings.HasPrefix(v, "1.") {
		return nil, l.fail(rest.child("lock-version"), "unknown lock-version %s", quote(v))
	}
	return l.file, nil
}
