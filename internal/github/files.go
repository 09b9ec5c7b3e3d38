package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// finish turns what was read into the change's files.
func (l *loader) finish(ctx context.Context) error {
	if l.trees {
		if err := l.fromTrees(ctx); err != nil {
			return err
		}
	} else {
		l.fromComparison()
	}
	l.change.Source = newSource(l)
	l.change.Normalise()
	return nil
}

// entry notes one side of a path.
func (l *loader) entry(path string, head bool, e *treeEntry) {
	f := l.modes[path]
	f.Path = path
	if e != nil && e.Type != "tree" {
		if head {
			f.Mode, f.Blob = mode(e.Mode), e.OID
		} else {
			f.OldMode, f.OldBlob = mode(e.Mode), e.OID
		}
	}
	l.modes[path] = f
}

// readEntries reads the aliases b and h of an answer. A path that is not where
// the comparison says it is has a name that the API cannot carry; then the
// trees are read.
func (l *loader) readEntries(repository map[string]json.RawMessage, before, after []string) error {
	for _, side := range []struct {
		alias string
		paths []string
		head  bool
	}{{"b", before, false}, {"h", after, true}} {
		if len(side.paths) == 0 {
			continue
		}
		var found map[string]*treeEntry
		if err := json.Unmarshal(repository[side.alias], &found); err != nil {
			return fmt.Errorf("read modes: %w", err)
		}
		for i, p := range side.paths {
			e := found[fmt.Sprintf("f%d", i)]
			if e == nil {
				l.trees = true
				continue
			}
			l.entry(p, side.head, e)
		}
	}
	return nil
}

// moreEntries asks for the rest, in further queries.
func (l *loader) moreEntries(ctx context.Context, before, after []string) error {
	for (len(before) > 0 || len(after) > 0) && !l.trees {
		n, m := min(len(before), queryPaths), min(len(after), queryPaths)
		q := newQuery(l.in.Owner, l.in.Repo)
		q.files("b", l.change.MergeBase, before[:n])
		q.files("h", l.change.Head, after[:m])
		var a answer
		if err := l.client.query(ctx, q.text(""), q.variables, &a); err != nil {
			return explain("read modes", err)
		}
		if err := l.readEntries(a.Repository, before[:n], after[:m]); err != nil {
			return err
		}
		before, after = before[n:], after[m:]
	}
	return nil
}

func (l *loader) fromComparison() {
	for _, f := range l.modes {
		if f.OldMode == f.Mode && f.OldBlob == f.Blob {
			continue
		}
		l.change.Files = append(l.change.Files, change.NewFile(f.Path, f.OldMode, f.OldBlob, f.Mode, f.Blob))
	}
}

// fromTrees compares the two trees where they differ.
func (l *loader) fromTrees(ctx context.Context) error {
	w := &walk{loader: l}
	if err := w.compare(ctx, "", l.change.MergeBase, l.change.Head); err != nil {
		return err
	}
	l.change.Files = w.files
	return nil
}

// walk collects the differences of two trees.
type walk struct {
	loader *loader
	files  []change.File
}

// item is one entry of a tree answer.
type item struct {
	mode change.Mode
	id   string
	tree bool
}

// maxDepth bounds how deep folders are walked one by one.
const maxDepth = 200

// compare asks for both trees with everything below. Where GitHub cuts the
// answer, it goes down one level and only into the folders that differ.
func (w *walk) compare(ctx context.Context, prefix, before, after string) error {
	if strings.Count(prefix, "/") > maxDepth {
		return fmt.Errorf("folders are nested deeper than %d", maxDepth)
	}
	old, cut1, err := w.tree(ctx, before, true)
	if err != nil {
		return err
	}
	now, cut2, err := w.tree(ctx, after, true)
	if err != nil {
		return err
	}
	if !cut1 && !cut2 {
		w.differ(prefix, old, now)
		return nil
	}
	if old, _, err = w.tree(ctx, before, false); err != nil {
		return err
	}
	if now, _, err = w.tree(ctx, after, false); err != nil {
		return err
	}
	return w.descend(ctx, prefix, old, now)
}

// descend compares one level and goes into folders that differ.
func (w *walk) descend(ctx context.Context, prefix string, old, now map[string]item) error {
	names := make(map[string]bool, len(now))
	for name := range old {
		names[name] = true
	}
	for name := range now {
		names[name] = true
	}
	for name := range names {
		a, b := old[name], now[name]
		if a == b {
			continue
		}
		if !a.tree && !b.tree {
			w.add(prefix+name, a, b)
			continue
		}
		var below, above string
		if a.tree {
			below = a.id
		} else if a.id != "" {
			w.add(prefix+name, a, item{})
		}
		if b.tree {
			above = b.id
		} else if b.id != "" {
			w.add(prefix+name, item{}, b)
		}
		if err := w.compare(ctx, prefix+name+"/", below, above); err != nil {
			return err
		}
	}
	return nil
}

// differ compares two whole listings.
func (w *walk) differ(prefix string, old, now map[string]item) {
	for name, a := range old {
		if b := now[name]; a != b && !a.tree {
			if b.tree {
				b = item{}
			}
			w.add(prefix+name, a, b)
		}
	}
	for name, b := range now {
		if a, ok := old[name]; (!ok || a.tree) && !b.tree {
			w.add(prefix+name, item{}, b)
		}
	}
}

func (w *walk) add(path string, a, b item) {
	w.files = append(w.files, change.NewFile(path, a.mode, a.id, b.mode, b.id))
}

// tree reads one tree; "" is the empty one.
func (w *walk) tree(ctx context.Context, id string, recursive bool) (entries map[string]item, cut bool, err error) {
	if id == "" {
		return nil, false, nil
	}
	c, in := w.loader.client, w.loader.in
	path := fmt.Sprintf("repos/%s/%s/git/trees/%s", url.PathEscape(in.Owner), url.PathEscape(in.Repo), url.PathEscape(id))
	if recursive {
		path += "?recursive=1"
	}
	req, err := c.rest.NewRequest("GET", path, nil)
	if err != nil {
		return nil, false, fmt.Errorf("ask for a tree: %w", err)
	}
	var answer struct {
		Truncated bool `json:"truncated"`
		Tree      []struct {
			Path string `json:"path"`
			Mode string `json:"mode"`
			Type string `json:"type"`
			SHA  string `json:"sha"`
		} `json:"tree"`
	}
	if _, err := c.rest.Do(ctx, req, &answer); err != nil {
		return nil, false, explain("read a tree", err)
	}
	if answer.Truncated && !recursive {
		return nil, false, fmt.Errorf("GitHub cuts the listing of one folder (tree %s)", id)
	}
	entries = make(map[string]item, len(answer.Tree))
	for _, e := range answer.Tree {
		m := change.Mode(e.Mode)
		if strings.HasPrefix(e.Mode, "1006") {
			m = change.Regular
		}
		entries[e.Path] = item{m, e.SHA, e.Type == "tree"}
	}
	return entries, answer.Truncated, nil
}
