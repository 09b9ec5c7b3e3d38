package ghschema

import (
	"fmt"
	"math"
	"net/url"
	"reflect"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode/utf8"
)

// validator checks values against schemas of OpenAPI 3.0.
type validator struct {
	schemas map[string]any
}

// problem is one thing that a value may not be.
type problem struct{ where, what string }

func (p problem) String() string { return p.where + ": " + p.what }

// check lists what is wrong with a value. Keywords are handled in a fixed order,
// so that the list is always the same.
func (v *validator) check(schema, value any, where string) []problem {
	s, ok := schema.(map[string]any)
	if !ok {
		return []problem{{where, fmt.Sprintf("the schema %v is none", schema)}}
	}
	if name, ok := s["$ref"].(string); ok {
		return v.check(v.schemas[name], value, where)
	}
	if value == nil && s["nullable"] == true {
		return nil
	}
	keywords := make([]string, 0, len(s))
	for k := range s {
		keywords = append(keywords, k)
	}
	sort.Strings(keywords)
	var list []problem
	for _, k := range keywords {
		list = append(list, v.keyword(s, k, value, where)...)
	}
	return list
}

func (v *validator) keyword(s map[string]any, key string, value any, where string) []problem {
	rule := s[key]
	switch key {
	case "nullable": // looked at before
		return nil
	case "required":
		return required(rule, value, where)
	case "type":
		return typed(rule, value, where)
	case "enum":
		list, _ := rule.([]any)
		if !slices.ContainsFunc(list, func(x any) bool { return reflect.DeepEqual(x, value) }) {
			return []problem{{where, fmt.Sprintf("%v is none of %v", value, list)}}
		}
		return nil
	case "allOf", "anyOf", "oneOf":
		return v.combined(key, rule, value, where)
	case "properties":
		return v.properties(s, value, where)
	case "additionalProperties":
		return v.additional(s, value, where)
	case "items":
		return v.items(rule, value, where)
	case "format":
		return formatted(rule, value, where)
	case "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties":
		return bounded(key, rule, value, where)
	}
	return []problem{{where, fmt.Sprintf("the schema's keyword %q is not understood", key)}}
}

func typed(rule, value any, where string) []problem {
	ok := false
	switch rule {
	case "object":
		_, ok = value.(map[string]any)
	case "array":
		_, ok = value.([]any)
	case "string":
		_, ok = value.(string)
	case "boolean":
		_, ok = value.(bool)
	case "number":
		_, ok = value.(float64)
	case "integer":
		var n float64
		n, ok = value.(float64)
		ok = ok && n == math.Trunc(n)
	}
	if !ok {
		return []problem{{where, fmt.Sprintf("%.60v is no %v", fmt.Sprint(value), rule)}}
	}
	return nil
}

func (v *validator) combined(key string, rule, value any, where string) []problem {
	list, _ := rule.([]any)
	fits := 0
	var all []problem
	for _, s := range list {
		wrong := v.check(s, value, where)
		if len(wrong) == 0 {
			fits++
		}
		all = append(all, wrong...)
	}
	switch {
	case key == "allOf":
		return all
	case fits == 0:
		return append([]problem{{where, "fits none of the " + key}}, all...)
	case key == "oneOf" && fits > 1:
		return []problem{{where, fmt.Sprintf("fits %d of the oneOf", fits)}}
	}
	return nil
}

func required(rule, value any, where string) []problem {
	o, ok := value.(map[string]any)
	if !ok {
		return nil // the type says it
	}
	names, _ := rule.([]any)
	var list []problem
	for _, name := range names {
		name, isText := name.(string)
		if _, ok := o[name]; !ok || !isText {
			list = append(list, problem{where, "lacks " + name})
		}
	}
	return list
}

func (v *validator) properties(s map[string]any, value any, where string) []problem {
	o, ok := value.(map[string]any)
	if !ok {
		return nil // the type says it
	}
	var list []problem
	known, _ := s["properties"].(map[string]any)
	for _, name := range sorted(o) {
		if sub, ok := known[name]; ok {
			list = append(list, v.check(sub, o[name], where+"."+name)...)
		}
	}
	return list
}

func (v *validator) additional(s map[string]any, value any, where string) []problem {
	o, ok := value.(map[string]any)
	if !ok || s["additionalProperties"] == true {
		return nil
	}
	known, _ := s["properties"].(map[string]any)
	var list []problem
	for _, name := range sorted(o) {
		switch _, listed := known[name]; {
		case listed:
		case s["additionalProperties"] == false:
			list = append(list, problem{where, "may not have " + name})
		default:
			list = append(list, v.check(s["additionalProperties"], o[name], where+"."+name)...)
		}
	}
	return list
}

func (v *validator) items(rule, value any, where string) []problem {
	list, ok := value.([]any)
	if !ok {
		return nil // the type says it
	}
	var wrong []problem
	for i, x := range list {
		wrong = append(wrong, v.check(rule, x, fmt.Sprintf("%s[%d]", where, i))...)
	}
	return wrong
}

func formatted(rule, value any, where string) []problem {
	text, ok := value.(string)
	if !ok {
		return nil // formats of numbers need no look
	}
	good := true
	switch rule {
	case "date-time":
		_, err := time.Parse(time.RFC3339, text)
		good = err == nil
	case "uri":
		u, err := url.Parse(text)
		good = err == nil && u.IsAbs()
	case "email":
		good = strings.Contains(text, "@")
	case "timestamp", "repo.nwo", "int64", "uri-template", "date", "ssh-key", "uuid":
	default:
		return []problem{{where, fmt.Sprintf("the format %v is not understood", rule)}}
	}
	if !good {
		return []problem{{where, fmt.Sprintf("%q is no %v", text, rule)}}
	}
	return nil
}

func bounded(key string, rule, value any, where string) []problem {
	limit, isNumber := rule.(float64)
	size := math.NaN()
	switch x := value.(type) {
	case float64:
		size = x
	case string:
		size = float64(utf8.RuneCountInString(x))
	case []any:
		size = float64(len(x))
	case map[string]any:
		size = float64(len(x))
	}
	switch {
	case !isNumber:
		return []problem{{where, fmt.Sprintf("the schema's %s is no number", key)}}
	case strings.HasPrefix(key, "min") && size < limit, strings.HasPrefix(key, "max") && size > limit:
		return []problem{{where, fmt.Sprintf("%v breaks %s %v", size, key, limit)}}
	}
	return nil
}

func sorted[T any](o map[string]T) []string {
	names := make([]string, 0, len(o))
	for n := range o {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
