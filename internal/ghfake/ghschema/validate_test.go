package ghschema

import (
	"encoding/json"
	"testing"
)

// Every keyword of the validator, with a value that fits and one that does not.
func TestKeywords(t *testing.T) {
	t.Parallel()
	v := &validator{map[string]any{"text": map[string]any{"type": "string"}}}
	for _, c := range []struct{ schema, good, bad string }{
		{`{"type":"object"}`, `{}`, `[]`},
		{`{"type":"array"}`, `[]`, `{}`},
		{`{"type":"string"}`, `"x"`, `1`},
		{`{"type":"boolean"}`, `true`, `"true"`},
		{`{"type":"number"}`, `1.5`, `"1.5"`},
		{`{"type":"integer"}`, `1`, `1.5`},
		{`{"type":"string","nullable":true}`, `null`, `1`},
		{`{"type":"string"}`, `"x"`, `null`},
		{`{"enum":["a",null]}`, `null`, `"b"`},
		{`{"$ref":"text"}`, `"x"`, `1`},
		{`{"$ref":"nothing"}`, ``, `1`},
		{`{"allOf":[{"type":"string"},{"minLength":2}]}`, `"xx"`, `"x"`},
		{`{"anyOf":[{"type":"string"},{"type":"number"}]}`, `1`, `true`},
		{`{"oneOf":[{"type":"string"},{"type":"number"}]}`, `1`, `true`},
		{`{"oneOf":[{"type":"integer"},{"type":"number"}]}`, `1.5`, `1`},
		{`{"required":["a"]}`, `{"a":1}`, `{"b":1}`},
		{`{"properties":{"a":{"type":"string"}}}`, `{"a":"x","b":1}`, `{"a":1}`},
		{`{"properties":{"a":{}},"additionalProperties":false}`, `{"a":1}`, `{"b":1}`},
		{`{"additionalProperties":{"type":"string"}}`, `{"a":"x"}`, `{"a":1}`},
		{`{"items":{"type":"string"}}`, `["x"]`, `["x",1]`},
		{`{"format":"date-time"}`, `"2020-01-01T00:00:00Z"`, `"2020"`},
		{`{"format":"uri"}`, `"https://x/"`, `"/x"`},
		{`{"format":"email"}`, `"a@b"`, `"a"`},
		{`{"format":"nothing"}`, ``, `"x"`},
		{`{"minimum":2}`, `2`, `1`},
		{`{"maximum":2}`, `2`, `3`},
		{`{"maxLength":2}`, `"üü"`, `"xxx"`},
		{`{"minItems":1}`, `[1]`, `[]`},
		{`{"maxProperties":1}`, `{"a":1}`, `{"a":1,"b":2}`},
		{`{"maximum":"2"}`, ``, `1`},
		{`{"pattern":"x"}`, ``, `"x"`},
		{`7`, ``, `1`},
	} {
		var schema any
		if err := json.Unmarshal([]byte(c.schema), &schema); err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]bool{c.good: true, c.bad: false} {
			if text == "" {
				continue // a schema that is wrong fits nothing
			}
			var value any
			if err := json.Unmarshal([]byte(text), &value); err != nil {
				t.Fatal(err)
			}
			if got := v.check(schema, value, "value"); (len(got) == 0) != want {
				t.Errorf("%s with %s: %v", c.schema, text, got)
			}
		}
	}
}
