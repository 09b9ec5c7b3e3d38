package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// BaseTree implements change.TreeSource. A tree never changes, so that its
// listing is kept by the id of its commit: pull requests that depart from one
// commit, and every push to them, list it once.
func (s *source) BaseTree(ctx context.Context) ([]change.Entry, error) {
	kept := s.client.app.trees
	if data, ok := kept.get(s.key(s.mergeBase)); ok {
		return unpackEntries(data)
	}
	l := &lister{source: s}
	if err := l.list(ctx, "", s.mergeBase); err != nil {
		return nil, err
	}
	kept.put(s.key(s.mergeBase), packEntries(l.entries))
	return l.entries, nil
}

// lister collects the files of a tree.
type lister struct {
	*source
	entries []change.Entry
	asked   int
}

// list asks for a folder with everything below; where GitHub cuts the answer,
// one level at a time.
func (l *lister) list(ctx context.Context, prefix, id string) error {
	deep, err := l.ask(ctx, prefix, id, true)
	if err != nil || !deep.cut {
		l.add(prefix, deep)
		return err
	}
	flat, err := l.ask(ctx, prefix, id, false)
	switch {
	case err != nil:
		return err
	case flat.cut:
		return fmt.Errorf("%w: GitHub does not list all of the folder %q", change.ErrTreeHidden, prefix)
	}
	l.add(prefix, flat)
	for _, name := range slices.Sorted(maps.Keys(flat.items)) {
		if i := flat.items[name]; i.tree {
			if err := l.list(ctx, prefix+name+"/", i.id); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(flat.odd)) {
		for _, i := range flat.odd[name] {
			if i.tree {
				if err := l.list(ctx, prefix+name+"/", i.id); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// ask reads one listing, within the bounds of walking.
func (l *lister) ask(ctx context.Context, prefix, id string, deep bool) (listing, error) {
	if l.asked++; l.asked > maxTrees || strings.Count(prefix, "/") > maxDepth || len(l.entries) > change.MaxTreeFiles {
		return listing{}, fmt.Errorf("%w: the repository has more files or folders than GitHub lists in %d requests", change.ErrTreeHidden, maxTrees)
	}
	return l.client.tree(ctx, l.in.path(), id, deep)
}

// add takes the files of a listing.
func (l *lister) add(prefix string, from listing) {
	for name, i := range from.items {
		l.addItem(prefix+name, i)
	}
	for name, items := range from.odd {
		for _, i := range items {
			l.addItem(prefix+name, i)
		}
	}
}

func (l *lister) addItem(path string, i item) {
	if !i.tree {
		l.entries = append(l.entries, change.Entry{Path: path, Mode: i.mode, Blob: i.id})
	}
}

// packEntries writes a listing as "mode id path\0"; a third of what it takes as
// entries.
func packEntries(entries []change.Entry) []byte {
	size := 0
	for _, e := range entries {
		size += len(e.Mode) + len(e.Blob) + len(e.Path) + 3
	}
	data := make([]byte, 0, size)
	for _, e := range entries {
		data = append(append(data, e.Mode...), ' ')
		data = append(append(data, e.Blob...), ' ')
		data = append(append(data, e.Path...), 0)
	}
	return data
}

var errPacked = errors.New("a kept listing cannot be read")

func unpackEntries(data []byte) ([]change.Entry, error) {
	text := string(data)
	entries := make([]change.Entry, 0, strings.Count(text, "\x00"))
	for len(text) > 0 {
		line, rest, ok := strings.Cut(text, "\x00")
		mode, line, ok1 := strings.Cut(line, " ")
		id, path, ok2 := strings.Cut(line, " ")
		if !ok || !ok1 || !ok2 {
			return nil, errPacked
		}
		entries = append(entries, change.Entry{Path: path, Mode: change.Mode(mode), Blob: id})
		text = rest
	}
	return entries, nil
}
