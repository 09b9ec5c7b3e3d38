package ghfake

import (
	"cmp"
	"slices"
	"strings"
)

// A File is one file of a tree. For a submodule Content is the commit's id.
type File struct {
	Mode    string // "100644" when empty
	Content string
}

// Files are the files of a commit by path; a nil *File in changes removes one.
type Files map[string]*File

// Text makes a regular file.
func Text(content string) *File { return &File{modeFile, content} }

// edit returns the id of a tree with changes, and "" when nothing is left. Only
// the folders that change are written anew.
func (o *store) edit(tree string, changes Files) string {
	now := make(map[string]entry)
	for _, e := range o.trees[tree] {
		now[e.name] = e
	}
	below := make(map[string]Files)
	for path, f := range changes {
		name, rest, nested := strings.Cut(path, "/")
		switch {
		case nested:
			if below[name] == nil {
				below[name] = make(Files)
			}
			below[name][rest] = f
		case f == nil && now[name].mode != modeTree:
			delete(now, name)
		case f != nil:
			now[name] = o.fileEntry(name, f)
		}
	}
	for name, sub := range below {
		o.editBelow(now, name, sub, changes)
	}
	if len(now) == 0 {
		return ""
	}
	entries := make([]entry, 0, len(now))
	for _, e := range now {
		entries = append(entries, e)
	}
	return o.putTree(entries)
}

// editBelow edits a folder, which replaces a file of its name.
func (o *store) editBelow(now map[string]entry, name string, sub, changes Files) {
	old := now[name]
	if old.mode != modeTree {
		if changes[name] != nil {
			panic("ghfake: " + name + " is both a file and a folder")
		}
		onlyRemoved := true
		for _, f := range sub {
			onlyRemoved = onlyRemoved && f == nil
		}
		if onlyRemoved {
			return
		}
		old = entry{}
	}
	if id := o.edit(old.id, sub); id != "" {
		now[name] = entry{modeTree, name, id}
	} else {
		delete(now, name)
	}
}

func (o *store) fileEntry(name string, f *File) entry {
	mode := cmp.Or(f.Mode, modeFile)
	if mode == modeModule {
		return entry{mode, name, f.Content}
	}
	return entry{mode, name, o.putBlob([]byte(f.Content))}
}

// emptyTree writes git's tree without entries.
func (o *store) emptyTree() string { return o.putTree(nil) }

// lookup finds a path in a tree; a folder is found as well.
func (o *store) lookup(tree, path string) (entry, bool) {
	name, rest, nested := strings.Cut(path, "/")
	for _, e := range o.trees[tree] {
		if e.name != name {
			continue
		}
		if !nested {
			return e, true
		}
		if e.mode == modeTree {
			return o.lookup(e.id, rest)
		}
	}
	return entry{}, false
}

// A side is a file on one side of a comparison; an empty id means none.
type side struct{ mode, id string }

// differences calls emit for each path whose file differs between two trees.
// Folders that are alike are not entered.
func (o *store) differences(before, after, prefix string, emit func(path string, before, after side)) {
	a, b := o.trees[before], o.trees[after]
	for len(a) > 0 || len(b) > 0 {
		order := 0
		switch {
		case len(a) == 0:
			order = 1
		case len(b) == 0:
			order = -1
		default:
			order = cmp.Compare(sortName(a[0]), sortName(b[0]))
		}
		var x, y entry
		if order <= 0 {
			x, a = a[0], a[1:]
		}
		if order >= 0 {
			y, b = b[0], b[1:]
		}
		o.difference(x, y, prefix+cmp.Or(x.name, y.name), emit)
	}
}

// difference compares two entries of one name, which are both folders or both
// none; one of them may be missing.
func (o *store) difference(x, y entry, path string, emit func(path string, before, after side)) {
	switch {
	case x.id == y.id && x.mode == y.mode:
	case x.mode == modeTree || y.mode == modeTree:
		o.differences(x.id, y.id, path+"/", emit)
	default:
		emit(path, side{x.mode, x.id}, side{y.mode, y.id})
	}
}

// merge is the tree of a merge commit: where theirs differs from the base,
// theirs, else ours.
func (o *store) merge(base, ours, theirs string) string {
	tree := ours
	o.differences(base, theirs, "", func(path string, _, after side) {
		changes := Files{path: nil}
		if after.id != "" {
			content := string(o.blobs[after.id])
			if after.mode == modeModule {
				content = after.id
			}
			changes[path] = &File{after.mode, content}
		}
		tree = o.edit(tree, changes)
	})
	return cmp.Or(tree, o.emptyTree())
}

// listing is one line of a recursive listing.
type listing struct {
	path string
	entry
}

// size is what an entry counts for. How GitHub counts its 7 MB is unconfirmed;
// this is what git writes for a line of ls-tree.
func (l listing) size() int {
	return len("100644 blob ") + len(l.id) + len("\t") + len(l.path) + len("\n")
}

// list lists a tree, its folders too when recursive, and then at most limit
// entries of at most so many bytes.
func (o *store) list(tree string, recursive bool, limit, bytes int) (all []listing, truncated bool) {
	var walk func(id, prefix string)
	walk = func(id, prefix string) {
		for _, e := range o.trees[id] {
			l := listing{prefix + e.name, e}
			bytes -= l.size()
			if truncated = truncated || recursive && (len(all) >= limit || bytes < 0); truncated {
				return
			}
			all = append(all, l)
			if recursive && e.mode == modeTree {
				walk(e.id, prefix+e.name+"/")
			}
		}
	}
	walk(tree, "")
	return slices.Clip(all), truncated
}
