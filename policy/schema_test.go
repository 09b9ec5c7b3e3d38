package policy_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/catalogue"
)

const schemaFile = "../docs/policy.schema.json"

func policySchema(t testing.TB, kinds []rules.Kind) *jsonschema.Schema {
	t.Helper()
	data, err := policy.SchemaJSON(kinds)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("policy.json", text); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("policy.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The published schema is the one that the command prints.
func TestPublishedSchemaIsFresh(t *testing.T) {
	t.Parallel()
	want, err := policy.SchemaJSON(catalogue.Kinds())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(schemaFile); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is stale (%v); run go test ./policy -run Schema -update", schemaFile, err)
	}
}

// Whoever writes a policy in an editor reads there what each key means.
func TestSchemaDescribesEveryKey(t *testing.T) {
	t.Parallel()
	data, err := policy.SchemaJSON(catalogue.Kinds())
	if err != nil {
		t.Fatal(err)
	}
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if n := described(t, "policy", text); n < 40 {
		t.Errorf("only %d keys", n)
	}
}

// described walks all objects that take no other keys.
func described(t *testing.T, where string, schema any) (keys int) {
	if items, ok := schema.([]any); ok {
		for i, s := range items {
			keys += described(t, fmt.Sprintf("%s[%d]", where, i), s)
		}
	}
	s, ok := schema.(map[string]any)
	if !ok {
		return keys
	}
	if properties, ok := s["properties"].(map[string]any); ok && s["additionalProperties"] == false {
		for name, p := range properties {
			keys++
			if d, _ := p.(map[string]any)["description"].(string); !strings.HasSuffix(d, ".") {
				t.Errorf("%s.%s: %q is no description", where, name, d)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		keys += described(t, where+"."+name, s[name])
	}
	return keys
}

// value is a YAML document as JSON has it, the way editors read it. Texts that
// are no numbers or booleans stay texts, as the decoder takes them.
func value(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.DocumentNode:
		return value(n.Content[0])
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			v, err := value(item)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		m := make(map[string]any)
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := value(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			m[n.Content[i].Value] = v
		}
		return m, nil
	}
	var v any
	switch n.Tag {
	case "!!int", "!!float", "!!bool", "!!null":
		err := n.Decode(&v)
		return v, err
	}
	return n.Value, nil
}

// valid asks the schema; readable is false for what is no YAML.
func valid(s *jsonschema.Schema, text string) (err error, readable bool) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || doc.Kind == 0 {
		return err, false
	}
	v, err := value(&doc)
	if err != nil {
		return err, false
	}
	return s.Validate(v), true
}

// beyond are the mistakes that no schema can see: what is no YAML of ours, what
// is written as a different text of the same value, the languages within texts,
// what names something elsewhere, and what a kind checks among its options.
var beyond = regexp.MustCompile(strings.Join([]string{
	`glob "`, `^duplicate key `, `this is "1\.0"$`, `no valid YAML`, `an alias|an anchor|a tag`, `merge keys`, `\.(if|require): `, `a key of .* must be`, `\.with: `, `conditions of the policy`,
	`must be a whole number in digits`, `must be true or false, without quotes`, `and \d+ more problems`, `second document`, `cannot be read|control character`,
	`the policy has more than|alternatives`, `must be a positive time`, `list of globs|more than \d+ globs`,
}, "|"))

// agree fails where the decoder and the schema take different policies.
func agree(t *testing.T, s *jsonschema.Schema, kinds []rules.Kind, label, text string) (loads bool) {
	t.Helper()
	_, problems := policy.Load([]byte(text), policy.Source{Name: "p.yml"}, kinds)
	err, readable := valid(s, text)
	switch {
	case problems == nil && (err != nil || !readable):
		t.Errorf("%s: loads, and the schema refuses it: %v\n%s", label, err, text)
	case problems != nil && err == nil && readable:
		for _, p := range problems {
			if !beyond.MatchString(p.Message) {
				t.Errorf("%s: the schema takes what the decoder refuses: %v\n%s", label, p, text)
			}
		}
	}
	return problems == nil
}

// Every policy of the fixtures, sound and broken, of this package and of all
// kinds: what one takes the other takes.
func TestSchemaAndDecoderAgree(t *testing.T) {
	t.Parallel()
	small, whole := policySchema(t, kinds()), policySchema(t, catalogue.Kinds())
	loads, refused := 0, 0
	count := func(ok bool) {
		if ok {
			loads++
		} else {
			refused++
		}
	}
	for _, glob := range []string{"testdata/*/*.txtar", "../rules/*/testdata/*.txtar"} {
		names, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range a.Files {
				label := name + ": " + f.Name
				switch {
				case !strings.HasSuffix(f.Name, ".yml"), strings.Contains(f.Name, "/"), strings.HasPrefix(f.Name, "pull-request"), strings.Contains(name, "/init/"):
				case strings.HasPrefix(name, "testdata"):
					count(agree(t, small, kinds(), label, string(f.Data)))
				default:
					count(agree(t, whole, catalogue.Kinds(), label, string(f.Data)))
				}
			}
		}
	}
	if loads < 50 || refused < 50 {
		t.Errorf("only %d policies that load and %d that do not", loads, refused)
	}
}

