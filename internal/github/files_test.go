package github_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/ghfake"
)

func many(n int, content string) ghfake.Files {
	list := make(ghfake.Files)
	for i := range n {
		list[fmt.Sprintf("d%02d/f%04d.txt", i%20, i)] = ghfake.Text(content)
	}
	return list
}

// Beyond what a comparison shows, two trees are read.
func TestMoreFilesThanAComparisonShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(many(400, "1\n"), many(350, "2\n"))
	c := w.load(n).Change
	if len(c.Files) != 350 || len(c.Gaps) != 0 {
		t.Errorf("%d files, %v", len(c.Files), c.Gaps)
	}
	if diff := cmp.Diff([]string{compare, query, tree, tree}, w.asked()); diff != "" {
		t.Error(diff)
	}
}

// Trees that GitHub cuts are walked only into the folders that differ.
func TestCutTreesAreWalkedWhereTheyDiffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{TreeLimit: 320}, nil)
	base := many(600, "1\n") // 20 folders of 30
	changes := ghfake.Files{"d00/f0000.txt": nil, "top": ghfake.Text("t\n"), "d19/deep/er/x": ghfake.Text("x\n"), "d07": ghfake.Text("a file now\n")}
	for name := range base {
		if strings.HasPrefix(name, "d07/") {
			changes[name] = nil
		}
	}
	for i := range 310 {
		changes[fmt.Sprintf("new/sub%d/n%d", i%3, i)] = ghfake.Text("n\n")
	}
	delete(changes, "d07")
	n := w.open(base, changes)
	c := w.load(n).Change
	if want := 1 + 1 + 1 + 30 + 310; len(c.Files) != want || len(c.Gaps) != 0 {
		t.Errorf("%d files, want %d; %v", len(c.Files), want, c.Gaps)
	}
	asked := w.asked()
	// Two whole trees and two top levels; then d00, d07, d19 and new.
	if got := len(asked) - 2; got > 12 {
		t.Errorf("%d trees were read for 4 folders that differ", got)
	}
}

// A change must not use up the hour: beyond a number of folders it is too large.
func TestWalkingHasAnEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{TreeLimit: 300}, nil)
	changes := make(ghfake.Files)
	for i := range 310 {
		changes[fmt.Sprintf("d%03d/x", i)] = ghfake.Text("2\n")
	}
	base := make(ghfake.Files)
	for name := range changes {
		base[name] = ghfake.Text("1\n")
	}
	n := w.open(base, changes)
	c := w.load(n).Change
	if !has(gaps(c), "more folders of a large repository") {
		t.Errorf("%v", gaps(c))
	}
	if got := len(w.asked()); got > 410 {
		t.Errorf("%d requests", got)
	}
}

// A query that GitHub cuts short is asked again in another way.
func TestQueriesThatAreTooCostly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{Limits: ghfake.Limits{QueryObjects: 60}}, nil)
	n := w.open(many(120, "1\n"), many(120, "2\n"))
	c := w.load(n).Change
	if len(c.Files) != 120 || len(c.Gaps) != 0 {
		t.Errorf("%d files, %v", len(c.Files), c.Gaps)
	}
	found, err := c.Source.Entries(context.Background(), change.AtBase, c.Paths())
	if err != nil || len(found) != 120 {
		t.Errorf("%d entries, %v", len(found), err)
	}
	var ids []string
	for _, f := range c.Files {
		ids = append(ids, f.Blob)
	}
	blobs, err := c.Source.Blobs(context.Background(), slices.Compact(ids), change.Limits{File: 100, Change: 1000})
	if err != nil || string(blobs[ids[0]].Data) != "2\n" {
		t.Errorf("%v, %v", blobs, err)
	}
}

// Names that are no UTF-8 arrive with replacement characters; what hides behind
// them shows as a finding or as a gap.
func TestNamesThatAreNoUTF8(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		base, changes ghfake.Files
		limit         int
		file, gap     string
	}{
		"added": {some, ghfake.Files{"d/\xff": ghfake.Text("x\n")}, 0, "added d/\uFFFD", ""},
		"one of two that look alike": {
			ghfake.Files{"d/\xfe": ghfake.Text("x\n"), "d/\xff": ghfake.Text("y\n")}, ghfake.Files{"d/\xff": ghfake.Text("z\n")}, 0, "modified d/\uFFFD", "",
		},
		"a file that hides behind another": {
			ghfake.Files{"d/\xff": ghfake.Text("x\n")}, ghfake.Files{"d/\xfe": ghfake.Text("x\n"), "d/\xff": ghfake.Text("evil\n")}, 0, "added d/\uFFFD", "",
		},
		"renamed to what looks the same": {ghfake.Files{"d/\xff": ghfake.Text("x\n")}, ghfake.Files{"d/\xff": nil, "d/\xfe": ghfake.Text("x\n")}, 0, "", `folder "d"`},
		"that at the top":                {ghfake.Files{"\xff": ghfake.Text("x\n")}, ghfake.Files{"\xff": nil, "\xfe": ghfake.Text("x\n")}, 0, "", `folder ""`},
		"a folder renamed so": {
			ghfake.Files{"d/\xff/a": ghfake.Text("x\n"), "d/b": ghfake.Text("b\n")}, ghfake.Files{"d/\xff/a": nil, "d/\xfe/a": ghfake.Text("x\n")}, 0, "", `folder "d"`,
		},
		"a file in such a folder": {
			ghfake.Files{"d/\xff/a": ghfake.Text("x\n")}, ghfake.Files{"d/\xff/a": ghfake.Text("y\n")}, 0, "modified d/\uFFFD/a", "",
		},
		"in a tree that is cut": {
			ghfake.Files{"d/\xff/a": ghfake.Text("x\n"), "d/1": ghfake.Text("1\n"), "d/2": ghfake.Text("2\n")}, ghfake.Files{"d/\xff/a": ghfake.Text("y\n")}, 3, "", "no UTF-8",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{TreeLimit: c.limit}, nil)
			got := w.load(w.open(c.base, c.changes)).Change
			if c.file != "" && !slices.Contains(files(got), c.file) || c.gap != "" && !has(gaps(got), c.gap) {
				t.Errorf("files %q, gaps %q", files(got), gaps(got))
			}
			if c.gap == "" && len(got.Gaps) > 0 {
				t.Errorf("gaps %q", gaps(got))
			}
		})
	}
}

// What did not change is no finding, whatever its name.
func TestOtherNamesThatAreNoUTF8AreLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	base, changes := many(350, "1\n"), many(350, "2\n")
	base["d00/\xff"], base["other/\xff/x"] = ghfake.Text("x\n"), ghfake.Text("x\n")
	c := w.load(w.open(base, changes)).Change
	if len(c.Files) != 350 || len(c.Gaps) != 0 {
		t.Errorf("%d files, %v", len(c.Files), c.Gaps)
	}
}
