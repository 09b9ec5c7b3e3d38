package manifest

import (
	"path"
	"strings"
)

// gradleSatisfies holds gradle.lockfile against the build file beside it, as far as
// that says plainly what it asks for. Another package may ask for a newer version, so
// only an older one does not fit; and what is not locked has to be only where the
// lock file has what the configuration is resolved to.
func gradleSatisfies(manifest, lock *File) []Drift {
	if path.Dir(manifest.Path) != path.Dir(lock.Path) {
		return nil
	}
	entries := pyByName(lock)
	var drifts []Drift
	for _, p := range manifest.Packages {
		if p.Marker != "" || p.Source != "" || p.Group == groupConstraint || strings.Contains(p.Spec, "$") || !strings.Contains(p.Name, ":") {
			continue
		}
		resolved := false
		for _, name := range classpaths(p.Group) {
			_, locked := lock.patterns[name]
			resolved = resolved || locked
		}
		if !resolved || len(p.Options) > 0 {
			continue
		}
		found := entries[p.Name]
		if len(found) == 0 {
			drifts = append(drifts, Drift{Package: p, Reason: "nothing is locked for this requirement"})
		} else if olderThan(found, p.Spec) {
			drifts = append(drifts, Drift{Package: p, Locked: found[0].Spec, Reason: "an older version is locked"})
		}
	}
	return drifts
}

// classpaths are what a configuration is resolved to.
func classpaths(group string) []string {
	var names []string
	for _, to := range []struct{ suffix, classpath string }{
		{"implementation", "compileClasspath"},
		{"implementation", "runtimeClasspath"},
		{"api", "compileClasspath"},
		{"compileOnly", "compileClasspath"},
		{"runtimeOnly", "runtimeClasspath"},
		{"annotationProcessor", "annotationProcessor"},
	} {
		switch upper := strings.ToUpper(to.suffix[:1]) + to.suffix[1:]; {
		case group == to.suffix:
			names = append(names, to.classpath)
		case strings.HasSuffix(group, upper):
			names = append(names, strings.TrimSuffix(group, upper)+strings.ToUpper(to.classpath[:1])+to.classpath[1:])
		}
	}
	return names
}

// olderThan reports whether every locked version is before all that is asked for.
func olderThan(found []*Package, spec string) bool {
	s, ok := mavenSpec(spec)
	if !ok || s.low() == nil || spec == "" {
		return false
	}
	for _, e := range found {
		if v, ok := parseLoose(e.Spec, true); !ok || v.Compare(*s.low()) >= 0 {
			return false
		}
	}
	return true
}

// catalogSatisfies holds a gradle.lockfile against the version catalogue of the build.
// What is in the catalogue need not be used, and another package may ask for a newer
// version; an older one than what the catalogue says does not fit.
func catalogSatisfies(manifest, lock *File) []Drift {
	entries := pyByName(lock)
	var drifts []Drift
	for _, p := range manifest.Packages {
		if p.Group == "" && olderThan(entries[p.Name], p.Spec) && len(entries[p.Name]) > 0 {
			drifts = append(drifts, Drift{Package: p, Locked: entries[p.Name][0].Spec, Reason: "an older version is locked"})
		}
	}
	return drifts
}
