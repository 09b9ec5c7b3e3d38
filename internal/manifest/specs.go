package manifest

import (
	"strings"

	"golang.org/x/mod/semver"
)

// specKinds says what a change of the version specification is. Both packages
// are of one ecosystem.
func specKinds(old, new *Package) []Kind {
	if old.Spec == new.Spec || !inRegistry(old) || !inRegistry(new) {
		return nil // outside a registry the source alone says what is installed
	}
	switch old.Ecosystem {
	case PyPI:
		a, okA := parsePySpec(old.Spec)
		b, okB := parsePySpec(new.Spec)
		if okA && okB {
			return setKinds(&a.set, &b.set)
		}
	case Conda:
		a, okA := condaSpec(old.Spec)
		b, okB := condaSpec(new.Spec)
		if okA && okB {
			return setKinds(&a.set, &b.set)
		}
	case NPM:
		a, okA := parseNpmRange(old.Spec)
		b, okB := parseNpmRange(new.Spec)
		if okA && okB {
			return setKinds(&a.set, &b.set)
		}
	case Go:
		return goKinds(old.Spec, new.Spec)
	case Docker:
		return tagKinds(old, new)
	case Actions, PreCommit, Git:
		return refKinds(old, new)
	default:
		if kinds, ok := looseKinds(old, new); ok {
			return kinds
		}
	}
	switch {
	case new.Pinned && old.Pinned: // one version and another, and no order between them
		return []Kind{Major}
	case new.Pinned:
		return nil
	}
	return []Kind{Loosened} // nobody can say that it accepts no more than before
}

// inRegistry reports whether a package's versions are told apart by a registry.
func inRegistry(p *Package) bool {
	return p.Source == "" || p.Ecosystem == Go || strings.HasPrefix(p.Source, "index:") || strings.HasPrefix(p.Source, "registry:")
}

// setKinds compares two sets by inclusion, and their lowest versions by size.
func setKinds[V ordered[V]](old, new *set[V]) []Kind {
	kinds := stepKinds(old, new)
	if old.covers(new) {
		return kinds
	}
	// A range that only moved, such as ^1.2 to ^2.0, accepts new versions
	// because it was upgraded. That is what major, minor and patch say.
	if w := old.width(); w != "" && w == new.width() && !new.covers(old) {
		return kinds
	}
	return append(kinds, Loosened)
}

// stepKinds compares the lowest versions of two sets.
func stepKinds[V ordered[V]](old, new *set[V]) []Kind {
	a, b := old.low(), new.low()
	if a == nil || b == nil {
		return nil
	}
	order := (*b).Compare(*a)
	same := firstDifference((*a).components(), (*b).components()) < 0
	if order == 0 || same && (old.width() != "one" || new.width() != "one") {
		return nil
	}
	kinds := []Kind{step((*a).components(), (*b).components())}
	if order < 0 {
		kinds = append(kinds, Downgraded)
	}
	return kinds
}

// goKinds compares two Go versions. An empty one is a replacement of every
// version, or by a folder.
func goKinds(old, new string) []Kind {
	if !semver.IsValid(old) || !semver.IsValid(new) {
		return nil
	}
	kinds := []Kind{step(goComponents(old), goComponents(new))}
	if semver.Compare(new, old) < 0 {
		kinds = append(kinds, Downgraded)
	}
	return kinds
}

// goComponents are the three numbers; pseudo-versions differ behind them.
func goComponents(v string) []uint64 {
	core := strings.TrimPrefix(semver.Canonical(v), "v")
	core = strings.TrimSuffix(core, semver.Prerelease(v))
	p, ok := parsePartial(core)
	if !ok {
		return nil // over 15 digits; the order of the two is still told
	}
	return p.core[:]
}

// pinnedPy reports whether a Python specification has ==.
func pinnedPy(spec string) bool {
	if !strings.ContainsAny(spec, ",|") { // nearly always, and then no set is needed
		if op, version, rest := cutPyClause(trimClause(spec)); trimClause(rest) == "" {
			_, ok := parsePyVersion(version)
			return ok && isExact(op, version)
		}
	}
	s, ok := parsePySpec(spec)
	return ok && s.exact
}

// pinnedNpm reports whether an npm specification is one version.
func pinnedNpm(spec string) bool { return isExactVersion(spec) }

// accepts reports whether npm would install a version for a range.
func (r *npmRange) accepts(version string) bool {
	v, ok := parseSemVersion(version)
	if !ok || !r.contains(v) {
		return false
	}
	if v.pre == nil {
		return true
	}
	for _, p := range r.pre {
		if p == v.tuple() {
			return true
		}
	}
	return false
}
