package change

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxTreeFiles is the number of files above which a tree is not listed.
const MaxTreeFiles = 500_000

// ErrTreeHidden is wrapped by errors about a tree that is too large to be listed
// whole, or that its source does not show whole.
var ErrTreeHidden = errors.New("the whole tree is not shown")

// A TreeSource is a Source that can also list a whole tree.
type TreeSource interface {
	Source
	// BaseTree lists every file, link and submodule at the merge base, and no
	// folders, in any order. A listing that is not whole is an error, which
	// wraps ErrTreeHidden where asking again does not help. A name that is no UTF-8 has U+FFFD for
	// what cannot be read, so that several may look alike.
	BaseTree(ctx context.Context) ([]Entry, error)
}

// trees is the cache behind Tree, guarded by Change.reading.
type trees struct {
	listed [2][]Entry
	done   [2]bool
	err    error // of listing the merge base
}

// Tree lists every file, link and submodule of one of the two trees, sorted by
// path; the caller must not modify it. The source is asked once, and only for
// the merge base: the head is that with the files of the change in it, so that
// both listings and the change never disagree. Afterwards Read and Lookup know
// where each file is without asking.
//
// An error means that the tree could not be listed whole: the caller cannot
// tell what is not there, and must not judge. It wraps ErrTreeHidden when the
// tree has more than MaxTreeFiles files or is not shown whole.
func (c *Change) Tree(ctx context.Context, side Side) ([]Entry, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if err := c.listBase(ctx); err != nil {
		return nil, err
	}
	t := &c.content.trees
	if !t.done[side] { // the head's
		t.listed[side], t.done[side] = c.applied(t.listed[AtBase]), true
	}
	return t.listed[side], nil
}

// listBase makes sure that the merge base is listed. An error is kept, since
// two rules must not see two trees; only the end of time is not an answer.
func (c *Change) listBase(ctx context.Context) error {
	t := &c.content.trees
	if t.done[AtBase] {
		return t.err
	}
	source, ok := c.Source.(TreeSource)
	if !ok {
		return fmt.Errorf("list the files at the %s: %w", AtBase, errNoSource)
	}
	entries, err := source.BaseTree(ctx)
	if !slices.IsSortedFunc(entries, compareEntries) {
		slices.SortFunc(entries, compareEntries)
	}
	if err == nil {
		err = checkTree(entries)
	}
	if err != nil {
		err = fmt.Errorf("list the files at the %s: %w", AtBase, err)
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		entries = nil
	}
	t.listed[AtBase], t.done[AtBase], t.err = entries, true, err
	c.content.usage.Listed += len(entries)
	return err
}

// checkTree refuses a listing that is too long, or that says two things about
// one name: which of them counts would depend on who reads it.
func checkTree(entries []Entry) error {
	if len(entries) > MaxTreeFiles {
		return fmt.Errorf("%w: it has %d files, the limit is %d", ErrTreeHidden, len(entries), MaxTreeFiles)
	}
	for i, e := range entries {
		if i > 0 && entries[i-1].Path == e.Path && !strings.ContainsRune(e.Path, utf8.RuneError) {
			return fmt.Errorf("%w: %q is there twice", ErrTreeHidden, e.Path)
		}
	}
	return nil
}

func compareEntries(a, b Entry) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Mode, b.Mode), cmp.Compare(a.Blob, b.Blob))
}

// applied is the merge base's listing with the files of the change in it.
func (c *Change) applied(base []Entry) []Entry {
	gone := make(map[string]bool, len(c.Files))
	var come []Entry
	for _, f := range c.Files {
		gone[f.BasePath()] = true
		if after := f.HeadPath(); after != "" {
			gone[after] = true
			come = append(come, Entry{after, f.Mode, f.Blob})
		}
	}
	head := make([]Entry, 0, len(base)+len(come))
	for _, e := range base {
		if !gone[e.Path] {
			head = append(head, e)
		}
	}
	head = append(head, come...)
	slices.SortFunc(head, compareEntries)
	return head
}

// inTree finds a path in a tree that was listed. known is false when none was,
// or when the name may stand for several.
func (c *Change) inTree(side Side, path string) (l lookup, known bool) {
	t := &c.content.trees
	if !t.done[side] || t.err != nil || strings.ContainsRune(path, utf8.RuneError) {
		return lookup{}, false
	}
	i, found := slices.BinarySearchFunc(t.listed[side], path, func(e Entry, p string) int { return cmp.Compare(e.Path, p) })
	if !found {
		return lookup{}, true
	}
	return lookup{t.listed[side][i], true}, true
}
