package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/hook"
)

// target is one file of a work tree that a call would write.
type target struct {
	hook.Write
	path   string // within the work tree, with slashes
	folder bool   // a folder that is removed whole
}

// maxTargets bounds the names of one call.
const maxTargets = 5000

// targets sorts the writes of a call by the work tree that they are in. A write
// through a link is one to where it leads as well. What is in no work tree is
// nobody's.
func targets(c hook.Call) (map[string][]target, error) {
	found := make(map[string][]target)
	n := 0
	writes, err := files(c)
	if err != nil {
		return nil, err
	}
	for _, w := range writes {
		for _, name := range expand(c, w) {
			if n++; n > maxTargets {
				return nil, fmt.Errorf("the call changes more than %d files", maxTargets)
			}
			place(found, w, name)
		}
	}
	return found, nil
}

// files are the writes with those of diffs in the place of the diffs.
func files(c hook.Call) (writes []hook.Write, err error) {
	for _, w := range c.Write {
		some := []hook.Write{w}
		if w.Set == hook.Diff {
			if some, err = diffWrites(c, w); err != nil {
				return nil, err
			}
		}
		writes = append(writes, some...)
	}
	return writes, nil
}

// place puts a write to the work trees that its file is in.
func place(found map[string][]target, w hook.Write, name string) {
	info, err := os.Lstat(name)
	folder := err == nil && info.IsDir()
	switch {
	case w.Set == hook.Revision:
		if top, ok := worktree(name); ok {
			found[top] = append(found[top], target{w, ".", false})
		}
		return
	case folder && w.Into && !w.Removed:
		inner, ok := within(name)
		if !ok {
			return
		}
		name, folder = inner, false
	case folder && !w.Removed && w.Set == hook.File:
		return // what is copied into a folder has a name of its own
	}
	for _, top := range topsOf(name, folder) {
		if rel, err := filepath.Rel(top, name); err == nil {
			found[top] = append(found[top], target{w, filepath.ToSlash(rel), folder})
		}
	}
}

// topsOf are the work trees that a name is in; a folder can be one and be in one.
func topsOf(name string, folder bool) (tops []string) {
	if top, ok := worktreeReal(name); ok {
		tops = append(tops, top)
	}
	if top, ok := worktree(name); folder && ok && !slices.Contains(tops, top) {
		tops = append(tops, top)
	}
	return tops
}

// expand makes absolute names of what a call says: globs of shells and the ends of
// links.
func expand(c hook.Call, w hook.Write) []string {
	of := w.Path
	if w.Set == hook.Revision {
		of = "."
	}
	name, ok := absolute(c, w.Dir, of)
	if !ok {
		return nil
	}
	names := []string{name}
	if w.Edit == nil && strings.ContainsAny(w.Path, "*?[") {
		matched, err := filepath.Glob(name)
		if err == nil && len(matched) > 0 {
			names = matched
		}
	}
	var all []string
	for _, f := range names {
		all = append(all, f)
		if real, err := realName(f); err == nil && real != f {
			all = append(all, real)
		}
	}
	return all
}

// realName follows links, also where the file itself is not there yet.
func realName(name string) (string, error) {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		return real, nil
	}
	dir, rest := filepath.Dir(name), filepath.Base(name)
	for {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(real, rest), nil
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", fs.ErrNotExist
		}
		dir, rest = above, filepath.Join(filepath.Base(dir), rest)
	}
}

// callTree is the work tree before and after a call, as a source of a change.
type callTree struct {
	top     string
	changed map[string]*callFile
	blobs   map[string][]byte
}

type callFile struct {
	mode, now     change.Mode // before; after, when that is another one
	before, after []byte
	there, gone   bool // before; after
	vague         bool // what is written is not known
}

func newCallTree(top string, files []target) *callTree {
	t := &callTree{top: top, changed: make(map[string]*callFile), blobs: make(map[string][]byte)}
	for _, f := range files {
		have := t.changed[f.path]
		if have == nil {
			have = &callFile{}
			have.before, have.mode, have.there = t.read(f.path)
			have.after = have.before
			t.changed[f.path] = have
		}
		have.write(f.Write)
	}
	return t
}

// unknownText stands for what is not known: some other content.
const unknownText = "\nchangeguard does not know what is written here\n"

