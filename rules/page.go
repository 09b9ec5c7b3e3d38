package rules

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Page is the manual page of a kind as Markdown. The command line prints it and
// docs/rules holds it; both come from the fields beside the code.
func (k Kind) Page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\nFails when %s. Since %s.\n\n%s\n\n", k.Name, k.Title, k.Since, k.Why)
	fmt.Fprintf(&b, "Found:\n\n```\n%s\n```\n\nNot found:\n\n```\n%s\n```\n\n## What to do\n\n%s\n\n## Options\n\n", k.Bad, k.Good, k.Remedy)
	options := k.Options()
	if len(options) == 0 {
		b.WriteString("None.\n")
	}
	for _, o := range options {
		fmt.Fprintf(&b, "- `%s` (%s): %s\n", o.Name, o.Type, o.Text)
	}
	if k.More != nil {
		b.WriteString("\n" + strings.TrimSpace(k.More()) + "\n")
	}
	b.WriteString("\n## In a policy\n\n```yaml\nversion: 1\nrules:\n  my-rule:\n    uses: " + k.Name + "\n    level: block            # block (default), approve, warn, off\n")
	for i, o := range options {
		if i == 0 {
			b.WriteString("    with:\n")
		}
		if i == 0 || strings.HasSuffix(o.Text, "Required.") {
			b.WriteString("      " + o.Name + ": " + o.Example + "\n")
		}
	}
	b.WriteString("```\n\n")
	if k.Subject == People {
		b.WriteString("In a merge queue the members of the group are judged by this rule, the group itself is not.\n")
	} else {
		b.WriteString("In a merge queue the group's own difference is judged by this rule.\n")
	}
	return b.String()
}

// Option documents one option of a kind. The example is a value as a policy has
// it: the tag example of the field, else one that its type takes.
type Option struct{ Name, Type, Text, Example string }

// Options lists the options in the order of the struct.
func (k Kind) Options() []Option {
	t := reflect.TypeOf(k.NewOptions()).Elem()
	var options []Option
	for i := range t.NumField() {
		f := t.Field(i)
		example, ok := f.Tag.Lookup("example")
		if !ok {
			example = exampleOf(f.Type)
		}
		options = append(options, Option{f.Tag.Get("yaml"), typeName(f.Type), f.Tag.Get("desc"), example})
	}
	return options
}

func typeName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Globs]():
		return "list of path globs"
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		return "CEL expression"
	case t.Kind() == reflect.Pointer:
		return typeName(t.Elem())
	case t.Kind() == reflect.Slice && t.Elem().Implements(reflect.TypeFor[Choice]()):
		return "list of " + strings.Join(reflect.Zero(t.Elem()).Interface().(Choice).Choices(), ", ")
	case t.Kind() == reflect.Slice:
		return "list of " + typeName(t.Elem()) + "s"
	case t.Implements(reflect.TypeFor[Choice]()):
		return strings.Join(reflect.Zero(t).Interface().(Choice).Choices(), " | ")
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		return "whole number"
	default:
		return "text"
	}
}

func exampleOf(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Globs]():
		return `["src/**"]`
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		return `change.files < 100`
	case t.Kind() == reflect.Pointer:
		return exampleOf(t.Elem())
	case t.Kind() == reflect.Slice:
		return "[" + exampleOf(t.Elem()) + "]"
	case t.Implements(reflect.TypeFor[Choice]()):
		return reflect.Zero(t).Interface().(Choice).Choices()[0]
	case t == reflect.TypeFor[time.Duration]():
		return "1h"
	case t.Kind() == reflect.Bool:
		return "true"
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		return "20"
	default:
		return "example"
	}
}
