package pathset_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/changeguard/changeguard/internal/pathset"
)

func TestListsDecideByTheLastMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		list string
		path string
		want bool
	}{
		{"app/core/** !**/*.md", "app/core/a.go", true},
		{"app/core/** !**/*.md", "app/core/README.md", false},
		{"app/core/** !**/*.md app/core/SECURITY.md", "app/core/SECURITY.md", true},
		{"!**/*.md app/core/**", "app/core/README.md", true},
		{"!**/*.md", "a.md", false},
		{"!**/*.md", "a.go", false},
		{"sub-project/** !sub-project/docs/**", "sub-project/docs/x.py", false},
		{"sub-project/** !sub-project/docs/**", "sub-project/src/x.py", true},
		{"**", "any/thing", true},
		{"*", "README.md", true},
		{"*", "docs/README.md", false},
		{"*.js", "app.js", true},
		{"*.js", "src/app.js", false},
		{"**.js", "app.js", true},
		{"**.js", "js/src/app.js", true},
		{"**/*.go", "main.go", true},
		{"docs/*", "docs/README.md", true},
		{"docs/*", "docs/api/README.md", false},
		{"docs/**", "docs/a/b.md", true},
		{"docs/**", "docs", true}, // a link in a folder's place
		{"docs/**", "docs2/a.md", false},
		{"docs", "docs/a.md", false},
		{"docs/**/*.md", "docs/README.md", true},
		{"docs/**/*.md", "docs/a/b.markdown", false},
		{"**/docs/**", "a/b/docs/c/d.md", true},
		{"**/README.md", "README.md", true},
		{"**/*src/**", "my-src/code/app.js", true},
		{"**/migrate-*.sql", "db/sept/migrate-v1.0.sql", true},
		{"{a,b{c,d}}/*.{js,ts}", "bd/x.ts", true},
		{"{a,b{c,d}}/*.{js,ts}", "b/x.ts", false},
		{"src/{a/b,c}/x", "src/a/b/x", true},
		{"src/{,**/}x", "src/x", true},
		{"src/{,**/}x", "src/p/q/x", true},
		{"*{.go,*.md}", "a/b.md", false}, // no double star
		{"[a-c]?.txt", "b1.txt", true},
		{"[!a-c]?.txt", "b1.txt", false},
		{"[^a-c]?.txt", "d1.txt", true},
		{"a[!b]c", "a/c", false},
		{"[a\\-z]", "-", true},
		{"[é-ü]", "ö", true},
		{`\[x\].md`, "[x].md", true},
		{`\!important`, "!important", true},
		{`\*`, "a", false},
		{"a/**/b", "a/b", true},
		{"a/**/b", "a/x/y/b", true},
		{"a/**/b/**/c", "a/b/b/c", true},
		{"a/**/**/c", "a/c", true},
		{"src/**.go", "src/a/b.go", true},
		{"src/a**z/x", "src/a/b/z/x", true},
		{"src/a**z/x", "src/az/x", true},
		{"src/a**z/x", "src/a/bz/y", false},
		{"lib**", "library/a/b", true},
		{"caf\u00e9/**", "cafe\u0301/x", true}, // composed and decomposed are one name
		{"cafe\u0301/**", "caf\u00e9/x", true},
		{"caf{e,i}\u0301/**", "caf\u00e9/x", true},
		{"caf\\e\u0301", "caf\u00e9", true},
		{"?.md", "é.md", true},
		{"test_*.py", "test_a.py", true},
		{"test_*.py", "test_py", false},
		{"aba*aba", "aba", false}, // the ends may not overlap
		{"*a*b*", "xxaxxbxx", true},
		{"*a*b", "xxaxxbxx", false},
		{"a*?b", "ab", false},
		{"*?é[xy]", "..éx", true},
	} {
		m, err := pathset.Compile(pathset.Permit, strings.Fields(c.list)...)
		if err != nil {
			t.Errorf("%s: %v", c.list, err)
			continue
		}
		if got := m.Match(c.path); got != c.want {
			t.Errorf("%q on %q: got %v, want %v", c.list, c.path, got, c.want)
		}
	}
}

