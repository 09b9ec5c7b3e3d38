package policy

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/rules"
)

func (r *reader) rules(n *yaml.Node, where string, p *Policy) {
	for _, e := range r.mapping(n, where) {
		if r.name(e, "rule") {
			p.Rules = append(p.Rules, r.rule(e, join(where, e.key)))
		}
	}
}

func (r *reader) rule(e pair, where string) Rule {
	rule := Rule{Name: e.key, Level: Block, Line: e.at.Line}
	var with *yaml.Node
	known := false
	r.fields(e.value, where, []field{
		{"uses", func(n *yaml.Node, where string) { rule.Kind, known = r.kind(n, where) }},
		{"if", func(n *yaml.Node, where string) { rule.If = r.condition(n, where) }},
		{"level", func(n *yaml.Node, where string) { rule.Level = r.level(n, where) }},
		{"with", func(n *yaml.Node, _ string) { with = n }},
		{"message", func(n *yaml.Node, where string) { rule.Message, _ = r.text(n, where) }},
		{"approvals", func(n *yaml.Node, where string) {
			rule.Approvals = &Approvals{Count: 1, From: []string{"role:write"}}
			r.approvals(n, where, rule.Approvals)
		}},
		{"overridable", func(n *yaml.Node, where string) { rule.Overridable = r.boolean(n, where) }},
	})
	if !known {
		if e.value.Kind == yaml.MappingNode && !has(e.value, "uses") {
			r.fail(e.at, "%s has no uses; known kinds are %s", where, strings.Join(r.kindNames(), ", "))
		}
		return rule
	}
	rule.Options = r.options(rule.Kind, with, e.at, where+".with")
	return rule
}

func has(n *yaml.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

func (r *reader) kindNames() []string {
	names := make([]string, len(r.kinds))
	for i, k := range r.kinds {
		names[i] = k.Name
	}
	return names
}

func (r *reader) kind(n *yaml.Node, where string) (rules.Kind, bool) {
	s, ok := r.text(n, where)
	if !ok {
		return rules.Kind{}, false
	}
	for _, k := range r.kinds {
		if k.Name == s {
			return k, true
		}
	}
	message := nearest.Unknown("kind", s, r.kindNames())
	if !strings.Contains(message, "known are") {
		message += " Known are " + strings.Join(r.kindNames(), ", ")
	}
	r.fail(n, "%s: %s", where, message)
	return rules.Kind{}, false
}

// condition compiles a CEL expression and maps its errors into the file.
func (r *reader) condition(n *yaml.Node, where string) *condition.Program {
	s, ok := r.text(n, where)
	if !ok {
		return nil
	}
	p, err := condition.Compile(s)
	if err == nil {
		return p
	}
	line, col := n.Line, n.Column+quoted(n)
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		line, col = n.Line+1, 3 // the text begins below the mark
	}
	if err.Line > 1 {
		line += err.Line - 1
	} else {
		col += err.Col - 1
	}
	r.failAt(line, col, "%s: %s", where, oneLine(err.Message))
	return nil
}

// options decodes "with" into the options of a kind and lets the kind check
// them.
func (r *reader) options(k rules.Kind, with, at *yaml.Node, where string) any {
	options := k.NewOptions()
	before := len(r.problems)
	if with != nil {
		r.structure(with, where, reflect.ValueOf(options).Elem())
	}
	r.emptyGlobs(reflect.ValueOf(options).Elem())
	if k.Check != nil && len(r.problems) == before {
		for _, p := range k.Check(options) {
			place := at
			if with != nil {
				place = walk(with, p.Path)
			}
			r.fail(place, "%s: %s", where, p.Message)
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
			for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
				if n.Content[i].Value == s {
					next = n.Content[i+1]
				}
			}
		case int:
			if n.Kind == yaml.SequenceNode && s < len(n.Content) {
				next = n.Content[s]
			}
		}
		n = next
	}
	return n
}

// structure decodes a mapping into a struct by its yaml tags.
func (r *reader) structure(n *yaml.Node, where string, v reflect.Value) {
	var known []field
	for i := range v.NumField() {
		f, value := v.Type().Field(i), v.Field(i)
		known = append(known, field{f.Tag.Get("yaml"), func(n *yaml.Node, where string) { r.value(n, where, value, f.Tag) }})
	}
	r.fields(n, where, known)
}

var (
	globsType     = reflect.TypeFor[rules.Globs]()
	conditionType = reflect.TypeFor[*condition.Program]()
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
	case v.Kind() == reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		r.value(n, where, fresh.Elem(), tag)
		v.Set(fresh)
	case v.Kind() == reflect.Bool:
		v.SetBool(r.boolean(n, where))
	case v.Kind() == reflect.Int || v.Kind() == reflect.Int64:
		v.SetInt(r.number(n, where))
	case v.Kind() == reflect.String:
		v.SetString(r.word(n, where, v.Type()))
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		r.words(n, where, v)
	default:
		panic(fmt.Sprintf("policy: option %s has the type %s, which no policy can hold", where, v.Type()))
	}
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

func (r *reader) number(n *yaml.Node, where string) int64 {
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if n.Kind != yaml.ScalarNode || err != nil || v < 0 || v > 1<<40 {
		r.fail(n, "%s must be a whole number of at least 0, this is %s", where, describe(n))
		return 0
	}
	return v
}

// word reads a string, one of a set when its type has one.
func (r *reader) word(n *yaml.Node, where string, t reflect.Type) string {
	if t.Implements(choiceType) {
		return r.choice(n, where, reflect.Zero(t).Interface().(rules.Choice).Choices())
	}
	s, _ := r.text(n, where)
	return s
}

func (r *reader) words(n *yaml.Node, where string, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		r.texts(n, where) // words the error
		return
	}
	for i, item := range n.Content {
		s := r.word(item, fmt.Sprintf("%s[%d]", where, i), v.Type().Elem())
		v.Set(reflect.Append(v, reflect.ValueOf(s).Convert(v.Type().Elem())))
	}
}

// guardIntegrity is the kind that judges even where a policy does not name it.
const guardIntegrity = "guard-integrity"

// addImplicit adds guard-integrity at level approve to a policy without it.
func (r *reader) addImplicit(p *Policy) {
	for _, rule := range p.Rules {
		if rule.Kind.Name == guardIntegrity {
			return
		}
	}
	for _, k := range r.kinds {
		if k.Name == guardIntegrity {
			options := k.NewOptions()
			r.emptyGlobs(reflect.ValueOf(options).Elem())
			p.Rules = append(p.Rules, Rule{Name: k.Name, Kind: k, Level: Approve, Options: options, Implicit: true})
		}
	}
}
