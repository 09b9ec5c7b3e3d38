package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/hook"
)

// maxDiff bounds the diff that a call applies.
const maxDiff = 8 << 20

// diffWrites are the files that a diff changes. What is no file now cannot be
// applied later in the same call in a way that could be told.
func diffWrites(c hook.Call, w hook.Write) ([]hook.Write, error) {
	name, ok := absolute(c, c.Dir, w.Path)
	if !ok {
		return nil, nil
	}
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	if info.Size() > maxDiff {
		return nil, fmt.Errorf("the diff %s is too large to be looked at", w.Path)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var writes []hook.Write
	for _, n := range hook.DiffNames(string(data)) {
		writes = append(writes, hook.Write{Path: n, Dir: w.Dir})
	}
	return writes, nil
}

// absolute is a name as seen from a folder of the call; ok is false for one of
// another system.
func absolute(c hook.Call, dir, name string) (full string, ok bool) {
	for _, part := range []string{name, dir, c.Dir} {
		switch rest, inTop := strings.CutPrefix(part, hook.Top); {
		case filepath.IsAbs(full):
		case inTop:
			top, found := worktree(c.Dir)
			if !found {
				return "", false
			}
			full = filepath.Join(top, filepath.FromSlash(rest), full)
		case len(part) > 1 && part[1] == ':' && !filepath.IsAbs(filepath.FromSlash(part)):
			return "", false
		case part != "":
			full = filepath.Join(filepath.FromSlash(part), full)
		}
	}
	return filepath.Clean(full), true
}

// within is a file in a folder that something is written to: one that is there, or
// any. What is let loose on the whole work tree may well leave each file.
func within(folder string) (name string, ok bool) {
	if top, found := worktree(folder); !found || top == folder || strings.HasPrefix(top, folder+string(filepath.Separator)) {
		return "", false
	}
	entries, err := os.ReadDir(folder)
	if err == nil {
		for _, e := range entries {
			if e.Type().IsRegular() {
				return filepath.Join(folder, e.Name()), true
			}
		}
	}
	return filepath.Join(folder, "any"), true
}

// tracked puts files in the place of what stands for some: each folder that is
// removed, what a search finds, and what a commit changed. What git does not know
// is part of no change.
func (g *guarded) tracked(ctx context.Context, files []target) (kept []target, err error) {
	var folders []string
	for _, f := range files {
		var some []string
		switch first, _, _ := strings.Cut(f.path, "/"); {
		case f.Set == hook.Revision:
			some, err = g.repo.ChangedBy(ctx, f.Path)
		case f.Set == hook.Tracked:
			some, err = g.search(ctx, f)
		case f.folder && !strings.EqualFold(first, ".git"):
			folders = append(folders, f.path)
		default:
			kept = append(kept, f)
		}
		if err != nil {
			return nil, err
		}
		for _, n := range some {
			kept = append(kept, target{Write: hook.Write{Removed: f.Removed}, path: n})
		}
	}
	if len(folders) == 0 {
		return kept, nil
	}
	kept = append(kept, guardsBelow(folders)...)
	names, err := g.repo.Tracked(ctx, folders)
	for _, n := range names {
		kept = append(kept, target{Write: hook.Write{Removed: true}, path: n})
	}
	return kept, err
}

// search lists the tracked files that a write stands for.
func (g *guarded) search(ctx context.Context, f target) (names []string, err error) {
	if f.Text != "" {
		names, err = g.repo.Holding(ctx, gitrepo.Search{Folder: f.path, Text: f.Text, Syntax: f.Match, Fold: f.Fold})
	} else {
		names, err = g.repo.Tracked(ctx, []string{f.path})
	}
	return slices.DeleteFunc(names, func(n string) bool {
		fits := len(f.Names) == 0 || slices.ContainsFunc(f.Names, func(glob string) bool {
			ok, err := path.Match(glob, path.Base(n))
			return ok || err != nil // what no pattern can be made of may be any
		})
		return !fits || f.Shallow && path.Dir(n) != f.path && path.Clean(n) != f.path
	}), err
}

// unrestored leaves out what is put back as the base or the branch has it: that is
// how a change is undone.
func (g *guarded) unrestored(ctx context.Context, files []target) ([]target, error) {
	head, err := g.repo.Commit(ctx, "HEAD")
	if err != nil || g.base == "" {
		return files, ctx.Err()
	}
	t := newCallTree(g.where.Top, files)
	var kept []target
	for _, f := range files {
		same := false
		for _, commit := range []string{g.base, head} {
			data, _, found, err := g.repo.File(ctx, commit, f.path, hook.MaxInput)
			if err != nil {
				return nil, err
			}
			if after := t.changed[f.path]; after.gone {
				same = same || !found
			} else {
				same = same || found && !after.vague && bytes.Equal(data, after.after) && !after.switched()
			}
		}
		if !same {
			kept = append(kept, f)
		}
	}
	return kept, nil
}

// fromRevisions gives the content to files that are taken from a revision. What is
// no revision is a file that is put back.
func (g *guarded) fromRevisions(ctx context.Context, files []target) (kept []target, err error) {
	for _, f := range files {
		if f.From == "" {
			kept = append(kept, f)
			continue
		}
		commit, err := g.repo.Commit(ctx, f.From)
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			continue
		}
		name := f.path
		if f.FromPath != "" {
			name = path.Clean(f.FromPath)
		}
		data, _, found, err := g.repo.File(ctx, commit, name, hook.MaxInput)
		if err == nil && found {
			f.Edit = func(string) (string, bool) { return string(data), true }
		}
		kept = append(kept, f)
	}
	return kept, nil
}
