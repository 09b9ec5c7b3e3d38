package policy

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/rules"
)

// options decodes "with" into the options of a kind and lets the kind check
// them.
func (r *reader) options(k rules.Kind, with, at *yaml.Node, where string) any {
	options := k.NewOptions()
	before := r.found
	if with != nil {
		r.structure(with, where, reflect.ValueOf(options).Elem())
	}
	r.emptyGlobs(reflect.ValueOf(options).Elem())
	if k.Check != nil && r.found == before {
		for _, p := range k.Check(options) {
			place := at
			if with != nil {
				place = walk(with, p.Path)
			}
			r.fail(place, "%s: %s", where, oneLine(p.Message))
		}
	}
	return options
}

// walk follows a path of names and indexes as far as it leads.
func walk(n *yaml.Node, path []any) *yaml.Node {
	for _, step := range path {
		next := n
		switch s := step.(type) {
		case string:
			for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == s {
					next = n.Content[i+1]
				}
			}
		case int:
			if n.Kind == yaml.SequenceNode && s >= 0 && s < len(n.Content) {
				next = n.Content[s]
			}
		}
		n = next
	}
	return n
}

// structure decodes a mapping into a struct by its yaml tags.
func (r *reader) structure(n *yaml.Node, where string, v reflect.Value) {
	r.fields(n, where, r.optionFields(v))
}

func (r *reader) optionFields(v reflect.Value) []field {
	var known []field
	for i := range v.NumField() {
		f, value := v.Type().Field(i), v.Field(i)
		known = append(known, field{
			f.Tag.Get("yaml"), f.Tag.Get("desc"),
			func() *Schema { return optionShape(f.Type, f.Tag) },
			func(n *yaml.Node, where string) { r.value(n, where, value, f.Tag) },
		})
	}
	return known
}

var (
	globsType     = reflect.TypeFor[rules.Globs]()
	conditionType = reflect.TypeFor[*condition.Program]()
	durationType  = reflect.TypeFor[time.Duration]()
	choiceType    = reflect.TypeFor[rules.Choice]()
)

// value decodes one option. A type that is not among these is a mistake of the
// program, not of the user.
func (r *reader) value(n *yaml.Node, where string, v reflect.Value, tag reflect.StructTag) {
	switch {
	case v.Type() == globsType:
		r.globsOption(n, where, v.Addr().Interface().(*rules.Globs), tag)
	case v.Type() == conditionType:
		v.Set(reflect.ValueOf(r.condition(n, where)))
	case v.Type() == durationType:
		v.SetInt(int64(r.duration(n, where)))
	case v.Kind() == reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		r.value(n, where, fresh.Elem(), tag)
		v.Set(fresh)
	case v.Kind() == reflect.Bool:
		v.SetBool(r.boolean(n, where))
	case v.Kind() == reflect.Int:
		v.SetInt(r.number(n, where, least(tag), maxCount))
	case v.Kind() == reflect.Int64:
		v.SetInt(r.number(n, where, least(tag), maxBytes))
	case v.Kind() == reflect.String:
		v.SetString(r.stringOption(n, where, v.Type()))
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		r.list(n, where, v)
	default:
		panic(fmt.Sprintf("policy: option %s has the type %s, which no policy can hold", where, v.Type()))
	}
}

// maxBytes is the largest size that an option takes.
const maxBytes = 1 << 50

// least is the smallest number that an option takes: 0 unless its tag min says
// otherwise.
func least(tag reflect.StructTag) int64 {
	text, ok := tag.Lookup("min")
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic("policy: the tag min:" + strconv.Quote(text) + " is no number")
	}
	return n
}

func (r *reader) globsOption(n *yaml.Node, where string, g *rules.Globs, tag reflect.StructTag) {
	use := pathset.Protect
	if tag.Get("glob") == "permit" {
		use = pathset.Permit
	}
	g.Patterns, g.List, _ = r.globs(n, where, use)
	g.Set = true
}

// emptyGlobs gives options that were left out a list that matches nothing, so
// that a rule may ask it.
func (r *reader) emptyGlobs(v reflect.Value) {
	for i := range v.NumField() {
		if g, ok := v.Field(i).Addr().Interface().(*rules.Globs); ok && !g.Set {
			g.List, _ = r.set.Add(pathset.Permit) // no glob, no error
		}
	}
}

// stringOption reads a text, one of a fixed set when its type has one.
func (r *reader) stringOption(n *yaml.Node, where string, t reflect.Type) string {
	if t.Implements(choiceType) {
		return r.choice(n, where, reflect.Zero(t).Interface().(rules.Choice).Choices())
	}
	s, _ := r.text(n, where)
	return s
}

func (r *reader) list(n *yaml.Node, where string, v reflect.Value) {
	element := v.Type().Elem()
	texts, nodes := r.texts(n, where)
	for i := range texts {
		s := r.stringOption(nodes[i], fmt.Sprintf("%s[%d]", where, i), element)
		v.Set(reflect.Append(v, reflect.ValueOf(s).Convert(element)))
	}
}
