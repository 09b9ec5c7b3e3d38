package policy

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/session"
)

// The shapes of values. Each stands for what a function of the reader takes, and
// uses the same words, bounds and regular expressions.

// object is the shape of a mapping with these keys and no others.
func object(fields []field) *Schema {
	s := &Schema{Type: "object", Additional: false}
	for _, f := range fields {
		value := f.shape()
		value.Description = f.desc
		s.Properties = append(s.Properties, property{f.name, value})
	}
	return s
}

// named is the shape of a mapping from names to values of one shape.
func named(names, value *Schema) *Schema {
	return &Schema{Type: "object", MaxProps: maxEntries, Names: names, Additional: value}
}

// textShape is a text. Numbers and booleans are texts as they are written.
func textShape() *Schema { return &Schema{Type: []string{"string", "number", "boolean"}} }

func messageShape() *Schema {
	s := textShape()
	s.MaxLength = maxMessage
	return s
}

func booleanShape() *Schema { return &Schema{Type: "boolean"} }

func anyObject() *Schema { return &Schema{Type: "object"} }

func versionShape() *Schema { return enum([]string{"1"}, 1) }

// enum takes some words, and other values.
func enum(words []string, more ...any) *Schema {
	s := &Schema{Enum: more}
	for _, w := range words {
		s.Enum = append(s.Enum, w)
	}
	return s
}

func oneOf(words []string) func() *Schema { return func() *Schema { return enum(words) } }

func numberBetween(least, most int64) func() *Schema {
	return func() *Schema { return &Schema{Type: "integer", Minimum: &least, Maximum: &most} }
}

// durationShape is the notation of time.ParseDuration, with a digit that is not 0.
func durationShape() *Schema {
	return &Schema{
		Type: "string", Pattern: `^\+?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`,
		AllOf: []*Schema{{Pattern: "[1-9]"}},
	}
}

// list is the shape of a list of texts, none of them empty.
func list(item *Schema) *Schema {
	most := maxItems
	item.MinLength = 1
	return &Schema{Type: "array", Items: item, MaxItems: &most}
}

func textsShape() *Schema { return list(textShape()) }

// matchingText is a text of one form. Only its quotes tell a number from a text,
// but a pattern says nothing of numbers: so the form is asked which of them it
// takes.
func matchingText(form string) *Schema {
	like := regexp.MustCompile(form)
	s := &Schema{Pattern: form}
	types := []string{"string"}
	switch whole, broken := like.MatchString("15"), like.MatchString("1.5"); {
	case whole && broken:
		types = append(types, "number")
	case whole:
		types = append(types, "integer")
	case broken:
		types, s.Not = append(types, "number"), &Schema{Type: "integer"}
	}
	if len(types) > 1 && !like.MatchString("-1.5") && !like.MatchString("-15") {
		s.Minimum = new(int64)
	}
	if like.MatchString("true") {
		types = append(types, "boolean")
	}
	if s.Type = types; len(types) == 1 {
		s.Type = types[0]
	}
	return s
}

func listOf(like *form) func() *Schema {
	return func() *Schema { return list(matchingText(like.text)) }
}

// filled is a list that may not be empty.
func filled(shape func() *Schema) func() *Schema {
	return func() *Schema {
		s := shape()
		s.MinItems = 1
		return s
	}
}

// globsShape is a list of globs, not all of which exclude.
func globsShape() *Schema {
	s := textsShape()
	none := 0
	s.AnyOf = []*Schema{{MaxItems: &none}, {Contains: &Schema{Not: &Schema{Type: "string", Pattern: "^!"}}}}
	return s
}

func peopleShape() *Schema {
	role := "^role:(" + strings.Join(roles, "|") + ")$"
	item := matchingText(login.text + "|" + team.text + "|" + role)
	item.Not = enum(roles)
	return list(item)
}

func labelsShape() *Schema { return list(matchingText(`^\S([\s\S]*\S)?$`)) }

func trailersShape() *Schema {
	return list(&Schema{Type: "string", Pattern: strings.TrimSuffix(trailerKey.String(), "$") + `:[\s\S]*\S`})
}

func mayChangeShape() *Schema {
	return list(matchingText(`^!?(` + strings.Join(permitted(), "|") + `|[\s\S]*[/*.][\s\S]*)$`))
}

// anyFilled asks that one of some lists is there and not empty.
func anyFilled(fields []field) (options []*Schema) {
	for _, f := range fields {
		options = append(options, &Schema{Required: []string{f.name}, Properties: properties{{f.name, &Schema{MinItems: 1}}}})
	}
	return options
}

