package change_test

import (
	"bytes"
	"go/scanner"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/change"
)

// Each archive in testdata/cosmetic holds pairs NAME.before.EXT, NAME.after.EXT;
// those whose name begins with "same" are cosmetic, the others are not.
func TestCosmetic(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/cosmetic/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no cases", err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files := make(map[string][]byte)
		for _, f := range a.Files {
			files[f.Name] = f.Data
		}
		for _, f := range a.Files {
			name, ext, ok := strings.Cut(f.Name, ".before.")
			if !ok {
				continue
			}
			after, ok := files[name+".after."+ext]
			if !ok {
				t.Fatalf("%s has no other side", f.Name)
			}
			want := strings.HasPrefix(name, "same")
			if got := change.Cosmetic("x."+ext, f.Data, after); got != want {
				t.Errorf("%s: got %v, want %v", f.Name, got, want)
			}
			if got := change.Cosmetic("x."+ext, after, f.Data); got != want {
				t.Errorf("%s, backwards: got %v, want %v", f.Name, got, want)
			}
		}
	}
}

func TestCosmeticGivesUp(t *testing.T) {
	t.Parallel()
	for name, sides := range map[string][2]string{
		"unknown.rb":   {"# a\n", "# b\n"},
		"nul.py":       {"x = 1\n", "x = 1 # \x00\n"},
		"utf8.py":      {"x = 1\n", "x = 1 # \xff\n"},
		"cr.py":        {"x = 1\n", "# a\rx = 2\nx = 1\n"},
		"bidi.go":      {"package a // x\n", "package a // \u202e x\n"},
		"feed.py":      {"if a:\n  b\n", "if a:\n\f  b\n"},
		"open.py":      {"x = '''a\n", "x = '''a\n# c\n"},
		"open.go":      {"package a /* \n", "package a /* x\n"},
		"cgo.go":       {"package a\n// int x;\nimport \"C\"\n", "package a\n// int y;\nimport \"C\"\n"},
		"x_test.go":    {"package a\n// Output: a\n", "package a\n// Output: b\n"},
		"nested.py":    {"x = f\"{a[\"b\"]}\" # c\n", "x = f\"{a[\"b\"]}\" # d\n"},
		"brackets.py":  {"x = (\n# a\n", "x = (\n# b\n"},
		"unmatched.py": {"x = )\n# a\n", "x = )\n# b\n"},
	} {
		if change.Cosmetic(name, []byte(sides[0]), []byte(sides[1])) {
			t.Errorf("%s is called cosmetic", name)
		}
	}
}

// FuzzCosmeticGo holds the verdict against the language's own scanner: where we
// say cosmetic, the tokens must be the same, automatic semicolons included.
func FuzzCosmeticGo(f *testing.F) {
	f.Add("package a\nvar x = 1 // c\n", "package a\nvar x = 1\n")
	f.Add("package a\nfunc f() { return /*\n*/ 1 }\n", "package a\nfunc f() { return 1 }\n")
	f.Add("a := `x//y` + \"/*\" + '\\''", "a := `x//y` + \"/*\" +\t'\\''")
	f.Fuzz(func(t *testing.T, before, after string) {
		if !change.Cosmetic("x.go", []byte(before), []byte(after)) {
			return
		}
		a, b := goTokens(before), goTokens(after)
		if a != "" && b != "" && a != b {
			t.Errorf("%q and %q differ:\n%s\n%s", before, after, a, b)
		}
	})
}

// goTokens lists the tokens of a source, "" when it does not scan.
func goTokens(src string) string {
	var s scanner.Scanner
	failed := false
	fset := token.NewFileSet()
	s.Init(fset.AddFile("x.go", -1, len(src)), []byte(src), func(token.Position, string) { failed = true }, 0)
	var b bytes.Buffer
	for {
		_, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		if tok == token.SEMICOLON {
			lit = ";" // "\n" or ";" mean the same
		}
		b.WriteString(tok.String() + " " + lit + "\n")
	}
	if failed {
		return ""
	}
	return strings.TrimSuffix(b.String(), "; ;\n")
}

// A comment line between two lines of Python never matters, and an added
// statement always does.
func FuzzCosmeticPython(f *testing.F) {
	f.Add("def f():\n    '''doc'''\n    return (1,\n  2)\n")
	f.Add("x = rb'a\\'b' # c\n\nif x:\n\ty = f'{x}'\n")
	f.Fuzz(func(t *testing.T, src string) {
		if !strings.HasSuffix(src, "\n") || !change.Cosmetic("x.py", []byte(src), []byte(src)) {
			return
		}
		if !strings.Contains(src, "coding") && !strings.Contains(src, "#!") && !change.Cosmetic("x.py", []byte(src), []byte("# plain words\n\n"+src)) {
			t.Errorf("a comment before %q matters", src)
		}
		if !strings.HasSuffix(src, "\\\n") && change.Cosmetic("x.py", []byte(src), []byte(src+"pass\n")) {
			t.Errorf("a statement after %q does not matter", src)
		}
	})
}

func BenchmarkCosmetic(b *testing.B) {
	line := "    result = compute(value, other) + 'text'  # why\n"
	for _, c := range []struct{ name, path, src string }{
		{"python", "x.py", strings.Repeat("if a:\n"+line, 20000)},
		{"go", "x.go", strings.Repeat("\tresult := compute(value, other) + \"text\" // why\n", 20000)},
		{"newlines.py", "x.py", strings.Repeat("\n", 8<<20)},
		{"quotes.go", "x.go", strings.Repeat("`", 8<<20)},
		{"openers.py", "x.py", strings.Repeat("(", 8<<20)},
		{"slashes.go", "x.go", strings.Repeat("/", 8<<20)},
		{"hashes.py", "x.py", strings.Repeat("#", 8<<20)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(2 * int64(len(c.src)))
			for b.Loop() {
				change.Cosmetic(c.path, []byte(c.src), []byte(c.src))
			}
		})
	}
}
