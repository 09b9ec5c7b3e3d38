package ghfake

import (
	"bytes"
	"cmp"
	"slices"
)

// fileDiff is one file of a comparison as the API shows it.
type fileDiff struct {
	status, path, previous string
	id                     string
	added, deleted         int
	patch                  bool
}

// diff compares two sets of files and pairs renames as GitHub does: equal
// content first, then content that is half alike.
func (o *objects) diff(before, after map[string]entry) []fileDiff {
	var list, gone, come []fileDiff
	for path, a := range before {
		b, ok := after[path]
		switch {
		case !ok:
			gone = append(gone, o.oneSided("removed", path, a))
		case a.id != b.id || a.mode != b.mode:
			d := fileDiff{status: "modified", path: path, id: b.id, patch: true}
			d.added, d.deleted = o.count(a, b)
			list = append(list, d)
		}
	}
	for path, b := range after {
		if _, ok := before[path]; !ok {
			come = append(come, o.oneSided("added", path, b))
		}
	}
	byPath := func(a, b fileDiff) int { return cmp.Compare(a.path, b.path) }
	slices.SortFunc(gone, byPath)
	slices.SortFunc(come, byPath)
	list = append(list, o.pair(gone, come)...)
	slices.SortFunc(list, byPath)
	return list
}

// maxPairs bounds the search for similar files, as GitHub's own limit does.
const maxPairs = 400

func (o *objects) pair(gone, come []fileDiff) []fileDiff {
	byID := make(map[string][]int)
	for i, g := range gone {
		byID[g.id] = append(byID[g.id], i)
	}
	used := make(map[int]bool)
	for i := range come {
		if at := byID[come[i].id]; len(at) > 0 && len(o.blobs[come[i].id]) > 0 {
			come[i] = fileDiff{status: "renamed", path: come[i].path, previous: gone[at[0]].path, id: come[i].id}
			used[at[0]] = true
			byID[come[i].id] = at[1:]
		}
	}
	for i := range come {
		if come[i].status != "added" || len(come)*len(gone) > maxPairs {
			continue
		}
		for j, g := range gone {
			added, deleted := countLines(o.blobs[g.id], o.blobs[come[i].id])
			total := lines(o.blobs[g.id]) + lines(o.blobs[come[i].id])
			if !used[j] && total > 0 && 2*(total-added-deleted) > total {
				come[i] = fileDiff{status: "renamed", path: come[i].path, previous: g.path, id: come[i].id, added: added, deleted: deleted, patch: true}
				used[j] = true
				break
			}
		}
	}
	list := come
	for j, g := range gone {
		if !used[j] {
			list = append(list, g)
		}
	}
	return list
}

func (o *objects) oneSided(status, path string, e entry) fileDiff {
	d := fileDiff{status: status, path: path, id: e.id, patch: true}
	n := lines(o.blobs[e.id])
	if e.kind == "commit" {
		n = 1
	}
	if status == "added" {
		d.added = n
	} else {
		d.deleted = n
	}
	return d
}

func (o *objects) count(a, b entry) (added, deleted int) {
	if a.id == b.id {
		return 0, 0
	}
	if a.kind == "commit" || b.kind == "commit" {
		return 1, 1
	}
	return countLines(o.blobs[a.id], o.blobs[b.id])
}

func binary(data []byte) bool { return bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0 }

func split(data []byte) [][]byte {
	if len(data) == 0 || binary(data) {
		return nil
	}
	parts := bytes.SplitAfter(data, []byte("\n"))
	if len(parts[len(parts)-1]) == 0 {
		parts = parts[:len(parts)-1]
	}
	return parts
}

func lines(data []byte) int { return len(split(data)) }

// countLines counts as git does, by the longest common subsequence; what both
// begin and end with is cut off first.
func countLines(before, after []byte) (added, deleted int) {
	if binary(before) || binary(after) {
		return 0, 0
	}
	a, b := split(before), split(after)
	for len(a) > 0 && len(b) > 0 && bytes.Equal(a[0], b[0]) {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && bytes.Equal(a[len(a)-1], b[len(b)-1]) {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			keep := row[j+1]
			if bytes.Equal(x, y) {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			diagonal = keep
		}
	}
	return len(b) - row[len(b)], len(a) - row[len(b)]
}
