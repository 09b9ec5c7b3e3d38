package manifest

import (
	"path"
	"slices"
	"strings"
)

// A Drift is one way in which a lock file does not satisfy its manifest.
type Drift struct {
	Package Package // as the manifest asks for it, or as the lock declares it
	Locked  string  // the locked version; "" for none
	Reason  string
}

// A coupling is a format of manifests and a format of lock files, and how the
// two are held against each other.
type coupling struct {
	asking, lock string // names of formats
	satisfies    func(manifest, lock *File) []Drift
	// fixes may assume nothing of the manifest but its path; it never answers nil.
	fixes func(manifest string, lock *File) func(*Package) bool
}

// couplings lists every pair that is compared.
var couplings = slices.Concat(
	[]coupling{{"package-json", "package-lock", npmSatisfies, npmFixes}},
	nodeCouplings,
	pythonCouplings,
	goCouplings,
	otherCouplings,
)

// Satisfies holds a lock file against a manifest beside it or in a folder below
// and returns what does not fit, in the order of the manifest. Pairs that are not
// in couplings never drift, and neither does a manifest that is no member of the
// lock's workspace.
func Satisfies(manifest, lock *File) []Drift {
	for _, c := range couplings {
		if c.asking == manifest.Format && c.lock == lock.Format {
			return c.satisfies(manifest, lock)
		}
	}
	return nil
}

// MarkDirect tells which entries of a lock file the manifest beside it asks for,
// where the lock file itself does not say so.
func MarkDirect(lock, manifest *File) {
	if len(lock.Declared) > 0 || !lock.Lock || lock.Ecosystem == Go {
		return
	}
	asked := make(map[string]bool, len(manifest.Packages))
	for i := range manifest.Packages {
		asked[manifest.Packages[i].installedAs()] = true
	}
	for i := range lock.Packages {
		if p := &lock.Packages[i]; asked[p.installedAs()] || asked[p.Name] {
			p.Transitive = false
		}
	}
}

// Fixes makes the question whether a lock file fixes what a manifest asks for: a
// place in the lock holds one artefact of that package. A lock file of nil, or
// one whose workspace the manifest is no member of, fixes nothing.
func Fixes(manifest string, lock *File) func(*Package) bool {
	if lock != nil {
		for _, c := range couplings {
			if c.lock == lock.Format {
				return c.fixes(manifest, lock)
			}
		}
	}
	return fixesNothing
}

func fixesNothing(*Package) bool { return false }

// npmSatisfies holds package-lock.json against package.json.
func npmSatisfies(manifest, lock *File) []Drift {
	member, ok := memberOf(manifest.Path, lock)
	if !ok {
		return nil
	}
	asked := npmAsked(manifest.Packages)
	var drifts []Drift
	if len(lock.Members) > 0 {
		drifts = declaredDrift(asked, npmAsked(slices.DeleteFunc(slices.Clone(lock.Declared), func(p Package) bool { return p.Path != member })))
	}
	reported := make(map[string]bool, len(drifts))
	for _, d := range drifts {
		reported[d.Package.installedAs()] = true
	}
	tree := lockTree(lock)
	for _, p := range asked {
		if reported[p.installedAs()] {
			continue
		}
		if d, ok := lockedDrift(p, tree.resolve(member, p.installedAs())); ok {
			drifts = append(drifts, d)
		}
	}
	return drifts
}

// npmFixes asks package-lock.json.
func npmFixes(manifest string, lock *File) func(*Package) bool {
	member, ok := memberOf(manifest, lock)
	if !ok {
		return fixesNothing
	}
	tree := lockTree(lock)
	anywhere := pinnedAnywhere(lock)
	return func(p *Package) bool {
		if notInstalled(p.Group) {
			return anywhere[p.Name] // an override holds wherever the package is
		}
		locked := tree.resolve(member, p.installedAs())
		return locked != nil && locked.Pinned && locked.Name == p.Name
	}
}

// notInstalled tells the groups of package.json that are no list of what to
// install, but say how what others ask for is found.
func notInstalled(group string) bool {
	return group != "" && group != "dev" && group != "peer" && group != "optional"
}

// pinnedAnywhere are the names of which every entry of a lock is one artefact.
func pinnedAnywhere(lock *File) map[string]bool {
	names := make(map[string]bool)
	for _, p := range lock.Packages {
		others, seen := names[p.Name]
		names[p.Name] = p.Pinned && (others || !seen)
	}
	return names
}

// memberOf is the manifest's folder as seen from the lock file.
func memberOf(manifest string, lock *File) (member string, ok bool) {
	from, to := path.Dir(lock.Path), path.Dir(manifest)
	switch {
	case from == to:
		return "", len(lock.Members) == 0 || slices.Contains(lock.Members, "")
	case from == ".":
		member = to
	default:
		if member, ok = strings.CutPrefix(to, from+"/"); !ok {
			return "", false
		}
	}
	return member, slices.Contains(lock.Members, member)
}