func TestProtectAlsoMatchesFolded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		list, path      string
		protect, permit bool
	}{
		{".github/**", ".GitHub/workflows/x.yml", true, false},
		{"README.md", "readme.MD", true, false},
		{"stra\u00dfe/*", "STRASSE/a", true, false},
		{".github/work\ufb02ows/*", ".GITHUB/WORKFLOWS/a", true, false}, // the ligature folds to two letters
		{"config/*", "con\ufb01g/a", true, false},
		{"k/*", "\u212a/x", true, false}, // the Kelvin sign composes to K
		{"s/*", "\u017f/x", true, false},
		{"\u03c3\u03c2", "\u03a3\u03a3", true, false},
		{"E\u0301t\u00e9", "\u00c9T\u00c9", true, false},
		{"src/**", "src/a", true, true},
		{"[A-Z]x", "aX", true, false},
		{"[A-b]x", "_X", true, false},
		{"[Z-a]x", "zX", true, false},
		{"[!a]x", "AX", false, false},
		{"src/** !src/README.md", "src/README.md", false, false},
		{"src/** !src/README.md", "src/readme.md", true, false}, // each use errs on its strict side
		{"src/** !src/Internal/**", "src/internal/a", true, false},
		{"src/** !src/internal/** src/internal/b", "src/Internal/b", true, true},
		{"Src/** !src/internal/**", "src/a", true, false},
		{"SRC/** !src/a", "src/A", false, false},
	} {
		for use, want := range map[pathset.Use]bool{pathset.Protect: c.protect, pathset.Permit: c.permit} {
			m, err := pathset.Compile(use, strings.Fields(c.list)...)
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Match(c.path); got != want {
				t.Errorf("%q on %q, use %d: got %v, want %v", c.list, c.path, use, got, want)
			}
		}
	}
}

func TestOneWalkAnswersAllLists(t *testing.T) {
	t.Parallel()
	var b pathset.Builder
	var lists []pathset.List
	for i := range 100 {
		l, err := b.Add(pathset.Protect, fmt.Sprintf("dir%d/**", i), "!**/*.md")
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, l)
	}
	set := b.Build()
	var m pathset.Matches
	set.Match("dir7/x.go", &m)
	for i, l := range lists {
		if m.Has(l) != (i == 7) {
			t.Errorf("list %d: got %v", i, m.Has(l))
		}
	}
	set.Match("Dir7/x.md", &m)
	for i, l := range lists {
		if m.Has(l) || m.Pattern(l) != 1 {
			t.Errorf("list %d: an exclusion must decide: has %v, glob %d", i, m.Has(l), m.Pattern(l))
		}
	}
}

func TestPatternNamesTheDecidingGlob(t *testing.T) {
	t.Parallel()
	var b pathset.Builder
	protect, err := b.Add(pathset.Protect, "Docs/**", "!docs/a", "src/**", "src/**", "!src/X")
	if err != nil {
		t.Fatal(err)
	}
	permit, err := b.Add(pathset.Permit, "docs/**", "!docs/a")
	if err != nil {
		t.Fatal(err)
	}
	set := b.Build()
	var m pathset.Matches
	for _, c := range []struct {
		path            string
		protect, permit int
	}{
		{"docs/b", 0, 0},
		{"docs/a", 1, 1},
		{"DOCS/a", 1, -1},
		{"Docs/a", 0, -1}, // matched as written, excluded only when folded
		{"src/y", 3, -1},  // the last of two equal ones
		{"src/x", 3, -1},
		{"src/X", 4, -1},
		{"elsewhere", -1, -1},
	} {
		set.Match(c.path, &m)
		if got := m.Pattern(protect); got != c.protect {
			t.Errorf("%s, protecting: glob %d decided, want %d", c.path, got, c.protect)
		}
		if got := m.Pattern(permit); got != c.permit {
			t.Errorf("%s, permitting: glob %d decided, want %d", c.path, got, c.permit)
		}
	}
}

