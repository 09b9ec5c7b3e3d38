package logkey_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// folders log with the constants of this package.
var folders = []string{"webhook", "internal/queue", "internal/app", "internal/store", "guard", "internal/web", "internal/github"}

// levels are the methods of a logger, by the position of their first key.
var levels = map[string]int{"DebugContext": 2, "InfoContext": 2, "WarnContext": 2, "ErrorContext": 2, "Debug": 1, "Info": 1, "Warn": 1, "Error": 1, "With": 0}

// A key in quotes is soon spelled in two ways.
func TestKeysAreConstants(t *testing.T) {
	t.Parallel()
	calls := 0
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join("../..", folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", folder, err)
		}
		for _, name := range files {
			if !strings.HasSuffix(name, "_test.go") {
				calls += keysOf(t, name)
			}
		}
	}
	if calls < 10 {
		t.Errorf("%d calls of a logger; the test shows nothing", calls)
	}
}

// keysOf looks at the calls of a logger in a file, and counts them.
func keysOf(t *testing.T, name string) (calls int) {
	t.Helper()
	positions := token.NewFileSet()
	file, err := parser.ParseFile(positions, name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !isLogger(method.X) {
			return true
		}
		first, ok := levels[method.Sel.Name]
		if !ok {
			return true
		}
		calls++
		for i := first; i < len(call.Args); i += 2 {
			if !isConstant(call.Args[i]) {
				t.Errorf("%s: the key is no constant of logkey", positions.Position(call.Args[i].Pos()))
			}
		}
		return true
	})
	return calls
}

// isLogger reports whether an expression ends in a name that loggers have.
func isLogger(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.SelectorExpr:
		return strings.EqualFold(x.Sel.Name, "logger")
	case *ast.Ident:
		return strings.EqualFold(x.Name, "logger")
	}
	return false
}

func isConstant(x ast.Expr) bool {
	s, ok := x.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	p, ok := s.X.(*ast.Ident)
	return ok && p.Name == "logkey"
}
