package ghfake

import (
	"encoding/json"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// A node is an object of the graph. Its fields return null as nil, another
// node, a list of nodes, a *graphError, or a scalar.
type node interface {
	kind() string
	field(e *execution, name string, args obj) any
}

// execution is one query under way.
type execution struct {
	server    *Server
	call      *call
	query     *query
	variables obj
	cost      *cost
	objects   int
	errors    []*graphError
}

// graphql answers a query.
func (s *Server) graphql(c *call) (any, *refusal) {
	var b struct {
		Query         string `json:"query"`
		OperationName string `json:"operationName"`
		Variables     obj    `json:"variables"`
	}
	if err := json.Unmarshal(c.body, &b); err != nil {
		return nil, refuse(400, "Problems parsing JSON")
	}
	if b.Query == "" {
		return nil, refuse(400, "A query attribute must be specified and must be a string.")
	}
	if w, quota := &c.install.graph, s.options.Limits.GraphQLPoints; s.counted() && w.at(s.options.Now()).used >= quota {
		// Documented as RATE_LIMITED, seen as RATE_LIMIT; the status is 200.
		return obj{"errors": []obj{(&graphError{
			kind: "RATE_LIMIT", code: "graphql_rate_limit", message: "API rate limit already exceeded for installation ID " + itoa(c.install.id) + ".",
		}).json()}}, nil
	}
	q, errors := s.schema.check(b.Query, b.OperationName)
	e := &execution{server: s, call: c, query: q}
	if errors == nil {
		errors = e.bind(b.Variables)
	}
	if errors == nil {
		e.cost = s.schema.measure(q, e.variables)
		errors = e.cost.errors
	}
	if errors != nil {
		return obj{"errors": mapped(errors, (*graphError).json)}, nil
	}
	c.answer.cost = e.cost.points()
	body := obj{"data": e.object(rootNode{}, q.root.SelectionSet, nil)}
	if e.errors != nil {
		body["errors"] = mapped(e.errors, (*graphError).json)
	}
	return body, nil
}

// bind takes over the variables and their defaults.
func (e *execution) bind(given obj) []*graphError {
	e.variables = make(obj)
	var errors []*graphError
	for _, d := range e.query.root.VariableDefinitions {
		v, ok := given[d.Variable]
		if !ok && d.DefaultValue != nil {
			v = literal(d.DefaultValue, nil)
		}
		if err := e.server.schema.fits(d.Type, v); err != nil {
			errors = append(errors, &graphError{
				message: "Variable $" + d.Variable + " of type " + d.Type.String() + " was provided invalid value: " + err.Error(), at: d.Position,
				extensions: obj{"value": v},
			})
		}
		e.variables[d.Variable] = v
	}
	return errors
}

// missing makes the error for what there is not; the data has null there.
func missing(message string) *graphError { return &graphError{kind: "NOT_FOUND", message: message} }

func forbidden() *graphError {
	return &graphError{kind: "FORBIDDEN", message: "Resource not accessible by integration", extensions: obj{"saml_failure": false}}
}

// object answers the selected fields of a node. A field that must not be null
// and is, makes the object null.
func (e *execution) object(n node, set ast.SelectionSet, path []any) any {
	e.objects++
	out := make(obj)
	d := e.server.schema.types[n.kind()]
	for _, f := range e.collect(n.kind(), set, nil) {
		if f.Name == "__typename" {
			out[f.Alias] = n.kind()
			continue
		}
		where := append(slices.Clip(path), f.Alias)
		v := e.resolve(n, f, where)
		if v == nil && d.Fields.ForName(f.Name).Type.NonNull {
			return nil
		}
		out[f.Alias] = v
	}
	return out
}

// resolve answers one field.
func (e *execution) resolve(n node, f *ast.Field, path []any) any {
	args := make(obj, len(f.Arguments))
	for _, a := range f.Arguments {
		args[a.Name] = literal(a.Value, e.variables)
	}
	if limit := e.server.options.Limits.QueryObjects; limit > 0 && e.objects > limit {
		return e.fail(&graphError{kind: "RESOURCE_LIMITS_EXCEEDED", message: "Resource limits for this query exceeded."}, f, path)
	}
	switch v := n.field(e, f.Name, args).(type) {
	case nil:
		return nil
	case *graphError:
		return e.fail(v, f, path)
	case node:
		return e.object(v, f.SelectionSet, path)
	case []node:
		list := make([]any, 0, len(v))
		for i, one := range v {
			list = append(list, e.object(one, f.SelectionSet, append(slices.Clip(path), i)))
		}
		return list
	default:
		return v
	}
}

func (e *execution) fail(err *graphError, f *ast.Field, path []any) any {
	err.path, err.at = slices.Clone(path), f.Position
	e.errors = append(e.errors, err)
	return nil
}

// collect lists the fields that a selection asks of a type, each response name
// once, with the selections of all its occurrences.
func (e *execution) collect(kind string, set ast.SelectionSet, into []*ast.Field) []*ast.Field {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if !e.included(s.Directives) {
				continue
			}
			i := slices.IndexFunc(into, func(f *ast.Field) bool { return f.Alias == s.Alias })
			if i < 0 {
				into = append(into, s)
				continue
			}
			both := *into[i]
			both.SelectionSet = append(slices.Clip(both.SelectionSet), s.SelectionSet...)
			into[i] = &both
		case *ast.InlineFragment:
			if e.included(s.Directives) && (s.TypeCondition == "" || e.server.schema.is(kind, s.TypeCondition)) {
				into = e.collect(kind, s.SelectionSet, into)
			}
		case *ast.FragmentSpread:
			f := e.query.doc.Fragments.ForName(s.Name)
			if e.included(s.Directives) && e.server.schema.is(kind, f.TypeCondition) {
				into = e.collect(kind, f.SelectionSet, into)
			}
		}
	}
	return into
}

func (e *execution) included(list ast.DirectiveList) bool {
	for _, d := range list {
		holds, _ := literal(d.Arguments[0].Value, e.variables).(bool)
		if holds != (d.Name == "include") {
			return false
		}
	}
	return true
}
