package rulestest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
)

// Table runs the tables of a folder: archives of many small cases. A case begins
// with an empty file "case: what it shows"; base/…, head/… and want follow as in a
// fixture, but want has a line "path:line: key" per finding. It wants at least
// so many cases that find something, and so many that do not.
func Table(t *testing.T, dir string, atLeast int, run func(*change.Change) ([]rules.Finding, error)) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no tables in %s: %v", dir, err)
	}
	noisy, quiet := 0, 0
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases(a) {
			what := c.Files[0].Name
			t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar")+"/"+what, func(t *testing.T) {
				if runCase(t, c, run) {
					noisy++
				} else {
					quiet++
				}
			})
		}
	}
	if noisy < atLeast || quiet < atLeast {
		t.Errorf("the tables of %s have %d noisy and %d quiet cases, fewer than %d", dir, noisy, quiet, atLeast)
	}
}

// cases splits an archive; the first file of each is what it shows.
func cases(a *txtar.Archive) []*txtar.Archive {
	var list []*txtar.Archive
	for _, f := range a.Files {
		if what, begins := strings.CutPrefix(f.Name, "case: "); begins {
			list = append(list, &txtar.Archive{})
			f.Name = what
		}
		last := list[len(list)-1]
		last.Files = append(last.Files, f)
	}
	return list
}

// runCase reports whether a case is to find something.
func runCase(t *testing.T, c *txtar.Archive, run func(*change.Change) ([]rules.Finding, error)) bool {
	t.Helper()
	i := slices.IndexFunc(c.Files, func(f txtar.File) bool { return f.Name == "want" })
	if i != len(c.Files)-1 {
		t.Fatal("the case does not end in what it wants")
	}
	want := string(c.Files[i].Data)
	found, err := run(changetest.New(trees(c)))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, f := range found {
		fmt.Fprintf(&got, "%s:%d: %s\n", f.Path, f.Line, f.Key)
	}
	if got.String() != want {
		t.Errorf("findings:\n%swant:\n%s", got.String(), want)
	}
	return want != ""
}
