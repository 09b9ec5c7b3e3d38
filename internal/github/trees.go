package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// fromTrees compares the two trees where they differ. What GitHub does not show
// of them is a gap.
func (l *loader) fromTrees(ctx context.Context) error {
	w := &walk{loader: l}
	err := w.compare(ctx, "", l.change.MergeBase, l.change.Head)
	var hidden *hiddenError
	if errors.As(err, &hidden) {
		l.gap(hidden.what, hidden.remedy)
		err = nil
	}
	l.change.Files = w.files
	return err
}

// hiddenError says what the trees do not show.
type hiddenError struct{ what, remedy string }

func (e *hiddenError) Error() string { return e.what }

// walk collects the differences of two trees.
type walk struct {
	loader *loader
	files  []change.File
	asked  int
}

// item is one entry of a tree answer.
type item struct {
	mode change.Mode
	id   string
	tree bool
}

// listing is a tree answer. Names that are no UTF-8 come with the replacement
// character in the place of what cannot be shown, so several may look alike;
// odd holds the entries of each such name.
type listing struct {
	id    string
	items map[string]item
	odd   map[string][]item
	cut   bool
}

// The bounds of walking folder by folder, which only happens in trees that
// GitHub cuts: one change must not use up the hour's requests, and an evaluation
// has to end in its time.
const (
	maxDepth = 200
	maxTrees = 200
)

// compare asks for both trees with everything below. Where GitHub cuts the
// answer, it goes down one level and only into the folders that differ.
func (w *walk) compare(ctx context.Context, prefix, before, after string) error {
	if strings.Count(prefix, "/") > maxDepth {
		return &hiddenError{fmt.Sprintf("folders are nested deeper than %d", maxDepth), "Move the files up."}
	}
	old, now, err := w.both(ctx, before, after, true)
	if err != nil {
		return err
	}
	if !old.cut && !now.cut {
		w.differ(prefix, old, now)
		return w.differOdd(prefix, old, now, true)
	}
	if old, now, err = w.both(ctx, before, after, false); err != nil {
		return err
	}
	if old.cut || now.cut {
		return &hiddenError{fmt.Sprintf("GitHub does not list all of the folder %q", prefix), "Split the folder."}
	}
	return w.descend(ctx, prefix, old, now)
}

// descend compares one level and goes into folders that differ.
func (w *walk) descend(ctx context.Context, prefix string, old, now listing) error {
	w.differ(prefix, old, now)
	if err := w.differOdd(prefix, old, now, false); err != nil {
		return err
	}
	for _, name := range names(old.items, now.items) {
		a, b := old.items[name], now.items[name]
		if a == b || !a.tree && !b.tree {
			continue
		}
		below, above := "", ""
		if a.tree {
			below = a.id
		}
		if b.tree {
			above = b.id
		}
		if err := w.compare(ctx, prefix+name+"/", below, above); err != nil {
			return err
		}
	}
	return nil
}

// names are those of either, sorted.
func names[T any](old, now map[string]T) []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(old)), maps.Keys(now))
	slices.Sort(all)
	return slices.Compact(all)
}

// differ compares the files of two listings. Their folders are left to the
// caller, or were listed with all that is in them.
func (w *walk) differ(prefix string, old, now listing) {
	for name, a := range old.items {
		if b := now.items[name]; a != b && !a.tree {
			if b.tree {
				b = item{}
			}
			w.add(prefix+name, a, b)
		}
	}
	for name, b := range now.items {
		if a, ok := old.items[name]; (!ok || a.tree) && !b.tree {
			w.add(prefix+name, item{}, b)
		}
	}
}

// differOdd compares what has names that are no UTF-8, and can only be told
// apart by what it is. A file among it that changed shows under the name that
// GitHub gives it, which no policy lets pass. A folder that differs in nothing
// that shows hides something.
func (w *walk) differOdd(prefix string, old, now listing, deep bool) error {
	shown := make(map[string]bool) // folders with a difference in them
	for _, name := range names(old.odd, now.odd) {
		gone, come := without(old.odd[name], now.odd[name]), without(now.odd[name], old.odd[name])
		for i := range max(len(gone), len(come)) {
			before, after := at(gone, i), at(come, i)
			shown[folder(name)] = true
			if before.tree || after.tree {
				if !deep {
					return unshown(prefix + name)
				}
				continue
			}
			w.add(prefix+name, before, after)
		}
	}
	if !deep || len(old.odd)+len(now.odd) == 0 {
		return nil
	}
	for _, name := range names(old.items, now.items) {
		if old.items[name] != now.items[name] {
			shown[folder(name)] = true
		}
	}
	return w.unshown(prefix, old, now, shown)
}

