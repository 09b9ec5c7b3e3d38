package ghfake

import (
	"fmt"
	"sort"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// CompareText counts lines for a property test.
func CompareText(before, after []byte) (added, deleted int, patch string) {
	t := compareText(before, after)
	return t.added, t.deleted, t.patch
}

// SchemaFields lists the fields of all objects of the schema.
func SchemaFields() []string {
	var list []string
	for name, d := range readGraphSchema().types {
		if d.Kind == ast.Object {
			for _, f := range d.Fields {
				list = append(list, name+"."+f.Name)
			}
		}
	}
	sort.Strings(list)
	return list
}

// sampleArguments are what SelectAll passes.
var sampleArguments = map[string]string{
	"Query.repository": `(owner:"acme",name:"app")`, "Repository.pullRequest": "(number:1)", "Repository.object": `(expression:"feature")`,
	"Repository.ref": `(qualifiedName:"main")`, "Commit.file": `(path:"mod")`, "Status.context": `(name:"changeguard")`,
}

// SelectAll writes a selection of all fields of a type, down to a depth, and
// notes which it asks for.
func SelectAll(name string, depth int, asked map[string]bool) string {
	s := readGraphSchema()
	var b strings.Builder
	var write func(name string, depth int)
	write = func(name string, depth int) {
		d := s.types[name]
		b.WriteString(" __typename ")
		if d.Kind != ast.Object {
			for _, object := range sortedTypes(s) {
				if s.types[object].Kind == ast.Object && s.is(object, name) {
					b.WriteString(" ...on " + object + "{")
					write(object, depth)
					b.WriteString("}")
				}
			}
			return
		}
		for _, f := range d.Fields {
			inner := f.Type.Name()
			if !s.leaf(inner) && depth == 0 {
				continue
			}
			asked[name+"."+f.Name] = true
			args := sampleArguments[name+"."+f.Name]
			if strings.HasSuffix(inner, "Connection") {
				args = "(first:2)"
				if f.Name == "refs" {
					args = `(first:2,refPrefix:"refs/heads/")`
				}
			}
			fmt.Fprintf(&b, " %s_%s:%s%s", name, f.Name, f.Name, args)
			if !s.leaf(inner) {
				b.WriteString("{")
				write(inner, depth-1)
				b.WriteString("}")
			}
		}
	}
	write(name, depth)
	return b.String()
}

func sortedTypes(s *graphSchema) []string {
	var names []string
	for n := range s.types {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// A RouteFact is what a route asks for.
type RouteFact struct {
	Pattern       string
	App, Metadata bool
	Needs         string // as the header of a refusal writes it; "" for nothing
}

// Routes lists all routes.
func Routes() []RouteFact {
	var list []RouteFact
	for _, r := range New(Options{}).routes() {
		f := RouteFact{Pattern: r.pattern, App: r.app, Needs: accepted(r.needs)}
		f.Metadata = len(r.needs) == 1 && r.needs[0].name == "metadata"
		list = append(list, f)
	}
	return list
}
