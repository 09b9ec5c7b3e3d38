package condition

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/internal/pathset"
)

var viewType = cel.OpaqueType("changeguard.Change")

// view is the value of the hidden variable: the change as functions see it. It
// lives for one evaluation.
type view struct {
	vars  *Vars
	globs map[string]*globber // compiled with the expression; not changed
	known map[string]bool     // answers by glob
}

// globber is one glob, compiled.
type globber struct {
	set  *pathset.Set
	list pathset.List
}

// newGlobber compiles a glob. One that excludes has nothing to exclude from and
// would never match.
func newGlobber(glob string) (*globber, error) {
	if strings.HasPrefix(glob, "!") {
		return nil, fmt.Errorf("touches(%q) would never hold; ! stands before touches, or write \\! for a name that begins with it", clip(glob))
	}
	var b pathset.Builder
	list, err := b.Add(pathset.Protect, glob)
	if err != nil {
		return nil, err
	}
	return &globber{b.Build(), list}, nil
}

// any reports whether any of the paths matches.
func (g *globber) any(paths []string) bool {
	var m pathset.Matches
	return slices.ContainsFunc(paths, func(path string) bool {
		g.set.Match(path, &m)
		return m.Has(g.list)
	})
}

// touches answers for a glob, from memory when it was asked before.
func (v *view) touches(glob string) (bool, error) {
	if answer, ok := v.known[glob]; ok {
		return answer, nil
	}
	g := v.globs[glob]
	if g == nil {
		var err error
		if g, err = newGlobber(glob); err != nil {
			return false, err
		}
	}
	if v.known == nil {
		v.known = make(map[string]bool)
	}
	v.known[glob] = g.any(v.vars.Change.Paths)
	return v.known[glob], nil
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
	answer, err := v.touches(text)
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Bool(answer)
}

// callTouchesClass refuses a class that does not exist also when its name was
// put together: false would be an answer to another question.
func callTouchesClass(change, class ref.Val) ref.Val {
	v, ok := change.(*view)
	text, isText := class.Value().(string)
	if !ok || !isText {
		return types.NewErr("touchesClass takes the name of a class")
	}
	if message := nearest.Unknown("class", text, classes()); message != "" {
		return types.NewErr("%s", message)
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
