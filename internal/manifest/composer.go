package manifest

import (
	"path"
	"strings"
)

// composerFormats are those of PHP.
var composerFormats = []Format{
	{
		Name: "composer-json", Ecosystem: Composer, is: named("composer.json"), Parse: parseComposerJSON,
		Locks:      []string{"composer.lock"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, LockfileDrift, LifecycleScript},
	},
	{
		Name: "composer-lock", Ecosystem: Composer, Lock: true, is: named("composer.lock"), Parse: parseComposerLock,
		Manifests:  []string{"composer.json"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Unpinned, SourceChanged, IntegrityRemoved, LockfileDrift},
	},
}

var composerCouplings = []coupling{{"composer-json", "composer-lock", composerSatisfies, besideFixes}}

// A composerReader reads composer.json and composer.lock.
type composerReader struct {
	*jsonReader
	file *File
}

// parseComposerJSON reads what is asked for, where it is looked for, and the
// scripts that installing runs.
func parseComposerJSON(path string, data []byte) (*File, error) {
	r, err := newJSONReader(path, data)
	if err != nil {
		return nil, err
	}
	c := &composerReader{r, &File{Path: path, Ecosystem: Composer, Format: "composer-json"}}
	if err := c.object("the document", c.member); err != nil {
		return nil, err
	}
	return c.file, c.file.count()
}

func (c *composerReader) member(key string, line int) error {
	switch key {
	case "require":
		return c.requires("")
	case "require-dev":
		return c.requires("dev")
	case "replace", "provide":
		c.setting(key, line, SourceChanged)
	case "repositories":
		c.setting(key, line, SourceChanged)
	case "minimum-stability", "prefer-stable":
		c.setting(key, line, Loosened)
	case "scripts":
		return c.scripts()
	case "config":
		return c.config()
	case "name":
		name, err := c.text("the name")
		c.file.project = strings.ToLower(name)
		return err
	default:
		c.skip()
	}
	return nil
}

func (c *composerReader) setting(name string, line int, kind Kind) {
	raw := c.raw()
	c.file.Settings = append(c.file.Settings, Setting{Name: name, Value: redact(oneLine(canonical(raw))), Gained: kind, Lost: kind, Line: line, EndLine: c.lines.at(c.at)})
}

// requires reads "vendor/package": "constraint". An empty list is written as one.
func (c *composerReader) requires(group string) error {
	if c.next() == '[' {
		return c.array("require", func() error { return c.fail("a requirement without a name") })
	}
	return c.object("require", func(key string, line int) error {
		spec, err := c.text("the constraint of " + quote(key))
		if err != nil {
			return err
		}
		name := strings.ToLower(strings.TrimSpace(key))
		if !strings.Contains(name, "/") {
			return nil // PHP itself
		}
		p := Package{Ecosystem: Composer, Name: name, PURL: "pkg:composer/" + purlPath(name), Spec: oneLine(spec), Group: group, Line: line, EndLine: line}
		if len(name) > maxPathLen {
			return c.fail("a name of %d bytes", len(name))
		}
		p.Pinned = composerPinned(p.Spec)
		c.file.Packages = append(c.file.Packages, p)
		return c.file.count()
	})
}

// composerPinned: a version, or a branch at a commit.
func composerPinned(spec string) bool {
	if _, ref, ok := strings.Cut(spec, "#"); ok {
		return isCommit(ref)
	}
	return isOneLoose(Composer, spec)
}

// composerHooks are the scripts that Composer runs by itself.
var composerHooks = wordSet(`pre-install-cmd post-install-cmd pre-update-cmd post-update-cmd pre-autoload-dump post-autoload-dump post-root-package-install post-create-project-cmd
	pre-package-install post-package-install pre-package-update post-package-update pre-package-uninstall post-package-uninstall pre-operations-exec pre-dependencies-solving
	post-dependencies-solving pre-file-download post-file-download pre-command-run pre-pool-create init command`)

// maxScripts is more than any project has.
const maxScripts = 5000

// scripts reads them all: a hook runs others by "@name".
func (c *composerReader) scripts() error {
	if c.next() == '[' {
		c.skip()
		return nil
	}
	hooks, others := []Script{}, []Script{}
	called := false
	err := c.object("scripts", func(key string, line int) error {
		s := Script{Name: key, Command: oneLine(canonical(c.raw())), Line: line}
		s.EndLine = c.lines.at(c.at)
		if len(hooks)+len(others) > maxScripts {
			return c.fail("more than %d scripts", maxScripts)
		}
		if composerHooks[key] {
			hooks, called = append(hooks, s), called || strings.Contains(s.Command, `"@`)
		} else {
			others = append(others, s)
		}
		return nil
	})
	c.file.Scripts = append(c.file.Scripts, hooks...)
	if called {
		c.file.Scripts = append(c.file.Scripts, others...)
	}
	return err
}