// unshown looks for a folder that differs in nothing that shows: a name in it
// became another one that looks the same.
func (w *walk) unshown(prefix string, old, now listing, shown map[string]bool) error {
	if old.id != now.id && !shown[""] {
		return unshown(prefix)
	}
	for _, name := range names(old.items, now.items) {
		a, b := old.items[name], now.items[name]
		if a.tree && b.tree && a != b && !shown[name] {
			return unshown(prefix + name)
		}
	}
	for _, name := range names(old.odd, now.odd) {
		trees := func(i item) bool { return !i.tree }
		a, b := slices.DeleteFunc(slices.Clone(old.odd[name]), trees), slices.DeleteFunc(slices.Clone(now.odd[name]), trees)
		if !slices.Equal(a, b) && !shown[name] {
			return unshown(prefix + name)
		}
	}
	return nil
}

func unshown(folder string) error {
	return &hiddenError{fmt.Sprintf("what differs in the folder %q cannot be shown, for its names are no UTF-8", folder), "Rename what is in it."}
}

// folder is where a path is, "" at the top.
func folder(path string) string { return path[:max(0, strings.LastIndexByte(path, '/'))] }

func at(list []item, i int) item {
	if i < len(list) {
		return list[i]
	}
	return item{}
}

// without takes away as many of each as others has.
func without(list, others []item) []item {
	others = slices.Clone(others)
	return slices.DeleteFunc(slices.Clone(list), func(i item) bool {
		at := slices.Index(others, i)
		if at >= 0 {
			others = slices.Delete(others, at, at+1)
		}
		return at >= 0
	})
}

func (w *walk) add(path string, a, b item) {
	w.files = append(w.files, change.NewFile(path, a.mode, a.id, b.mode, b.id))
}

func (w *walk) both(ctx context.Context, before, after string, recursive bool) (old, now listing, err error) {
	if old, err = w.tree(ctx, before, recursive); err != nil {
		return old, now, err
	}
	now, err = w.tree(ctx, after, recursive)
	return old, now, err
}

// tree reads one tree; "" is the empty one.
func (w *walk) tree(ctx context.Context, id string, recursive bool) (listing, error) {
	if id == "" {
		return listing{}, nil
	}
	if w.asked++; w.asked > maxTrees {
		return listing{}, &hiddenError{"the change touches more folders of a large repository than can be looked at one by one", splitIt}
	}
	return w.loader.client.tree(ctx, w.loader.in.path(), id, recursive)
}

// tree reads one tree of a repository.
func (c *Client) tree(ctx context.Context, repo, id string, recursive bool) (listing, error) {
	path := repo + "git/trees/" + url.PathEscape(id)
	if recursive {
		path += "?recursive=1"
	}
	req, err := c.rest.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return listing{}, fmt.Errorf("ask for a tree: %w", err)
	}
	var answer struct {
		SHA       string `json:"sha"`
		Truncated bool   `json:"truncated"`
		Tree      []struct {
			Path string `json:"path"`
			Mode string `json:"mode"`
			Type string `json:"type"`
			SHA  string `json:"sha"`
		} `json:"tree"`
	}
	if _, err := c.rest.Do(ctx, req, &answer); err != nil {
		return listing{}, explain("read a tree", err)
	}
	l := listing{answer.SHA, make(map[string]item, len(answer.Tree)), make(map[string][]item), answer.Truncated}
	for _, e := range answer.Tree {
		i := item{regular(change.Mode(e.Mode)), e.SHA, e.Type == "tree"}
		if strings.ContainsRune(e.Path, '\uFFFD') {
			l.odd[e.Path] = append(l.odd[e.Path], i)
		} else {
			l.items[e.Path] = i
		}
	}
	return l, nil
}
