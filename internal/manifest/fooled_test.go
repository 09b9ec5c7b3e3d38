package manifest_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/changeguard/changeguard/internal/manifest"
)

// TestReadersAreNotFooled: each archive of testdata/fooled has a manifest that is a
// program, what a clever author makes of it, and a harmless edit. The reader itself
// has to see the first, by a change that is a finding by default, by a part that it
// did not read or by an error, and nothing in the second.
func TestReadersAreNotFooled(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/fooled/*.txtar")
	if err != nil || len(names) < 30 {
		t.Fatalf("%d archives: %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if seen, what := readerSees(t, a.Files[0], a.Files[1]); !seen {
				t.Errorf("%s\nnothing is seen: %s", a.Comment, what)
			}
			if seen, what := readerSees(t, a.Files[0], a.Files[2]); seen {
				t.Errorf("%s\nthe harmless edit is no news: %s", a.Comment, what)
			}
		})
	}
}

func readerSees(t *testing.T, before, after txtar.File) (seen bool, what string) {
	t.Helper()
	_, name, _ := strings.Cut(before.Name, "/")
	old := parse(t, name, before.Data)
	now, err := manifest.Parse(name, after.Data)
	if err != nil {
		return true, err.Error()
	}
	for _, c := range manifest.Compare(old, now) {
		what += describe(c)
		seen = seen || slices.ContainsFunc(c.Kinds, func(k manifest.Kind) bool {
			return k != manifest.Removed && k != manifest.Minor && k != manifest.Patch
		})
	}
	if part, ok := manifest.NewlyUnread(old, now); ok {
		return true, what + "unread " + part.Text
	}
	return seen, what
}
