package manifest

import (
	"slices"
	"strings"
)

// comparePackages pairs the entries of each package, group by group, and says
// what happened to each.
func comparePackages(old, new []Package) []Change {
	var changes []Change
	for _, p := range pair(old, new, identity, fingerprint, versionAndMarker, installed, marker) {
		c := Change{Old: pick(old, p[0]), New: pick(new, p[1])}
		c.Kinds = packageKinds(c.Old, c.New)
		changes = append(changes, c)
	}
	return changes
}

// identity is what makes two entries speak of the same package.
func identity(p *Package) string { return p.Group + "\x00" + p.Name + "\x00" + p.Alias }

// fingerprint is all that counts in an entry.
func fingerprint(p *Package) string {
	parts := []string{
		p.Spec, p.Source, p.Marker, strings.Join(p.Extras, ","), strings.Join(p.Options, "\x01"), strings.Join(p.Integrity, ","),
		strings.Join(p.Said, "\x01"),
	}
	if p.InstallScript {
		parts = append(parts, "script")
	}
	if len(p.Platforms) > 0 {
		parts = append(parts, strings.Join(p.Platforms, "\x01"))
	}
	if p.Dev {
		parts = append(parts, "dev")
	}
	return strings.Join(parts, "\x00")
}

// These are the comparisons after equality, the closest first: the same version
// where only the source or the hashes moved, the same place in node_modules, the
// same condition of its use.
func versionAndMarker(p *Package) string { return p.Spec + "\x00" + p.Marker }
func installed(p *Package) string        { return p.Path + "\x00" + p.Marker }
func marker(p *Package) string           { return p.Marker }

// packageKinds asks each question on its own: one edit may raise the version,
// move the source and drop the hashes, and each of these is a kind that a policy
// may ask for alone.
func packageKinds(old, new *Package) []Kind {
	switch {
	case old == nil:
		return addedKinds(new)
	case new == nil:
		return removedKinds(old)
	}
	kinds := specKinds(old, new)
	if old.Pinned && !new.Pinned {
		kinds = append(kinds, Unpinned)
	}
	if old.Source != new.Source {
		kinds = append(kinds, SourceChanged)
	}
	if new.InstallScript && !old.InstallScript {
		kinds = append(kinds, LifecycleScript)
	}
	kinds = append(kinds, extraKinds(old, new)...)
	kinds = append(kinds, optionKinds(old.Options, new.Options)...)
	kinds = append(kinds, integrityKinds(old, new)...)
	if old.Spec == new.Spec && !slices.Equal(old.Said, new.Said) {
		kinds = append(kinds, SourceChanged) // the same archive, and something else is made of it
	}
	if old.Spec == new.Spec && widened(old.Platforms, new.Platforms) {
		kinds = append(kinds, Loosened)
	}
	if old.Marker != new.Marker && old.Marker != "" {
		kinds = append(kinds, Loosened) // it may apply where nothing was accepted before
	}
	return kinds
}

// Groups in which an entry does not ask for a package.
const (
	groupConstraint = "constraint"              // narrows the versions of what others ask for
	groupNarrows    = "constraint-dependencies" // does so for certain: no list that somebody might install
	groupOverrides  = "overrides"               // puts a version in the place of what others ask for
	groupReplace    = "replace"                 // takes a package from somewhere else
)

// addedKinds: a replacement brings no package, it takes one from elsewhere. A
// constraint is open by nature, so it is never unpinned. Lists of constraints are
// installed by some as if they were requirements, so what they gain is added.
func addedKinds(p *Package) []Kind {
	switch {
	case p.Group == groupReplace, p.Group == groupNarrows && p.Source != "":
		return []Kind{SourceChanged}
	case p.Group == groupNarrows:
		return nil
	}
	kinds := []Kind{Added}
	if !p.Pinned && p.Group != groupConstraint {
		kinds = append(kinds, Unpinned)
	}
	if p.InstallScript {
		kinds = append(kinds, LifecycleScript)
	}
	return kinds
}

// removedKinds: without its constraint or its override a package may be of any
// version that others accept.
func removedKinds(p *Package) []Kind {
	switch p.Group {
	case groupReplace:
		return []Kind{SourceChanged}
	case groupConstraint, groupNarrows, groupOverrides:
		return []Kind{Removed, Loosened}
	}
	return []Kind{Removed}
}

// extraKinds: an extra is a set of packages that comes along.
func extraKinds(old, new *Package) []Kind {
	var kinds []Kind
	if missing(new.Extras, old.Extras) {
		kinds = append(kinds, Added)
	}
	if missing(old.Extras, new.Extras) {
		kinds = append(kinds, Removed)
	}
	return kinds
}

// missing reports whether something in a is not in b; both are sorted.
func missing(a, b []string) bool {
	for _, s := range a {
		for len(b) > 0 && b[0] < s {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != s {
			return true
		}
	}
	return false
}

// allowPrereleases is the one option that widens the versions accepted.
const allowPrereleases = "allow-prereleases"

// optionKinds: options such as --config-settings change what is built out of the
// same archive, which is as good as another source.
func optionKinds(old, new []string) []Kind {
	var kinds []Kind
	if slices.Contains(new, allowPrereleases) && !slices.Contains(old, allowPrereleases) {
		kinds = append(kinds, Loosened)
	}
	other := func(options []string) []string {
		return slices.DeleteFunc(slices.Clone(options), func(o string) bool { return o == allowPrereleases })
	}
	if !slices.Equal(other(old), other(new)) {
		kinds = append(kinds, SourceChanged)
	}
	return kinds
}

// integrityKinds compares hashes. Another version has other hashes; it only
// must not lose them all. For the same version a hash that goes is one that is
// no longer asked for, and one that comes is an artefact more that is accepted.
func integrityKinds(old, new *Package) []Kind {
	switch {
	case len(old.Integrity) == 0:
		return nil
	case len(new.Integrity) == 0:
		return []Kind{IntegrityRemoved}
	case old.Ecosystem == Docker && old.Source == new.Source:
		return digestKinds(old, new)
	case old.Spec != new.Spec || old.Source != new.Source:
		return weakened(old, new)
	case !missing(old.Integrity, new.Integrity):
		if missing(new.Integrity, old.Integrity) && strength(new.Integrity) <= strength(old.Integrity) {
			return []Kind{Loosened}
		}
		return nil
	case !missing(new.Integrity, old.Integrity), strength(new.Integrity) > strength(old.Integrity):
		return weakened(old, new)
	}
	return []Kind{IntegrityRemoved}
}

// weakened: hashes of another version cannot be compared, but the algorithm can.
// A fall from sha512 to sha1 is how a lock file is made forgeable.
func weakened(old, new *Package) []Kind {
	unheld := slices.Contains(new.Integrity, noHash) && !slices.Contains(old.Integrity, noHash)
	if unheld || strength(new.Integrity) < strength(old.Integrity) {
		return []Kind{IntegrityRemoved}
	}
	return nil
}

// strength ranks the best algorithm among hashes. Installers check the best one.
func strength(hashes []string) int {
	best := 0
	for _, h := range hashes {
		for rank, name := range []string{"md5", "sha1", "sha224", "h1", "sha256", "sha384", "sha512"} {
			if strings.HasPrefix(h, name+"-") || strings.HasPrefix(h, name+":") {
				best = max(best, rank+1)
			}
		}
	}
	return best
}
