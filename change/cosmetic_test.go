package change_test

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/change"
)

// edit is a pair of contents and whether the difference is cosmetic.
type edit struct {
	name, path    string
	before, after []byte
	cosmetic      bool
}

// edits reads the archives of cases: pairs NAME.before.EXT, NAME.after.EXT, whose
// name begins with the truth. What is missed is cosmetic and known not to be
// seen; of what is unsure nobody can say, since versions of a language, or tools,
// read it in different ways.
func edits(t testing.TB) []edit {
	t.Helper()
	archives, err := filepath.Glob("testdata/cosmetic/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no cases", err)
	}
	var all []edit
	for _, file := range archives {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		files := make(map[string][]byte)
		for _, f := range archive.Files {
			files[f.Name] = unescape(t, f.Data)
		}
		for _, f := range archive.Files {
			name, ext, ok := strings.Cut(f.Name, ".before.")
			if !ok {
				continue
			}
			after, ok := files[name+".after."+ext]
			if !ok {
				t.Fatalf("%s has no other side", f.Name)
			}
			all = append(all, edit{name, name + "." + ext, files[f.Name], after, strings.HasPrefix(name, "same-")})
		}
	}
	return all
}

var escape = regexp.MustCompile(`\\\{([0-9a-f]+)\}|\\END\n$`)

