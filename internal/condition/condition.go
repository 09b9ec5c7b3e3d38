package condition

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/internal/pathset"
)

// The limits of an expression.
const (
	MaxSource = 4096      // bytes
	costLimit = 2_000_000 // CEL's units: about one for each step and each path looked at
	maxDepth  = 100
)

// ErrLimit is wrapped when an expression would take too long. It then has no
// value, and what depends on it is not judged.
var ErrLimit = errors.New("the expression is too costly for this change")

// An Error is a mistake in an expression.
type Error struct {
	Line, Col int // 1-based, within the expression
	Message   string
}

func (e *Error) Error() string { return e.Message }

// A Program is a compiled expression. It is immutable and safe for concurrent
// use.
type Program struct {
	source  string
	program cel.Program
}

// Source is the expression as it was written.
func (p *Program) Source() string { return p.source }

// Compile parses and type-checks an expression, which must be boolean.
func Compile(source string) (*Program, *Error) {
	if len(source) > MaxSource {
		return nil, &Error{1, 1, fmt.Sprintf("the expression is longer than %d bytes", MaxSource)}
	}
	env, err := environment()
	if err != nil {
		return nil, &Error{1, 1, err.Error()}
	}
	checked, issues := env.Compile(source)
	if issues != nil && issues.Err() != nil {
		return nil, firstIssue(issues)
	}
	if checked.OutputType() != cel.BoolType {
		return nil, &Error{1, 1, fmt.Sprintf("the expression must be true or false, this one is of type %s", checked.OutputType())}
	}
	if err := checkLiterals(checked.NativeRep()); err != nil {
		return nil, err
	}
	program, err := env.Program(checked, cel.CostLimit(costLimit), cel.CostTracking(costs{}), cel.InterruptCheckFrequency(100))
	if err != nil {
		return nil, &Error{1, 1, err.Error()}
	}
	return &Program{source, program}, nil
}

// firstIssue words the first problem; the others often follow from it.
func firstIssue(issues *cel.Issues) *Error {
	e := issues.Errors()[0]
	message := e.Message
	if rest, ok := strings.CutPrefix(message, "undeclared reference to '"); ok {
		name, _, _ := strings.Cut(rest, "'")
		message = fmt.Sprintf("unknown name %q", name)
		if known := nearest.Of(name, names()); known != "" {
			message += fmt.Sprintf("; did you mean %q?", known)
		} else {
			message += "; known are " + strings.Join(names(), ", ")
		}
	}
	return &Error{max(1, e.Location.Line()), max(0, e.Location.Column()) + 1, message}
}

// variables are the names that expressions see, in the manual's order.
var variables = []struct {
	name string
	kind *cel.Type
	of   func(*Vars) any
}{
	{"event", cel.StringType, func(v *Vars) any { return v.Event }},
	{"session.mode", cel.StringType, func(v *Vars) any { return v.Session.Mode }},
	{"session.actor", cel.StringType, func(v *Vars) any { return v.Session.Actor }},
	{"session.agent", cel.StringType, func(v *Vars) any { return v.Session.Agent }},
	{"session.ids", cel.ListType(cel.StringType), func(v *Vars) any { return v.Session.IDs }},
	{"author.login", cel.StringType, func(v *Vars) any { return v.Author.Login }},
	{"author.kind", cel.StringType, func(v *Vars) any { return v.Author.Kind }},
	{"pr.title", cel.StringType, func(v *Vars) any { return v.PR.Title }},
	{"pr.body", cel.StringType, func(v *Vars) any { return v.PR.Body }},
	{"pr.labels", cel.ListType(cel.StringType), func(v *Vars) any { return v.PR.Labels }},
	{"pr.base", cel.StringType, func(v *Vars) any { return v.PR.Base }},
	{"pr.head", cel.StringType, func(v *Vars) any { return v.PR.Head }},
	{"pr.draft", cel.BoolType, func(v *Vars) any { return v.PR.Draft }},
	{"pr.fork", cel.BoolType, func(v *Vars) any { return v.PR.Fork }},
	{"change.files", cel.IntType, func(v *Vars) any { return v.Change.Files }},
	{"change.commits", cel.IntType, func(v *Vars) any { return v.Change.Commits }},
	{"change.additions", cel.IntType, func(v *Vars) any { return lines(v, true) }},
	{"change.deletions", cel.IntType, func(v *Vars) any { return lines(v, false) }},
	{"change.paths", cel.ListType(cel.StringType), func(v *Vars) any { return v.Change.Paths }},
	{"risk.score", cel.IntType, func(v *Vars) any { return v.Risk.Score }},
	{"risk.level", cel.StringType, func(v *Vars) any { return v.Risk.Level }},
}

