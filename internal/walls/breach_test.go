package walls

import (
	"fmt"
	"go/types"
	"maps"
	"path"
	"slices"
	"strings"
)

// helper reports whether a package is for tests alone.
func helper(name string) bool {
	return strings.HasSuffix(path.Base(name), "test") && !slices.Contains([]string{"policytest", "backtest"}, path.Base(name))
}

// within reports whether a package is, or is below, one of a list.
func within(name string, list ...string) bool {
	return slices.ContainsFunc(list, func(one string) bool { return name == one || strings.HasPrefix(name, one+"/") })
}

// isKind reports whether a room is a kind of rule.
func isKind(name string) bool {
	return strings.HasPrefix(name, "rules/") && !within(name, "rules/catalogue") && !helper(name)
}

// floor is where a room is in the house, from the ground up, and less than 0
// when it is nowhere.
func floor(name string) int {
	if isKind(name) {
		name = kinds
	}
	best, longest := -1, 0
	for i, rooms := range floors {
		for _, r := range rooms {
			if within(name, r) && len(r) > longest {
				best, longest = i, len(r)
			}
		}
	}
	return best
}

func isLower(name string) bool {
	at := floor(name)
	return at >= 0 && at < lowerHalf && !helper(name)
}

// trial is the room that puts the whole program to the test.
const trial = "internal/soak"

// floorsBroken lists what a room names that is not below it.
func floorsBroken(r *room) (breaches []string) {
	name := r.name()
	at := floor(name)
	switch {
	case helper(name) || name == "internal/walls":
		return nil
	case at < 0:
		breaches = append(breaches, name+" is on no floor of the house")
	}
	for _, i := range r.Imports {
		other := folder(i)
		switch up := floor(other); {
		case up < 0 || other == i:
		case helper(other) && name == trial: // it is a test that runs as a program
		case helper(other):
			breaches = append(breaches, fmt.Sprintf("%s names %s, which is for tests", name, other))
		case up >= at && at >= 0 && !within(other, name) && !within(name, other):
			breaches = append(breaches, fmt.Sprintf("%s reaches up to %s", name, other))
		}
	}
	return breaches
}

// homesLeft lists what a room names that belongs in others.
func homesLeft(r *room) (breaches []string) {
	name := r.name()
	for _, i := range r.Imports {
		other := folder(i)
		for _, what := range slices.Sorted(maps.Keys(homes)) {
			is := within(other, what) || what == kinds && isKind(other) && other != i
			if is && !within(name, what) && !within(name, homes[what]...) {
				breaches = append(breaches, fmt.Sprintf("%s names %s, which belongs in %s", name, other, strings.Join(homes[what], ", ")))
			}
		}
	}
	return breaches
}

// worldReached lists what of the world a room of the lower half reaches.
func (h *house) worldReached(r *room) (breaches []string) {
	if !isLower(r.name()) {
		return nil
	}
	for _, i := range slices.Sorted(maps.Keys(h.reach(r))) {
		if slices.Contains(outside, i) || strings.Contains(i, ".") && within(i, outside...) {
			breaches = append(breaches, r.name()+" reaches "+i)
		}
	}
	for _, i := range r.Imports {
		if within(i, unnamed...) {
			breaches = append(breaches, r.name()+" names "+i)
		}
	}
	return breaches
}

// stdOnly lists what package change names besides the standard library.
func stdOnly(r *room) (breaches []string) {
	for _, i := range r.Imports {
		if r.name() == "change" && strings.Contains(i, ".") {
			breaches = append(breaches, r.name()+" names "+i)
		}
	}
	return breaches
}

// worldUsed lists where a room of the lower half looks at a clock, or at more of
// the operating system than its errors, and where a room that is handed its
// clock asks for the time.
func (c *checked) worldUsed() []string {
	lower, handed := isLower(c.name()), within(c.name(), handedTime...)
	found := make(map[string]bool)
	for id, obj := range c.info.Uses {
		if _, isPackage := obj.(*types.PkgName); isPackage || obj.Pkg() == nil || obj.Parent() != obj.Pkg().Scope() {
			continue
		}
		from, name := obj.Pkg().Path(), obj.Name()
		clock, asked := slices.Index(clocks, name), from == "time"
		if lower && (asked && clock >= 0 || from == "os" && !strings.HasPrefix(name, "Err")) || handed && asked && clock >= 0 && clock < askedTime {
			found[fmt.Sprintf("%s: uses %s.%s", c.where(id.Pos()), from, name)] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// typesCarried lists where a room holds a value of a library that belongs in
// others.
func (c *checked) typesCarried() []string {
	found := make(map[string]bool)
	for expr, v := range c.info.Types {
		for _, library := range typesStop {
			if !within(c.name(), homes[library]...) && holds(v.Type, library, nil) {
				found[fmt.Sprintf("%s: holds a value of %s", c.where(expr.Pos()), library)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// holds reports whether a type is made of a library's, without entering what
// other packages declare.
func holds(t types.Type, library string, seen []types.Type) bool {
	if slices.Contains(seen, t) {
		return false
	}
	seen = append(seen, t)
	some := func(list ...types.Type) bool {
		return slices.ContainsFunc(list, func(one types.Type) bool { return holds(one, library, seen) })
	}
	switch t := t.(type) {
	case *types.Alias:
		return some(types.Unalias(t))
	case *types.Named:
		p := t.Obj().Pkg()
		return p != nil && within(p.Path(), library) || some(slices.Collect(t.TypeArgs().Types())...)
	case *types.Signature:
		return some(t.Params(), t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			if some(v.Type()) {
				return true
			}
		}
	case *types.Map:
		return some(t.Key(), t.Elem())
	case interface{ Elem() types.Type }: // pointers, slices, arrays, channels
		return some(t.Elem())
	}
	return false
}
