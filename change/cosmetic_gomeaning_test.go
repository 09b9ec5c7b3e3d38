package change_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"path"
	"strings"
	"testing"
	"time"
)

// goMeaning is what the language's own tools make of a source: its tokens, the
// systems it is built on, what is embedded into it and generated from it, what
// the directives above its declarations say and what its examples print.
func goMeaning(src []byte, name string) string {
	var b strings.Builder
	tokens, valid := goTokens(src)
	fmt.Fprintln(&b, valid, only(tokens, false))
	for _, tags := range [][]string{nil, {"x", "linux"}, {"ignore"}} {
		ctx := goContext(src, name)
		ctx.BuildTags = tags
		built, err := ctx.MatchFile("/d", name)
		fmt.Fprintln(&b, "built", built, err != nil)
	}
	ctx := goContext(src, name)
	ctx.UseAllFiles = true
	p, err := ctx.ImportDir("/d", build.ImportComment)
	fmt.Fprintln(&b, "package", err != nil, p.EmbedPatterns, p.TestEmbedPatterns, p.XTestEmbedPatterns, p.CgoCFLAGS, p.CgoLDFLAGS, p.Imports, p.ImportComment)
	for _, d := range append(p.Directives, p.TestDirectives...) {
		fmt.Fprintln(&b, d.Text)
	}
	for line := range strings.Lines(string(src)) {
		if strings.HasPrefix(line, "//go:generate ") {
			b.WriteString(line)
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return b.String()
	}
	goDirectives(&b, file)
	if strings.HasSuffix(name, "_test.go") {
		for _, e := range doc.Examples(file) {
			fmt.Fprintf(&b, "example %s %q %v %v\n", e.Name, e.Output, e.EmptyOutput, e.Unordered)
		}
	}
	return b.String()
}

// goDirectives writes the directives above declarations, and all that stands
// above an import of C.
func goDirectives(b *strings.Builder, file *ast.File) {
	above := func(what string, group *ast.CommentGroup, all bool) {
		if group == nil {
			return
		}
		for _, c := range group.List {
			if all || goDirective.MatchString(c.Text) {
				fmt.Fprintf(b, "%s %q\n", what, strings.TrimRight(c.Text, "\r"))
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			above("func", n.Doc, false)
		case *ast.GenDecl:
			above("declaration", n.Doc, len(n.Specs) > 0 && importsC(n.Specs[0]))
		case *ast.ImportSpec:
			above("import", n.Doc, importsC(n))
		case *ast.ValueSpec:
			above("value", n.Doc, false)
		case *ast.TypeSpec:
			above("type", n.Doc, false)
		case *ast.Field:
			above("field", n.Doc, false)
		}
		return true
	})
}

func importsC(s ast.Spec) bool {
	i, ok := s.(*ast.ImportSpec)
	return ok && strings.Trim(i.Path.Value, "\"`") == "C"
}

// goContext builds a folder that holds one file.
func goContext(src []byte, name string) *build.Context {
	return &build.Context{
		GOOS: "plan9", GOARCH: "amd64", Compiler: "gc", CgoEnabled: true,
		JoinPath: path.Join, IsDir: func(string) bool { return true }, HasSubdir: func(string, string) (string, bool) { return "", false },
		ReadDir:  func(string) ([]fs.FileInfo, error) { return []fs.FileInfo{plainFile(name)}, nil },
		OpenFile: func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(src)), nil },
	}
}

// plainFile is a file of a name.
type plainFile string

func (f plainFile) Name() string     { return string(f) }
func (plainFile) Size() int64        { return 1 }
func (plainFile) Mode() fs.FileMode  { return 0o644 }
func (plainFile) ModTime() time.Time { return time.Time{} }
func (plainFile) IsDir() bool        { return false }
func (plainFile) Sys() any           { return nil }

// goSources have everything in which a comment of Go may mean something.
var goSources = []string{
	"//go:build x\n\npackage a\n\nvar A int\n",
	"// +build x\n\npackage a\n\nvar A int\n",
	"// words\n\n// +build x\n// +build linux\n\n// Package a.\npackage a // import \"a\"\n",
	"/* words */\n\n//go:build x\n// +build x\n\npackage a\n",
	"package a\n\n// int x;\nimport \"C\"\n\n//export f\nfunc f() {}\n\n// words\n//export g\nfunc g() {}\n",
	"package a\n\nimport (\n\t// #cgo CFLAGS: -Dx\n\t\"C\"\n\t_ \"embed\"\n)\n\n//go:embed x\nvar s string\n",
	"package a\n\nimport _ \"embed\"\n\n//go:embed x\n// words\nvar s string\n\nvar (\n\t//go:embed y\n\tt string // y\n)\n",
	"package a_test\n\nfunc ExampleX() {\n\tf()\n\t// Output: x\n}\n\nfunc f() {\n\tg() // words\n\t// Output: x\n}\n",
	"//go:debug x=1\npackage a\n\n//go:generate x y\n//go:noinline\nfunc f() int {\n\treturn /* x */ 1 // y\n}\n",
	"package a\n\nfunc f() {\n\tx := 1 /* a */ /* b */\n\tx++\n\tif x > 1 { // c\n\t\treturn\n\t}\n\tL: /* d */\n\tfor {\n\t\tbreak L // e\n\t}\n}\n",
}

// goPieces are put into sources.
var goPieces = []string{
	" ", "\n", "\n\n", "\t", "/* x */", "/**/", "// x\n", "//", "/*", "*/", "/*\n*/", "/* x\n\n*/", "\n// words\n\n", "/* words */\n\n", "//go:build x\n", "//go:embed x\n", "\t//go:embed z\n",
	"// +build x\n", "//export f\n", "/* x *///go:build x\n", "//go:noinline\n", "//go:debug x=1\n", "// #cgo CFLAGS: -Dx\n", "// Output: x\n", "// import \"x\"\n", "//line x:1\n", "/*line x:1*/",
	";", "\r\n", "\"C\"", "`C`", "{", "}", "(", ")", "import \"C\"\n", "func ExampleX() {\n", "'", "\"", "`", "\\", "é",
}

// TestCosmeticAgainstGo holds thousands of random edits that are called cosmetic
// against what the language's tools make of both sides.
func TestCosmeticAgainstGo(t *testing.T) {
	t.Parallel()
	random, found := newEditor(3, goPieces), 0
	for i := range 60000 {
		before := goSources[i%len(goSources)]
		after := random.edit(before)
		name := []string{"x.go", "x_test.go"}[i/len(goSources)%2]
		if before != after && againstGo(t, name, []byte(before), []byte(after)) {
			found++
		}
	}
	if found < 3000 {
		t.Errorf("only %d edits are called cosmetic", found)
	}
}
