package testset

import (
	"go/ast"
	"go/parser"
	"go/token"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var (
	goTestName = lazyregexp.New(`^(?:Test|Fuzz)(?:[^a-z].*)?$`)
	goAsserts  = map[string]int{
		"Error": 2, "Errorf": 2, "Fatal": 2, "Fatalf": 2, "Fail": 2, "FailNow": 2,
	}
)

// goTests reads test functions. A file that does not parse has none: it does not
// compile either.
func goTests(text string) []Test {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, "x_test.go", text, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return nil
	}
	var tests []Test
	for _, decl := range f.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Body == nil || !goTestFunc(fn) || len(tests) >= maxTests {
			continue
		}
		t := Test{Name: goName(fn), Line: set.Position(fn.Pos()).Line}
		from, to := set.Position(fn.Pos()).Offset, set.Position(fn.End()).Offset
		t.fill(text[from:to], "", scale{call: never})
		t.Asserts, t.Weight = goWeigh(fn.Body)
		t.Skipped = goSkips(fn.Body)
		tests = append(tests, t)
	}
	return tests
}

var never = lazyregexp.New(`$^a`)

// goTestFunc is TestX, FuzzX, or a method that a suite runs.
func goTestFunc(fn *ast.FuncDecl) bool {
	if !goTestName.MatchString(fn.Name.Name) || fn.Name.Name == "TestMain" {
		return false
	}
	n := fn.Type.Params.NumFields()
	return fn.Recv == nil && n == 1 || fn.Recv != nil && n == 0
}

func goName(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	recv := fn.Recv.List[0].Type
	if star, ok := recv.(*ast.StarExpr); ok {
		recv = star.X
	}
	if id, ok := recv.(*ast.Ident); ok {
		return id.Name + "." + fn.Name.Name
	}
	return fn.Name.Name
}

// goWeigh counts calls that fail a test, and those of assertion libraries.
func goWeigh(body ast.Node) (asserts, weight int) {
	ast.Inspect(body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name, of := "", ""
		switch f := call.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
			if id, ok := f.X.(*ast.Ident); ok {
				of = id.Name
			}
		}
		w := goAsserts[name]
		if of == "require" || of == "assert" || of == "is" || goHelper.MatchString(name) {
			w = 2
			if goWeak[name] {
				w = 1
			}
		}
		if w == 0 && of != "t" && goHands(call) {
			w = 2 // a helper that gets t may fail the test
		}
		if w > 0 {
			asserts, weight = asserts+1, weight+w
		}
		return true
	})
	return asserts, weight
}

// goHands reports whether a call hands the test on.
func goHands(call *ast.CallExpr) bool {
	if len(call.Args) == 0 {
		return false
	}
	id, ok := call.Args[0].(*ast.Ident)
	return ok && (id.Name == "t" || id.Name == "tb")
}

var (
	goHelper = lazyregexp.New(`^(?i:assert|check|verify|expect|require|must|want)`)
	goWeak   = map[string]bool{"True": true, "False": true, "NotNil": true, "Nil": true, "NotEmpty": true, "NotPanics": true}
)

// goSkips reports whether a test always skips: a call that stands in its body
// itself, before anything else decides.
func goSkips(body *ast.BlockStmt) bool {
	for _, s := range body.List {
		e, ok := s.(*ast.ExprStmt)
		if !ok {
			if _, returns := s.(*ast.ReturnStmt); returns {
				return true
			}
			continue
		}
		if call, ok := e.X.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && (sel.Sel.Name == "Skip" || sel.Sel.Name == "Skipf" || sel.Sel.Name == "SkipNow") {
				return true
			}
		}
	}
	return false
}
