package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

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
	l.change.Source = &watched{source: newSource(l)}
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
		switch err := l.client.query(ctx, q.text(""), q.variables, &a); {
		case errors.Is(err, errTooCostly):
			l.trees = true
			return nil
		case err != nil:
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
