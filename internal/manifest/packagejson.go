package manifest

import (
	"slices"
	"strings"
)

// A packageJSON collects one package.json.
type packageJSON struct {
	*jsonReader
	file    *File
	scripts []Script // all of them, before the lifecycle ones are told
}

// npmGroups are the maps of dependencies, by the group their entries get.
var npmGroups = map[string]string{
	"dependencies": "", "devDependencies": "dev", "peerDependencies": "peer", "optionalDependencies": "optional",
}

// parsePackageJSON reads all that npm, pnpm, Yarn and Bun act on. What it skips,
// such as "engines" or "config", decides nothing about what is installed.
func parsePackageJSON(path string, data []byte) (*File, error) {
	r, err := newJSONReader(path, data)
	if err != nil {
		return nil, err
	}
	p := &packageJSON{jsonReader: r, file: &File{Path: path, Ecosystem: NPM, Format: "package-json"}}
	if err := p.object("the document", p.member); err != nil {
		return nil, err
	}
	p.file.Scripts = lifecycle(p.scripts)
	return p.file, p.file.count()
}

func (p *packageJSON) member(key string, line int) error {
	switch key {
	case "dependencies", "devDependencies", "peerDependencies", "optionalDependencies":
		return p.dependencies(key, npmGroups[key])
	case "bundleDependencies", "bundledDependencies":
		return p.names("bundle", SourceChanged, "", line)
	case "overrides":
		return p.overrides("overrides", nil, 0)
	case "resolutions":
		return p.resolutions()
	case "scripts":
		return p.readScripts()
	case "packageManager":
		return p.packageManager(line)
	case "workspaces":
		return p.workspaces(line)
	case "trustedDependencies":
		return p.names(key, LifecycleScript, "", line)
	case "catalog":
		return p.dependencies(key, key)
	case "catalogs":
		return p.catalogs()
	case "pnpm":
		return p.object(key, p.pnpm)
	case "dependenciesMeta":
		return p.object(key, p.builtOrNot)
	case "volta":
		return p.volta()
	case "devEngines": // package managers download what it names
		return p.opaque(key, SourceChanged, line)
	case "gypfile", "allowScripts", "lavamoat":
		// npm runs node-gyp at installation unless gypfile is false.
		return p.opaque(key, LifecycleScript, line)
	case "patchedDependencies":
		return p.opaque(key, SourceChanged, line)
	case "acceptDependencies": // versions that are kept although the range refuses them
		return p.opaque(key, Loosened, line)
	}
	p.skip()
	return nil
}

// volta reads the versions of the tools that Volta downloads and runs.
func (p *packageJSON) volta() error {
	return p.object("volta", func(name string, line int) error {
		if name == "extends" || p.next() != '"' {
			return p.opaque("volta."+name, SourceChanged, line)
		}
		d := npmPackage(name, p.str())
		d.Group, d.Line, d.EndLine = "volta", line, line
		p.file.Packages = append(p.file.Packages, d)
		return p.file.count()
	})
}

// opaque takes any value as one setting: every change of it is of one kind.
func (p *packageJSON) opaque(name string, kind Kind, line int) error {
	p.file.Settings = append(p.file.Settings, Setting{
		Name: name, Value: canonical(p.raw()), Gained: kind, Lost: kind, Line: line, EndLine: p.lines.at(p.at),
	})
	return p.file.count()
}

// builtOrNot: Yarn runs the scripts of a package unless its "built" is false.
func (p *packageJSON) builtOrNot(name string, _ int) error {
	return p.object("an entry of dependenciesMeta", func(key string, line int) error {
		if key == "built" {
			return p.opaque("dependenciesMeta."+name+".built", LifecycleScript, line)
		}
		p.skip()
		return nil
	})
}

// dependencies reads a map of names to specifications. npm takes nothing but
// strings there, so anything else is an error rather than an entry to pass over.
func (p *packageJSON) dependencies(key, group string) error {
	return p.object(key, func(name string, line int) error {
		spec, err := p.text("the version of " + quote(name))
		if err != nil {
			return err
		}
		d := npmPackage(name, spec)
		d.Group, d.Line, d.EndLine = group, line, line
		p.file.Packages = append(p.file.Packages, d)
		return p.file.count()
	})
}

// names reads a list of names, or true for all, as settings.
func (p *packageJSON) names(setting string, gained, lost Kind, line int) error {
	add := func(value string, line int) {
		p.file.Settings = append(p.file.Settings, Setting{Name: setting, Value: value, Gained: gained, Lost: lost, Line: line, EndLine: line})
	}
	if p.next() != '[' {
		add(string(p.raw()), line)
		return nil
	}
	return p.array(setting, func() error {
		line := p.line()
		name, err := p.text("a name in " + setting)
		add(name, line)
		return err
	})
}

