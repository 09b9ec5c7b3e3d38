package manifest

import "strings"

// parsePipfile reads Pipenv's manifest. Every table that is none of Pipenv's own
// is a category of packages.
func parsePipfile(path string, data []byte) (*File, error) {
	root, err := parseTOML(path, data)
	if err != nil {
		return nil, err
	}
	r := &pyprojectReader{file: &File{Path: path, Ecosystem: PyPI, Format: "pipfile"}, root: root}
	for _, key := range root.keys {
		switch key {
		case "requires", "scripts", "pipfile":
		case "source":
			r.sources(key, root.items[key])
		case "pipenv":
			r.pipenv(r.table(key))
		default:
			r.pipfileCategory(key, r.table(key))
		}
	}
	if r.err == nil {
		r.err = r.file.count()
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.file, nil
}

// pipenv reads Pipenv's own settings.
func (r *pyprojectReader) pipenv(t *tomlNode) {
	if t == nil {
		return
	}
	for _, key := range t.keys {
		n := t.items[key]
		switch key {
		case "allow_prereleases":
			if n.text == "true" {
				r.uvSetting("pipenv."+key, n, Loosened, "")
			}
		case "sort_pipfile":
		default: // install_search_all_sources and what is still to come
			r.setting("pipenv."+key, n.String(), n)
		}
	}
}

// pipfileGroup is the group of a category.
func pipfileGroup(category string) string {
	switch category {
	case "packages", "default":
		return ""
	case "dev-packages", "develop":
		return "dev"
	}
	return "group:" + pyName(category)
}

func (r *pyprojectReader) pipfileCategory(category string, t *tomlNode) {
	if t == nil {
		return
	}
	for _, key := range t.keys {
		if name, rest := cutName(key); name == "" || rest != "" {
			r.fail(t.items[key], "invalid package name %s", quote(key))
			return
		}
		p := Package{Name: pyName(key), PURL: pyPURL(key), Group: pipfileGroup(category)}
		r.pipfilePackage(&p, t.items[key])
		r.add(p, t.items[key])
	}
}

// pipfilePackage reads a version, or a table that says more. "*" is any version.
func (r *pyprojectReader) pipfilePackage(p *Package, v *tomlNode) {
	switch v.kind {
	case tomlString:
		p.Spec = pipfileSpec(v.text)
	case tomlTable:
		p.Spec = pipfileSpec(v.str("version"))
		r.pipfileDetails(p, v)
	default:
		r.fail(v, "%s is neither a version nor a table", quote(p.Name))
	}
	if p.Source == "" || strings.HasPrefix(p.Source, "index:") {
		p.Pinned = strings.HasPrefix(p.Spec, "==") && pinnedPy(p.Spec)
	}
}

func pipfileSpec(spec string) string {
	if spec = strings.ReplaceAll(oneLine(spec), " ", ""); spec == "*" {
		return ""
	}
	return spec
}

// pipfileMarkers are the keys that stand for a comparison in a marker.
var pipfileMarkers = []string{
	"markers", "os_name", "sys_platform", "platform_machine", "platform_python_implementation", "platform_release", "platform_system", "platform_version",
	"python_version", "python_full_version", "implementation_name", "implementation_version",
}

func (r *pyprojectReader) pipfileDetails(p *Package, v *tomlNode) {
	p.locateTable(v)
	if ref := v.str("ref"); v.str("git") != "" && ref != "" {
		p.Source += "@" + ref
		p.Pinned = isCommit(ref)
	}
	if index := v.str("index"); index != "" && p.Source == "" {
		p.Source = "index:" + index
	}
	for _, e := range r.array(v.child("extras"), "extras") {
		p.Extras = append(p.Extras, pyName(e.text))
	}
	p.Extras = sorted(p.Extras)
	for _, e := range r.array(v.child("hashes"), "hashes") {
		p.Integrity = append(p.Integrity, strings.ToLower(e.text))
	}
	p.Integrity = sorted(p.Integrity)
	var markers []string
	for _, key := range pipfileMarkers {
		if s := v.str(key); s != "" {
			if key != "markers" {
				s = key + " " + s
			}
			m, reason := normalMarker(s)
			if reason != "" {
				r.fail(v, "%s", reason)
			}
			markers = append(markers, m)
		}
	}
	p.Marker = strings.Join(markers, " and ")
}

// A pipfileLock collects one Pipfile.lock.
type pipfileLock struct {
	*jsonReader
	file    *File
	indexes map[string]string // by name
}

func parsePipfileLock(path string, data []byte) (*File, error) {
	r, err := newJSONReader(path, data)
	if err != nil {
		return nil, err
	}
	l := &pipfileLock{jsonReader: r, file: &File{Path: path, Ecosystem: PyPI, Format: "pipfile-lock", Lock: true}, indexes: make(map[string]string)}
	if err := l.object("the document", l.member); err != nil {
		return nil, err
	}
	for i := range l.file.Packages { // the indexes may stand behind the packages
		p := &l.file.Packages[i]
		if name, ok := strings.CutPrefix(p.Source, "index:"); ok {
			if url, known := l.indexes[name]; known {
				p.Source = pyIndex(url, nil)
			} else if name == "pypi" {
				p.Source = ""
			}
		}
	}
	return l.file, l.file.count()
}

func (l *pipfileLock) member(key string, _ int) error {
	if key == "_meta" {
		return l.object(key, func(key string, _ int) error {
			if key == "sources" {
				return l.array(key, l.source)
			}
			if v := string(l.raw()); key == "pipfile-spec" && (len(v) != 1 || v > "6") {
				return l.fail("unknown version of the lock file: %s", quote(v))
			}
			return nil
		})
	}
	group := pipfileGroup(key)
	return l.object(key, func(name string, line int) error { return l.entry(name, group, line) })
}

// source reads one index. Its name is only a name: the address counts.
func (l *pipfileLock) source() error {
	line, name, url := l.line(), "", ""
	verify := true
	err := l.object("a source", func(key string, _ int) (err error) {
		switch key {
		case "name":
			name, err = l.text("a name")
		case "url":
			url, err = l.text("a URL")
		case "verify_ssl":
			verify = l.isTruthy()
		default:
			l.skip()
		}
		return err
	})
	l.indexes[name] = url
	value := redact(url)
	if !verify {
		value += " unverified"
	}
	l.file.Settings = append(l.file.Settings, Setting{Name: "source", Value: value, Gained: SourceChanged, Lost: SourceChanged, Line: line, EndLine: l.lines.at(l.at)})
	if err == nil {
		err = l.file.count()
	}
	return err
}

// entry reads one locked package. It has the words of a Pipfile's, which is read
// by the same rules.
func (l *pipfileLock) entry(name, group string, line int) error {
	if got, left := cutName(name); got == "" || left != "" {
		return l.fail("invalid package name %s", quote(name))
	}
	t := newTable(line)
	var hashes []string
	err := l.object("an entry", func(key string, _ int) error {
		if key == "hashes" || key == "extras" {
			return l.array(key, func() error {
				text, err := l.text("an element of " + quote(key))
				if key == "hashes" {
					hashes = append(hashes, strings.ToLower(text))
				}
				return err
			})
		}
		if l.next() != '"' {
			l.skip()
			return nil
		}
		t.items[key] = &tomlNode{kind: tomlString, text: l.str(), line: line, end: line}
		t.keys = append(t.keys, key)
		return nil
	})
	if err != nil {
		return err
	}
	p := Package{Ecosystem: PyPI, Name: pyName(name), PURL: pyPURL(name), Group: group, Line: line, EndLine: l.lines.at(l.at)}
	r := &pyprojectReader{file: l.file}
	r.pipfilePackage(&p, t)
	p.Spec, p.Marker, p.Integrity = strings.TrimPrefix(p.Spec, "=="), pipenvMarker(p.Marker), sorted(hashes)
	p.Transitive = t.str("index") == "" && p.Source == "" // Pipenv writes the index of what is asked for
	if !p.Pinned {
		p.Pinned = pyLockPinned(&p)
	}
	l.file.Packages = append(l.file.Packages, p)
	if r.err == nil {
		r.err = l.file.count()
	}
	return r.err
}
