package manifest

import (
	"maps"
	"slices"
)

// A Use is what other files make of values that changed in a file: the packages that are
// made of them, as they were and as they are, and what cannot be told.
type Use struct {
	Before, After File
	Computed      []string // names in parts that are computed, files that do not parse
}

// IsDockerfile reports whether a file is one that images are built by.
func IsDockerfile(path string) bool { return isDockerfile(placeOf(path)) }

// An Argued is a build whose arguments are not what they were.
type Argued struct {
	Build // as it is now
	Old   map[string]Property
}

// ArguedBuilds are the builds to which another value is given than before, each once. One
// that is new is held against what its Dockerfile makes of no arguments: that was judged
// where it stands.
func ArguedBuilds(before, after *File) (list []Argued) {
	if after == nil {
		return nil
	}
	was, same := make(map[string]*Build), make(map[string]bool)
	if before != nil {
		for i := range before.Builds {
			b := &before.Builds[i]
			was[b.Dockerfile+"\x00"+b.Name] = b
			same[b.Dockerfile+"\x00"+b.given] = true
		}
	}
	for _, b := range after.Builds {
		old := was[b.Dockerfile+"\x00"+b.Name]
		if old == nil {
			old = &Build{}
		}
		if !same[b.Dockerfile+"\x00"+b.given] && old.given != b.given {
			list = append(list, Argued{b, old.Args})
		}
		same[b.Dockerfile+"\x00"+b.given] = true
	}
	return list
}

// UsesOfArguments finds the images of Dockerfiles that are others because other arguments
// are given to them. The texts of the Dockerfiles that a build may mean come with it.
func UsesOfArguments(path string, argued []Argued, texts []map[string][]byte) Use {
	u := Use{Before: File{Path: path, Ecosystem: Docker, Format: "compose"}, After: File{Path: path, Ecosystem: Docker, Format: "compose"}}
	seen := [2]map[string]bool{make(map[string]bool), make(map[string]bool)}
	for i, a := range argued {
		for _, name := range slices.Sorted(maps.Keys(texts[i])) {
			was, errOld := dockerfileWith(name, texts[i][name], a.judgedAlready())
			is, errNew := dockerfileWith(name, texts[i][name], a.Args)
			if errOld != nil || errNew != nil {
				u.Computed = append(u.Computed, name)
				continue
			}
			u.images(was, is, a.Line, seen)
		}
	}
	u.Computed = slices.Compact(sorted(u.Computed))
	return u
}

// judgedAlready are the old arguments; those that are whole images now were compared
// where they are written.
func (a *Argued) judgedAlready() map[string]Property {
	old := maps.Clone(a.Old)
	if old == nil {
		old = make(map[string]Property)
	}
	for name, p := range a.Args {
		if namesImage(p.Value) {
			old[name] = p
		}
	}
	return old
}

// images adds what one Dockerfile comes to, before and after, where the two differ.
func (u *Use) images(was, is *File, line int, seen [2]map[string]bool) {
	if slices.EqualFunc(was.Packages, is.Packages, func(a, b Package) bool { return identity(&a) == identity(&b) && fingerprint(&a) == fingerprint(&b) }) {
		return
	}
	for n, f := range []*File{was, is} {
		to := []*File{&u.Before, &u.After}[n]
		for _, p := range f.Packages {
			key := identity(&p) + "\x00" + fingerprint(&p)
			if seen[n][key] {
				continue
			}
			seen[n][key] = true
			if p.Line == 0 {
				p.Line, p.EndLine = line, line
			}
			to.Packages = append(to.Packages, p)
		}
	}
}
