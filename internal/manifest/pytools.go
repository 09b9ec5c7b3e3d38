package manifest

import (
	"slices"
	"strings"
)

// otherTools reads the dependencies of PDM, Hatch, Rye, Flit and Pixi, and the
// hooks that build back ends run.
func (r *pyprojectReader) otherTools() {
	r.dynamicFiles()
	r.pdm()
	r.hatch()
	r.rye()
	r.groups(r.table("tool", "flit", "metadata", "requires-extra"), "tool.flit.metadata.requires-extra", "optional:")
	flit := r.table("tool", "flit", "metadata")
	r.requirements(flit.child("requires"), "tool.flit.metadata.requires", "")
	r.requirements(flit.child("dev-requires"), "tool.flit.metadata.dev-requires", "group:dev")
	r.pixi()
	r.opaque("tool.conda-lock", r.table("tool", "conda-lock"), nil)
	r.script("tool.setuptools.cmdclass", r.table("tool", "setuptools").child("cmdclass"))
	r.script("tool.poetry.build", r.table("tool", "poetry").child("build"))
}

// pixi leaves out what only describes the project and its tasks.
func (r *pyprojectReader) pixi() {
	pixi := r.table("tool", "pixi")
	r.opaque("tool.pixi", pixi, func(key string) bool {
		return key != "tasks" && key != "environments" && key != "project" && key != "workspace"
	})
	for _, key := range []string{"project", "workspace"} {
		if n := r.tableIn(pixi, key).child("channels"); n != nil {
			r.setting("tool.pixi."+key+".channels", n.String(), n)
		}
	}
}

// opaque records each key of a table that counts: where it is not read package by
// package, any change of it is one of the source.
func (r *pyprojectReader) opaque(name string, t *tomlNode, counts func(key string) bool) {
	if t == nil {
		return
	}
	for _, key := range t.keys {
		if counts == nil || counts(key) {
			r.setting(name+"."+key, t.items[key].String(), t.items[key])
		}
	}
}

// pdm reads PDM's tables. Its lists may hold "-e URL", and its scripts with
// certain names run by themselves.
func (r *pyprojectReader) pdm() {
	pdm := r.table("tool", "pdm")
	if pdm == nil {
		return
	}
	if groups := r.tableIn(pdm, "dev-dependencies"); groups != nil {
		for _, key := range groups.keys {
			r.pdmGroup(groups.items[key], "tool.pdm.dev-dependencies."+quote(key), "pdm:"+pyName(key))
		}
	}
	r.sources("tool.pdm.source", pdm.child("source"))
	r.opaque("tool.pdm.resolution", r.tableIn(pdm, "resolution"), nil)
	r.opaque("tool.pdm.overrides", r.tableIn(pdm, "overrides"), nil)
	for _, e := range r.array(pdm.child("plugins"), "tool.pdm.plugins") {
		r.requirement(e, "plugin")
	}
	r.script("tool.pdm.build", pdm.child("build"))
	if scripts := r.tableIn(pdm, "scripts"); scripts != nil {
		for _, key := range scripts.keys {
			if when, what, ok := strings.Cut(key, "_"); ok && (when == "pre" || when == "post") && slices.Contains([]string{"install", "lock", "build", "init"}, what) {
				r.script("tool.pdm.scripts."+key, scripts.items[key])
			}
		}
	}
}

func (r *pyprojectReader) pdmGroup(n *tomlNode, name, group string) {
	for _, e := range r.array(n, name) {
		target, editable := strings.CutPrefix(e.text, "-e ")
		if e.kind != tomlString || !editable {
			r.requirement(e, group)
			continue
		}
		p, reason := parseRequirement(target)
		if reason != "" {
			r.fail(e, "%s", reason)
			return
		}
		p.Group, p.Options = group, []string{"editable"}
		r.add(p, e)
	}
}

// hatch reads Hatch's environments and what its builds need.
func (r *pyprojectReader) hatch() {
	hatch := r.table("tool", "hatch")
	if hatch == nil {
		return
	}
	r.requirements(r.tableIn(hatch, "env").child("requires"), "tool.hatch.env.requires", "plugin")
	r.requirements(r.tableIn(hatch, "build").child("dependencies"), "tool.hatch.build.dependencies", "build-system")
	if envs := r.tableIn(hatch, "envs"); envs != nil {
		for _, key := range envs.keys {
			r.hatchEnv(key, r.tableIn(envs, key))
		}
	}
	r.hatchHooks()
}

func (r *pyprojectReader) hatchEnv(key string, env *tomlNode) {
	r.requirements(env.child("dependencies"), "dependencies", "hatch:"+key)
	r.requirements(env.child("extra-dependencies"), "extra-dependencies", "hatch:"+key)
	name := "tool.hatch.envs." + key + "."
	if n := env.child("overrides"); n != nil && strings.Contains(n.String(), "dependencies") {
		r.setting(name+"overrides", n.String(), n)
	}
	for _, hook := range []string{"pre-install-commands", "post-install-commands"} {
		r.script(name+hook, env.child(hook))
	}
}

// rye reads the tables of uv's forerunner.
func (r *pyprojectReader) rye() {
	rye := r.table("tool", "rye")
	r.requirements(rye.child("dev-dependencies"), "tool.rye.dev-dependencies", "group:dev")
	r.sources("tool.rye.sources", rye.child("sources"))
}

// hatchHooks are the programs that Hatch runs while it builds: for all targets,
// for one, and for the metadata.
func (r *pyprojectReader) hatchHooks() {
	hatch := r.table("tool", "hatch")
	r.script("tool.hatch.build.hooks", r.tableIn(hatch, "build").child("hooks"))
	r.script("tool.hatch.metadata.hooks.custom", r.tableIn(hatch, "metadata", "hooks").child("custom"))
	if targets := r.tableIn(hatch, "build", "targets"); targets != nil {
		for _, key := range targets.keys {
			target := r.tableIn(targets, key)
			r.script("tool.hatch.build.targets."+key+".hooks", target.child("hooks"))
			r.requirements(target.child("dependencies"), "dependencies", "build-system")
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
