package condition

import (
	"fmt"
	"reflect"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/changeguard/changeguard/internal/pathset"
)

var viewType = cel.OpaqueType("changeguard.Change")

// view is the value of the hidden variable: the change as functions see it. It
// lives for one evaluation.
type view struct {
	vars  *Vars
	known map[string]bool // answers by glob
}

// activation resolves names to values when they are asked for.
type activation struct {
	vars *Vars
	view *view
}

// ResolveName implements cel.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	if name == hidden {
		return a.view, true
	}
	for _, v := range variables {
		if v.name == name {
			return v.of(a.vars), true
		}
	}
	return nil, false
}

// Parent implements cel.Activation.
func (a *activation) Parent() cel.Activation { return nil }

func callTouches(change, glob ref.Val) ref.Val {
	v, ok := change.(*view)
	text, isText := glob.Value().(string)
	if !ok || !isText {
		return types.NewErr("touches takes a glob")
	}
	if answer, ok := v.known[text]; ok {
		return types.Bool(answer)
	}
	matcher, err := pathset.Compile(pathset.Protect, text)
	if err != nil {
		return types.WrapErr(err)
	}
	answer := slices.ContainsFunc(v.vars.Change.Paths, matcher.Match)
	if v.known == nil {
		v.known = make(map[string]bool)
	}
	v.known[text] = answer
	return types.Bool(answer)
}

func callTouchesClass(change, class ref.Val) ref.Val {
	v, ok := change.(*view)
	text, isText := class.Value().(string)
	if !ok || !isText {
		return types.NewErr("touchesClass takes the name of a class")
	}
	return types.Bool(slices.Contains(v.vars.Classes, text))
}

// The rest makes view a CEL value.

// ConvertToNative implements ref.Val.
func (v *view) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a change cannot become a %s", t)
}

// ConvertToType implements ref.Val.
func (v *view) ConvertToType(ref.Type) ref.Val { return types.NewErr("a change has no other form") }

// Equal implements ref.Val.
func (v *view) Equal(other ref.Val) ref.Val { return types.Bool(v == other) }

// Type implements ref.Val.
func (v *view) Type() ref.Type { return viewType }

// Value implements ref.Val.
func (v *view) Value() any { return v }
