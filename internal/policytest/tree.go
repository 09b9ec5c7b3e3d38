package policytest

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // git's object ids
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/changeguard/changeguard/change"
)

// file is one file of a tree in memory.
type file struct {
	mode    change.Mode
	content string
}

// entry is the file as git would list it.
func (f file) entry(path string) change.Entry {
	if f.mode == change.Submodule {
		return change.Entry{Path: path, Mode: f.mode, Blob: f.content}
	}
	return change.Entry{Path: path, Mode: f.mode, Blob: blobID(f.content)}
}

func blobID(content string) string {
	h := sha1.New() //nolint:gosec // git's object ids
	fmt.Fprintf(h, "blob %d\x00%s", len(content), content)
	return hex.EncodeToString(h.Sum(nil))
}

// trees are the two trees of a case, as a source of its change.
type trees struct {
	side    [2]map[string]file
	touched map[string][]string // by commit id; none means every file of the change
	all     []string
	blobs   map[string]string // by id
}

var (
	_ change.TreeSource   = (*trees)(nil)
	_ change.CommitSource = (*trees)(nil)
)

// files are what differs between the two trees.
func (t *trees) files() (files []change.File) {
	t.blobs = make(map[string]string)
	names := make(map[string]bool)
	for _, side := range t.side {
		for name, f := range side {
			names[name] = true
			t.blobs[blobID(f.content)] = f.content
		}
	}
	for name := range names {
		before, after := change.Entry{Mode: change.NoMode}, change.Entry{Mode: change.NoMode}
		if f, ok := t.side[change.AtBase][name]; ok {
			before = f.entry(name)
		}
		if f, ok := t.side[change.AtHead][name]; ok {
			after = f.entry(name)
		}
		if before.Mode != after.Mode || before.Blob != after.Blob {
			files = append(files, change.NewFile(name, before.Mode, before.Blob, after.Mode, after.Blob))
			t.all = append(t.all, name)
		}
	}
	slices.Sort(t.all)
	return files
}

// Entries implements change.Source.
func (t *trees) Entries(_ context.Context, side change.Side, paths []string) (map[string]change.Entry, error) {
	found := make(map[string]change.Entry)
	for _, p := range paths {
		if f, ok := t.side[side][p]; ok {
			found[p] = f.entry(p)
		}
	}
	return found, nil
}

// BaseTree implements change.TreeSource.
func (t *trees) BaseTree(context.Context) ([]change.Entry, error) {
	entries := make([]change.Entry, 0, len(t.side[change.AtBase]))
	for path, f := range t.side[change.AtBase] {
		entries = append(entries, f.entry(path))
	}
	return entries, nil
}

// Blobs implements change.Source.
func (t *trees) Blobs(_ context.Context, ids []string, limit change.Limits) (map[string]change.Blob, error) {
	found := make(map[string]change.Blob, len(ids))
	total := int64(0)
	for _, id := range ids {
		content, ok := t.blobs[id]
		size := int64(len(content))
		switch {
		case !ok:
			return nil, fmt.Errorf("content %s is unknown", id)
		case size > limit.File:
			found[id] = change.Blob{Size: size, TooLarge: true}
			continue
		}
		if total += size; total > limit.Change {
			return nil, fmt.Errorf("%w: over %d bytes together", change.ErrTooLarge, limit.Change)
		}
		found[id] = change.Blob{Data: []byte(content), Size: size}
	}
	return found, nil
}

// CommitPaths implements change.CommitSource.
func (t *trees) CommitPaths(_ context.Context, ids []string) (map[string][]string, error) {
	found := make(map[string][]string, len(ids))
	for _, id := range ids {
		found[id] = t.all
		if names, ok := t.touched[id]; ok {
			found[id] = slices.Compact(slices.Sorted(slices.Values(names)))
		}
	}
	return found, nil
}

// Lines implements change.Source.
func (t *trees) Lines(_ context.Context, files []change.File) ([]change.Lines, error) {
	counts := make([]change.Lines, len(files))
	for i, f := range files {
		before, after := t.side[change.AtBase][f.BasePath()], t.side[change.AtHead][f.HeadPath()]
		if f.Status == change.Renamed || before.mode == change.Submodule || after.mode == change.Submodule {
			continue
		}
		counts[i] = countLines([]byte(before.content), []byte(after.content))
	}
	return counts, nil
}

// mostCompared bounds the work of one count: lines before times lines after.
const mostCompared = 1 << 24

// countLines counts as git does for all but the longest texts, of which what is
// between the first and the last difference counts as replaced.
func countLines(before, after []byte) change.Lines {
	if bytes.IndexByte(before, 0) >= 0 || bytes.IndexByte(after, 0) >= 0 {
		return change.Lines{}
	}
	a, b := lines(before), lines(after)
	for len(a) > 0 && len(b) > 0 && bytes.Equal(a[0], b[0]) {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && bytes.Equal(a[len(a)-1], b[len(b)-1]) {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	common := 0
	if len(a)*len(b) <= mostCompared {
		common = inCommon(a, b)
	}
	return change.Lines{Added: len(b) - common, Deleted: len(a) - common}
}

func lines(text []byte) [][]byte {
	all := bytes.SplitAfter(text, []byte("\n"))
	if len(all[len(all)-1]) == 0 {
		all = all[:len(all)-1]
	}
	return all
}

// inCommon is the length of the longest list of lines that both have in order.
func inCommon(a, b [][]byte) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := row[j+1]
			if bytes.Equal(x, y) {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}