// readScripts keeps all scripts: which of them run at installation is known when
// the last one is read.
func (p *packageJSON) readScripts() error {
	return p.object("scripts", func(name string, line int) error {
		command, err := p.text("the script " + quote(name))
		p.scripts = append(p.scripts, Script{Name: name, Command: command, Line: line, EndLine: line})
		return err
	})
}

// packageManager pins the program that installs: "pnpm@9.1.0+sha512.…".
func (p *packageJSON) packageManager(line int) error {
	text, err := p.text("packageManager")
	if err != nil {
		return err
	}
	name, version, _ := strings.Cut(text, "@")
	version, hash, _ := strings.Cut(version, "+")
	d := npmPackage(name, version)
	d.Group, d.Line, d.EndLine = "packageManager", line, line
	if hash != "" {
		d.Integrity = []string{strings.Replace(hash, ".", "-", 1)}
	}
	p.file.Packages = append(p.file.Packages, d)
	return nil
}

// workspaces are folders whose manifests belong to this one.
func (p *packageJSON) workspaces(line int) error {
	if p.next() != '{' {
		return p.names("workspaces", SourceChanged, "", line)
	}
	return p.object("workspaces", func(key string, line int) error {
		switch key {
		case "packages":
			return p.names("workspaces", SourceChanged, "", line)
		case "catalog":
			return p.dependencies("catalog", "catalog")
		case "catalogs":
			return p.catalogs()
		}
		p.skip()
		return nil
	})
}

func (p *packageJSON) catalogs() error {
	return p.object("catalogs", func(name string, _ int) error { return p.dependencies("a catalog", "catalog:"+name) })
}

// pnpm reads one of the options that pnpm keeps in package.json.
func (p *packageJSON) pnpm(key string, line int) error {
	switch key {
	case "overrides":
		return p.resolutions()
	case "onlyBuiltDependencies":
		return p.names("pnpm."+key, LifecycleScript, "", line)
	case "neverBuiltDependencies":
		return p.names("pnpm."+key, "", LifecycleScript, line)
	case "allowBuilds", "dangerouslyAllowAllBuilds", "onlyBuiltDependenciesFile":
		return p.opaque("pnpm."+key, LifecycleScript, line)
	case "executionEnv":
		return p.opaque("pnpm."+key, LifecycleScript, line)
	case "ignoredBuiltDependencies", "allowNonAppliedPatches", "allowUnusedPatches", "ignorePatchFailures":
		p.skip()
		return nil
	}
	if pnpmHarmless[key] {
		p.skip()
		return nil
	}
	return p.opaque("pnpm."+key, SourceChanged, line)
}

// lifecycleNames are the scripts that an installer runs by itself, for the
// project or for a package that is installed from its repository.
var lifecycleNames = []string{
	"preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare", "prepack", "postpack",
	"dependencies", "pnpm:devPreinstall",
}

// lifecycle keeps the scripts that run at installation: by their name, or
// because a command of one that does mentions their name ("npm run build").
func lifecycle(scripts []Script) []Script {
	at := make(map[string]int, len(scripts))
	around := make(map[string][]int) // the scripts that npm runs before and after one
	for i, s := range scripts {
		at[s.Name] = i
		for _, when := range []string{"pre", "post"} {
			if name, ok := strings.CutPrefix(s.Name, when); ok {
				around[name] = append(around[name], i)
			}
		}
	}
	families := familiesOf(scripts)
	runs := make([]bool, len(scripts))
	var queue []int
	run := func(i int) {
		if !runs[i] {
			runs[i] = true
			queue = append(queue, i)
		}
	}
	for _, name := range lifecycleNames {
		if i, there := at[name]; there {
			run(i)
		}
	}
	for len(queue) > 0 {
		command := scripts[queue[0]].Command
		queue = queue[1:]
		for w := range strings.FieldsFuncSeq(command, isShellMark) {
			for _, i := range families.take(w) {
				run(i)
			}
			if i, there := at[w]; there {
				run(i)
			}
			for _, i := range around[w] {
				run(i)
			}
			if len(around[w]) > 0 {
				delete(around, w)
			}
		}
	}
	var kept []Script
	for i, s := range scripts {
		if runs[i] {
			kept = append(kept, s)
		}
	}
	slices.SortStableFunc(kept, func(a, b Script) int { return a.Line - b.Line })
	return kept
}

// isShellMark separates words roughly. A word too many only means that a script
// is taken for a hook when its name is mentioned.
func isShellMark(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\r', ';', '&', '|', '(', ')', '\'', '"', '`':
		return true
	}
	return false
}