// Single lines, each at the edge of what is taken.
func TestSchemaAndDecoderAgreeAtTheEdges(t *testing.T) {
	t.Parallel()
	s := policySchema(t, kinds())
	long := strings.Repeat("x", 101)
	for _, text := range []string{
		"mode: observe", "mode: Observe", "mode: []", "version: 2", "version: '1'", "version:", "approvals: {count: 0}", "approvals: {count: 100}", "approvals: {count: 101}",
		"approvals: {from: []}", "approvals: {from: [write]}", "approvals: {from: ['role:write', '@a/b', c-d]}", "approvals: {from: ['role:read']}", "approvals: {from: ['@alice']}", "approvals: {from: [12345]}",
		"overrides: {by: []}", "overrides: {expire: 3d}", "overrides: {expire: 1h30m}", "overrides: {expire: 1.5h}", "overrides: {expire: -1h}", "overrides: {expire: 0h}", "overrides: {self: yes}", "overrides: {self: true}", "overrides: {expire: 7}",
		"pushes: {branches: []}", "pushes: {branches: ['!x']}", "pushes: {branches: ['!x', main]}", "pushes: {branches: main}", "pushes: {branch: [main]}", "pushes: {branches: ['']}",
		"agents: {a: {}}", "agents: {a: {logins: [], emails: []}}", "agents: {a: {logins: ['b[bot]']}}", "agents: {a: {emails: [b]}}", "agents: {'a b': {logins: [c]}}", "agents: {_a: {logins: [c]}}", "agents: {é: {logins: [c]}}",
		"risk: {surfaces: {A b: {paths: [x], weight: 1}}}", "risk: {surfaces: {A: {paths: [], weight: 1}}}", "risk: {surfaces: {A: {paths: [x]}}}", "risk: {surfaces: {' A': {paths: [x], weight: 1}}}", "risk: {surfaces: {A: {paths: [x], weight: 0}}}",
		"risk: {surfaces: {" + long + ": {paths: [x], weight: 1}}}", "risk: {surfaces: {\"a\\tb\": {paths: [x], weight: 1}}}", "risk: {approve-at: low}", "risk: {approve-at: high}", "notify: {off: [a]}", "notify: {block: [a b]}", "notify: {block: ['#ops']}", "notify: {warn: [ops]}",
		"classes: {docs: ['a/**']}", "classes: {cosmetic: [a]}", "classes: {doc: [a]}", "classes: {docs: ['!a']}", "classes: {docs: [1, true, 2.5]}", "classes: {docs: [[a]]}", "classes: {docs: [~]}",
		"sessions: {a: {may-change: [docs]}}", "sessions: {a: {declared-by: {labels: [' x']}}}", "sessions: {a: {declared-by: {labels: [x y]}}}", "sessions: {a: {declared-by: {}}}", "sessions: {a: {declared-by: {titles: []}}}",
		"sessions: {a: {declared-by: {trailers: [x]}}}", "sessions: {a: {declared-by: {trailers: ['x: ']}}}", "sessions: {a: {declared-by: {trailers: ['x:y']}}}", "sessions: {a: {declared-by: {trailers: [{x: y}]}}}",
		"sessions: {undeclared-agent: {}}", "sessions: {undeclared-agent: {declared-by: {labels: [x]}}}", "sessions: {risk: {declared-by: {labels: [x]}}}", "sessions: {human: {declared-by: {labels: [x]}}}", "sessions: {guard-integrity: {declared-by: {labels: [x]}}}",
		"sessions: {undeclared-agent: {may-change: [doc]}}", "sessions: {undeclared-agent: {may-change: ['!docs', a.b, '**', cosmetic]}}", "sessions: {undeclared-agent: {may-change: ['!']}}", "sessions: {undeclared-agent: {may-change: []}}",
		"sessions: {undeclared-agent: {max-commits: 0}}", "sessions: {undeclared-agent: {max-commits: 1, level: off}}", "sessions: {undeclared-agent: {level: none}}",
		"rules: {a: {uses: sample}}", "rules: {a: {uses: nothing}}", "rules: {risk: {uses: sample}}", "rules: {guard-integrity: {uses: sample}}", "rules: {guard-integrity: {uses: guard-integrity, level: off}}", "rules: {a: }", "rules: {}",
		"rules: {a: {uses: sample, with: {count: -1}}}", "rules: {a: {uses: sample, with: {at-least: 1}}}", "rules: {a: {uses: sample, with: {on: [added], how: removed, title: 7, bytes: 9, check: false, deadline: 1h}}}", "rules: {a: {uses: sample, with: {on: [gone]}}}",
		"rules: {a: {uses: sample, with: {paths: [x], other: 1}}}", "rules: {a: {uses: sample, with: []}}", "rules: {a: {uses: sample, overridable: true, message: x, approvals: {}}}", "rules: {a: {uses: sample, message: " + strings.Repeat("x", 1001) + "}}", "rules: []", "unknown: 1",
	} {
		if !strings.HasPrefix(text, "version") {
			text = "version: 1\n" + text
		}
		agree(t, s, kinds(), text, text+"\n")
	}
}

// Every policy that any page shows is held against both.
func TestExamplesOfAllPagesAgree(t *testing.T) {
	t.Parallel()
	s := policySchema(t, catalogue.Kinds())
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, name := range append(append(pages, more...), "../README.md") {
		for i, m := range example.FindAllStringSubmatch(page(t, strings.TrimPrefix(name, "../")), -1) {
			if !strings.Contains(m[1], "version:") || strings.Contains(m[1], "\ncases:") {
				continue // a workflow, cases that try a policy, or a part that nobody could copy as a policy
			}
			shown++
			if label := fmt.Sprintf("%s, example %d", name, i+1); !agree(t, s, catalogue.Kinds(), label, m[1]) {
				_, problems := policy.Load([]byte(m[1]), policy.Source{Name: name}, catalogue.Kinds())
				t.Errorf("%s does not load: %v", label, problems)
			}
		}
	}
	if shown < len(catalogue.Kinds())+3 {
		t.Errorf("only %d examples", shown)
	}
}
