package manifest

import (
	"path"
	"slices"
	"strings"
)

// pyLockKinds can occur in every lock file for Python.
var pyLockKinds = []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, IntegrityRemoved, LockfileDrift}

// pythonFormats are those beside pip's lists and pyproject.toml.
var pythonFormats = []Format{
	{
		Name: "uv-lock", Ecosystem: PyPI, Lock: true, is: named("uv.lock"), Parse: parseUvLock,
		Manifests: []string{"pyproject.toml"}, Conditions: pyLockKinds,
	},
	{
		Name: "poetry-lock", Ecosystem: PyPI, Lock: true, is: named("poetry.lock"), Parse: parsePoetryLock,
		Manifests: []string{"pyproject.toml"}, Conditions: pyLockKinds,
	},
	{
		Name: "pdm-lock", Ecosystem: PyPI, Lock: true, is: named("pdm.lock"), Parse: parsePdmLock,
		Manifests: []string{"pyproject.toml"}, Conditions: pyLockKinds,
	},
	{
		Name: "pylock", Ecosystem: PyPI, Lock: true, is: isPylock, Parse: parsePylock,
		Manifests: []string{"pyproject.toml"}, Conditions: pyLockKinds,
	},
	{
		Name: "pipfile", Ecosystem: PyPI, is: named("pipfile"), Parse: parsePipfile,
		Locks:      []string{"Pipfile.lock"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, IntegrityRemoved, LockfileDrift},
	},
	{
		Name: "pipfile-lock", Ecosystem: PyPI, Lock: true, is: named("pipfile.lock"), Parse: parsePipfileLock,
		Manifests: []string{"Pipfile"}, Conditions: pyLockKinds,
	},
	{
		Name: "setup-cfg", Ecosystem: PyPI, is: named("setup.cfg"), Parse: parseSetupCfg,
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, IntegrityRemoved, LifecycleScript},
	},
	{
		Name: "conda-environment", Ecosystem: Conda, is: isCondaEnvironment, Parse: parseCondaEnvironment,
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, IntegrityRemoved},
	},
}

// isPylock knows the names of PEP 751.
func isPylock(p place) bool {
	return p.ext == ".toml" && (p.base == "pylock.toml" || strings.HasPrefix(p.base, "pylock.") && strings.Count(p.base, ".") == 2)
}

var pythonCouplings = []coupling{
	{"pyproject", "uv-lock", uvSatisfies, uvFixes},
	{"pyproject", "poetry-lock", pySatisfies(pyGroups), pyFixes},
	{"pyproject", "pdm-lock", pySatisfies(pyGroups), pyFixes},
	{"pyproject", "pylock", pySatisfies(func(g string) bool { return g == "" }), pyFixes},
	{"pipfile", "pipfile-lock", pySatisfies(func(string) bool { return true }), pyFixes},
}

// pyGroups are the groups of pyproject.toml that a tool's lock file holds.
func pyGroups(group string) bool {
	return group == "" || strings.HasPrefix(group, "optional:") || strings.HasPrefix(group, "group:") || strings.HasPrefix(group, "pdm:")
}

// pySatisfies holds a manifest against a lock file beside it that is flat: one
// entry for each version of a package, whoever asked for it.
func pySatisfies(locked func(group string) bool) func(manifest, lock *File) []Drift {
	return func(manifest, lock *File) []Drift {
		if path.Dir(manifest.Path) != path.Dir(lock.Path) {
			return nil
		}
		return pyDrifts(manifest, pyByName(lock), locked, true)
	}
}

// pyDrifts asks for each requirement whether one of the entries of its name is
// what it accepts.
func pyDrifts(manifest *File, entries map[string][]*Package, locked func(group string) bool, sources bool) []Drift {
	times := make(map[string]int)
	for i := range manifest.Packages {
		times[manifest.Packages[i].Name]++
	}
	overrides := overridden(manifest)
	var drifts []Drift
	for _, p := range manifest.Packages {
		if !locked(p.Group) || p.Name == manifest.project || overrides[p.Name] {
			continue
		}
		found := entries[p.Name]
		limited := p.Marker != "" && p.Marker != "optional" // perhaps to where nobody locks
		switch {
		case len(found) == 0 && limited, limited && times[p.Name] > 1:
		case len(found) == 0:
			drifts = append(drifts, Drift{Package: p, Reason: "nothing is locked for this requirement"})
		default:
			if d, ok := pyDrift(p, found, sources); ok {
				drifts = append(drifts, d)
			}
		}
	}
	return drifts
}

