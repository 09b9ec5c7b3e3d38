package condition

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/nearest"
)

// A Literal is a text in quotes that a variable is compared with.
type Literal struct {
	Name      string // of the variable
	Text      string
	Line, Col int // of the text, within the expression
}

// facts are what a checked expression says about itself.
type facts struct {
	names    []string // variables and functions, without repetition
	compared []Literal
	globs    map[string]*globber // those that are written out
}

// maxPattern bounds a regular expression, with its repetitions written out. RE2
// takes time in proportion to that for every character it looks at.
const maxPattern = 2000

// gatherer walks an expression once.
type gatherer struct {
	tree  *ast.AST
	facts facts
	wrong Errors
}

// gather collects the facts and checks what types cannot say: globs, classes,
// patterns and names from a fixed list that are written out.
func gather(tree *ast.AST) (facts, Errors) {
	g := &gatherer{tree: tree, facts: facts{globs: make(map[string]*globber)}}
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(g.visit))
	return g.facts, g.wrong
}

func (g *gatherer) visit(e ast.Expr) {
	switch e.Kind() {
	case ast.IdentKind:
		if slices.Contains(Names(), e.AsIdent()) {
			g.name(e.AsIdent())
		}
	case ast.CallKind:
		g.call(e.AsCall())
	case ast.MapKind, ast.StructKind:
		// The order of a map's keys is not fixed, and a verdict must be.
		g.fail(e, "maps and messages are not supported; use a list")
	}
}

func (g *gatherer) name(name string) {
	if !slices.Contains(g.facts.names, name) {
		g.facts.names = append(g.facts.names, name)
	}
}

func (g *gatherer) fail(e ast.Expr, message string) {
	line, col := g.place(e)
	g.wrong = append(g.wrong, &Error{line, col, message})
}

func (g *gatherer) place(e ast.Expr) (line, col int) {
	at := g.tree.SourceInfo().GetStartLocation(e.ID())
	col = max(0, at.Column()) + 1
	if e.Kind() == ast.IdentKind { // CEL points at its last dot
		col -= max(0, strings.LastIndexByte(e.AsIdent(), '.'))
	}
	return max(1, at.Line()), max(1, col)
}

func (g *gatherer) call(c ast.CallExpr) {
	args := c.Args()
	switch c.FunctionName() {
	case touches:
		g.name("touches")
		g.glob(args[1])
	case touchesClass:
		g.name("touchesClass")
		if class, ok := text(args[1]); ok {
			if message := nearest.Unknown("class", class, classes()); message != "" {
				g.fail(args[1], message)
			}
		}
	case "matches":
		g.pattern(args[len(args)-1])
	case operators.Equals, operators.NotEquals:
		g.compare(args[0], args[1])
		g.compare(args[1], args[0])
	case operators.In:
		if args[1].Kind() == ast.ListKind {
			for _, item := range args[1].AsList().Elements() {
				g.compare(args[0], item)
			}
		}
	}
}

// glob compiles a glob that is written out.
func (g *gatherer) glob(arg ast.Expr) {
	glob, ok := text(arg)
	if !ok {
		return
	}
	compiled, err := newGlobber(glob)
	if err != nil {
		g.fail(arg, err.Error())
		return
	}
	g.facts.globs[glob] = compiled
}

// pattern checks a regular expression. One that is put together, perhaps from
// what the change says, would be compiled at every look, whatever it costs.
func (g *gatherer) pattern(arg ast.Expr) {
	pattern, ok := text(arg)
	if !ok {
		g.fail(arg, "the pattern of matches must be a text in quotes")
		return
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		g.fail(arg, fmt.Sprintf("the pattern is no regular expression: %v", err))
		return
	}
	if weight(parsed) > maxPattern {
		g.fail(arg, "the pattern is too large; its repetitions multiply")
	}
}

// weight is the size of a pattern with its repetitions written out, at most a
// little more than maxPattern.
func weight(re *syntax.Regexp) int {
	sum := max(1, len(re.Rune))
	for _, sub := range re.Sub {
		sum = min(sum+weight(sub), maxPattern+1)
	}
	if re.Op == syntax.OpRepeat {
		sum = min(sum*max(1, re.Min, re.Max), maxPattern+1)
	}
	return sum
}

// compare notes a variable that is compared with a text, and refuses a text
// that the variable can never be.
func (g *gatherer) compare(variable, literal ast.Expr) {
	value, ok := text(literal)
	if !ok || variable.Kind() != ast.IdentKind {
		return
	}
	for _, v := range variables {
		if v.name != variable.AsIdent() {
			continue
		}
		line, col := g.place(literal)
		g.facts.compared = append(g.facts.compared, Literal{v.name, value, line, col})
		if v.closed != nil {
			if message := nearest.Unknown(v.name, value, v.closed); message != "" {
				g.fail(literal, message)
			}
		}
	}
}

// text is the value of a text in quotes.
func text(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().Value().(string)
	return s, ok
}

func classes() []string {
	var names []string
	for _, c := range change.Classes() {
		names = append(names, string(c))
	}
	return names
}
