package manifest

import (
	"path"
	"strings"
)

// poetry reads [tool.poetry]: the main dependencies, the old dev-dependencies,
// the groups and the sources.
func (r *pyprojectReader) poetry() {
	t := r.table("tool", "poetry")
	if t == nil {
		return
	}
	r.poetryTable(r.tableIn(t, "dependencies"), "")
	r.poetryTable(r.tableIn(t, "dev-dependencies"), "group:dev")
	if groups := r.tableIn(t, "group"); groups != nil {
		for _, key := range groups.keys {
			r.poetryTable(r.tableIn(groups, key, "dependencies"), "group:"+pyName(key))
		}
	}
	if plugins := r.tableIn(t, "requires-plugins"); plugins != nil {
		r.poetryTable(plugins, "plugin")
	}
	r.sources("tool.poetry.source", t.child("source"))
}

// poetryTable reads a table of names. The key "python" is the interpreter, no
// package.
func (r *pyprojectReader) poetryTable(t *tomlNode, group string) {
	if t == nil {
		return
	}
	for _, key := range t.keys {
		if pyName(key) == "python" {
			continue
		}
		if name, rest := cutName(key); name == "" || rest != "" {
			r.fail(t.items[key], "invalid package name %s", quote(key))
			return
		}
		switch v := t.items[key]; v.kind {
		case tomlArray:
			for _, e := range v.list {
				r.poetryPackage(key, e, group)
			}
		default:
			r.poetryPackage(key, v, group)
		}
	}
}

// poetryPackage reads a version, or a table that says more.
func (r *pyprojectReader) poetryPackage(name string, v *tomlNode, group string) {
	p := Package{Ecosystem: PyPI, Name: pyName(name), PURL: pyPURL(name), Group: group}
	switch v.kind {
	case tomlString:
		p.Spec = oneLine(v.text)
	case tomlTable:
		p.Spec = oneLine(v.str("version"))
		r.poetryDetails(&p, v)
	default:
		r.fail(v, "%s is neither a version nor a table", quote(name))
		return
	}
	if p.Source == "" || strings.HasPrefix(p.Source, "index:") {
		p.Pinned = pinnedPy(p.Spec)
	}
	r.add(p, v)
}

// poetryDetails reads what a table says beside the version. The conditions
// become one marker in a fixed order, since their order in the table means
// nothing.
func (r *pyprojectReader) poetryDetails(p *Package, v *tomlNode) {
	p.locateTable(v)
	if s := v.str("source"); s != "" && p.Source == "" {
		p.Source = "index:" + s
	}
	for _, e := range r.array(v.child("extras"), "extras") {
		p.Extras = append(p.Extras, pyName(e.text))
	}
	p.Extras = sorted(p.Extras)
	var markers []string
	for _, key := range []string{"python", "platform"} {
		if s := v.str(key); s != "" {
			markers = append(markers, key+" "+oneLine(s))
		}
	}
	if s := v.str("markers"); s != "" {
		m, reason := normalMarker(s)
		if reason != "" {
			r.fail(v, "%s", reason)
		}
		markers = append(markers, m)
	}
	if o := v.child("optional"); o != nil && o.text == "true" {
		markers = append(markers, "optional") // only with an extra that names it
	}
	p.Marker = strings.Join(markers, " and ")
	if o := v.child("allow-prereleases"); o != nil && o.text == "true" {
		p.Options = append(p.Options, allowPrereleases)
	}
}

// locateTable reads git, url and path keys, as Poetry and uv write them.
func (p *Package) locateTable(v *tomlNode) {
	ref := v.str("rev")
	for _, key := range []string{"tag", "branch"} {
		if ref == "" {
			ref = v.str(key)
		}
	}
	switch {
	case v.str("git") != "":
		url := v.str("git")
		if urlScheme(url) == "" {
			url = "git+ssh://" + strings.Replace(url, ":", "/", 1) // git@host:path
		} else if !strings.HasPrefix(url, "git+") {
			url = "git+" + url
		}
		p.locate(url)
		if ref != "" {
			p.Source += "@" + ref
		}
		p.Pinned = isCommit(ref)
	case v.str("url") != "":
		p.locate(v.str("url"))
	case v.str("path") != "":
		p.Source, p.Pinned = "path:"+path.Clean(v.str("path")), true
	case v.str("file") != "": // Poetry's old word for a path
		p.Source, p.Pinned = "path:"+path.Clean(v.str("file")), true
	default:
		return
	}
	if sub := v.str("subdirectory"); sub != "" {
		p.Source += "#subdirectory=" + sub
	}
}

// oneLine normalises white space.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
