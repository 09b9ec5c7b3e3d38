// Package changetest makes changes for tests out of two trees in memory.
//
// Blob ids are git's own, so that a change made here equals one loaded from a
// repository with the same content. Commits are given by the test; each touches
// all files of the change unless Touched says otherwise.
package changetest

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // git's object ids, no signature
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/changeguard/changeguard/change"
)

// A File is one file of a tree.
type File struct {
	Mode    change.Mode // "" means change.Regular
	Content string
}

// A Tree is the files by path.
type Tree map[string]File

// Text makes a tree of regular files.
func Text(files map[string]string) Tree {
	t := make(Tree, len(files))
	for name, content := range files {
		t[name] = File{change.Regular, content}
	}
	return t
}

// BlobID is git's id of a content.
func BlobID(content string) string {
	h := sha1.New() //nolint:gosec // git's object ids
	fmt.Fprintf(h, "blob %d\x00%s", len(content), content)
	return hex.EncodeToString(h.Sum(nil))
}

// Fixed commit ids, so that golden files stay as they are.
const (
	Base      = "ba5e000000000000000000000000000000000000"
	MergeBase = "ba5e000000000000000000000000000000000001"
	Head      = "4ead000000000000000000000000000000000000"
)

// New makes a local change between two trees. The caller may set further
// fields before the change is used.
func New(base, head Tree) *change.Change {
	c := &change.Change{Event: change.Local, Base: Base, MergeBase: MergeBase, Head: Head}
	for _, name := range slices.Sorted(maps.Keys(union(base, head))) {
		oldMode, oldBlob := side(base, name)
		mode, blob := side(head, name)
		if oldMode != mode || oldBlob != blob {
			c.Files = append(c.Files, change.NewFile(name, oldMode, oldBlob, mode, blob))
		}
	}
	c.Normalise()
	c.Source = &Source{trees: [2]Tree{base, head}, Touched: make(map[string][]string)}
	return c
}

func union(a, b Tree) Tree {
	u := maps.Clone(a)
	if u == nil {
		u = Tree{}
	}
	maps.Copy(u, b)
	return u
}

func side(t Tree, name string) (change.Mode, string) {
	f, ok := t[name]
	switch {
	case !ok:
		return change.NoMode, ""
	case f.Mode == change.Submodule:
		return f.Mode, f.Content // the commit it points to
	default:
		return f.mode(), BlobID(f.Content)
	}
}

func (f File) mode() change.Mode {
	if f.Mode == change.NoMode {
		return change.Regular
	}
	return f.Mode
}

// Source serves the two trees. Its fields may be set before use.
type Source struct {
	trees   [2]Tree
	Touched map[string][]string // by commit id; others touched everything
	Broken  error               // every call answers with it, when set
}

// Entries implements change.Source.
func (s *Source) Entries(_ context.Context, at change.Side, paths []string) (map[string]change.Entry, error) {
	if s.Broken != nil {
		return nil, s.Broken
	}
	found := make(map[string]change.Entry)
	for _, p := range paths {
		if mode, blob := side(s.trees[at], p); mode != change.NoMode {
			found[p] = change.Entry{Path: p, Mode: mode, Blob: blob}
		}
	}
	return found, nil
}

// BaseTree implements change.TreeSource.
func (s *Source) BaseTree(context.Context) ([]change.Entry, error) {
	if s.Broken != nil {
		return nil, s.Broken
	}
	entries := make([]change.Entry, 0, len(s.trees[change.AtBase]))
	for p := range s.trees[change.AtBase] {
		mode, blob := side(s.trees[change.AtBase], p)
		entries = append(entries, change.Entry{Path: p, Mode: mode, Blob: blob})
	}
	return entries, nil
}

// Blobs implements change.Source.
func (s *Source) Blobs(_ context.Context, ids []string, limit change.Limits) (map[string]change.Blob, error) {
	if s.Broken != nil {
		return nil, s.Broken
	}
	found := make(map[string]change.Blob)
	total := int64(0)
	for _, t := range s.trees {
		for _, f := range t {
			id := BlobID(f.Content)
			if _, done := found[id]; done || !slices.Contains(ids, id) {
				continue
			}
			size := int64(len(f.Content))
			if size > limit.File {
				found[id] = change.Blob{Size: size, TooLarge: true}
				continue
			}
			if total += size; total > limit.Change {
				return nil, fmt.Errorf("%w: over %d bytes together", change.ErrTooLarge, limit.Change)
			}
			found[id] = change.Blob{Data: []byte(f.Content), Size: size}
		}
	}
	return found, nil
}

// Lines implements change.Source.
func (s *Source) Lines(_ context.Context, files []change.File) ([]change.Lines, error) {
	if s.Broken != nil {
		return nil, s.Broken
	}
	lines := make([]change.Lines, len(files))
	for i, f := range files {
		if f.Status == change.Renamed || f.Mode == change.Submodule || f.OldMode == change.Submodule {
			continue
		}
		before, after := []byte(s.trees[change.AtBase][f.BasePath()].Content), []byte(s.trees[change.AtHead][f.HeadPath()].Content)
		if bytes.IndexByte(before, 0) >= 0 || bytes.IndexByte(after, 0) >= 0 {
			continue
		}
		lines[i] = countLines(bytes.SplitAfter(before, []byte("\n")), bytes.SplitAfter(after, []byte("\n")))
	}
	return lines, nil
}

// CommitPaths implements change.CommitSource.
func (s *Source) CommitPaths(_ context.Context, ids []string) (map[string][]string, error) {
	if s.Broken != nil {
		return nil, s.Broken
	}
	found := make(map[string][]string)
	for _, id := range ids {
		touched, ok := s.Touched[id]
		if !ok {
			touched = slices.Sorted(maps.Keys(union(s.trees[0], s.trees[1])))
		}
		found[id] = touched
	}
	return found, nil
}

// countLines compares by the longest common subsequence; test data is small.
func countLines(before, after [][]byte) change.Lines {
	before, after = withoutEmptyLast(before), withoutEmptyLast(after)
	row := make([]int, len(after)+1)
	for _, b := range before {
		diagonal := 0
		for j, a := range after {
			keep := row[j+1]
			if bytes.Equal(a, b) {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			diagonal = keep
		}
	}
	common := row[len(after)]
	return change.Lines{Added: len(after) - common, Deleted: len(before) - common}
}

func withoutEmptyLast(lines [][]byte) [][]byte {
	if n := len(lines); n > 0 && len(lines[n-1]) == 0 {
		return lines[:n-1]
	}
	return lines
}

// ErrMissing is an error for Source.Broken that looks like an object that is not
// in the repository.
var ErrMissing = fmt.Errorf("object is missing: %w", fs.ErrNotExist)
