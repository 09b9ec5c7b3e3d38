package manifest

import (
	"slices"
	"strings"
)

// An answer is what a lock file holds for a requirement.
type answer struct {
	key string
	is  *Package
}

// answers are what the requirements of a lock file of npm's family get. Entries may
// stay what they are while a requirement gets another one of them: its version is
// another one then, though nothing came and nothing went.
func (f *File) answers() []answer {
	if f == nil || !f.Lock {
		return nil
	}
	switch f.Format {
	case "package-lock":
		return f.placed()
	case "yarn-lock":
		at, list := byPath(f), make([]answer, 0, len(f.patterns))
		for key, path := range f.patterns {
			list = append(list, answer{key, at[path]})
		}
		return list
	case "pnpm-lock", "bun-lock":
		return f.asked()
	}
	return nil
}

// placed are the answers that are told by folders. The first version of the format
// does not say what is asked for; all that lies on top answers somebody.
func (f *File) placed() (list []answer) {
	tree := lockTree(f)
	for i := range f.Declared {
		if d := &f.Declared[i]; !notInstalled(d.Group) && len(d.Path) < maxPathLen {
			list = append(list, answer{d.Path + "\x00" + d.installedAs(), tree.resolve(d.Path, d.installedAs())})
		}
	}
	if len(f.Members) > 0 {
		return list
	}
	for i := range f.Packages {
		if p := &f.Packages[i]; p.Path == "node_modules/"+p.installedAs() {
			list = append(list, answer{"\x00" + p.installedAs(), p})
		}
	}
	return list
}

// asked are the answers that a lock file writes beside the requirements.
func (f *File) asked() (list []answer) {
	at := byPath(f)
	for i := range f.Declared {
		d := &f.Declared[i]
		if notInstalled(d.Group) || d.Locked == "" {
			continue
		}
		is := at[d.Locked]
		if is == nil {
			is = d.linked()
		}
		list = append(list, answer{d.Path + "\x00" + d.installedAs(), is})
	}
	return list
}

// compareAnswers finds the requirements that get another entry than before, where
// the two were not compared with each other already.
func compareAnswers(before, after *File, known []Change) (changes []Change) {
	seen := make(map[[2]*Package]bool, len(known))
	for i := range known {
		seen[[2]*Package{known[i].Old, known[i].New}] = true
	}
	for _, two := range append(movedAnswers(before, after), movedEdges(before, after)...) {
		if seen[two] {
			continue
		}
		seen[two] = true
		c := Change{Old: two[0], New: two[1], Kinds: packageKinds(two[0], two[1])}
		if c.Old.Name != c.New.Name {
			c.Kinds = append(c.Kinds, SourceChanged) // another package by the same name
		}
		changes = append(changes, c)
	}
	return changes
}

// movedAnswers are the entries that requirements got and get, where they differ.
func movedAnswers(before, after *File) (moved [][2]*Package) {
	now := after.answers()
	if len(now) == 0 {
		return nil
	}
	then := before.answers()
	was := make(map[string]*Package, len(then))
	more := make(map[string][]*Package) // two lists of one file may hold an entry for the same place
	for _, a := range then {
		if a.is != nil && was[a.key] != nil {
			more[a.key] = append(more[a.key], was[a.key])
		}
		was[a.key] = a.is
	}
	now = slices.DeleteFunc(now, func(a answer) bool {
		same := func(old *Package) bool { return old.Name == a.is.Name && sameEntry(old, a.is) }
		return was[a.key] == nil || a.is == nil || same(was[a.key]) || slices.ContainsFunc(more[a.key], same)
	})
	slices.SortFunc(now, func(a, b answer) int { // patterns come out of a map
		if a.is.Line != b.is.Line {
			return a.is.Line - b.is.Line
		}
		return strings.Compare(a.key, b.key)
	})
	for _, a := range now {
		moved = append(moved, [2]*Package{was[a.key], a.is})
	}
	return moved
}

// sameEntry compares two fingerprints, and makes them only where a field differs: most
// entries are what they were.
func sameEntry(a, b *Package) bool {
	return a.Spec == b.Spec && a.Source == b.Source && a.Marker == b.Marker && a.InstallScript == b.InstallScript &&
		slices.Equal(a.Integrity, b.Integrity) && slices.Equal(a.Extras, b.Extras) && slices.Equal(a.Options, b.Options) &&
		slices.Equal(a.Said, b.Said) || fingerprint(a) == fingerprint(b)
}