// config: plugins run with the rights of whoever installs.
func (c *composerReader) config() error {
	if c.next() == '[' {
		c.skip()
		return nil
	}
	return c.object("config", func(key string, line int) error {
		switch key {
		case "allow-plugins":
			c.setting("config."+key, line, LifecycleScript)
		case "secure-http", "disable-tls", "cafile", "capath", "github-protocols", "gitlab-domains", "github-domains", "preferred-install", "use-parent-dir":
			c.setting("config."+key, line, SourceChanged)
		case "platform", "audit", "lock":
			c.setting("config."+key, line, Loosened)
		default:
			c.skip()
		}
		return nil
	})
}

// parseComposerLock reads composer.lock.
func parseComposerLock(path string, data []byte) (*File, error) {
	r, err := newJSONReader(path, data)
	if err != nil {
		return nil, err
	}
	c := &composerReader{r, &File{Path: path, Ecosystem: Composer, Format: "composer-lock", Lock: true, patterns: make(map[string]string)}}
	err = c.object("the document", func(key string, _ int) error {
		switch key {
		case "packages":
			return c.array(key, func() error { return c.locked("") })
		case "packages-dev":
			return c.array(key, func() error { return c.locked("dev") })
		}
		c.skip()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c.file, c.file.count()
}

// locked reads one entry. What is installed is the archive of "dist", or the
// repository of "source" at its commit.
func (c *composerReader) locked(group string) error {
	p := Package{Ecosystem: Composer, Group: group, Transitive: true, Line: c.line()}
	var source, dist artefact
	err := c.object("a package", func(key string, _ int) (err error) {
		switch key {
		case "name":
			p.Name, err = c.text(key)
		case "version":
			p.Spec, err = c.text(key)
		case "source":
			source, err = c.artefact()
		case "dist":
			dist, err = c.artefact()
		case "replace", "provide":
			err = c.standsFor()
		case "type", "autoload", "bin", "include-path", "target-dir", "transport-options", "php-ext":
			c.says(&p, key)
		default:
			c.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	p.EndLine = c.lines.at(c.at)
	if p.Name = strings.ToLower(p.Name); p.Name == "" || len(p.Name) > maxPathLen {
		return c.fail("a package without a name")
	}
	p.PURL = "pkg:composer/" + purlPath(p.Name)
	p.Spec = strings.TrimPrefix(oneLine(p.Spec), "v")
	p.composerPlace(source, dist)
	p.Said = sorted(p.Said)
	c.file.Packages = append(c.file.Packages, p)
	return c.file.count()
}

// says notes what the lock file says of the content of an archive, and Composer acts
// on without a look into it: what is loaded, what runs, whether it is a plugin.
func (c *composerReader) says(p *Package, key string) {
	if raw := c.raw(); len(raw) > 0 {
		p.Said = append(p.Said, key+" "+canonical(raw))
	}
}

// standsFor notes the names that a locked package answers to as well.
func (c *composerReader) standsFor() error {
	if c.next() != '{' {
		c.skip()
		return nil
	}
	return c.object("a list", func(key string, _ int) error {
		c.skip()
		c.file.patterns[strings.ToLower(key)] = key
		return c.file.count()
	})
}

// besideFixes is nameFixes for the manifest beside the lock file alone.
func besideFixes(manifest string, lock *File) func(*Package) bool {
	if path.Dir(manifest) != path.Dir(lock.Path) {
		return fixesNothing
	}
	return nameFixes(manifest, lock)
}

// composerSatisfies holds composer.lock against composer.json. What another package
// replaces or provides is there under that one's name.
func composerSatisfies(manifest, lock *File) []Drift {
	return looseDrifts(manifest, lock, func(p *Package) bool {
		_, otherwise := lock.patterns[p.Name]
		return !otherwise && p.Name != manifest.project
	})
}

// looseDrifts holds the requirements that a function chooses against a flat lock
// file beside the manifest.
func looseDrifts(manifest, lock *File, asked func(*Package) bool) []Drift {
	if path.Dir(manifest.Path) != path.Dir(lock.Path) {
		return nil
	}
	entries := pyByName(lock)
	var drifts []Drift
	for _, p := range manifest.Packages {
		if !asked(&p) {
			continue
		}
		if d, ok := looseDrift(p, entries[p.Name]); ok {
			drifts = append(drifts, d)
		}
	}
	return drifts
}

func looseDrift(p Package, found []*Package) (Drift, bool) {
	if len(found) == 0 {
		return Drift{Package: p, Reason: "nothing is locked for this requirement"}, true
	}
	s, ok := looseOf(p.Ecosystem, p.Spec)
	if !ok {
		return Drift{}, false // nobody can hold a branch against a version
	}
	for _, e := range found {
		v, readable := parseLoose(e.Spec, false)
		if !readable || s.contains(v) {
			return Drift{}, false
		}
	}
	return Drift{Package: p, Locked: found[0].Spec, Reason: "the locked version is not accepted by the requirement"}, true
}
