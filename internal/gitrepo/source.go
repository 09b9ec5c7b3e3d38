package gitrepo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// source serves a change's contents.
type source struct {
	repo   *Repo
	change *change.Change
	names  names // of the change's files
}

var (
	_ change.Source       = (*source)(nil)
	_ change.CommitSource = (*source)(nil)
	_ change.TreeSource   = (*source)(nil)
)

// Entries implements change.Source.
func (s *source) Entries(ctx context.Context, side change.Side, paths []string) (map[string]change.Entry, error) {
	commit := s.change.Head
	if side == change.AtBase {
		commit = s.change.MergeBase
	}
	found := make(map[string]change.Entry, len(paths))
	for _, p := range paths {
		e, ok, err := s.repo.lookup(ctx, commit, p)
		if err != nil {
			return nil, err
		}
		if ok {
			found[p] = e
		}
	}
	return found, nil
}

// BaseTree implements change.TreeSource.
func (s *source) BaseTree(ctx context.Context) ([]change.Entry, error) {
	out, err := s.repo.run(ctx, "ls-tree", "-r", "-z", "--full-tree", s.change.MergeBase)
	if err != nil {
		return nil, err
	}
	entries, raw, err := parseEntries(out)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		entries[i].Path = readable(raw[i], false)
	}
	return entries, nil
}

// Blobs implements change.Source.
func (s *source) Blobs(ctx context.Context, ids []string, limit change.Limits) (map[string]change.Blob, error) {
	return s.repo.blobs(ctx, ids, limit)
}

// Lines implements change.Source: git counts the files that are asked for, with
// its usual algorithm.
func (s *source) Lines(ctx context.Context, files []change.File) ([]change.Lines, error) {
	args := append(slices.Clone(diffTree), "--numstat", s.change.MergeBase, s.change.Head)
	if specs, few := s.pathspecs(files); few {
		args = append(append(args, "--"), specs...)
	}
	out, err := s.repo.run(ctx, args...)
	if err != nil {
		return nil, err
	}
	counts, err := parseNumstat(out)
	if err != nil {
		return nil, err
	}
	lines := make([]change.Lines, len(files))
	for i, f := range files {
		if f.Status == change.Renamed || f.Mode == change.Submodule || f.OldMode == change.Submodule {
			continue
		}
		n, ok := counts[s.names.git(f.Path)]
		if !ok && f.OldBlob != f.Blob {
			return nil, fmt.Errorf("git counted no lines for %q", f.Path)
		}
		lines[i] = n
	}
	return lines, nil
}

// The most that is named on a command line; above it, counting everything is
// about as fast as choosing.
const (
	maxPathspecs     = 500
	maxPathspecBytes = 64 << 10
)

// pathspecs names the files to count, unless they are most of the change or
// cannot be named: git tidies what it is given, and would not find "a//b".
func (s *source) pathspecs(files []change.File) (specs []string, few bool) {
	if len(files) > maxPathspecs || 2*len(files) > len(s.change.Files) {
		return nil, false
	}
	size := 0
	for _, f := range files {
		name := s.names.git(f.Path)
		for part := range strings.SplitSeq(name, "/") {
			if part == "" || part == "." || part == ".." {
				return nil, false
			}
		}
		if size += len(name); size > maxPathspecBytes {
			return nil, false
		}
		specs = append(specs, name)
	}
	return specs, true
}

// CommitPaths implements change.CommitSource.
func (s *source) CommitPaths(ctx context.Context, ids []string) (map[string][]string, error) {
	known, err := s.repo.stat(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if known[id].kind != "commit" { // git would say nothing of it
			return nil, fmt.Errorf("%s is no commit of this clone", id)
		}
	}
	args := append(slices.Clone(diffTree), "--raw", "--stdin", "--root", "--always", "--diff-merges=first-parent")
	out, err := s.repo.feed(ctx, strings.Join(ids, "\n")+"\n", args...)
	if err != nil {
		return nil, err
	}
	raw, err := parseCommitPaths(out, s.repo.isID)
	if err != nil {
		return nil, err
	}
	found := make(map[string][]string, len(ids))
	for _, id := range ids {
		paths := make([]string, 0, len(raw[id]))
		for _, name := range raw[id] {
			paths = append(paths, s.names.show(name))
		}
		slices.Sort(paths)
		found[id] = slices.Compact(paths)
	}
	return found, nil
}
