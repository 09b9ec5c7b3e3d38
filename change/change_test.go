package change_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
)

func TestNormaliseOrdersEverything(t *testing.T) {
	t.Parallel()
	labels := []change.Label{{Name: "b"}, {Name: "a", ByAuthor: true}, {Name: "a"}}
	for range 2 {
		c := change.Change{
			Files:   []change.File{added("b", "1"), removed("c", "2"), added("B", "3"), removed("a", "1")},
			Commits: []change.Commit{{ID: "2", Parents: []string{"1"}}, {ID: "1"}},
			Labels:  labels,
		}
		c.Normalise()
		if diff := cmp.Diff([]string{"added B<", "renamed b<a", "removed c<"}, normalised(c.Files...)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"1", "2"}, ids(c.Commits)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]change.Label{{Name: "a"}, {Name: "a", ByAuthor: true}, {Name: "b"}}, c.Labels); diff != "" {
			t.Error(diff)
		}
		labels = []change.Label{{Name: "a"}, {Name: "b"}, {Name: "a", ByAuthor: true}}
	}
}

func TestPathsAreBothNames(t *testing.T) {
	t.Parallel()
	c := change.Change{Files: []change.File{added("b", "1"), removed("a", "1"), removed("c", "2"), added("d/e", "3"), change.NewFile("x", change.Regular, "1", change.Regular, "2")}}
	c.Normalise()
	if diff := cmp.Diff([]string{"a", "b", "c", "d/e", "x"}, c.Paths()); diff != "" {
		t.Error(diff)
	}
	if paths := (&change.Change{}).Paths(); len(paths) != 0 {
		t.Errorf("an empty change touches %q", paths)
	}
}
