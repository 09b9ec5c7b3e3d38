package ghfake

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"path"
	"slices"
)

// renames is one search for pairs of removed and added files.
type renames struct {
	store *store
	taken map[*fileDiff]bool // removed files that have become a rename
	seed  maphash.Seed
}

// maxPairs bounds the search for similar files; GitHub has a bound of its own,
// which is not documented.
const maxPairs = 10000

// minSimilarity is git's and GitHub's default.
const minSimilarity = 0.5

func (r *renames) join(g, c *fileDiff) {
	r.taken[g] = true
	c.status, c.previous, c.before = "renamed", g.path, g.before
}

// exact pairs files of the same content, those of the same base name first.
func (r *renames) exact(gone, come []*fileDiff) {
	byID := make(map[string][]*fileDiff)
	for _, g := range gone {
		byID[g.before.id] = append(byID[g.before.id], g)
	}
	for _, sameName := range []bool{true, false} {
		for _, c := range come {
			if c.status != "added" {
				continue
			}
			for _, g := range byID[c.after.id] {
				if !r.taken[g] && class(g.before.mode) == class(c.after.mode) && (!sameName || path.Base(g.path) == path.Base(c.path)) {
					r.join(g, c)
					break
				}
			}
		}
	}
}

// candidate is a possible rename.
type candidate struct {
	from, to *fileDiff
	score    float64
}

// similar pairs files of alike content, the most alike first.
func (r *renames) similar(gone, come []*fileDiff) {
	gone = slices.DeleteFunc(slices.Clone(gone), func(d *fileDiff) bool { return r.taken[d] || class(d.before.mode) != modeFile })
	come = slices.DeleteFunc(slices.Clone(come), func(d *fileDiff) bool { return d.status != "added" || class(d.after.mode) != modeFile })
	if len(gone)*len(come) == 0 || len(gone)*len(come) > maxPairs {
		return
	}
	r.seed = maphash.MakeSeed()
	from, to := r.prints(gone, false), r.prints(come, true)
	var list []candidate
	for i, g := range gone {
		for j, c := range come {
			if score := from[i].alike(to[j]); score >= minSimilarity {
				list = append(list, candidate{g, c, score})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.to.path, b.to.path), cmp.Compare(a.from.path, b.from.path))
	})
	for _, c := range list {
		if !r.taken[c.from] && c.to.status == "added" {
			r.join(c.from, c.to)
		}
	}
}

// fingerprint counts the bytes of each distinct piece of a content.
type fingerprint struct {
	size   int
	pieces map[uint64]int
}

// pieceSize is where git ends a piece that has no line's end.
const pieceSize = 64

func (r *renames) prints(list []*fileDiff, after bool) []fingerprint {
	prints := make([]fingerprint, 0, len(list))
	for _, d := range list {
		id := d.before.id
		if after {
			id = d.after.id
		}
		data := r.store.blobs[id]
		p := fingerprint{len(data), make(map[uint64]int)}
		for len(data) > 0 {
			n := min(len(data), pieceSize)
			if i := bytes.IndexByte(data[:n], '\n'); i >= 0 {
				n = i + 1
			}
			p.pieces[maphash.Bytes(r.seed, data[:n])] += n
			data = data[n:]
		}
		prints = append(prints, p)
	}
	return prints
}

// alike is the part of the larger content that both have.
func (f fingerprint) alike(g fingerprint) float64 {
	larger, smaller := max(f.size, g.size), min(f.size, g.size)
	if larger == 0 || float64(smaller) < minSimilarity*float64(larger) {
		return 0
	}
	both := 0
	for piece, n := range f.pieces {
		both += min(n, g.pieces[piece])
	}
	return float64(both) / float64(larger)
}
