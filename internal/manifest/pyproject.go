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

// otherTools reads the dependencies of PDM and Hatch, and the hooks that build
// back ends run.
func (r *pyprojectReader) otherTools() {
	r.dynamicFiles()
	r.groups(r.table("tool", "pdm", "dev-dependencies"), "tool.pdm.dev-dependencies", "pdm:")
	r.sources("tool.pdm.source", r.table("tool", "pdm").child("source"))
	if envs := r.table("tool", "hatch", "envs"); envs != nil {
		for _, key := range envs.keys {
			env := r.tableIn(envs, key)
			r.requirements(env.child("dependencies"), "dependencies", "hatch:"+key)
			r.requirements(env.child("extra-dependencies"), "extra-dependencies", "hatch:"+key)
		}
	}
	r.hatchHooks()
	r.script("tool.setuptools.cmdclass", r.table("tool", "setuptools").child("cmdclass"))
	r.script("tool.poetry.build", r.table("tool", "poetry").child("build"))
	r.script("tool.pdm.build", r.table("tool", "pdm").child("build"))
}

// hatchHooks are the programs that Hatch runs while it builds: for all targets,
// for one, and for the metadata.
func (r *pyprojectReader) hatchHooks() {
	hatch := r.table("tool", "hatch")
	r.script("tool.hatch.build.hooks", r.tableIn(hatch, "build").child("hooks"))
	r.script("tool.hatch.metadata.hooks.custom", r.tableIn(hatch, "metadata", "hooks").child("custom"))
	if targets := r.tableIn(hatch, "build", "targets"); targets != nil {
		for _, key := range targets.keys {
			r.script("tool.hatch.build.targets."+key+".hooks", r.tableIn(targets, key).child("hooks"))
		}
	}
}

// dynamicFiles are the requirements files that setuptools and a plugin of Hatch
// read in place of the dependencies.
func (r *pyprojectReader) dynamicFiles() {
	dynamic := r.table("tool", "setuptools", "dynamic")
	r.files(r.tableIn(dynamic, "dependencies").child("file"))
	if optional := r.tableIn(dynamic, "optional-dependencies"); optional != nil {
		for _, key := range optional.keys {
			r.files(r.tableIn(optional, key).child("file"))
		}
	}
	r.files(r.table("tool", "hatch", "metadata", "hooks", "requirements_txt").child("files"))
}

// files reads one name or a list of names.
func (r *pyprojectReader) files(n *tomlNode) {
	if n == nil {
		return
	}
	list := n.list
	if n.kind == tomlString {
		list = []*tomlNode{n}
	}
	for _, e := range list {
		r.file.Includes = append(r.file.Includes, Include{Target: e.text, Path: within(r.file.Path, e.text), Line: e.line, EndLine: e.end})
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