// pyByName indexes a lock file.
func pyByName(lock *File) map[string][]*Package {
	entries := make(map[string][]*Package, len(lock.Packages))
	for i := range lock.Packages {
		p := &lock.Packages[i]
		entries[p.Name] = append(entries[p.Name], p)
	}
	return entries
}

// pyDrift: one entry that fits is enough, since entries are for different
// environments. The reason told is that of the first.
func pyDrift(p Package, found []*Package, sources bool) (Drift, bool) {
	var first Drift
	for i, e := range found {
		reason := pyMismatch(&p, e, sources)
		if reason == "" {
			return Drift{}, false
		}
		if i == 0 {
			first = Drift{Package: p, Locked: described(e), Reason: reason}
		}
	}
	return first, true
}

// described is what identifies a locked artefact.
func described(p *Package) string {
	if p.Spec != "" {
		return p.Spec
	}
	return p.Source
}

// pyMismatch says why an entry is not what is asked for; "" when it is.
func pyMismatch(p, e *Package, sources bool) string {
	fromRepository := vcsOf(urlScheme(e.Source)) != ""
	switch {
	case vcsOf(urlScheme(p.Source)) != "":
		return pyRepository(p, e)
	case p.Source != "" && !strings.HasPrefix(p.Source, "index:"):
		return "" // a folder, an address: the lock file repeats it in words of its own
	case fromRepository && sources:
		return "a repository is locked for a requirement from the registry"
	case sources && hostOf(e.Source) != "":
		return "an address is locked for a requirement from the registry"
	case e.Source != "" && !strings.HasPrefix(e.Source, "index:"):
		return ""
	}
	spec, ok := parsePySpec(p.Spec)
	if !ok {
		return ""
	}
	if v, ok := parsePyVersion(e.Spec); !ok || !spec.contains(v) {
		return "the locked version is not accepted by the requirement"
	}
	return ""
}

// pyRepository holds a repository against a repository, and a commit against a
// commit.
func pyRepository(p, e *Package) string {
	asked, locked := parseLocation(p.Source), parseLocation(e.Source)
	switch {
	case vcsOf(urlScheme(e.Source)) == "" || repository(asked.scheme+":"+asked.rest) != repository(locked.scheme+":"+locked.rest):
		return "another repository is locked"
	case isCommit(asked.ref) && asked.ref != locked.ref:
		return "another commit is locked"
	}
	return ""
}

// pyFixes: a requirement is fixed when each entry of its name is one artefact.
func pyFixes(manifest string, lock *File) func(*Package) bool {
	if path.Dir(manifest) != path.Dir(lock.Path) {
		return fixesNothing
	}
	anywhere := pinnedAnywhere(lock)
	return func(p *Package) bool { return anywhere[p.Name] }
}

// pyDefaultIndexes are the names of the default index.
var pyDefaultIndexes = []string{"https://pypi.org/simple", "https://pypi.python.org/simple"}

// archivesFrom marks a source whose archives lie on hosts of their own.
const archivesFrom = " with archives from "

// pyDefaultHosts serve its archives.
var pyDefaultHosts = []string{"files.pythonhosted.org", "pypi.org"}

// pyIndex is the source of an entry from an index whose archives lie on certain
// hosts. Those of the default index lie on its own; any other host shows.
func pyIndex(index string, hosts []string) string {
	index = strings.TrimSuffix(redact(index), "/")
	isDefault := index == "" || slices.Contains(pyDefaultIndexes, index)
	own := ""
	if !isDefault {
		own = parseLocation(index).rest
	}
	var odd []string
	for _, h := range sorted(hosts) {
		switch {
		case h == "", isDefault && slices.Contains(pyDefaultHosts, h), !isDefault && (own == "//"+h || strings.HasPrefix(own, "//"+h+"/")):
		default:
			odd = append(odd, h)
		}
	}
	source := ""
	if !isDefault {
		source = "index:" + index
	}
	if len(odd) > 0 {
		if index == "" {
			index = pyDefaultIndexes[0]
		}
		source = "index:" + index + archivesFrom + strings.Join(odd, ", ")
	}
	return source
}

// hostOf is the host of a URL, "" for anything else.
func hostOf(url string) string {
	scheme := urlScheme(url)
	if scheme == "" {
		return ""
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(url[len(scheme):], "://"), "/")
	host, _, _ = strings.Cut(host, "?")
	return strings.ToLower(host[strings.LastIndexByte(host, '@')+1:])
}
