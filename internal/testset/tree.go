package testset

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A Tree is the files of a repository.
type Tree struct {
	paths []string // sorted
	files map[string]bool
	dirs  map[string]bool // "" is the root
	read  func(path string) ([]byte, error)
	// Together, when set, is told of files before they are read one by one, so that
	// whoever has them can fetch them at once.
	Together func(paths []string)
}

// NewTree makes a tree of plain files. read is asked only for paths that are in
// the list; its errors come back from [Collect].
func NewTree(paths []string, read func(path string) ([]byte, error)) *Tree {
	t := &Tree{paths: slices.Sorted(slices.Values(paths)), files: make(map[string]bool, len(paths)), dirs: map[string]bool{"": true}, read: read}
	for _, p := range t.paths {
		t.files[p] = true
		for dir := parent(p); !t.dirs[dir]; dir = parent(dir) {
			t.dirs[dir] = true
		}
	}
	return t
}

// Has reports whether a file is there.
func (t *Tree) Has(p string) bool { return t.files[p] }

// text reads a file; ok is false when it is not there.
func (t *Tree) text(p string) (text string, ok bool, err error) {
	if !t.files[p] {
		return "", false, nil
	}
	data, err := t.read(p)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	return string(data), err == nil, err
}

// named are the files of a base name, or of several, by folder from the root down.
func (t *Tree) named(names ...string) []string {
	var found []string
	for _, p := range t.paths {
		if slices.Contains(names, path.Base(p)) && !vendored(p) {
			found = append(found, p)
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	return found
}

// below are the files in a folder and in those below it.
func (t *Tree) below(dir string) []string {
	from, _ := slices.BinarySearch(t.paths, dir+"/")
	to, _ := slices.BinarySearch(t.paths, dir+"0") // what follows the slash
	return t.paths[from:max(from, to)]
}

// vendored reports whether a path is of a folder that no runner of this
// repository enters.
func vendored(p string) bool {
	for _, dir := range []string{"node_modules/", "vendor/", ".venv/", "venv/", "site-packages/", ".git/"} {
		if strings.HasPrefix(p, dir) || strings.Contains(p, "/"+dir) {
			return true
		}
	}
	return false
}

// parent is the folder of a path, "" for the root.
func parent(p string) string {
	if at := strings.LastIndexByte(p, '/'); at >= 0 {
		return p[:at]
	}
	return ""
}

// join joins a folder and a path as written in it; what would leave the tree stays
// at its root.
func join(dir, p string) string {
	p = path.Clean(path.Join("/"+dir, strings.ReplaceAll(p, `\`, "/")))
	return strings.Trim(p, "/")
}

// under reports whether a path is a folder or is in it.
func under(p, dir string) bool {
	return dir == "" || p == dir || len(p) > len(dir) && p[len(dir)] == '/' && p[:len(dir)] == dir
}

// within is a path as seen from a folder above it.
func within(p, dir string) string {
	if dir == "" {
		return p
	}
	return strings.TrimPrefix(p[len(dir):], "/")
}
