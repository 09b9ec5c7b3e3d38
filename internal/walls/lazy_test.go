package walls

import (
	"go/ast"
	"go/constant"
	"regexp"
	"testing"
)

// An expression that is compiled late is one that would fail late: each is
// compiled here, and so must be one that the compiler knows.
func TestLazyExpressionsCompile(t *testing.T) {
	t.Parallel()
	found, put := 0, make(map[string]bool)
	for _, c := range theHouse(t).checked {
		for call, value := range c.info.Types {
			made, ok := call.(*ast.CallExpr)
			if !ok || len(made.Args) != 1 || value.Type.String() != "*"+module+"/internal/lazyregexp.Regexp" {
				continue
			}
			found++
			text := c.info.Types[made.Args[0]].Value
			if text == nil || text.Kind() != constant.String {
				put[c.name()] = true
				continue
			}
			if _, err := regexp.Compile(constant.StringVal(text)); err != nil {
				t.Errorf("%s: %v", c.where(made.Pos()), err)
			}
		}
	}
	// Tables whose expressions are put together have tests of their own.
	for name := range put {
		if name != "rules/deploymentports" && name != "rules/environmentvariables" {
			t.Errorf("%s: an expression is no constant, so nobody knows whether it compiles", name)
		}
	}
	if found < 80 {
		t.Errorf("only %d expressions", found)
	}
}
