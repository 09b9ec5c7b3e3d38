package verdict_test

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/verdict"
)

const schemaFile = "../docs/verdict.schema.json"

func verdictSchema(t *testing.T) (*jsonschema.Schema, map[string]any) {
	t.Helper()
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("verdict.json", text); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("verdict.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled, text.(map[string]any)
}

// The published schema describes each field, and no other.
func TestSchemaHasEveryField(t *testing.T) {
	t.Parallel()
	_, schema := verdictSchema(t)
	compareFields(t, "verdict", reflect.TypeFor[verdict.Verdict](), schema)
}

func compareFields(t *testing.T, where string, typ reflect.Type, schema map[string]any) {
	t.Helper()
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		if typ.Kind() == reflect.Slice {
			schema, _ = schema["items"].(map[string]any)
		}
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return
	}
	properties, _ := schema["properties"].(map[string]any)
	if schema["additionalProperties"] != false {
		t.Errorf("%s: other properties are allowed", where)
	}
	fields := make(map[string]bool)
	var required []any
	for i := range typ.NumField() {
		name, rest, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name == "-" || !typ.Field(i).IsExported() {
			continue
		}
		fields[name] = true
		if rest != "omitempty" {
			required = append(required, name)
		}
		p, ok := properties[name].(map[string]any)
		if text, _ := p["description"].(string); !ok || text == "" {
			t.Errorf("%s.%s is not described", where, name)
			continue
		}
		compareFields(t, where+"."+name, typ.Field(i).Type, p)
	}
	for name := range properties {
		if !fields[name] {
			t.Errorf("%s.%s does not exist", where, name)
		}
	}
	if diff := cmp.Diff(required, schema["required"]); diff != "" {
		t.Errorf("%s, required: %s", where, diff)
	}
}

// Verdicts of every kind are as the schema says.
func TestVerdictsFitTheSchema(t *testing.T) {
	t.Parallel()
	schema, _ := verdictSchema(t)
	requirements := changetest.New(changetest.Text(map[string]string{"requirements.txt": "a==1\n"}), changetest.Text(map[string]string{"requirements.txt": "a==1\nrequests>=2.32.0\n"}))
	gap := edit("src/a.py")
	gap.Gaps = append(gap.Gaps, change.Gap{What: "no merge base", Remedy: "git fetch --unshallow"})
	labelled := edit("src/a.py")
	labelled.Labels = []change.Label{{Name: "analysis-only"}}
	lifted := judge(t, edit("src/a.py"), "rules: {p: {uses: protected-paths, with: {paths: ['**']}}}\n")
	lifted.Findings[0].LiftedBy = &verdict.Lift{Kind: "override", By: []string{"alice"}, Reason: "known", Until: "2026-12-01T00:00:00Z"}
	for name, v := range map[string]*verdict.Verdict{
		"pass": judge(t, edit("src/a.py"), ""), "packages": judge(t, requirements, "rules: {p: {uses: dependencies}}\n"),
		"gap": judge(t, gap, ""), "session": judge(t, labelled, sessions), "broken": judge(t, edit("src/a.py"), "rules: 3\n"),
		"surface": judge(t, edit("src/a.py"), "risk: {surfaces: {S: {paths: ['**'], weight: 30}, T: {paths: ['**'], weight: 90}}}\n"),
		"lifted":  lifted,
	} {
		data, err := v.JSON()
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
