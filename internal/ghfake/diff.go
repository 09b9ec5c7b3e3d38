package ghfake

import (
	"cmp"
	"slices"
	"sync"
)

// fileDiff is one file of a comparison as the API shows it.
type fileDiff struct {
	status, path, previous string
	before, after          side

	once sync.Once // the lines are compared when asked for
	text textDiff
}

// diff compares two trees and pairs renames as git does: equal content first,
// then content that is half alike.
func (o *store) diff(before, after string) []*fileDiff {
	return remembered(o.diffs, [2]string{before, after}, func() []*fileDiff { return o.findDiff(before, after) })
}

func (o *store) findDiff(before, after string) []*fileDiff {
	var list, gone, come []*fileDiff
	o.differences(before, after, "", func(path string, x, y side) {
		d := &fileDiff{status: "modified", path: path, before: x, after: y}
		switch {
		case x.id == "":
			d.status = "added"
			come = append(come, d)
		case y.id == "":
			d.status = "removed"
			gone = append(gone, d)
		default:
			if class(x.mode) != class(y.mode) {
				d.status = "changed" // a file became a link, unconfirmed
			}
			list = append(list, d)
		}
	})
	list = append(list, o.pair(gone, come)...)
	slices.SortFunc(list, func(a, b *fileDiff) int { return cmp.Compare(a.path, b.path) })
	return list
}

// class is what kind of file a mode means; executable or not is the same kind.
func class(mode string) string {
	if mode == modeSymlink || mode == modeModule {
		return mode
	}
	return modeFile
}

// pair turns added and removed files into renamed ones.
func (o *store) pair(gone, come []*fileDiff) []*fileDiff {
	pairs := &renames{store: o, taken: make(map[*fileDiff]bool)}
	pairs.exact(gone, come)
	pairs.similar(gone, come)
	list := come
	for _, g := range gone {
		if !pairs.taken[g] {
			list = append(list, g)
		}
	}
	return list
}

// contents are both sides of a file; a submodule shows its commit.
func (o *store) contents(d *fileDiff) (before, after []byte) {
	read := func(s side) []byte {
		if s.mode == modeModule {
			return []byte("Subproject commit " + s.id + "\n")
		}
		return o.blobs[s.id]
	}
	return read(d.before), read(d.after)
}

// compared returns the lines of a file, compared.
func (o *store) compared(d *fileDiff) *textDiff {
	d.once.Do(func() {
		if d.before.id != d.after.id {
			d.text = compareText(o.contents(d))
		}
	})
	return &d.text
}
