package manifest

import (
	"path"
	"slices"
	"strings"
)

// nodeLockKinds can occur in every lock file of npm's family.
var nodeLockKinds = []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, IntegrityRemoved, LockfileDrift}

// nodeFormats are those of Yarn, pnpm and Bun, and the settings of npm.
var nodeFormats = []Format{
	{
		Name: "yarn-lock", Ecosystem: NPM, Lock: true, is: named("yarn.lock"), Parse: parseYarnLock,
		Manifests: []string{"package.json"}, Conditions: nodeLockKinds,
	},
	{
		Name: "pnpm-lock", Ecosystem: NPM, Lock: true, is: named("pnpm-lock.yaml"), Parse: parsePnpmLock,
		Manifests: []string{"package.json", "pnpm-workspace.yaml"}, Conditions: Kinds(),
	},
	{
		Name: "bun-lock", Ecosystem: NPM, Lock: true, is: named("bun.lock"), Parse: parseBunLock,
		Manifests: []string{"package.json"}, Conditions: Kinds(),
	},
	{
		Name: "pnpm-workspace", Ecosystem: NPM, is: named("pnpm-workspace.yaml"), Parse: parsePnpmWorkspace,
		Locks:      []string{"pnpm-lock.yaml"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, LockfileDrift, LifecycleScript},
	},
	{
		Name: "npmrc", Ecosystem: NPM, is: named(".npmrc"), Parse: parseNpmrc,
		Conditions: []Kind{Loosened, SourceChanged, IntegrityRemoved, LifecycleScript},
	},
	{
		Name: "yarnrc", Ecosystem: NPM, is: named(".yarnrc.yml"), Parse: parseYarnrc,
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, IntegrityRemoved, LifecycleScript},
	},
}

var nodeCouplings = []coupling{
	{"package-json", "yarn-lock", yarnSatisfies, yarnFixes},
	{"package-json", "pnpm-lock", nodeSatisfies(declaredFinder), nodeFixes(declaredFinder)},
	{"pnpm-workspace", "pnpm-lock", pnpmWorkspaceSatisfies, nodeFixes(declaredFinder)},
	{"package-json", "bun-lock", nodeSatisfies(declaredFinder), nodeFixes(declaredFinder)},
}

// A finder finds the entry that a lock file holds for a requirement of one of its
// members, nil for none.
type finder func(*Package) *Package

// nodeSatisfies holds a manifest against a lock file that repeats what its
// members ask for. The copy must be equal, and what is locked must fit as well: a
// lock file is edited as easily as any other. Where an override holds, neither
// says what is installed.
func nodeSatisfies(finderOf func(member string, lock *File) finder) func(manifest, lock *File) []Drift {
	return func(manifest, lock *File) []Drift {
		member, ok := memberOf(manifest.Path, lock)
		if !ok {
			return nil
		}
		overrides := overridden(manifest, lock)
		asked := slices.DeleteFunc(npmAsked(manifest.Packages), func(p Package) bool { return overrides[p.installedAs()] })
		drifts := copyDrifts(asked, slices.DeleteFunc(slices.Clone(lock.Declared), func(p Package) bool {
			return p.Path != member || notInstalled(p.Group) || p.Group == "peer" || overrides[p.installedAs()]
		}))
		asked = slices.DeleteFunc(asked, func(p Package) bool { return p.Group == "peer" })
		return append(drifts, lockedDrifts(asked, drifts, finderOf(member, lock), overrides)...)
	}
}

// copyDrifts compares what a manifest asks for with the lock file's copy of it.
// Groups do not count: tools differ in where they put what they install for peers.
func copyDrifts(asked, declared []Package) []Drift {
	copied := make(map[string]bool, 2*len(declared))
	for i := range declared {
		copied[declared[i].installedAs()], copied[patternKey(&declared[i])] = true, true
	}
	wanted := make(map[string]bool, len(asked))
	var drifts []Drift
	for _, p := range asked {
		wanted[p.installedAs()] = true
		switch {
		case p.Group == "peer" || copied[patternKey(&p)]:
		case !copied[p.installedAs()] && strings.HasPrefix(p.Source, "path:"): // pnpm may leave links out
		case copied[p.installedAs()]:
			drifts = append(drifts, Drift{Package: p, Reason: "the lock file was made for another requirement"})
		default:
			drifts = append(drifts, Drift{Package: p, Reason: "the lock file does not know this requirement"})
		}
	}
	for _, d := range declared {
		if !wanted[d.installedAs()] {
			drifts = append(drifts, Drift{Package: d, Reason: "the lock file has a requirement that the manifest has not"})
		}
	}
	return drifts
}

