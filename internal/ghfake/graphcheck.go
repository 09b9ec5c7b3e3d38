package ghfake

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// query is one that fits the schema.
type query struct {
	doc  *ast.QueryDocument
	root *ast.OperationDefinition
}

// graphError is one entry of an answer's errors.
type graphError struct {
	kind, code, message string
	extensions          obj
	path                []any
	at                  *ast.Position
}

func (e *graphError) json() obj {
	o := obj{"message": e.message}
	if e.kind != "" {
		o["type"] = e.kind
	}
	if e.code != "" {
		o["code"] = e.code
	}
	if e.extensions != nil {
		o["extensions"] = e.extensions
	}
	if e.path != nil {
		o["path"] = e.path
	}
	if e.at != nil {
		o["locations"] = []obj{{"line": e.at.Line, "column": e.at.Column}}
	}
	return o
}

// maxQueries is how many checked queries are remembered.
const maxQueries = 256

// check parses a query and holds it against the schema.
func (s *graphSchema) check(text, operation string) (*query, []*graphError) {
	key := operation + "\x00" + text
	if q := s.queries[key]; q != nil {
		return q, nil
	}
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		return nil, []*graphError{{message: "Parse error: " + err.Error()}}
	}
	root := doc.Operations.ForName(operation)
	if root == nil || operation == "" && len(doc.Operations) > 1 {
		return nil, []*graphError{{message: "An operation name is required"}}
	}
	if root.Operation != ast.Query {
		return nil, []*graphError{{message: "Schema is not configured for " + string(root.Operation) + "s"}}
	}
	c := &checker{schema: s, doc: doc, root: root, used: make(map[string]bool)}
	c.variables()
	c.selections(root.SelectionSet, "Query", nil)
	c.unused()
	if c.errors != nil {
		return nil, c.errors
	}
	if len(s.queries) >= maxQueries {
		clear(s.queries)
	}
	q := &query{doc, root}
	s.queries[key] = q
	return q, nil
}

// checker is one check under way.
type checker struct {
	schema *graphSchema
	doc    *ast.QueryDocument
	root   *ast.OperationDefinition
	used   map[string]bool
	open   []string // fragments being walked
	steps  int
	errors []*graphError
}

func (c *checker) fail(at *ast.Position, path []any, extensions obj, format string, args ...any) {
	where := append([]any{"query"}, path...)
	c.errors = append(c.errors, &graphError{message: fmt.Sprintf(format, args...), extensions: extensions, path: where, at: at})
}

func (c *checker) variables() {
	for _, v := range c.root.VariableDefinitions {
		if name := v.Type.Name(); !c.schema.leaf(name) {
			c.fail(v.Position, nil, obj{"code": "variableRequiresValidType", "typeName": name}, "%s isn't a defined input type (on $%s)", name, v.Variable)
		}
	}
}

func (c *checker) unused() {
	for _, v := range c.root.VariableDefinitions {
		if !c.used[v.Variable] && c.errors == nil {
			c.fail(v.Position, nil, obj{"code": "variableNotUsed", "variableName": v.Variable}, "Variable $%s is declared but not used", v.Variable)
		}
	}
}

// maxSteps bounds how much fragments in fragments can grow.
const maxSteps = 50000

func (c *checker) selections(set ast.SelectionSet, parent string, path []any) {
	for _, s := range set {
		if c.steps++; c.steps > maxSteps {
			if c.steps == maxSteps+1 {
				c.fail(s.GetPosition(), nil, obj{"code": "queryTooComplex"}, "Query has more than %d selections", maxSteps)
			}
			return
		}
		switch s := s.(type) {
		case *ast.Field:
			c.directives(s.Directives, path)
			c.field(s, parent, append(slices.Clip(path), s.Alias))
		case *ast.InlineFragment:
			c.directives(s.Directives, path)
			condition := s.TypeCondition
			if condition == "" {
				condition = parent
			}
			c.fragment(s.SelectionSet, condition, parent, s.Position, path)
		case *ast.FragmentSpread:
			c.directives(s.Directives, path)
			c.spread(s, parent, path)
		}
	}
}

func (c *checker) spread(s *ast.FragmentSpread, parent string, path []any) {
	f := c.doc.Fragments.ForName(s.Name)
	switch {
	case f == nil:
		c.fail(s.Position, path, obj{"code": "useAndDefineFragment"}, "Fragment %s was used, but not defined", s.Name)
	case slices.Contains(c.open, s.Name):
		c.fail(s.Position, path, obj{"code": "infiniteLoop"}, "Fragment %s contains an infinite loop", s.Name)
	default:
		c.open = append(c.open, s.Name)
		c.fragment(f.SelectionSet, f.TypeCondition, parent, f.Position, path)
		c.open = c.open[:len(c.open)-1]
	}
}

