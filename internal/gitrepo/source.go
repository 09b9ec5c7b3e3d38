package gitrepo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// source serves a change's contents.
type source struct {
	repo   *Repo
	change *change.Change
}

var (
	_ change.Source       = (*source)(nil)
	_ change.CommitSource = (*source)(nil)
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

// Blobs implements change.Source.
func (s *source) Blobs(ctx context.Context, ids []string, limit change.Limits) (map[string]change.Blob, error) {
	return s.repo.blobs(ctx, ids, limit)
}

// Lines implements change.Source. No attribute is read: the work tree is an
// empty folder and there is no index.
func (s *source) Lines(ctx context.Context, files []change.File) ([]change.Lines, error) {
	args := []string{"diff-tree", "-r", "-z", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none", s.change.MergeBase, s.change.Head}
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
		n, ok := counts[f.Path]
		if !ok && f.OldBlob != f.Blob {
			return nil, fmt.Errorf("git counted no lines for %q", f.Path)
		}
		lines[i] = n
	}
	return lines, nil
}

// parseNumstat reads "added\tdeleted\tpath\0"; binary files have hyphens.
func parseNumstat(out []byte) (map[string]change.Lines, error) {
	counts := make(map[string]change.Lines)
	for _, line := range splitNUL(out) {
		fields := strings.SplitN(line, "\t", 3)
		if len(fields) != 3 {
			return nil, errRaw
		}
		var n change.Lines
		if fields[0] != "-" {
			added, err1 := strconv.Atoi(fields[0])
			deleted, err2 := strconv.Atoi(fields[1])
			if err1 != nil || err2 != nil {
				return nil, errRaw
			}
			n = change.Lines{Added: added, Deleted: deleted}
		}
		counts[fields[2]] = n
	}
	return counts, nil
}

// CommitPaths implements change.CommitSource.
func (s *source) CommitPaths(ctx context.Context, ids []string) (map[string][]string, error) {
	found := make(map[string][]string, len(ids))
	for _, id := range ids {
		out, err := s.repo.run(ctx, "diff-tree", "-r", "-z", "--root", "--name-only", "--no-renames", "--no-commit-id", "-m", "--first-parent", "--end-of-options", id)
		if err != nil {
			return nil, err
		}
		paths := splitNUL(out)
		slices.Sort(paths)
		found[id] = slices.Compact(paths)
	}
	return found, nil
}

// Uncommitted says what of the work tree is not committed and so not judged, ""
// for nothing.
func (r *Repo) Uncommitted(ctx context.Context) string {
	out, err := r.there(ctx, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=normal", "--ignore-submodules=dirty")
	if err != nil {
		return "" // a bare repository has no work tree
	}
	var names []string
	for _, entry := range splitNUL(out) {
		if len(entry) > 3 {
			names = append(names, entry[3:])
		}
	}
	if len(names) == 0 {
		return ""
	}
	shown := strings.Join(names[:min(len(names), 3)], ", ")
	if len(names) > 3 {
		shown += fmt.Sprintf(" and %d more", len(names)-3)
	}
	return fmt.Sprintf("not judged, because not committed: %s", shown)
}