// lockedDrifts holds what is locked against each requirement of which the copy in
// the lock file is right. Where an override holds, the requirement does not.
func lockedDrifts(asked []Package, known []Drift, find finder, overridden map[string]bool) []Drift {
	reported := make(map[string]bool, len(known))
	for _, d := range known {
		reported[d.Package.installedAs()] = true
	}
	var drifts []Drift
	for _, p := range asked {
		if reported[p.installedAs()] || overridden[p.installedAs()] || overridden[p.Name] {
			continue
		}
		if d, ok := lockedDrift(p, find(&p)); ok {
			drifts = append(drifts, d)
		}
	}
	return drifts
}

// overridden are the names for which a manifest or its lock file has an override.
func overridden(files ...*File) map[string]bool {
	names := make(map[string]bool)
	for _, f := range files {
		for _, list := range [][]Package{f.Packages, f.Declared} {
			for i := range list {
				if list[i].Group == groupOverrides {
					names[list[i].installedAs()] = true
				}
			}
		}
	}
	return names
}

// nodeFixes asks whether the entry found is one artefact of the package.
func nodeFixes(finderOf func(member string, lock *File) finder) func(manifest string, lock *File) func(*Package) bool {
	return func(manifest string, lock *File) func(*Package) bool {
		member, ok := memberOf(manifest, lock)
		if !ok {
			return fixesNothing
		}
		find, anywhere := finderOf(member, lock), pinnedAnywhere(lock)
		return func(p *Package) bool {
			if notInstalled(p.Group) {
				return anywhere[p.Name]
			}
			locked := find(p)
			return locked != nil && locked.Pinned && (locked.Name == p.Name || strings.HasPrefix(p.Source, "catalog:"))
		}
	}
}

// byPath indexes the entries of a lock file. Of two entries for one place the
// first counts.
func byPath(lock *File) map[string]*Package {
	at := make(map[string]*Package, len(lock.Packages))
	for i := range lock.Packages {
		if p := &lock.Packages[i]; at[p.Path] == nil {
			at[p.Path] = p
		}
	}
	return at
}

// registries are where Yarn and pnpm look unless told otherwise: two names of one
// place.
var registries = []string{defaultRegistry, "https://registry.yarnpkg.com/"}

// archiveSource is where an archive lies; "" when that is a default registry and
// the archive stands there under its own name and version. The archives of a
// forge are its repositories.
func archiveSource(url, name, version string) string {
	if git := forgeArchive(beforeHash(url)); git != "" {
		return git
	}
	source := lockSource(lockEntry{resolved: url, version: version}, name, "node_modules/"+name)
	if slices.Contains(registries, strings.TrimPrefix(source, "registry:")) {
		return ""
	}
	return source
}

// forgeArchive reads "https://codeload.github.com/owner/repository/tar.gz/commit"
// and its like as the repository at that commit.
func forgeArchive(url string) string {
	parts := strings.Split(strings.TrimPrefix(url, "https://"), "/")
	switch {
	case !strings.HasPrefix(url, "https://") || len(parts) != 5:
	case parts[0] == "codeload.github.com" && parts[3] == "tar.gz":
		return "git+https://github.com/" + parts[1] + "/" + parts[2] + "@" + parts[4]
	case parts[0] == "bitbucket.org" && parts[3] == "get":
		return "git+https://bitbucket.org/" + parts[1] + "/" + parts[2] + "@" + strings.TrimSuffix(parts[4], ".tar.gz")
	}
	return ""
}

// declaredFinder finds what the lock file itself says that a member's requirement
// is locked to.
func declaredFinder(member string, lock *File) finder {
	at := byPath(lock)
	locked := make(map[string]*Package)
	for i := range lock.Declared {
		d := &lock.Declared[i]
		if d.Path != member || notInstalled(d.Group) {
			continue
		}
		if link := d.linked(); link != nil {
			locked[d.installedAs()] = link
		} else {
			locked[d.installedAs()] = at[d.Locked]
		}
	}
	return func(p *Package) *Package { return locked[p.installedAs()] }
}

// linked is the folder that answers a requirement, nil where none does.
func (p *Package) linked() *Package {
	folder, ok := strings.CutPrefix(p.Locked, "link:")
	if !ok {
		return nil
	}
	return &Package{Ecosystem: p.Ecosystem, Name: p.Name, PURL: p.PURL, Source: "path:" + folder, Pinned: true, Path: p.Locked, Line: p.Line, EndLine: p.EndLine}
}

// markAsked finds the entries that a member asks for.
func (f *File) markAsked() {
	asked := make(map[string]bool, len(f.Declared))
	for i := range f.Declared {
		if f.Declared[i].Locked != "" {
			asked[f.Declared[i].Locked] = true
		}
	}
	for i := range f.Packages {
		f.Packages[i].Transitive = !asked[f.Packages[i].Path]
	}
}

// memberPath is a workspace folder as Members and Path have it.
func memberPath(folder string) string {
	if folder = path.Clean(folder); folder == "." {
		return ""
	}
	return folder
}