// A packageTree finds packages as Node does: in the folder's own node_modules,
// then in those above.
type packageTree map[string]*Package

// lockTree indexes the lock by place. Of two entries for one place the first
// counts: it is the one that current npm reads.
func lockTree(lock *File) packageTree {
	t := make(packageTree, len(lock.Packages))
	for i := range lock.Packages {
		if p := &lock.Packages[i]; t[p.Path] == nil {
			t[p.Path] = p
		}
	}
	return t
}

func (t packageTree) resolve(from, name string) *Package {
	for dir := from; dir != "" && dir != "."; dir = path.Dir(dir) {
		if p := t[dir+"/node_modules/"+name]; p != nil {
			return p
		}
	}
	return t["node_modules/"+name]
}

// npmAsked are the packages that npm installs for a manifest. One that is also
// optional is only optional.
func npmAsked(packages []Package) []Package {
	optional := make(map[string]bool)
	for _, p := range packages {
		if p.Group == "optional" {
			optional[p.installedAs()] = true
		}
	}
	var asked []Package
	for _, p := range packages {
		if p.Group == "optional" || p.Group == "dev" || p.Group == "peer" || p.Group == "" && !optional[p.installedAs()] {
			asked = append(asked, p)
		}
	}
	return asked
}

// declaredDrift compares the manifest with the lock's copy of it.
func declaredDrift(asked, declared []Package) []Drift {
	key := func(p *Package) string { return p.Group + "\x00" + p.installedAs() }
	wanted := func(p *Package) string { return p.Name + "\x00" + p.Spec + "\x00" + p.Source }
	var drifts []Drift
	for _, pair := range pair(declared, asked, key, wanted) {
		d := Drift{Reason: "the lock file was made for another requirement"}
		switch {
		case pair[0] < 0:
			d.Reason = "the lock file does not know this requirement"
		case pair[1] < 0:
			d.Package, d.Reason = declared[pair[0]], "the lock file has a requirement that the manifest has not"
		}
		if pair[1] >= 0 {
			d.Package = asked[pair[1]]
		}
		drifts = append(drifts, d)
	}
	return drifts
}

// lockedDrift asks whether what is locked is what is asked for.
func lockedDrift(p Package, locked *Package) (Drift, bool) {
	switch {
	case locked == nil:
		// A peer may be optional, which this file does not tell.
		return Drift{Package: p, Reason: "nothing is locked for this requirement"}, p.Group != "peer"
	case strings.HasPrefix(locked.Source, "path:"):
		return Drift{}, false // a member of the workspace, whatever its version
	case locked.Name != p.Name:
		return Drift{Package: p, Locked: locked.Spec, Reason: "another package is locked: " + locked.Name}, true
	case p.Source != "":
		return sourceDrift(p, locked)
	case vcsOf(urlScheme(locked.Source)) != "":
		return Drift{Package: p, Locked: locked.Source, Reason: "a repository is locked for a requirement from the registry"}, true
	}
	r, ok := parseNpmRange(p.Spec)
	if !ok || r.accepts(locked.Spec) { // nobody can hold a tag against a version
		return Drift{}, false
	}
	return Drift{Package: p, Locked: locked.Spec, Reason: "the locked version is not accepted by the requirement"}, true
}

// sourceDrift: a requirement on a repository or an address must have that one
// locked, and one on a commit that commit.
func sourceDrift(p Package, locked *Package) (Drift, bool) {
	d := Drift{Package: p, Locked: locked.Source}
	scheme := urlScheme(p.Source)
	switch {
	case vcsOf(scheme) != "" && repository(p.Source) != repository(locked.Source):
		d.Reason = "another repository is locked"
	case (scheme == "https" || scheme == "http") && lockSource(lockEntry{resolved: p.Source, version: locked.Spec}, p.Name, locked.Path) != locked.Source:
		d.Reason = "another address is locked"
	default:
		_, ref, _ := cutLast(p.Source, "@")
		if !isCommit(ref) || strings.HasSuffix(locked.Source, "@"+ref) {
			return Drift{}, false
		}
		d.Reason = "another commit is locked"
	}
	return d, true
}

// repository is "//host/path" of a source, whatever the way to it, the case and
// the reference: npm locks "github:a/b" as "git+ssh://git@github.com/a/b.git#…".
func repository(source string) string {
	rest := source[len(urlScheme(source)):]
	rest, _, _ = strings.Cut(strings.ToLower(rest), "@")
	return strings.TrimSuffix(strings.TrimPrefix(rest, ":"), ".git")
}
