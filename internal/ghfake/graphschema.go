package ghfake

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

//go:embed schema.graphql
var schemaText string

// graphSchema is the part of GitHub's schema that is served.
type graphSchema struct {
	types   map[string]*ast.Definition
	queries map[string]*query // those already checked, by text
}

func readGraphSchema() *graphSchema {
	doc, err := parser.ParseSchema(&ast.Source{Name: "schema.graphql", Input: schemaText})
	if err != nil {
		panic(err) // it is part of this package
	}
	s := &graphSchema{types: make(map[string]*ast.Definition), queries: make(map[string]*query)}
	for _, d := range doc.Definitions {
		s.types[d.Name] = d
	}
	return s
}

// builtin are the scalars that no schema declares.
var builtin = []string{"Int", "Float", "String", "Boolean", "ID"}

// leaf reports whether a type has no fields.
func (s *graphSchema) leaf(name string) bool {
	d := s.types[name]
	return slices.Contains(builtin, name) || d != nil && (d.Kind == ast.Scalar || d.Kind == ast.Enum)
}

// is reports whether an object of a type fits a type condition.
func (s *graphSchema) is(object, condition string) bool {
	if object == condition {
		return true
	}
	d, c := s.types[object], s.types[condition]
	return d != nil && c != nil && (slices.Contains(d.Interfaces, condition) || c.Kind == ast.Union && slices.Contains(c.Types, object))
}

// overlap reports whether an object can be of both types.
func (s *graphSchema) overlap(a, b string) bool {
	for name, d := range s.types {
		if d.Kind == ast.Object && s.is(name, a) && s.is(name, b) {
			return true
		}
	}
	return false
}

// fits checks a value, as JSON gives it, against a type.
func (s *graphSchema) fits(t *ast.Type, v any) error {
	switch {
	case v == nil && t.NonNull:
		return fmt.Errorf("expected value to not be null")
	case v == nil:
		return nil
	case t.Elem != nil:
		return s.fitsList(t, v)
	}
	ok := true
	switch t.NamedType {
	case "Int":
		n, isNumber := v.(float64)
		ok = isNumber && n == math.Trunc(n) && math.Abs(n) < 1<<31
	case "Boolean":
		_, ok = v.(bool)
	case "GitObjectID":
		text, isText := v.(string)
		ok = isText && len(text) == 40 && strings.Trim(text, "0123456789abcdef") == ""
	default:
		text, isText := v.(string)
		ok = isText
		if d := s.types[t.NamedType]; ok && d != nil && d.Kind == ast.Enum {
			ok = d.EnumValues.ForName(text) != nil
		}
	}
	if !ok {
		return fmt.Errorf("could not coerce value %v to %s", v, t.NamedType)
	}
	return nil
}

// fitsList takes a single value for a list of one, as GraphQL does.
func (s *graphSchema) fitsList(t *ast.Type, v any) error {
	list, ok := v.([]any)
	if !ok {
		return s.fits(t.Elem, v)
	}
	for _, one := range list {
		if err := s.fits(t.Elem, one); err != nil {
			return err
		}
	}
	return nil
}

// literal is the value that a query writes; variables are looked up.
func literal(v *ast.Value, variables obj) any {
	switch v.Kind {
	case ast.Variable:
		return variables[v.Raw]
	case ast.NullValue:
		return nil
	case ast.ListValue:
		list := []any{}
		for _, c := range v.Children {
			list = append(list, literal(c.Value, variables))
		}
		return list
	case ast.ObjectValue:
		fields := make(obj, len(v.Children))
		for _, c := range v.Children {
			fields[c.Name] = literal(c.Value, variables)
		}
		return fields
	case ast.IntValue, ast.FloatValue:
		var n float64
		if _, err := fmt.Sscan(v.Raw, &n); err != nil {
			return v.Raw // no number fits it either
		}
		return n
	case ast.BooleanValue:
		return v.Raw == "true"
	}
	return v.Raw
}
