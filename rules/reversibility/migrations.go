package reversibility

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/migration"
	"github.com/changeguard/changeguard/rules"
)

// A mover judges the migrations of a change, one at a time.
type mover struct {
	*change.Change
	found []rules.Finding
}

// migrations judges those of a change; moves are the files that are some.
func migrations(ctx context.Context, c *change.Change) (moves []change.File, found []rules.Finding, err error) {
	m := &mover{Change: c}
	var before, after []string
	for _, f := range c.Files {
		if migration.Is(f.Path) || migration.Is(f.OldPath) {
			moves = append(moves, f)
			if f.HeadPath() != "" && f.Mode != change.Submodule {
				after = append(after, f.Path)
			}
			if f.Status == change.Modified {
				before = append(before, f.BasePath())
			}
		}
	}
	c.Prefetch(ctx, change.AtHead, after)
	c.Prefetch(ctx, change.AtBase, before)
	for _, f := range c.Files {
		if err := m.lostWay(ctx, f); err != nil {
			return moves, m.found, err
		}
	}
	for _, f := range moves {
		if err := m.judge(ctx, f); err != nil {
			return moves, m.found, err
		}
	}
	return moves, m.found, nil
}

func (m *mover) add(f change.File, key string, line int, message, shown string) {
	m.found = append(m.found, rules.Finding{
		Key: key, Path: f.Path, PreviousPath: f.OldPath, Line: line, EndLine: line, Message: message, Evidence: shown, Remedy: rules.Undo(m.Change, f),
	})
}

func (m *mover) steps(f change.File, list []migration.Step) {
	for _, s := range list {
		m.add(f, s.What+" "+s.Shown, s.Line, fmt.Sprintf("This migration %s: %s.", s.What, s.Why), s.Shown)
	}
}

// judge looks at one migration.
func (m *mover) judge(ctx context.Context, f change.File) error {
	if f.Status != change.Added && migration.Is(f.BasePath()) {
		return m.edited(ctx, f)
	}
	if !migration.Is(f.Path) {
		return nil
	}
	text, there, err := m.read(ctx, change.AtHead, f)
	if err != nil || !there {
		return err
	}
	m.steps(f, migration.Steps(f.Path, text))
	if err := m.altered(ctx, f, text); err != nil {
		return err
	}
	return m.wayBack(ctx, f)
}

// edited looks at one that was there before.
func (m *mover) edited(ctx context.Context, f change.File) error {
	what, line, shown := "A migration", 0, string(f.Status)+" "+f.Path
	if f.Status == change.Modified && migration.Is(f.Path) {
		after, there, err := m.read(ctx, change.AtHead, f)
		if err != nil || !there {
			return err
		}
		before, err := m.Read(ctx, change.AtBase, f.BasePath())
		if err != nil && !errors.Is(err, change.ErrTooLarge) {
			return err
		}
		if err == nil {
			var list []migration.Step
			what, line, list = migration.Edited(f.Path, string(before), after)
			m.steps(f, list)
		}
	}
	if what != "" {
		m.add(f, "edited", line, fmt.Sprintf("%s that was there before is %s: where it ran already it does not run again, and the way back is not the way it came.", what, f.Status), shown)
	}
	return nil
}

// read reads one side; what cannot be read is a finding, and not there.
func (m *mover) read(ctx context.Context, side change.Side, f change.File) (text string, there bool, err error) {
	data, err := m.Read(ctx, side, f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", false, nil
	case errors.Is(err, change.ErrTooLarge), f.Mode == change.Symlink:
		m.add(f, "unread", 0, "This migration cannot be read, so nobody knows whether it can be taken back.", f.Path)
		return "", false, nil
	}
	return string(data), err == nil, err
}

// wayBack looks for the file that takes a migration back.
func (m *mover) wayBack(ctx context.Context, f change.File) error {
	back, needed := migration.WayBack(f.Path)
	if !needed {
		undo := migration.Undo(f.Path)
		if undo == "" {
			return nil
		}
		habit, err := m.undoes(ctx, path.Dir(f.Path))
		if err != nil || !habit {
			return err
		}
		back = undo
	}
	_, there, err := m.Lookup(ctx, change.AtHead, back)
	if err != nil {
		return err
	}
	if !there {
		m.add(f, "no way back", 0, "This migration has no way back: "+back+" is not there.", f.Path)
		return nil
	}
	data, err := m.Read(ctx, change.AtHead, back)
	if err == nil && migration.Empty(back, string(data)) {
		m.add(f, "no way back", 0, "This migration has no way back: "+back+" does nothing.", f.Path)
	}
	if errors.Is(err, change.ErrTooLarge) {
		return nil // it is there, and does something
	}
	return err
}

// undoes reports whether a folder has migrations of Flyway's that take others back. They
// are optional: where the tree is not shown whole, nobody is held to them.
func (m *mover) undoes(ctx context.Context, dir string) (bool, error) {
	tree, err := m.Tree(ctx, change.AtHead)
	if errors.Is(err, change.ErrTreeHidden) {
		return false, nil
	}
	return slices.ContainsFunc(tree, func(e change.Entry) bool { return path.Dir(e.Path) == dir && migration.IsUndo(e.Path) }), err
}

// lostWay finds a way back that goes while what it takes back stays.
func (m *mover) lostWay(ctx context.Context, f change.File) error {
	gone := f.BasePath()
	forward := migration.Forward(gone)
	if forward == "" || f.HeadPath() == gone {
		return nil
	}
	_, there, err := m.Lookup(ctx, change.AtHead, forward)
	if err == nil && there {
		m.add(f, "no way back", 0, "The way back of "+forward+" goes, and the migration stays.", gone)
	}
	return err
}
