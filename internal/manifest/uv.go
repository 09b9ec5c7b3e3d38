package manifest

import "strings"

// uv reads [tool.uv]: lists of requirements, indexes, and the sources that
// redirect packages wherever they are asked for.
func (r *pyprojectReader) uv() {
	t := r.table("tool", "uv")
	if t == nil {
		return
	}
	r.requirements(t.child("dev-dependencies"), "tool.uv.dev-dependencies", "group:dev")
	r.requirements(t.child("constraint-dependencies"), "tool.uv.constraint-dependencies", groupNarrows)
	r.requirements(t.child("build-constraint-dependencies"), "tool.uv.build-constraint-dependencies", groupNarrows)
	r.requirements(t.child("override-dependencies"), "tool.uv.override-dependencies", groupOverrides)
	r.sources("tool.uv.index", t.child("index"))
	if pip := r.tableIn(t, "pip"); pip != nil {
		r.uvOptions(pip, "tool.uv.pip.")
	}
	r.uvOptions(t, "tool.uv.")
	r.uvSources(r.tableIn(t, "sources"))
}

// uvHarmless are the keys of [tool.uv] that decide nothing about what is
// installed, or that are read elsewhere.
var uvHarmless = wordSet(`managed package build-backend default-groups dependency-groups cache-dir cache-keys no-cache required-version python-preference python-downloads preview offline
	concurrent-builds concurrent-downloads concurrent-installs link-mode compile-bytecode reinstall reinstall-package upgrade upgrade-package add-bounds workspace
	environments required-environments conflicts publish-url check-url trusted-publishing no-progress
	dev-dependencies constraint-dependencies build-constraint-dependencies override-dependencies index sources pip prerelease exclude-newer exclude-newer-package
	universal generate-hashes no-header no-annotate annotation-style emit-index-url emit-find-links emit-index-annotation emit-build-options emit-marker-expression
	custom-compile-command output-file no-strip-extras no-strip-markers no-emit-package extra all-extras group strict python python-version python-platform system
	break-system-packages target prefix`)

// uvOptions records the options that decide where packages come from and how they
// are built: all that are not known to be harmless.
func (r *pyprojectReader) uvOptions(t *tomlNode, prefix string) {
	for _, key := range t.keys {
		n := t.items[key]
		switch {
		case !uvHarmless[key]:
			r.setting(prefix+key, n.String(), n)
		case key == "prerelease":
			r.uvSetting(prefix+key, n, Loosened, "")
		case key == "exclude-newer" || key == "exclude-newer-package":
			r.uvSetting(prefix+key, n, "", Loosened)
		}
	}
}

func (r *pyprojectReader) uvSetting(name string, n *tomlNode, gained, lost Kind) {
	r.file.Settings = append(r.file.Settings, Setting{Name: name, Value: n.String(), Gained: gained, Lost: lost, Line: n.line, EndLine: n.end})
}

// uvSources redirects the packages that the table names. A source of a package
// that nobody here asks for stands as a setting: a member of the workspace may.
func (r *pyprojectReader) uvSources(t *tomlNode) {
	if t == nil {
		return
	}
	asked := make(map[string][]int)
	for i := range r.file.Packages {
		p := &r.file.Packages[i]
		asked[p.Name] = append(asked[p.Name], i)
	}
	seen := make(map[string]bool)
	for _, key := range t.keys {
		v := t.items[key]
		if v.kind != tomlTable && v.kind != tomlArray {
			r.fail(v, "tool.uv.sources.%s is neither a table nor an array", quote(key))
			return
		}
		if seen[pyName(key)] {
			r.fail(v, "tool.uv.sources has two entries for %s", quote(pyName(key)))
			return
		}
		seen[pyName(key)] = true
		at := asked[pyName(key)]
		if len(at) == 0 {
			r.setting("tool.uv.sources", pyName(key)+" = "+v.String(), v)
			continue
		}
		source, pinned := uvSource(v)
		for _, i := range at {
			p := &r.file.Packages[i]
			p.Source = source
			p.Pinned = pinned || strings.HasPrefix(source, "index:") && pinnedPy(p.Spec)
		}
	}
}

// uvSource is where a source leads. Several, told apart by markers, count as
// one text: any change of it is a change of source.
func uvSource(v *tomlNode) (source string, pinned bool) {
	if v.kind == tomlArray {
		return v.String(), false
	}
	var p Package
	p.locateTable(v)
	switch {
	case p.Source != "":
	case v.str("index") != "":
		return "index:" + v.str("index") + uvMarker(v), false
	default: // workspace = true
		return "workspace", true
	}
	return p.Source + uvMarker(v), p.Pinned
}

// uvMarker limits a source to some environments; the limit is part of what
// changes.
func uvMarker(v *tomlNode) string {
	if m := v.str("marker"); m != "" {
		return "; " + oneLine(m)
	}
	return ""
}

func wordSet(words string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}
