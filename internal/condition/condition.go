package condition

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// The limits of an expression.
const (
	MaxSource = 4096      // bytes
	costLimit = 2_000_000 // CEL's units, about 0.15 µs each
	maxDepth  = 100       // of nested brackets and calls
	maxLoops  = 2         // of loops in one another
)

// ErrLimit is wrapped when an expression would take too long. It then has no
// value, and what depends on it is not judged.
var ErrLimit = errors.New("the expression is too costly for this change")

// A Program is a compiled expression. It is immutable and safe for concurrent
// use.
type Program struct {
	source  string
	program cel.Program
	facts   facts
}

// Compile parses and type-checks an expression, which must be boolean. What is
// wrong with it comes back as [Errors], all at once.
func Compile(source string) (*Program, error) {
	switch {
	case len(source) > MaxSource:
		return nil, mistake(1, 1, fmt.Sprintf("the expression is longer than %d bytes", MaxSource))
	case strings.TrimSpace(source) == "":
		return nil, mistake(1, 1, "the expression is empty")
	}
	env, err := environment()
	if err != nil {
		return nil, mistake(1, 1, err.Error())
	}
	parsed, issues := env.Parse(source)
	if issues != nil && issues.Err() != nil {
		return nil, syntaxErrors(source, issues.Errors())
	}
	checked, issues := env.Check(parsed)
	if issues != nil && issues.Err() != nil {
		return nil, typeErrors(source, issues.Errors())
	}
	if checked.OutputType() != cel.BoolType {
		return nil, mistake(1, 1, fmt.Sprintf("the expression must be true or false, this one is of type %s", checked.OutputType()))
	}
	facts, wrong := gather(checked.NativeRep())
	if len(wrong) > 0 {
		return nil, wrong.sorted()
	}
	program, err := env.Program(checked, cel.CostLimit(costLimit), cel.CostTracking(costs{facts.globs}),
		cel.InterruptCheckFrequency(100), cel.OptimizeRegex(interpreter.MatchesRegexOptimization))
	if err != nil {
		return nil, mistake(1, 1, err.Error())
	}
	return &Program{source, program, facts}, nil
}

// Source is the expression as it was written.
func (p *Program) Source() string { return p.source }

// Uses reports whether the expression names a variable ("change.additions") or
// one of the functions touches and touchesClass.
func (p *Program) Uses(name string) bool { return slices.Contains(p.facts.names, name) }

// Compared are the texts written in quotes that a variable is compared with.
func (p *Program) Compared(name string) []Literal {
	var found []Literal
	for _, l := range p.facts.compared {
		if l.Name == name {
			found = append(found, l)
		}
	}
	return found
}

// Constant reports whether the expression has the same value for every change,
// and which.
func (p *Program) Constant() (holds, constant bool) {
	if len(p.facts.names) > 0 {
		return false, false
	}
	holds, err := p.Eval(context.Background(), &Vars{})
	return holds, err == nil
}

// Eval evaluates the expression. An error means that it has no value.
func (p *Program) Eval(ctx context.Context, vars *Vars) (bool, error) {
	value, _, err := p.program.ContextEval(ctx, &activation{vars: vars, view: &view{vars: vars, globs: p.facts.globs}})
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
		return false, fmt.Errorf("evaluate %q: the result is neither true nor false", p.source)
	}
	return holds, nil
}

// costs charges a look at every path for what it is.
type costs struct{ globs map[string]*globber }

// What touches costs: a look at a path, and compiling a glob that is not
// written out in the expression.
const (
	pathCost  = 4
	globCost  = 1_000
	braceCost = 50_000
)

// CallCost implements CEL's cost estimator.
func (c costs) CallCost(function, _ string, args []ref.Val, _ ref.Val) *uint64 {
	if function != touches {
		return nil
	}
	v, ok := args[0].(*view)
	glob, isText := args[1].Value().(string)
	if !ok || !isText {
		return nil
	}
	cost := pathCost*uint64(len(v.vars.Change.Paths)) + 1
	if c.globs[glob] == nil {
		cost += globCost
		if strings.Contains(glob, "{") {
			cost += braceCost
		}
	}
	return &cost
}