func (c *checker) fragment(set ast.SelectionSet, condition, parent string, at *ast.Position, path []any) {
	switch {
	case c.schema.types[condition] == nil:
		c.fail(at, path, obj{"code": "undefinedType", "typeName": condition}, "No such type %s, so it can't be a fragment condition", condition)
	case !c.schema.overlap(condition, parent):
		c.fail(at, path, obj{"code": "cannotSpreadFragment", "typeName": condition}, "Fragment on %s can't be spread inside %s", condition, parent)
	default:
		c.selections(set, condition, path)
	}
}

// directives of execution are the only ones.
func (c *checker) directives(list ast.DirectiveList, path []any) {
	for _, d := range list {
		if d.Name != "include" && d.Name != "skip" || len(d.Arguments) != 1 || d.Arguments[0].Name != "if" {
			c.fail(d.Position, path, obj{"code": "undefinedDirective"}, "Directive @%s is not defined", d.Name)
			continue
		}
		c.value(d.Arguments[0].Value, ast.NonNullNamedType("Boolean", nil), "if", path)
	}
}

func (c *checker) field(f *ast.Field, parent string, path []any) {
	if f.Name == "__typename" {
		return
	}
	d := c.schema.types[parent].Fields.ForName(f.Name)
	if d == nil {
		c.fail(f.Position, path, obj{"code": "undefinedField", "typeName": parent, "fieldName": f.Name}, "Field '%s' doesn't exist on type '%s'", f.Name, parent)
		return
	}
	for _, a := range f.Arguments {
		def := d.Arguments.ForName(a.Name)
		if def == nil {
			c.fail(a.Position, path, obj{"code": "argumentNotAccepted"}, "Field '%s' doesn't accept argument '%s'", f.Name, a.Name)
			continue
		}
		c.value(a.Value, def.Type, a.Name, path)
	}
	for _, def := range d.Arguments {
		if def.Type.NonNull && f.Arguments.ForName(def.Name) == nil {
			c.fail(f.Position, path, obj{"code": "missingRequiredArguments"}, "Field '%s' is missing required arguments: %s", f.Name, def.Name)
		}
	}
	name := d.Type.Name()
	switch leaf := c.schema.leaf(name); {
	case leaf && len(f.SelectionSet) > 0:
		c.fail(f.Position, path, obj{"code": "selectionMismatch"}, "Selections can't be made on scalars (field '%s' returns %s)", f.Name, name)
	case !leaf && len(f.SelectionSet) == 0:
		c.fail(f.Position, path, obj{"code": "selectionMismatch"}, "Field must have selections (field '%s' returns %s but has no selections)", f.Name, name)
	case !leaf:
		c.selections(f.SelectionSet, name, path)
	}
}

// value checks an argument's value; a variable must be declared with a type
// that fits.
func (c *checker) value(v *ast.Value, want *ast.Type, name string, path []any) {
	if v.Kind == ast.ListValue && want.Elem != nil {
		for _, child := range v.Children {
			c.value(child.Value, want.Elem, name, path)
		}
		return
	}
	if d := c.schema.types[want.Name()]; v.Kind == ast.ObjectValue && d != nil && d.Kind == ast.InputObject {
		c.inputs(v, d, path)
		return
	}
	if v.Kind != ast.Variable {
		if err := c.schema.fits(want, literal(v, nil)); err != nil {
			c.fail(v.Position, path, obj{"code": "argumentLiteralsIncompatible"}, "Argument '%s' has an invalid value: %s", name, err)
		}
		return
	}
	c.used[v.Raw] = true
	d := c.root.VariableDefinitions.ForName(v.Raw)
	if d == nil {
		c.fail(v.Position, path, obj{"code": "variableNotDefined"}, "Variable $%s is used but not declared", v.Raw)
		return
	}
	if !assignable(d.Type, want, d.DefaultValue != nil) {
		c.fail(v.Position, path, obj{"code": "variableMismatch"}, "Type mismatch on variable $%s and argument %s (%s / %s)", v.Raw, name, d.Type, want)
	}
}

// inputs checks the fields of an argument that has some.
func (c *checker) inputs(v *ast.Value, d *ast.Definition, path []any) {
	for _, child := range v.Children {
		f := d.Fields.ForName(child.Name)
		if f == nil {
			c.fail(v.Position, path, obj{"code": "argumentNotAccepted"}, "InputObject '%s' doesn't accept argument '%s'", d.Name, child.Name)
			continue
		}
		c.value(child.Value, f.Type, child.Name, path)
	}
}

// assignable reports whether a variable's type may stand where another is
// wanted.
func assignable(have, want *ast.Type, hasDefault bool) bool {
	if want.NonNull && !have.NonNull && !hasDefault {
		return false
	}
	if have.Elem != nil && want.Elem != nil {
		return assignable(have.Elem, want.Elem, false)
	}
	return have.Elem == nil && want.Elem == nil && have.NamedType == want.NamedType
}