func (f *callFile) write(w hook.Write) {
	if f.gone = w.Removed; f.gone {
		return
	}
	if w.Exec != nil {
		if f.now = change.Regular; *w.Exec {
			f.now = change.Executable
		}
		return
	}
	if w.Edit != nil {
		if text, ok := w.Edit(string(f.after)); ok {
			f.after = []byte(text)
			return
		}
	}
	f.vague = true
	f.after = []byte(string(f.after) + unknownText)
}

// modeAfter is what the file's mode will be. A link stays one.
func (f *callFile) modeAfter() change.Mode {
	switch {
	case f.mode == change.NoMode:
		return change.Regular
	case f.switched():
		return f.now
	}
	return f.mode
}

// switched reports whether the file becomes executable, or ceases to be.
func (f *callFile) switched() bool {
	return f.now != change.NoMode && f.now != f.mode && (f.mode == change.Regular || f.mode == change.Executable)
}

// read returns a file of the work tree as it is, nothing for what is too large to
// be edited.
func (t *callTree) read(name string) (data []byte, mode change.Mode, there bool) {
	full := filepath.Join(t.top, filepath.FromSlash(name))
	info, err := os.Lstat(full)
	switch {
	case err != nil || info.IsDir():
		return nil, change.NoMode, false
	case info.Mode()&fs.ModeSymlink != 0:
		to, err := os.Readlink(full)
		return []byte(to), change.Symlink, err == nil
	case !info.Mode().IsRegular() || info.Size() > hook.MaxInput:
		return nil, change.Regular, true
	}
	mode = change.Regular
	if info.Mode()&0o111 != 0 {
		mode = change.Executable
	}
	if data, err = os.ReadFile(full); err != nil {
		return nil, mode, true
	}
	return data, mode, true
}

func (t *callTree) blob(data []byte) string {
	sum := sha256.Sum256(data)
	id := hex.EncodeToString(sum[:])
	t.blobs[id] = data
	return id
}

// files are what the call changes.
func (t *callTree) files() (files []change.File) {
	for name, f := range t.changed {
		oldMode, oldBlob := change.NoMode, ""
		if f.there {
			oldMode, oldBlob = f.mode, t.blob(f.before)
		}
		mode, blob := change.NoMode, ""
		if !f.gone {
			mode = f.modeAfter()
			blob = t.blob(f.after)
		}
		if oldMode != mode || oldBlob != blob {
			files = append(files, change.NewFile(name, oldMode, oldBlob, mode, blob))
		}
	}
	return files
}

func (t *callTree) vagueAt(name string) bool {
	f := t.changed[name]
	return f != nil && f.vague
}

// Entries implements change.Source.
func (t *callTree) Entries(_ context.Context, side change.Side, paths []string) (map[string]change.Entry, error) {
	found := make(map[string]change.Entry)
	for _, p := range paths {
		data, mode, there := t.read(p)
		if f := t.changed[p]; f != nil && side == change.AtHead {
			data, mode, there = f.after, f.modeAfter(), !f.gone
		}
		if there {
			found[p] = change.Entry{Path: p, Mode: mode, Blob: t.blob(data)}
		}
	}
	return found, nil
}

// Blobs implements change.Source.
func (t *callTree) Blobs(_ context.Context, ids []string, limit change.Limits) (map[string]change.Blob, error) {
	found := make(map[string]change.Blob)
	total := int64(0)
	for _, id := range ids {
		data, ok := t.blobs[id]
		size := int64(len(data))
		switch total += size; {
		case !ok:
			return nil, fmt.Errorf("content %s is unknown", id)
		case size > limit.File:
			found[id] = change.Blob{Size: size, TooLarge: true}
			total -= size
		case total > limit.Change:
			return nil, fmt.Errorf("%w: over %d bytes together", change.ErrTooLarge, limit.Change)
		default:
			found[id] = change.Blob{Data: data, Size: size}
		}
	}
	return found, nil
}

// Lines implements change.Source. One call is not counted: the limits on lines are
// those of the whole change.
func (t *callTree) Lines(_ context.Context, files []change.File) ([]change.Lines, error) {
	return make([]change.Lines, len(files)), nil
}

// CommitPaths implements change.CommitSource: everything is in the one commit.
func (t *callTree) CommitPaths(_ context.Context, ids []string) (map[string][]string, error) {
	var names []string
	for name := range t.changed {
		names = append(names, name)
	}
	slices.Sort(names)
	found := make(map[string][]string)
	for _, id := range ids {
		found[id] = names
	}
	return found, nil
}
