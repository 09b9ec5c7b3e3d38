package policy

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/changeguard/changeguard/rules"
)

// A Schema is a JSON Schema of the draft 2020-12, with what policies need of it.
type Schema struct {
	Dialect     string     `json:"$schema,omitempty"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	Ref         string     `json:"$ref,omitempty"`
	Type        any        `json:"type,omitempty"`
	Enum        []any      `json:"enum,omitempty"`
	Const       any        `json:"const,omitempty"`
	Pattern     string     `json:"pattern,omitempty"`
	MinLength   int        `json:"minLength,omitempty"`
	MaxLength   int        `json:"maxLength,omitempty"`
	Minimum     *int64     `json:"minimum,omitempty"`
	Maximum     *int64     `json:"maximum,omitempty"`
	Items       *Schema    `json:"items,omitempty"`
	Contains    *Schema    `json:"contains,omitempty"`
	MinItems    int        `json:"minItems,omitempty"`
	MaxItems    *int       `json:"maxItems,omitempty"`
	Required    []string   `json:"required,omitempty"`
	MaxProps    int        `json:"maxProperties,omitempty"`
	Names       *Schema    `json:"propertyNames,omitempty"`
	Properties  properties `json:"properties,omitempty"`
	Additional  any        `json:"additionalProperties,omitempty"` // false or a *Schema
	Not         *Schema    `json:"not,omitempty"`
	If          *Schema    `json:"if,omitempty"`
	Then        *Schema    `json:"then,omitempty"`
	AllOf       []*Schema  `json:"allOf,omitempty"`
	AnyOf       []*Schema  `json:"anyOf,omitempty"`
	Defs        properties `json:"$defs,omitempty"`
}

// properties keep their order, which is that of the manual.
type properties []property

type property struct {
	name   string
	schema *Schema
}

// MarshalJSON writes an object in the order of the list.
func (ps properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range ps {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(p.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(p.schema)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// schemaDialect names the draft.
const schemaDialect = "https://json-schema.org/draft/2020-12/schema"

// SchemaJSON is the JSON Schema of policy files with these kinds, indented, with
// a line break at its end. It comes from the declarations that [Load] decodes by:
// a file that Load takes is valid, and one that is valid fails to load only for
// what a schema cannot say: the syntax of globs and conditions, what the kinds
// check among options, and limits of the file as a whole.
func SchemaJSON(kinds []rules.Kind) ([]byte, error) {
	r := &reader{kinds: kinds}
	s := object(r.policyFields(new(Policy)))
	s.Dialect = schemaDialect
	s.Title = "changeguard policy"
	s.Description = "What a change to this repository may be, and who decides when one is more: " + Path + "."
	s.Required = []string{"version"}
	for _, k := range kinds {
		s.Defs = append(s.Defs, property{k.Name, r.kindShape(k)})
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return b.Bytes(), nil
}