// The names of entries: one that people also write, and one that they only read.
func wordNames() *Schema {
	return &Schema{Pattern: `^[\p{L}\p{Nd}][\p{L}\p{Nd}\p{M}_.-]*$`, MaxLength: maxName}
}

func printableNames() *Schema {
	const seen = `[\p{L}\p{M}\p{N}\p{P}\p{S}]`
	return &Schema{Pattern: "^" + seen + "((" + seen + "| )*" + seen + ")?$", MaxLength: maxName}
}

func classesShape() *Schema { return named(enum(classNames()), globsShape()) }

func notifyShape() *Schema { return named(enum(told), listOf(channel)()) }

func (r *reader) approvalsShape() *Schema { return object(r.approvalsFields(new(Approvals))) }

func (r *reader) surfacesShape() *Schema {
	one := object(r.surfaceFields(new(Surface)))
	one.Required = []string{"paths", "weight"}
	return named(printableNames(), one)
}

func (r *reader) agentsShape() *Schema {
	fields := r.agentFields(new(session.Known))
	one := object(fields)
	one.AnyOf = anyFilled(fields)
	return named(wordNames(), one)
}

func (r *reader) declaredByShape() *Schema {
	fields := r.declaredByFields(new(session.Spec))
	s := object(fields)
	s.AnyOf = anyFilled(fields)
	return s
}

// sessionsShape knows that one mode is declared by nobody and all others by
// something.
func (r *reader) sessionsShape() *Schema {
	declared := object(r.sessionFields(new(Session)))
	declared.Required = []string{"declared-by"}
	undeclared := object(slices.DeleteFunc(r.sessionFields(new(Session)), func(f field) bool { return f.name == "declared-by" }))
	undeclared.Description = "What applies where an agent was recognised and nobody else declared a mode for it."
	names := wordNames()
	names.Not = enum(slices.Concat(reserved, actors, []string{guardIntegrity}))
	s := named(names, declared)
	s.Properties = properties{{UndeclaredAgent, undeclared}}
	return s
}

// rulesShape takes for each kind its own options.
func (r *reader) rulesShape() *Schema {
	var with *yaml.Node
	rule := object(r.ruleFields(new(Rule), &with))
	rule.Required = []string{"uses"}
	for _, k := range r.kinds {
		then := &Schema{Properties: properties{{"with", &Schema{Ref: "#/$defs/" + k.Name}}}}
		if len(requiredOptions(k)) > 0 {
			then.Required = []string{"with"}
		}
		rule.AllOf = append(rule.AllOf, &Schema{If: &Schema{Properties: properties{{"uses", &Schema{Const: k.Name}}}}, Then: then})
	}
	names := wordNames()
	names.Not = enum(reserved)
	s := named(names, rule)
	s.Properties = properties{{guardIntegrity, r.integrityShape(rule)}}
	return s
}

// integrityShape is a rule whose name only its kind may have.
func (r *reader) integrityShape(rule *Schema) *Schema {
	own := *rule
	own.AllOf = append(slices.Clone(rule.AllOf), &Schema{Properties: properties{{"uses", &Schema{Const: guardIntegrity}}}})
	return &own
}

func (r *reader) kindShape(k rules.Kind) *Schema {
	s := object(r.optionFields(reflect.ValueOf(k.NewOptions()).Elem()))
	s.Description = "Options of " + k.Name + ", which fails when " + k.Title + "."
	s.Required = requiredOptions(k)
	return s
}

// requiredOptions are those whose manual says so in its last word; the kind
// itself refuses a rule without them.
func requiredOptions(k rules.Kind) (names []string) {
	for _, o := range k.Options() {
		if strings.HasSuffix(o.Text, "Required.") {
			names = append(names, o.Name)
		}
	}
	return names
}

// optionShape is the shape of what the reader decodes into an option's type.
func optionShape(t reflect.Type, tag reflect.StructTag) *Schema {
	switch {
	case t == globsType:
		return globsShape()
	case t == conditionType:
		return textShape()
	case t == durationType:
		return durationShape()
	case t.Kind() == reflect.Pointer:
		return optionShape(t.Elem(), tag)
	case t.Kind() == reflect.Bool:
		return booleanShape()
	case t.Kind() == reflect.Int:
		return numberBetween(least(tag), maxCount)()
	case t.Kind() == reflect.Int64:
		return numberBetween(least(tag), maxBytes)()
	case t.Kind() == reflect.Slice:
		return list(stringShape(t.Elem()))
	default:
		return stringShape(t)
	}
}

func stringShape(t reflect.Type) *Schema {
	if t.Implements(choiceType) {
		return enum(reflect.Zero(t).Interface().(rules.Choice).Choices())
	}
	return textShape()
}
