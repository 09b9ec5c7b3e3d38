package guard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/store"
)

// maxStrays is how many files a notice names.
const maxStrays = 5

// strays looks for what a merge made by hand brings beside what was judged: the
// commits speak for themselves, what was done while they were merged does not. The
// files of the whole push are compared with those of all that was judged in it,
// where both are at hand; that costs no request.
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
	names := w.beside(c, judged)
	if len(names) == 0 {
		return nil, nil
	}
	why := "merged by hand with more in it than was judged: " + strings.Join(names[:min(len(names), maxStrays)], ", ")
	if more := len(names) - maxStrays; more > 0 {
		why += fmt.Sprintf(" and %d more", more)
	}
	return []Unjudged{unjudgedOf(w.joined[0], why)}, nil
}

// beside are the files of a push that nothing judged brings. A file may have been
// renamed in the branch meanwhile: then it is what was judged under another name.
// Contents are compared where nothing was in the branch that they were merged with.
func (w *walk) beside(c *change.Change, judged map[string][]string) (names []string) {
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
	exact := len(w.spoken) == 1 && len(w.chain) == 1 && w.spoken[0].MergeBase == w.chain[0].Parents[0]
	for _, f := range c.Files {
		blobs, known := judged[f.Path]
		switch {
		case !known && (f.Blob == "" || !slices.Contains(moved, f.Blob)), known && exact && !slices.Contains(blobs, f.Blob):
			names = append(names, clip(f.Path, 100))
		case f.OldPath != "" && judged[f.OldPath] == nil:
			names = append(names, clip(f.OldPath, 100))
		}
	}
	return names
}
