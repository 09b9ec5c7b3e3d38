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
	var spans []span
	helpers := goHelpers(f)
	for _, decl := range f.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Body == nil || !goTestFunc(fn) || len(tests) >= maxTests {
			continue
		}
		t := Test{Name: goName(fn), Line: set.Position(fn.Pos()).Line}
		from, to := set.Position(fn.Pos()).Offset, set.Position(fn.End()).Offset
		t.fill(text[from:to], "")
		t.Repeats = goRepeats(fn.Body)
		t.Asserts, t.Weight = goWeigh(fn.Body, helpers)
		t.skipsOf(fn.Body)
		tests, spans = append(tests, t), append(spans, span{from, to})
	}
	rest, off := restOf(text, spans), goMainSkips(f)
	for i := range tests {
		tests[i].rest = rest
		tests[i].Skipped = tests[i].Skipped || off
	}
	return tests
}

// goMainSkips reports whether a TestMain runs no tests.
func goMainSkips(f *ast.File) bool {
	for _, decl := range f.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Name.Name != "TestMain" || fn.Recv != nil || fn.Body == nil {
			continue
		}
		runs := false
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				name, _ := goCallee(call)
				runs = runs || name == "Run" || goTakesMain(call)
			}
			return !runs
		})
		return !runs
	}
	return false
}

// goTakesMain reports whether a call gets the m of TestMain.
func goTakesMain(call *ast.CallExpr) bool {
	for _, arg := range call.Args {
		if id, ok := arg.(*ast.Ident); ok && id.Name == "m" {
			return true
		}
	}
	return false
}

// goHelpers are the functions of a file that assert and are no tests.
func goHelpers(f *ast.File) map[string]helper {
	helpers := make(map[string]helper)
	for _, decl := range f.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Body == nil || goTestFunc(fn) || len(helpers) >= maxHelpers {
			continue
		}
		if asserts, weight := goWeigh(fn.Body, nil); asserts > 0 {
			helpers[fn.Name.Name] = helper{asserts, weight}
		}
	}
	return helpers
}

// goRepeats reports whether a test goes through cases.
func goRepeats(body ast.Node) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			found = true
		}
		return !found
	})
	return found
}

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

// goWeigh counts calls that fail a test, and those of assertion libraries and of
// helpers. What stands under a condition that cannot hold is none.
func goWeigh(body ast.Node, helpers map[string]helper) (asserts, weight int) {
	bound := make(map[string]bool) // assert := assert.New(t)
	ast.Inspect(body, func(n ast.Node) bool {
		if s, ok := n.(*ast.IfStmt); ok && goNever(s.Cond) {
			return false
		}
		if s, ok := n.(*ast.AssignStmt); ok && goBinds(s, bound) {
			return false
		}
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name, of := goCallee(call)
		if h, known := helpers[name]; known && of == "" {
			asserts, weight = asserts+h.asserts, weight+h.weight
			return true
		}
		w := goAsserts[name]
		if of == "require" || of == "assert" || of == "is" || bound[of] || goHelper.MatchString(name) {
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

func goCallee(call *ast.CallExpr) (name, of string) {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name, ""
	case *ast.SelectorExpr:
		if id, ok := f.X.(*ast.Ident); ok {
			return f.Sel.Name, id.Name
		}
		return f.Sel.Name, "?"
	}
	return "", ""
}

// goBinds notes a variable that is made of a library for this test.
func goBinds(s *ast.AssignStmt, bound map[string]bool) bool {
	if len(s.Lhs) != 1 || len(s.Rhs) != 1 {
		return false
	}
	id, ok := s.Lhs[0].(*ast.Ident)
	call, calls := s.Rhs[0].(*ast.CallExpr)
	if !ok || !calls {
		return false
	}
	name, of := goCallee(call)
	if name != "New" && name != "NewGomegaWithT" && name != "NewWithT" || of == "" || !goHands(call) {
		return false
	}
	bound[id.Name] = true
	return true
}

// goNever reports whether a condition is false, or false and something.
func goNever(cond ast.Expr) bool {
	switch c := cond.(type) {
	case *ast.Ident:
		return c.Name == "false"
	case *ast.ParenExpr:
		return goNever(c.X)
	case *ast.BinaryExpr:
		return c.Op == token.LAND && (goNever(c.X) || goNever(c.Y))
	}
	return false
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

// The marks of a test that skips itself on some system, or when -short is given.
const (
	goShort    = "short"
	goPlatform = "platform"
)

// skipsOf finds out whether a test skips: in its body itself, or under a condition
// there. What depends on -short or the system alone is a mark.
func (t *Test) skipsOf(body *ast.BlockStmt) {
	for _, s := range body.List {
		switch s := s.(type) {
		case *ast.ReturnStmt:
			t.Skipped = true
		case *ast.ExprStmt:
			t.Skipped = t.Skipped || goSkips(s)
		case *ast.BlockStmt, *ast.SwitchStmt:
			if goSkipsWithin(s) {
				t.conditional(s)
			}
		case *ast.IfStmt:
			if s.Else != nil && goSkipsWithin(s.Else) {
				t.conditional(s)
			}
			for _, inner := range s.Body.List {
				if goSkips(inner) {
					t.conditional(s.Cond)
				}
			}
		}
	}
}

// goSkipsWithin reports whether a statement of others skips, those of functions
// within aside.
func goSkipsWithin(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ExprStmt:
			found = found || goSkips(n)
		}
		return !found
	})
	return found
}

func (t *Test) conditional(cond ast.Node) {
	mark := ""
	ast.Inspect(cond, func(n ast.Node) bool {
		if not, ok := n.(*ast.UnaryExpr); ok && not.Op == token.NOT && goCallsShort(not.X) {
			return false // it skips where -short is not given
		}
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if of, ok := sel.X.(*ast.Ident); ok && of.Name == "testing" && sel.Sel.Name == "Short" {
				mark = goShort
			} else if ok && of.Name == "runtime" {
				mark = goPlatform
			}
		}
		return mark == ""
	})
	if mark == "" {
		t.Skipped = true
		return
	}
	t.Marks = append(t.Marks, mark)
}

// goCallsShort reports whether an expression is testing.Short().
func goCallsShort(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	name, of := goCallee(call)
	return name == "Short" && of == "testing"
}

// goSkips reports whether a statement calls t.Skip and the like.
func goSkips(s ast.Stmt) bool {
	e, ok := s.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := e.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	name, _ := goCallee(call)
	return name == "Skip" || name == "Skipf" || name == "SkipNow" || name == "Goexit"
}
