package policy

import (
	"strings"

	"github.com/changeguard/changeguard/internal/pathset"
)

// folders looks for globs that name a folder of the repository and so match
// none of the files in it. Which globs match nothing at all it does not say:
// a file may be yet to come.
func (l *linter) folders(paths []string) {
	if len(paths) == 0 {
		return
	}
	var b pathset.Builder
	var asked []folderGlob
	for _, list := range l.policy.written.lists {
		if strings.HasSuffix(list.where, ".branches") {
			continue
		}
		for i, g := range list.globs {
			if f, ok := newFolderGlob(&b, list, i, strings.TrimPrefix(g, "!")); ok {
				asked = append(asked, f)
			}
		}
	}
	set := b.Build()
	var m pathset.Matches
	for _, path := range paths {
		set.Match(path, &m)
		for i := range asked {
			asked[i].matched = asked[i].matched || m.Has(asked[i].itself)
			asked[i].holds = asked[i].holds || m.Has(asked[i].below)
		}
	}
	for _, f := range asked {
		if f.holds && !f.matched {
			l.add(f.place, "warning: ", "%s matches no file here; %[1]s/** would match those of the folder", f.glob)
		}
	}
}

// folderGlob is a glob with what it would be if it were meant as a folder.
type folderGlob struct {
	glob           string
	place          place
	itself, below  pathset.List
	matched, holds bool
}

func newFolderGlob(b *pathset.Builder, list writtenGlobs, i int, glob string) (f folderGlob, ok bool) {
	if strings.HasSuffix(glob, "**") || strings.HasSuffix(list.where, ".may-change") && !strings.ContainsAny(glob, "/*.") {
		return f, false
	}
	itself, err := b.Add(pathset.Protect, glob)
	if err != nil {
		return f, false // the bounds of a set; the policy's own holds half as much
	}
	below, err := b.Add(pathset.Protect, glob+"/**")
	return folderGlob{glob: glob, place: list.places[i], itself: itself, below: below}, err == nil
}