// unescape writes the characters that an archive spells.
func unescape(t testing.TB, data []byte) []byte {
	return escape.ReplaceAllFunc(data, func(m []byte) []byte {
		if m[1] == 'E' {
			return nil
		}
		n, err := strconv.ParseUint(string(m[2:len(m)-1]), 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		return []byte(string(rune(n)))
	})
}

// TestCosmetic holds every verdict against its truth: none may wrongly be called
// cosmetic, and of what is, in each language and in all, at most one in twenty
// may be missed, and only what is known to be.
func TestCosmetic(t *testing.T) {
	t.Parallel()
	type count struct{ cosmetic, missed, wrong, others int }
	counts := make(map[string]*count)
	unsure := 0
	sum := func(path string) [2]*count {
		ext := filepath.Ext(path)
		if counts[ext] == nil {
			counts[ext] = new(count)
		}
		if counts[""] == nil {
			counts[""] = new(count)
		}
		return [2]*count{counts[ext], counts[""]}
	}
	for _, e := range edits(t) {
		missed := strings.HasPrefix(e.name, "missed-")
		unsure += btoi(strings.HasPrefix(e.name, "unsure-"))
		both := [][2][]byte{{e.before, e.after}, {e.after, e.before}}
		if strings.HasPrefix(e.name, "diff-hidden") {
			both = both[:1] // what nobody sees must not come, but may go
		}
		for _, sides := range both {
			got := change.Cosmetic(e.path, sides[0], sides[1])
			if got != e.cosmetic {
				t.Errorf("%s: got %v, want %v", e.path, got, e.cosmetic)
			}
			for _, c := range sum(e.path) {
				switch {
				case e.cosmetic || missed:
					c.cosmetic++
					c.missed += btoi(!got)
				default:
					c.others++
					c.wrong += btoi(got)
				}
			}
		}
	}
	t.Logf("%d are not judged, since not everybody would read them in the same way", unsure)
	for ext, c := range counts {
		t.Logf("%6s: %4d cosmetic, %3d missed; %4d not cosmetic, %d wrongly called so", ext, c.cosmetic, c.missed, c.others, c.wrong)
		if c.wrong > 0 || c.missed*20 > c.cosmetic {
			t.Errorf("%s: %d wrong, %d of %d missed", ext, c.wrong, c.missed, c.cosmetic)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestCosmeticHidden: what nobody sees may stay and go, but neither come nor be
// exchanged.
func TestCosmeticHidden(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before, after string
		want          bool
	}{
		{"# a\u200bb\nx = 1\n", "# ab\nx = 1\n", true},
		{"# a\u200bb\nx = 1\n", "# a\u200bb\n# more\nx = 1\n", true},
		{"# a\u200bb\nx = 1\n", "# a\u2060b\nx = 1\n", false},
		{"# a\u200bb\nx = 1\n", "# a\u200bb\u200b\nx = 1\n", false},
		{"x = '\u200b'  # a\n", "x = '\u200b'  # b\n", true},
		{"# \u202e\nx = 1\n", "x = 1\n", false},
		{"# a" + strings.Repeat("\u200b", 2000) + "\n", "# a" + strings.Repeat("\u200b", 2000) + "\n", false},
	} {
		if got := change.Cosmetic("x.py", []byte(c.before), []byte(c.after)); got != c.want {
			t.Errorf("%.40q, %.40q: got %v", c.before, c.after, got)
		}
	}
}

// TestCosmeticNotByText covers what an archive of texts cannot hold.
func TestCosmeticNotByText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, before, after string }{
		{"unknown.rb", "# a\n", "# b\n"},
		{"a.PY", "# a\n", "# b\n"},
		{"nul.py", "x = 1\n", "x = 1 # \x00\n"},
		{"utf8.py", "x = 1\n", "x = 1 # \xff\n"},
		{"utf8.go", "package a\n", "package a // \xc3\n"},
		{"bom.py", "x = 1\n", "\ufeffx = 1\n"},
		{"bom.go", "package a\n", "\ufeffpackage a\n"},
		{"unknown.scss", "// a\n", "// b\n"},
		{"unknown.yml", "# a\n", "# b\n"},
		{"unknown.php", "<?php // a\n", "<?php // b\n"},
		{"Dockerfile", "# a\n", "# b\n"},
		{"Makefile", "# a\n", "# b\n"},
		{"nul.c", "int x;\n", "int x; // \x00\n"},
		{"utf8.rs", "// a\n", "// \xff\n"},
		{"bom.cs", "// a\n", "\ufeff// a\n"},
		{"cr.js", "// a\n", "// b\rx()\n"},
		{"V1__a.sql", "-- a\n", "-- b\n"},
		{"middle.go", "package a // a\ufeff\n", "package a // b\ufeff\n"},
		{"cr.py", "x = 1\n", "# a\rx = 2\nx = 1\n"},
		{"cr.go", "package a\n", "package a // c\rvar x = 1\n"},
		{"cr-at-end.py", "x = 1\n", "x = 1 # a\r"},
		{"pkg/testdata/src/a/a.go", "package a // want \"x\"\n", "package a // want \"y\"\n"},
		{"tests/testdata/a.py", "x = 1 # a\n", "x = 1 # b\n"},
	} {
		if change.Cosmetic(c.path, []byte(c.before), []byte(c.after)) {
			t.Errorf("%s is called cosmetic", c.path)
		}
	}
	if !change.Cosmetic("a.go", []byte("\ufeffpackage a // a\n"), []byte("\ufeffpackage a // b\n")) || !change.Cosmetic("a.pyi", []byte("# a\n"), nil) {
		t.Error("a mark that stays and a file that only had comments are cosmetic")
	}
}

func TestCanBeCosmetic(t *testing.T) {
	t.Parallel()
	for names, want := range map[string]bool{
		"a.go a/b.py a.pyi a.c a.h a.cc a.cpp a.cxx a.hh a.hpp a.hxx a.java a.js a.mjs a.cjs a.jsx a.ts a.mts a.cts a.d.ts a.tsx a.rs a.cs a.kt a.gradle.kts a.swift a.sh a.bash a.sql a.css":                                           true,
		"package.json a.jsonc tsconfig.json .vscode/settings.json db/queries/users.sql testdata.go fixtures.js my-fixtures/a.js src/data/a.py tests/test_a.py fixtures.py data/tests/a.py":                                              true,
		"a.rb a.go.txt Makefile a.yml a.yaml .github/workflows/ci.yml Dockerfile a.php a.scss a.sass a.less a.vue a.html a.xml a.toml a.md a.m a.PY a/go go":                                                                            false,
		"testdata/a.go x/testdata/y/a.go xtestdata/testdata/a.go tests/fixtures/a.js a/__snapshots__/b.json corpus/a.c golden/a.json a/__fixtures__/b.ts a/TestData/b/c.py tests/data/cases/a.py {{cookiecutter.name}}/a.py a/{{x}}.py": false,
		"db/migrations/20240101_users.sql prisma/migrations/1/migration.sql V1__users.sql sql/R__view.sql 001_users.sql src/main/resources/db/migration/V2.sql db/changelog/a.sql":                                                      false,
	} {
		for path := range strings.FieldsSeq(names) {
			if got := change.CanBeCosmetic(path); got != want {
				t.Errorf("%s: got %v", path, got)
			}
		}
	}
}

// TestCosmeticJSONComments: only some files of the format may hold comments.
func TestCosmeticJSONComments(t *testing.T) {
	t.Parallel()
	before, after := []byte("{\"a\": 1} // old\n"), []byte("{\"a\": 1} // new\n")
	for path, want := range map[string]bool{
		"tsconfig.json": true, "a/tsconfig.build.json": true, "jsconfig.json": true, ".vscode/settings.json": true, ".devcontainer/devcontainer.json": true, "a.jsonc": true,
		"package.json": false, "a.json": false, "vscode/settings.json": false,
	} {
		if got := change.Cosmetic(path, before, after); got != want {
			t.Errorf("%s: got %v", path, got)
		}
	}
}
