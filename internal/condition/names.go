package condition

import (
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// variables are the names that expressions see, in the manual's order. Closed
// lists all texts that a variable can be, where that is known: a comparison
// with any other would silently never hold.
var variables = []struct {
	name   string
	kind   *cel.Type
	closed []string
	of     func(*Vars) any
}{
	{"session.mode", cel.StringType, nil, func(v *Vars) any { return v.Session.Mode }},
	{"session.actor", cel.StringType, []string{"human", "agent", "bot"}, func(v *Vars) any { return v.Session.Actor }},
	{"session.agent", cel.StringType, nil, func(v *Vars) any { return v.Session.Agent }},
	{"session.ids", cel.ListType(cel.StringType), nil, func(v *Vars) any { return v.Session.IDs }},
	{"author.login", cel.StringType, nil, func(v *Vars) any { return v.Author.Login }},
	{"author.kind", cel.StringType, []string{"User", "Bot", "Organization", ""}, func(v *Vars) any { return v.Author.Kind }},
	{"pr.title", cel.StringType, nil, func(v *Vars) any { return v.PR.Title }},
	{"pr.body", cel.StringType, nil, func(v *Vars) any { return v.PR.Body }},
	{"pr.labels", cel.ListType(cel.StringType), nil, func(v *Vars) any { return v.PR.Labels }},
	{"pr.base", cel.StringType, nil, func(v *Vars) any { return v.PR.Base }},
	{"pr.head", cel.StringType, nil, func(v *Vars) any { return v.PR.Head }},
	{"pr.draft", cel.BoolType, nil, func(v *Vars) any { return v.PR.Draft }},
	{"pr.fork", cel.BoolType, nil, func(v *Vars) any { return v.PR.Fork }},
	{"event", cel.StringType, []string{"pull_request", "merge_group", "push", "local"}, func(v *Vars) any { return v.Event }},
	{"change.files", cel.IntType, nil, func(v *Vars) any { return v.Change.Files }},
	{"change.commits", cel.IntType, nil, func(v *Vars) any { return v.Change.Commits }},
	{"change.additions", cel.IntType, nil, func(v *Vars) any { return lines(v, true) }},
	{"change.deletions", cel.IntType, nil, func(v *Vars) any { return lines(v, false) }},
	{"change.paths", cel.ListType(cel.StringType), nil, func(v *Vars) any { return v.Change.Paths }},
	{"risk.score", cel.IntType, nil, func(v *Vars) any { return v.Risk.Score }},
	{"risk.level", cel.StringType, []string{"low", "medium", "high", "critical"}, func(v *Vars) any { return v.Risk.Level }},
}

// Names lists every name that an expression may use, in the manual's order.
func Names() []string {
	list := make([]string, 0, len(variables)+2)
	for _, v := range variables {
		list = append(list, v.name)
	}
	return append(list, "touches", "touchesClass")
}

// methods are CEL's own functions that a policy has a use for; they are only
// known here so that a mistyped one can be suggested.
var methods = []string{
	"all", "contains", "endsWith", "exists", "exists_one", "filter", "has", "map", "matches", "size", "startsWith",
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

// The functions get at the change through a hidden variable, which macros put
// in front of their argument; CEL's functions themselves have no state. A name
// that begins with @ cannot be written in an expression.
const (
	hidden       = "@change"
	touches      = "@touches"
	touchesClass = "@touchesClass"
)

// environment is the same for every policy and is made once.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.ClearMacros(),
		cel.Macros(cel.StandardMacros...),
		cel.Macros(
			cel.GlobalMacro("touches", 1, expand(touches)),
			cel.GlobalMacro("touchesClass", 1, expand(touchesClass)),
		),
		cel.ParserRecursionLimit(maxDepth),
		cel.ParserExpressionSizeLimit(MaxSource),
		cel.Variable(hidden, viewType),
		cel.Function(touches, cel.Overload("touches_glob", []*cel.Type{viewType, cel.StringType}, cel.BoolType, cel.BinaryBinding(callTouches))),
		cel.Function(touchesClass, cel.Overload("touches_class", []*cel.Type{viewType, cel.StringType}, cel.BoolType, cel.BinaryBinding(callTouchesClass))),
		cel.ASTValidators(cel.ValidateComprehensionNestingLimit(maxLoops)),
	}
	for _, v := range variables {
		options = append(options, cel.Variable(v.name, v.kind))
	}
	return cel.NewEnv(options...)
})

func expand(function string) cel.MacroFactory {
	return func(f cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
		return f.NewCall(function, f.NewIdent(hidden), args[0]), nil
	}
}
