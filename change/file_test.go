package change_test

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/change"
)

func added(path, blob string) change.File {
	return change.NewFile(path, change.NoMode, "", change.Regular, blob)
}

func removed(path, blob string) change.File {
	return change.NewFile(path, change.Regular, blob, change.NoMode, "")
}

// normalised are the files as the change keeps them, shortly.
func normalised(files ...change.File) []string {
	c := change.Change{Files: files}
	c.Normalise()
	var lines []string
	for _, f := range c.Files {
		lines = append(lines, fmt.Sprintf("%s %s<%s", f.Status, f.Path, f.OldPath))
	}
	return lines
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before, after change.Mode
		want          change.Status
		base, head    string
	}{
		{change.NoMode, change.Regular, change.Added, "", "p"},
		{change.NoMode, change.Submodule, change.Added, "", "p"},
		{change.Regular, change.NoMode, change.Removed, "p", ""},
		{change.Regular, change.Regular, change.Modified, "p", "p"},
		{change.Regular, change.Executable, change.Modified, "p", "p"},
		{change.Symlink, change.Symlink, change.Modified, "p", "p"},
		{change.Regular, change.Symlink, change.TypeChanged, "p", "p"},
		{change.Symlink, change.Executable, change.TypeChanged, "p", "p"},
		{change.Submodule, change.Regular, change.TypeChanged, "p", "p"},
		{change.Symlink, change.Submodule, change.TypeChanged, "p", "p"},
	} {
		f := change.NewFile("p", c.before, "1", c.after, "2")
		if f.Status != c.want || f.BasePath() != c.base || f.HeadPath() != c.head {
			t.Errorf("%s to %s: %s from %q to %q", c.before, c.after, f.Status, f.BasePath(), f.HeadPath())
		}
	}
	f := change.File{Status: change.Renamed, Path: "new", OldPath: "old"}
	if f.BasePath() != "old" || f.HeadPath() != "new" {
		t.Errorf("renamed: from %q to %q", f.BasePath(), f.HeadPath())
	}
}

func TestRenamesArePaired(t *testing.T) {
	t.Parallel()
	executable := added("new", "1")
	executable.Mode = change.Executable
	link, linked := removed("l", "1"), added("m", "1")
	link.OldMode, linked.Mode = change.Symlink, change.Symlink
	module := added("m", "1")
	module.Mode = change.Submodule
	const empty, empty256 = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
	for name, c := range map[string]struct {
		files []change.File
		want  []string
	}{
		"equal content":            {[]change.File{removed("old", "1"), added("new", "1")}, []string{"renamed new<old"}},
		"other content":            {[]change.File{removed("old", "1"), added("new", "2")}, []string{"added new<", "removed old<"}},
		"only the case":            {[]change.File{removed("A.py", "1"), added("a.py", "1")}, []string{"renamed a.py<A.py"}},
		"became executable":        {[]change.File{removed("old", "1"), executable}, []string{"renamed new<old"}},
		"a copy is no rename":      {[]change.File{change.NewFile("old", change.Regular, "1", change.Regular, "2"), added("new", "1")}, []string{"added new<", "modified old<"}},
		"empty files":              {[]change.File{removed("old", empty), added("new", empty)}, []string{"added new<", "removed old<"}},
		"empty files, sha256":      {[]change.File{removed("old", empty256), added("new", empty256)}, []string{"added new<", "removed old<"}},
		"links":                    {[]change.File{link, linked}, []string{"removed l<", "added m<"}},
		"a link becomes a file":    {[]change.File{link, added("m", "1")}, []string{"removed l<", "added m<"}},
		"a submodule is no file":   {[]change.File{removed("l", "1"), module}, []string{"removed l<", "added m<"}},
		"the same base name first": {[]change.File{removed("a/x", "1"), removed("b/y", "1"), added("c/y", "1"), added("d/z", "1")}, []string{"renamed c/y<b/y", "renamed d/z<a/x"}},
		"more added than removed":  {[]change.File{removed("a", "1"), added("c", "1"), added("b", "1")}, []string{"renamed b<a", "added c<"}},
		"more removed than added":  {[]change.File{removed("b", "1"), removed("a", "1"), added("c", "1")}, []string{"removed b<", "renamed c<a"}},
		"one name on both sides":   {[]change.File{removed("a/x", "1"), removed("b/x", "1"), added("c/x", "1"), added("d/x", "1")}, []string{"renamed c/x<a/x", "renamed d/x<b/x"}},
	} {
		if diff := cmp.Diff(c.want, normalised(c.files...)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Whatever the order of the input: the same files, none lost, none twice, and no
// pair left.
func TestPairingProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var files []change.File
		for i, n := range rapid.SliceOfN(rapid.IntRange(0, 11), 0, 30).Draw(t, "files") {
			path, blob := fmt.Sprintf("d%d/f%d", i, n%2), fmt.Sprint("blob", n%3)
			if n < 6 {
				files = append(files, added(path, blob))
			} else {
				files = append(files, removed(path, blob))
			}
		}
		shuffled := slices.Clone(files)
		rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed"))).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		a, b := change.Change{Files: slices.Clone(files)}, change.Change{Files: shuffled}
		a.Normalise()
		b.Normalise()
		if diff := cmp.Diff(a.Files, b.Files); diff != "" {
			t.Fatalf("the order matters: %s", diff)
		}
		var names []string
		left := make(map[string]change.Status)
		for _, f := range a.Files {
			names = append(names, f.Path)
			if f.OldPath != "" {
				names = append(names, f.OldPath)
				if f.OldBlob != f.Blob {
					t.Fatalf("%+v has two contents", f)
				}
				continue
			}
			blob := f.Blob + f.OldBlob
			if s, ok := left[blob]; ok && s != f.Status {
				t.Fatalf("a pair of %s was not joined: %+v", blob, a.Files)
			}
			left[blob] = f.Status
		}
		slices.Sort(names)
		if len(names) != len(files) || len(slices.Compact(names)) != len(files) {
			t.Fatalf("%d names of %d files: %v", len(names), len(files), names)
		}
	})
}

// Ten thousand copies of one file, moved, must not take quadratic time.
func BenchmarkPairing(b *testing.B) {
	var files []change.File
	for i := range 10000 {
		files = append(files, removed(fmt.Sprintf("old/%d/%d.py", i%100, i), "1"), added(fmt.Sprintf("new/%d/%d.txt", i%100, i), "1"))
	}
	for b.Loop() {
		c := change.Change{Files: slices.Clone(files)}
		c.Normalise()
		if len(c.Files) != 10000 {
			b.Fatal(len(c.Files))
		}
	}
}
