package guard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
)

// maxStrays is how many files a notice names.
const maxStrays = 5

// strays looks for what a merge made by hand brings beside what was judged: the
// commits speak for themselves, what was done while they were merged does not. The
// files of the whole push are compared with those of all that was judged in it,
// where both are at hand. That costs no request, unless a file has other content.
func (w *walk) strays(ctx context.Context, c *change.Change) ([]Unjudged, error) {
	if len(w.joined) == 0 || len(c.Files) == 0 {
		return nil, nil
	}
	judged := make(map[string][]string) // blobs by path
	for _, v := range w.spoken {
		data, err := w.Store.Snapshot(ctx, v)
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil // a group's, or too large to be kept
		}
		if err != nil {
			return nil, err
		}
		k, err := unpack(data)
		if err != nil {
			return nil, nil //nolint:nilerr // of another version: not at hand
		}
		for _, f := range k.Files {
			judged[f.Path] = append(judged[f.Path], f.Blob)
			if f.OldPath != "" {
				judged[f.OldPath] = append(judged[f.OldPath], "")
			}
		}
	}
	names, other := w.beside(c, judged)
	untouched, err := w.untouched(ctx, judged, other)
	if names = append(names, untouched...); err != nil || len(names) == 0 {
		return nil, err
	}
	why := "merged by hand with more in it than was judged: " + strings.Join(names[:min(len(names), maxStrays)], ", ")
	if more := len(names) - maxStrays; more > 0 {
		why += fmt.Sprintf(" and %d more", more)
	}
	return []Unjudged{unjudgedOf(w.joined[0], why)}, nil
}

// beside are the files of a push that nothing judged brings, and those that it brings
// with other content. A file may have been renamed in the branch meanwhile: then it is
// what was judged under another name.
func (w *walk) beside(c *change.Change, judged map[string][]string) (names, other []string) {
	pushed := make(map[string]bool)
	for _, f := range c.Files {
		pushed[f.Path] = true
	}
	var moved []string // blobs
	for path, blobs := range judged {
		if !pushed[path] {
			moved = append(moved, blobs...)
		}
	}
	for _, f := range c.Files {
		blobs, known := judged[f.Path]
		switch {
		case !known && (f.Blob == "" || !slices.Contains(moved, f.Blob)):
			names = append(names, clip(f.Path, 100))
		case known && !slices.Contains(blobs, f.Blob):
			other = append(other, f.Path)
		case f.OldPath != "" && judged[f.OldPath] == nil:
			names = append(names, clip(f.OldPath, 100))
		}
	}
	return names, other
}

// untouched are those of the files with other content that nobody had changed in the
// branch since the pull request parted from it: merging alone makes no other content
// of them. Of several merges in one push that is not known, nor where git may have
// carried a change of the branch along to a file's new name.
func (w *walk) untouched(ctx context.Context, judged map[string][]string, other []string) (names []string, err error) {
	if len(other) == 0 || len(w.spoken) != 1 || len(w.chain) != 1 {
		return nil, nil
	}
	touched := make(map[string]bool)
	if from, to := w.spoken[0].MergeBase, w.chain[0].Parents[0]; from != to {
		since, err := w.client.Pushed(ctx, w.Owner, w.Repo, from, to)
		if errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrNoMergeBase) || errors.Is(err, github.ErrNotComparable) {
			return nil, nil
		}
		if err != nil || len(since.Files) == 0 { // too many to be listed
			return nil, err
		}
		for _, f := range since.Files {
			touched[f.Path] = true
			touched[f.OldPath] = true
		}
	}
	for path, blobs := range judged {
		if touched[path] && slices.Contains(blobs, "") {
			return nil, nil
		}
	}
	for _, path := range other {
		if !touched[path] {
			names = append(names, clip(path, 100))
		}
	}
	return names, nil
}
