package declaredscope

import (
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestFileLists: each file of testdata/lists/bodies.txtar is a body, and above it stand
// the names that it lists; none when it lists no modified files.
func TestFileLists(t *testing.T) {
	t.Parallel()
	a, err := txtar.ParseFile("testdata/lists/bodies.txtar")
	if err != nil || len(a.Files) < 15 {
		t.Fatal(err, len(a.Files))
	}
	for _, f := range a.Files {
		_, want, _ := strings.Cut(f.Name, " | ")
		names, ok := fileList(string(f.Data))
		got := ""
		if ok {
			got = strings.Join(names, " ")
		}
		if got != want {
			t.Errorf("%s: got %q", f.Name, got)
		}
	}
}

// What a listing covers.
func TestListingCovers(t *testing.T) {
	t.Parallel()
	l := newListing([]string{"a.go", "src/b.go", "web/", "lib/**", "api/*.ts", "**/*.proto", "x/{y,z}.c", "", "/", "*", "{", strings.Repeat("*a", 500)})
	for path, want := range map[string]bool{
		"a.go": true, "deep/a.go": true, "src/b.go": true, "pkg/src/b.go": true, "web/x/y.ts": true, "lib/c.go": true, "api/v.ts": true, "pkg/api/v.ts": true, "p/q.proto": true, "x/z.c": true,
		"ba.go": false, "b.go": false, "webs/x": false, "api/v/w.ts": false, "c.go": false, "": false,
	} {
		if got := l.covers(path); got != want {
			t.Errorf("covers %q: %t", path, got)
		}
	}
}

// FuzzFileList: any body ends, and its names are not empty.
func FuzzFileList(f *testing.F) {
	a, err := txtar.ParseFile("testdata/lists/bodies.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range a.Files {
		f.Add(string(file.Data))
	}
	f.Fuzz(func(t *testing.T, body string) {
		names, ok := fileList(body)
		if ok && len(names) == 0 {
			t.Errorf("a list without names")
		}
		newListing(names).covers(body)
	})
}
