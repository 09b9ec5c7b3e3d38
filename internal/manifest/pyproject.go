package manifest

import (
	"fmt"
	"strings"
)

// A pyprojectReader collects from the tables of pyproject.toml that its readers
// share: PEP 621, PEP 518, PEP 735, Poetry, uv, PDM and Hatch.
type pyprojectReader struct {
	file *File
	root *tomlNode
	err  error // the first one; later steps see it and do nothing
}

// parsePyproject reads every table before it looks at uv's sources, which
// redirect what the others ask for.
func parsePyproject(path string, data []byte) (*File, error) {
	root, err := parseTOML(path, data)
	if err != nil {
		return nil, err
	}
	r := &pyprojectReader{file: &File{Path: path, Ecosystem: PyPI, Format: "pyproject"}, root: root}
	r.file.project = pyName(r.table("project").str("name"))
	if r.file.project == "" {
		r.file.project = pyName(r.table("tool", "poetry").str("name"))
	}
	r.project()
	r.buildSystem()
	r.dependencyGroups()
	r.poetry()
	r.uv()
	r.otherTools()
	if r.err == nil {
		r.err = r.file.count()
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.file, nil
}

func (r *pyprojectReader) fail(n *tomlNode, format string, args ...any) {
	if r.err == nil {
		r.err = &ParseError{Path: r.file.Path, Line: n.line, Reason: fmt.Sprintf(format, args...)}
	}
}

// table is a table below a path; another type there is an error.
func (r *pyprojectReader) table(keys ...string) *tomlNode {
	return r.tableIn(r.root, keys...)
}

func (r *pyprojectReader) tableIn(n *tomlNode, keys ...string) *tomlNode {
	for i := range keys {
		n = n.child(keys[i])
		if n != nil && n.kind != tomlTable {
			r.fail(n, "%s is no table", quote(strings.Join(keys[:i+1], ".")))
			return nil
		}
	}
	return n
}

// array are the elements of an array; another type is an error.
func (r *pyprojectReader) array(n *tomlNode, name string) []*tomlNode {
	if n == nil {
		return nil
	}
	if n.kind != tomlArray {
		r.fail(n, "%s is no array", name)
	}
	return n.list
}

// requirements reads an array of PEP 508 strings into a group.
func (r *pyprojectReader) requirements(n *tomlNode, name, group string) {
	for _, e := range r.array(n, name) {
		if e.kind != tomlString {
			r.fail(e, "%s holds something that is no string", name)
			return
		}
		r.requirement(e, group)
	}
}

// requirement reads PEP 508 only: paths and options, which pip reads in its own
// files, are no requirements here.
func (r *pyprojectReader) requirement(e *tomlNode, group string) {
	p, reason := parsePEP508(strings.TrimSpace(e.text))
	if reason != "" {
		r.fail(e, "%s", reason)
		return
	}
	p.Group = group
	r.add(p, e)
}

func (r *pyprojectReader) add(p Package, at *tomlNode) {
	p.Ecosystem, p.Line, p.EndLine = PyPI, at.line, at.end
	r.file.Packages = append(r.file.Packages, p)
}

// setting records a value whose every change moves where things come from.
func (r *pyprojectReader) setting(name, value string, at *tomlNode) {
	r.file.Settings = append(r.file.Settings, Setting{
		Name: name, Value: value, Gained: SourceChanged, Lost: SourceChanged, Line: at.line, EndLine: at.end,
	})
}

// script records a value as a hook: a build back end is a program that
// installing runs, and its settings say what.
func (r *pyprojectReader) script(name string, n *tomlNode) {
	if n != nil {
		r.file.Scripts = append(r.file.Scripts, Script{Name: name, Command: n.String(), Line: n.line, EndLine: n.end})
	}
}

// project reads PEP 621. A field that becomes dynamic is computed by the back
// end, so this file no longer says what is asked for.
func (r *pyprojectReader) project() {
	project := r.table("project")
	r.requirements(project.child("dependencies"), "project.dependencies", "")
	r.groups(r.tableIn(project, "optional-dependencies"), "project.optional-dependencies", "optional:")
	for _, e := range r.array(project.child("dynamic"), "project.dynamic") {
		if e.text == "dependencies" || e.text == "optional-dependencies" {
			r.setting("project.dynamic", e.text, e)
		}
	}
}

// groups reads a table of arrays of requirements.
func (r *pyprojectReader) groups(t *tomlNode, name, prefix string) {
	if t == nil {
		return
	}
	for _, key := range t.keys {
		r.requirements(t.items[key], name+"."+quote(key), prefix+pyName(key))
	}
}

// buildSystem reads what runs and is installed in order to build.
func (r *pyprojectReader) buildSystem() {
	b := r.table("build-system")
	r.requirements(b.child("requires"), "build-system.requires", "build-system")
	r.script("build-backend", b.child("build-backend"))
	r.script("backend-path", b.child("backend-path"))
}

// dependencyGroups reads PEP 735. An included group is a setting: its packages
// are reported where they stand.
func (r *pyprojectReader) dependencyGroups() {
	t := r.table("dependency-groups")
	if t == nil {
		return
	}
	for _, key := range t.keys {
		group := "group:" + pyName(key)
		for _, e := range r.array(t.items[key], "dependency-groups."+quote(key)) {
			switch {
			case e.kind == tomlString:
				r.requirement(e, group)
			case e.kind == tomlTable && e.str("include-group") != "":
				r.setting("dependency-groups."+pyName(key), "include-group "+pyName(e.str("include-group")), e)
			default:
				r.fail(e, "dependency-groups.%s holds something that is neither a requirement nor an include-group", quote(key))
				return
			}
		}
	}
}

// sources records a list of indexes as one setting: their order decides which
// one wins.
func (r *pyprojectReader) sources(name string, n *tomlNode) {
	if n == nil {
		return
	}
	var all []string
	for _, e := range r.array(n, name) {
		all = append(all, e.String())
	}
	r.setting(name, strings.Join(all, ", "), n)
}

// String writes a value down in one line, keys sorted, credentials left out.
func (n *tomlNode) String() string {
	switch n.kind {
	case tomlArray:
		parts := make([]string, len(n.list))
		for i, e := range n.list {
			parts[i] = e.String()
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case tomlTable:
		parts := make([]string, 0, len(n.keys))
		for _, k := range sorted(append([]string(nil), n.keys...)) {
			parts = append(parts, k+" = "+n.items[k].String())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return redact(n.text)
}
