package manifest_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/changeguard/changeguard/internal/manifest"
)

// fixtures are those of the rule, which judges what is compared here.
const fixtures = "../../rules/dependencies/testdata"

// TestMatrix prints, with -v, what every format can tell and how each condition
// of it is shown: "n" found in the noisy fixture, "q" quiet, "h" found in the
// hostile one, "r" where that one is refused as unreadable, which is a finding as
// well. A fixture that is missing, or shows nothing, is a failure.
func TestMatrix(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	kinds := manifest.Kinds()
	fmt.Fprintf(&table, "%-20s", "format")
	for _, k := range kinds {
		fmt.Fprintf(&table, " %-17s", k)
	}
	for _, f := range manifest.Formats() {
		fmt.Fprintf(&table, "\n%-20s", f.Name)
		for _, k := range kinds {
			cell := "-"
			if slices.Contains(f.Conditions, k) {
				cell = cellOf(t, f, k)
			}
			fmt.Fprintf(&table, " %-17s", cell)
		}
	}
	t.Log("\n" + table.String())
}

// cellOf looks at the three fixtures of one condition of one format.
func cellOf(t *testing.T, f manifest.Format, k manifest.Kind) string {
	t.Helper()
	var cell []string
	for _, way := range []string{"noisy", "quiet", "hostile"} {
		name := filepath.Join(fixtures, f.Name, string(k)+"-"+way+".txtar")
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Error(err)
			continue
		}
		before, after := sides(a)
		found, refused := shown(before, after, f, k)
		switch {
		case way == "quiet" && found && k == manifest.LockfileDrift:
			t.Errorf("%s is not quiet", name)
		case way == "quiet":
			cell = append(cell, "q")
		case refused && way == "hostile":
			cell = append(cell, "r")
		case !found || refused:
			t.Errorf("%s shows nothing", name)
		default:
			cell = append(cell, way[:1])
		}
	}
	return strings.Join(cell, " ")
}

// sides are the files of both sides; the head begins as the base.
func sides(a *txtar.Archive) (before, after map[string]string) {
	before, after = make(map[string]string), make(map[string]string)
	for _, in := range a.Files {
		if name, ok := strings.CutPrefix(in.Name, "base/"); ok {
			before[name], after[name] = string(in.Data), string(in.Data)
		}
	}
	for _, in := range a.Files {
		name, ok := strings.CutPrefix(in.Name, "head/")
		if bare, gone := strings.CutSuffix(name, "~gone"); gone {
			delete(after, bare)
		} else if ok {
			after[name] = string(in.Data)
		}
	}
	return before, after
}

// shown reports whether a condition occurs in the files of a format, and whether
// one of them is refused.
func shown(before, after map[string]string, f manifest.Format, k manifest.Kind) (found, refused bool) {
	read := func(files map[string]string, name string) *manifest.File {
		text, there := files[name]
		if !there {
			return nil
		}
		file, err := manifest.Parse(name, []byte(text))
		refused = refused || err != nil
		return file
	}
	var heads []*manifest.File
	for name := range after {
		format, _ := manifest.Known(name)
		old, now := read(before, name), read(after, name)
		if now != nil {
			heads = append(heads, now)
		}
		for _, c := range manifest.Compare(old, now) {
			// What changed alone is drift as well.
			found = found || format.Name == f.Name && (slices.Contains(c.Kinds, k) || k == manifest.LockfileDrift && f.Lock && alone(before, after, f))
		}
	}
	for _, asking := range heads {
		for _, lock := range heads {
			found = found || k == manifest.LockfileDrift && len(manifest.Satisfies(asking, lock)) > 0
		}
	}
	return found, refused
}

// alone reports whether no manifest of a lock file changed.
func alone(before, after map[string]string, lock manifest.Format) bool {
	for name := range after {
		for _, base := range lock.Manifests {
			if manifest.SameName(base, name) && before[name] != after[name] {
				return false
			}
		}
	}
	return true
}