// lines counts only when an expression asks.
func lines(v *Vars, added bool) any {
	if v.Lines == nil {
		return types.NewErr("the lines of the change are not known")
	}
	a, d, err := v.Lines()
	switch {
	case err != nil:
		return types.WrapErr(err)
	case added:
		return a
	default:
		return d
	}
}

func names() []string {
	list := make([]string, 0, len(variables)+2)
	for _, v := range variables {
		list = append(list, v.name)
	}
	return append(list, "touches", "touchesClass")
}

// The functions get at the change through a hidden variable, which macros put
// in front of their argument; CEL's functions themselves have no state.
const (
	hidden       = "@change"
	touches      = "@touches"
	touchesClass = "@touchesClass"
)

var environment = sync.OnceValues(func() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.ParserRecursionLimit(maxDepth),
		cel.ParserExpressionSizeLimit(MaxSource),
		cel.Variable(hidden, viewType),
		cel.Macros(
			cel.GlobalMacro("touches", 1, expand(touches)),
			cel.GlobalMacro("touchesClass", 1, expand(touchesClass)),
		),
		cel.Function(touches, cel.Overload("touches_glob", []*cel.Type{viewType, cel.StringType}, cel.BoolType, cel.BinaryBinding(callTouches))),
		cel.Function(touchesClass, cel.Overload("touches_class", []*cel.Type{viewType, cel.StringType}, cel.BoolType, cel.BinaryBinding(callTouchesClass))),
		cel.ASTValidators(cel.ValidateComprehensionNestingLimit(2), cel.ValidateRegexLiterals()),
	}
	for _, v := range variables {
		options = append(options, cel.Variable(v.name, v.kind))
	}
	return cel.NewEnv(append([]cel.EnvOption{cel.ClearMacros(), cel.Macros(cel.StandardMacros...)}, options...)...)
})

func expand(function string) cel.MacroFactory {
	return func(f cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
		return f.NewCall(function, f.NewIdent(hidden), args[0]), nil
	}
}

// checkLiterals validates globs and classes that are written out.
func checkLiterals(tree *ast.AST) *Error {
	var found *Error
	visitor := ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || found != nil {
			return
		}
		call := e.AsCall()
		name := call.FunctionName()
		if name != touches && name != touchesClass || len(call.Args()) != 2 || call.Args()[1].Kind() != ast.LiteralKind {
			return
		}
		text, _ := call.Args()[1].AsLiteral().Value().(string)
		if err := checkLiteral(name, text); err != "" {
			at := tree.SourceInfo().GetStartLocation(call.Args()[1].ID())
			found = &Error{max(1, at.Line()), at.Column() + 1, err}
		}
	})
	ast.PostOrderVisit(tree.Expr(), visitor)
	return found
}

func checkLiteral(function, text string) string {
	if function == touches {
		if err := pathset.Validate(text); err != nil {
			return err.Error()
		}
		return ""
	}
	var classes []string
	for _, c := range change.Classes() {
		classes = append(classes, string(c))
	}
	return nearest.Unknown("class", text, classes)
}

// costs charges a look at every path for what it is.
type costs struct{}

// CallCost implements CEL's cost estimator.
func (costs) CallCost(function, _ string, args []ref.Val, _ ref.Val) *uint64 {
	if function != touches {
		return nil
	}
	v, ok := args[0].(*view)
	if !ok {
		return nil
	}
	cost := uint64(len(v.vars.Change.Paths)) + 1
	return &cost
}

// Eval evaluates the expression. An error means that it has no value.
func (p *Program) Eval(ctx context.Context, vars *Vars) (bool, error) {
	value, _, err := p.program.ContextEval(ctx, &activation{vars: vars, view: &view{vars: vars}})
	switch {
	case ctx.Err() != nil:
		return false, fmt.Errorf("evaluate %q: %w", p.source, ctx.Err())
	case err != nil && strings.Contains(err.Error(), "cost limit"):
		return false, fmt.Errorf("evaluate %q: %w", p.source, ErrLimit)
	case err != nil:
		return false, fmt.Errorf("evaluate %q: %w", p.source, err)
	}
	holds, ok := value.Value().(bool)
	if !ok {
		return false, fmt.Errorf("evaluate %q: the result is no boolean", p.source)
	}
	return holds, nil
}
