package manifest

// A Drift is one way in which a lock file does not satisfy its manifest.
type Drift struct {
	Package Package // as the manifest asks for it, or as the lock declares it
	Locked  string  // the locked version; "" for none
	Reason  string
}

// Satisfies holds a lock file against its manifest and returns what does not
// fit, in the order of the manifest. It knows package.json with its lock; other
// pairs never drift.
func Satisfies(manifest, lock *File) []Drift {
	if manifest.Format != "package-json" || lock.Format != "package-lock" {
		return nil
	}
	asked := npmAsked(manifest.Packages)
	var drifts []Drift
	if lock.HasDeclared {
		drifts = declaredDrift(asked, npmAsked(lock.Declared))
	}
	locked := make(map[string]*Package)
	for i := range lock.Packages {
		locked[lock.Packages[i].Path] = &lock.Packages[i]
	}
	reported := make(map[string]bool, len(drifts))
	for _, d := range drifts {
		reported[d.Package.installedAs()] = true
	}
	for _, p := range asked {
		if reported[p.installedAs()] {
			continue
		}
		if d, ok := lockedDrift(p, locked["node_modules/"+p.installedAs()]); ok {
			drifts = append(drifts, d)
		}
	}
	return drifts
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
	case locked.Name != p.Name:
		return Drift{Package: p, Locked: locked.Spec, Reason: "another package is locked: " + locked.Name}, true
	case p.Source != "":
		return Drift{}, false
	}
	r, ok := parseNpmRange(p.Spec)
	if !ok || r.accepts(locked.Spec) { // nobody can hold a tag against a version
		return Drift{}, false
	}
	return Drift{Package: p, Locked: locked.Spec, Reason: "the locked version is not accepted by the requirement"}, true
}
