package policy

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/pathset"
)

// maxCompared bounds the lists whose globs are compared with each other.
const maxCompared = 200

// globs looks for globs that have no effect in each list.
func (l *linter) globs() {
	for _, list := range l.policy.written.lists {
		mayChange := strings.HasSuffix(list.where, ".may-change")
		if len(list.globs) > 0 && strings.HasPrefix(list.globs[0], "!") {
			l.add(list.places[0], "warning: ", "%s comes first, so there is nothing yet that it could exclude", list.globs[0])
		}
		for i, g := range list.globs {
			switch {
			case mayChange && !strings.ContainsAny(g, "/*."): // a class
			case i < maxCompared && takenBack(list.globs, i):
				l.add(list.places[i], "warning: ", "%s has no effect: what it matches is excluded again further on", g)
			case strings.HasSuffix(list.where, ".branches"):
			case rootOnly(g):
				l.add(list.places[i], "warning: ", "%s matches in the root folder only; **/%[1]s matches in every folder", g)
			}
		}
	}
}

// rootOnly recognises globs of the form *.ext, which other tools match in any
// folder.
func rootOnly(glob string) bool {
	rest, ok := strings.CutPrefix(glob, "*.")
	return ok && rest != "" && !strings.ContainsAny(rest, "/*")
}

// takenBack reports whether everything that a glob adds to a list is excluded
// by later ones.
func takenBack(globs []string, i int) bool {
	if strings.HasPrefix(globs[i], "!") {
		return false
	}
	later := globs[i+1 : min(len(globs), maxCompared)]
	var excludes []string
	for _, g := range later {
		body, negated := strings.CutPrefix(g, "!")
		if !negated {
			return false // it may add back; not worth the risk of a wrong warning
		}
		excludes = append(excludes, body)
	}
	return coveredBy(excludes, globs[i])
}

// classes looks for classes whose globs are all taken by earlier ones.
func (l *linter) classes() {
	var earlier []string
	for _, list := range l.policy.written.lists {
		class, ok := strings.CutPrefix(list.where, "classes.")
		if !ok {
			continue
		}
		for i, g := range list.globs {
			if len(earlier) <= maxCompared && coveredBy(earlier, g) {
				l.add(list.places[i], "warning: ", "%s never makes a file %s: an earlier class takes it, and the first that matches wins", g, class)
			}
		}
		excludes := slices.ContainsFunc(list.globs, func(g string) bool { return strings.HasPrefix(g, "!") })
		if !excludes { // what a list excludes it leaves for later classes
			earlier = append(earlier, list.globs...)
		}
	}
}

// covers reports whether one glob matches whatever another does.
func covers(glob, other string) bool { return coveredBy([]string{glob}, other) }

// coveredBy reports whether a list matches whatever a glob does. It tries paths
// that the glob matches and that nobody would write; only a wildcard in the
// list can match them all.
func coveredBy(list []string, glob string) bool {
	tries := witnesses(glob)
	if len(list) == 0 || len(tries) == 0 {
		return false
	}
	m, err := pathset.Compile(pathset.Permit, list...)
	if err != nil {
		return false
	}
	for _, path := range tries {
		if !m.Match(path) {
			return false
		}
	}
	return true
}

// witnesses are paths that a glob of the simple forms matches: with ** for no,
// one and two folders.
func witnesses(glob string) []string {
	const word = "qzx7"
	if strings.ContainsAny(glob, `[]{}\?`) || strings.HasPrefix(glob, "!") {
		return nil
	}
	var paths []string
	for _, folders := range [][]string{nil, {word}, {word, word}} {
		var segments []string
		for s := range strings.SplitSeq(glob, "/") {
			if s == "**" {
				segments = append(segments, folders...)
			} else {
				segments = append(segments, strings.ReplaceAll(s, "*", word))
			}
		}
		if len(segments) > 0 {
			paths = append(paths, strings.Join(segments, "/"))
		}
	}
	return paths
}
