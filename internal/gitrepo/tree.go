package gitrepo

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/changeguard/changeguard/change"
)

// tree is a folder's entries by git's own names.
type tree map[string]treeEntry

type treeEntry struct {
	mode change.Mode
	id   string
}

// parseTree reads "mode name\0id" entries. Names that no file can have, or two
// entries of one name, make the tree unreadable: what git would do with them
// depends on the command.
func parseTree(data []byte, idBytes int) (tree, error) {
	entries := make(tree)
	for len(data) > 0 {
		head, rest, ok := bytes.Cut(data, []byte{0})
		digits, name, okName := strings.Cut(string(head), " ")
		if !ok || !okName || name == "" || strings.Contains(name, "/") || len(rest) < idBytes {
			return nil, fmt.Errorf("%w: a tree's entry is %q", errRaw, head)
		}
		mode, err := parseMode(digits)
		if err != nil {
			return nil, err
		}
		if _, twice := entries[name]; twice {
			return nil, fmt.Errorf("%w: %q is twice in one tree", errRaw, name)
		}
		entries[name] = treeEntry{mode, hex.EncodeToString(rest[:idBytes])}
		data = rest[idBytes:]
	}
	return entries, nil
}

// find looks up a name as it is shown: another name may look like it.
func (t tree) find(shown string) (treeEntry, bool, error) {
	if e, ok := t[shown]; ok || !strings.ContainsRune(shown, utf8.RuneError) {
		return e, ok, nil
	}
	var found treeEntry
	matches := 0
	for name, e := range t {
		if readable(name, false) == shown {
			found = e
			matches++
		}
	}
	if matches > 1 {
		return found, false, fmt.Errorf("%d names are shown as %q", matches, shown)
	}
	return found, matches == 1, nil
}

// What is read and kept of trees at most.
const (
	maxTreeSize  = 64 << 20
	maxTreesHeld = 2 << 20 // entries
)

// lookup walks down a commit's trees to a path.
func (r *Repo) lookup(ctx context.Context, commit, path string) (change.Entry, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id, err := r.root(ctx, commit)
	if err != nil {
		return change.Entry{}, false, err
	}
	for rest, more := path, true; more; {
		var name string
		name, rest, more = strings.Cut(rest, "/")
		folder, err := r.tree(ctx, id)
		if err != nil {
			return change.Entry{}, false, err
		}
		e, found, err := folder.find(name)
		switch {
		case err != nil || !found:
			return change.Entry{}, false, err
		case e.mode != treeMode && !more:
			return change.Entry{Path: path, Mode: e.mode, Blob: e.id}, true, nil
		case e.mode != treeMode:
			return change.Entry{}, false, nil
		}
		id = e.id
	}
	return change.Entry{}, false, nil
}

// root is the tree of a commit.
func (r *Repo) root(ctx context.Context, commit string) (string, error) {
	if id, ok := r.roots[commit]; ok {
		return id, nil
	}
	found, err := r.read(ctx, "commit", []string{commit}, change.Limits{File: maxCommitSize, Change: maxCommitSize})
	if err != nil {
		return "", err
	}
	line, _, _ := bytes.Cut(found[commit].data, []byte("\n"))
	id, ok := strings.CutPrefix(string(line), "tree ")
	if !ok || !r.isID(id) {
		return "", fmt.Errorf("%w: commit %s has no tree", errRaw, commit)
	}
	r.roots[commit] = id
	return id, nil
}

// tree reads a tree once.
func (r *Repo) tree(ctx context.Context, id string) (tree, error) {
	if t, ok := r.trees[id]; ok {
		return t, nil
	}
	found, err := r.read(ctx, "tree", []string{id}, change.Limits{File: maxTreeSize, Change: maxTreeSize})
	if err != nil {
		return nil, err
	}
	o := found[id]
	if o.data == nil {
		return nil, fmt.Errorf("tree %s: %w", id, &change.TooLargeError{Size: o.size, Limit: maxTreeSize})
	}
	t, err := parseTree(o.data, len(id)/2)
	if err != nil {
		return nil, fmt.Errorf("tree %s: %w", id, err)
	}
	if r.held += len(t); r.held > maxTreesHeld {
		clear(r.trees)
		r.held = len(t)
	}
	r.trees[id] = t
	return t, nil
}