func TestScratchServesAnySet(t *testing.T) {
	t.Parallel()
	var sets []*pathset.Set
	for i := range 3 {
		var b pathset.Builder
		for j := range 20 * i {
			if _, err := b.Add(pathset.Use(j%2), fmt.Sprintf("%d/**/x%d?/*.{a,b}", i, j), "**/*.go"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Add(pathset.Protect, fmt.Sprintf("set%d", i)); err != nil {
			t.Fatal(err)
		}
		sets = append(sets, b.Build())
	}
	var m pathset.Matches
	for range 3 {
		for i, set := range sets {
			set.Match(fmt.Sprintf("Set%d", i), &m)
			if last := pathset.List(20 * i); !m.Has(last) {
				t.Errorf("set %d: not matched", i)
			}
		}
	}
}

func TestEmptySetAndEmptyList(t *testing.T) {
	t.Parallel()
	var none pathset.Builder
	var m pathset.Matches
	none.Build().Match("a/b", &m)

	var b pathset.Builder
	empty, err := b.Add(pathset.Protect)
	if err != nil {
		t.Fatal(err)
	}
	b.Build().Match("a/b", &m)
	if m.Has(empty) || m.Pattern(empty) != -1 {
		t.Error("an empty list matched")
	}
}

func TestSetIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	matcher, err := pathset.Compile(pathset.Protect, "**/*.go", "!vendor/**")
	if err != nil {
		t.Fatal(err)
	}
	var walks sync.WaitGroup
	for i := range 8 {
		walks.Go(func() {
			for range 200 {
				if path := fmt.Sprintf("a%d/É.go", i); !matcher.Match(path) {
					t.Errorf("%s: not matched", path)
				}
				if path := fmt.Sprintf("vendor/%d.go", i); matcher.Match(path) {
					t.Errorf("%s: matched", path)
				}
			}
		})
	}
	walks.Wait()
}

// Not parallel: it counts the allocations of the whole program.
func TestWalkDoesNotAllocate(t *testing.T) {
	var b pathset.Builder
	if _, err := b.Add(pathset.Protect, "dir/**", "**/*.md", "**/*[0-9]*", "!Src/?*.go"); err != nil {
		t.Fatal(err)
	}
	set := b.Build()
	var m pathset.Matches
	paths := []string{"dir/a/b/c.go", "Dir/README.md", "src/Main9.go", strings.Repeat("a/", 100) + "b"}
	walk := func() {
		for _, p := range paths {
			set.Match(p, &m)
		}
	}
	walk()
	if n := testing.AllocsPerRun(100, walk); n > 0 {
		t.Errorf("walks allocate %v times", n)
	}
}

func TestBuilderRefusesTooMuch(t *testing.T) {
	t.Parallel()
	var b pathset.Builder
	for i := range 100 {
		patterns := make([]string, pathset.MaxPatterns/100)
		for j := range patterns {
			patterns[j] = fmt.Sprintf("a/%d/%d", i, j)
		}
		if _, err := b.Add(pathset.Permit, patterns...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Add(pathset.Permit, "x"); err == nil || !strings.Contains(err.Error(), "more than 10000 globs") {
		t.Errorf("one glob too many: got %v", err)
	}

	// A policy of a megabyte could hold thousands of globs whose braces make a
	// thousand alternatives each.
	var wide pathset.Builder
	var refused error
	for i := 0; i < 1000 && refused == nil; i++ {
		_, refused = wide.Add(pathset.Protect, fmt.Sprintf("%d", i)+strings.Repeat("/{a,b}", 9))
	}
	if refused == nil || !strings.Contains(refused.Error(), "together") {
		t.Errorf("too many alternatives: got %v", refused)
	}
}

func TestBuilderIsUnchangedByAnError(t *testing.T) {
	t.Parallel()
	var b pathset.Builder
	var perr *pathset.PatternError
	if _, err := b.Add(pathset.Protect, "a", "b", "!c["); !errors.As(err, &perr) || perr.Index != 2 || perr.Offset != 2 || perr.Pattern != "!c[" {
		t.Fatalf("got %+v", perr)
	}
	l, err := b.Add(pathset.Protect, "b")
	if err != nil || l != 0 {
		t.Fatal(l, err)
	}
	var m pathset.Matches
	set := b.Build()
	if set.Match("a", &m); m.Has(l) {
		t.Error("a glob of the refused list matches")
	}
	if set.Match("b", &m); !m.Has(l) {
		t.Error("b is not matched")
	}
}
