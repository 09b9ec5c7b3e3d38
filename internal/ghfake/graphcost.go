package ghfake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// The limits of one query.
const (
	maxNodes  = 500000
	maxRecord = 100 // of first and last
)

// cost counts what a query may return, before it runs.
type cost struct {
	schema    *graphSchema
	query     *query
	variables obj
	nodes     int
	requests  int // for each connection of each parent
	errors    []*graphError
}

// points is the price of the query: a hundredth of its requests, at least one.
func (k *cost) points() int { return max(1, (k.requests+50)/100) }

// measure walks the query.
func (s *graphSchema) measure(q *query, variables obj) *cost {
	k := &cost{schema: s, query: q, variables: variables}
	k.selections(q.root.SelectionSet, "Query", 1, []any{"query"})
	if k.nodes > maxNodes {
		k.errors = append(k.errors, &graphError{kind: "MAX_NODE_LIMIT_EXCEEDED", message: fmt.Sprintf(
			"By the time this query traverses to the last connection, it is requesting up to %d possible nodes which exceeds the maximum limit of %d.", k.nodes, maxNodes)})
	}
	return k
}

func (k *cost) selections(set ast.SelectionSet, parent string, times int, path []any) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if d := k.schema.types[parent].Fields.ForName(s.Name); d != nil {
				k.field(s, d.Type.Name(), times, append(slices.Clip(path), s.Alias))
			}
		case *ast.InlineFragment:
			condition := s.TypeCondition
			if condition == "" {
				condition = parent
			}
			k.selections(s.SelectionSet, condition, times, path)
		case *ast.FragmentSpread:
			f := k.query.doc.Fragments.ForName(s.Name)
			k.selections(f.SelectionSet, f.TypeCondition, times, path)
		}
	}
}

func (k *cost) field(f *ast.Field, name string, times int, path []any) {
	if k.schema.leaf(name) || k.nodes > maxNodes {
		return
	}
	if strings.HasSuffix(name, "Connection") {
		n := k.records(f, path)
		k.requests += times
		times *= n
		k.nodes += times
	}
	k.selections(f.SelectionSet, name, times, path)
}

// records is how many records of a connection are asked for.
func (k *cost) records(f *ast.Field, path []any) int {
	for _, name := range []string{"first", "last"} {
		a := f.Arguments.ForName(name)
		if a == nil {
			continue
		}
		n, ok := literal(a.Value, k.variables).(float64)
		switch {
		case !ok:
			continue
		case n > maxRecord:
			k.errors = append(k.errors, &graphError{kind: "EXCESSIVE_PAGINATION", path: path, at: f.Position, message: fmt.Sprintf(
				"Requesting %.0f records on the `%s` connection exceeds the `%s` limit of %d records.", n, f.Name, name, maxRecord)})
		case n < 0:
			k.errors = append(k.errors, &graphError{kind: "INVALID_PAGINATION", path: path, at: f.Position, message: fmt.Sprintf(
				"`%s` on the `%s` connection cannot be less than zero.", name, f.Name)})
		}
		return max(0, min(int(n), maxRecord))
	}
	k.errors = append(k.errors, &graphError{kind: "MISSING_PAGINATION_BOUNDARIES", path: path, at: f.Position, message: fmt.Sprintf(
		"You must provide a `first` or `last` value to properly paginate the `%s` connection.", f.Name)})
	return 0
}
