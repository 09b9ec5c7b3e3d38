package manifest

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// A pathGem is a gem of the repository itself, as Bundler's lock copies it from the
// gem's description.
type pathGem struct {
	folder string            // from the lock's, as it says
	asked  map[string]string // name to what is accepted
}

// asks reads "name (~> 1.0)": what a gem asks for. Of gems from elsewhere that is
// nobody's choice here.
func (l *gemLock) asks(body string) error {
	if l.own == nil {
		return nil
	}
	name, spec, ok := cutGem(strings.TrimSuffix(body, "!"))
	if !ok {
		return l.fail("no dependency: %s", quote(body))
	}
	if l.copied++; l.copied > maxEntries {
		return l.fail("more than %d dependencies of gems", maxEntries)
	}
	l.own.asked[name] = gemSpec(spec)
	return nil
}

// Describers are the descriptions of gems that a lock of Bundler says it was made
// from, as paths from the repository's root, at most limit of them.
func (f *File) Describers(limit int) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(f.gems)) {
		at := path.Join(path.Dir(f.Path), f.gems[name].folder, name+".gemspec")
		if len(all) < limit && !path.IsAbs(at) && !strings.HasPrefix(at, "../") && !strings.Contains(name, "/") {
			all = append(all, at)
		}
	}
	return all
}

// gemspecSatisfies holds Gemfile.lock against the description of a gem that it was
// made from, known by its name: the copy of what it asks for when it is used, and
// what is locked. What only its development asks for is in the lock as if the
// Gemfile did, which may say it otherwise.
func gemspecSatisfies(manifest, lock *File) []Drift {
	own := lock.gems[strings.TrimSuffix(path.Base(manifest.Path), ".gemspec")]
	if own == nil {
		return nil
	}
	entries, wanted := pyByName(lock), make(map[string]bool)
	var drifts []Drift
	for _, p := range manifest.Packages {
		wanted[p.Name] = true
		if p.Group != "" || p.Marker != "" {
			continue
		}
		if d, ok := own.drift(p, entries[p.Name]); ok {
			drifts = append(drifts, d)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own.asked)) {
		if !wanted[name] && len(manifest.Unread) == 0 {
			p := Package{Ecosystem: Gem, Name: name, PURL: "pkg:gem/" + purlEscape(name), Spec: own.asked[name]}
			drifts = append(drifts, Drift{Package: p, Reason: "the lock file has a requirement that the manifest has not"})
		}
	}
	return drifts
}

func (own *pathGem) drift(p Package, found []*Package) (Drift, bool) {
	spec, known := own.asked[p.Name]
	switch {
	case !known:
		return Drift{Package: p, Reason: "the lock file does not know this requirement"}, true
	case spec != p.Spec:
		return Drift{Package: p, Locked: spec, Reason: "the lock file was made for another requirement"}, true
	case len(found) > 0 && !inRegistry(found[0]):
		return Drift{}, false // from a repository or a folder, whatever its version
	}
	return looseDrift(p, found)
}
