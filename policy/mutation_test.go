package policy_test

import (
	"fmt"
	"hash/fnv"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/rules/catalogue"
)

// shownPolicies are the policies that the pages show.
func shownPolicies(t *testing.T) map[string]string {
	t.Helper()
	shown := make(map[string]string)
	for _, glob := range []string{"../docs/*.md", "../docs/*/*.md", "../README.md"} {
		names, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			for i, m := range example.FindAllStringSubmatch(page(t, strings.TrimPrefix(name, "../")), -1) {
				if strings.Contains(m[1], "version:") && !strings.Contains(m[1], "\ncases:") {
					shown[fmt.Sprintf("%s, example %d", name, i+1)] = m[1]
				}
			}
		}
	}
	return shown
}

// slips are what people make of a value by mistake.
var slips = map[string]func() *yaml.Node{
	"nothing":     func() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"} },
	"empty text":  func() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Style: yaml.DoubleQuotedStyle} },
	"a word":      func() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: "word"} },
	"zero":        func() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: "0"} },
	"minus":       func() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: "-3"} },
	"large":       func() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: "99999999999999999999"} },
	"broken":      func() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: "1.5"} },
	"true":        func() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: "true"} },
	"no list":     func() *yaml.Node { return &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle} },
	"a list":      func() *yaml.Node { return listOf("word") },
	"twice":       func() *yaml.Node { return listOf("word", "word") },
	"an empty":    func() *yaml.Node { return listOf("") },
	"no mapping":  func() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle} },
	"a mapping":   func() *yaml.Node { return mapOf("word", "word") },
	"with a text": func() *yaml.Node { return mapOf("paths", "word") },
}

func listOf(words ...string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, w := range words {
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: w, Style: yaml.DoubleQuotedStyle})
	}
	return n
}

func mapOf(words ...string) *yaml.Node {
	n := listOf(words...)
	n.Kind = yaml.MappingNode
	return n
}

// mutate hands out a document with one change in it, for every place and every
// slip, and puts it back.
func mutate(where string, n *yaml.Node, each func(what string)) {
	for i, c := range n.Content {
		for what, slip := range slips {
			n.Content[i] = slip()
			each(fmt.Sprintf("%s[%d]: %s", where, i, what))
		}
		n.Content[i] = listOf("word")
		n.Content[i].Content[0] = c
		each(fmt.Sprintf("%s[%d]: in a list", where, i))
		n.Content[i] = c
		mutate(fmt.Sprintf("%s[%d]", where, i), c, each)
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			all := n.Content
			n.Content = append(append([]*yaml.Node(nil), all[:i]...), all[i+2:]...)
			each(fmt.Sprintf("%s[%d]: left out", where, i))
			n.Content = all
			if key := n.Content[i]; len(key.Value) > 0 {
				was := key.Value
				key.Value += "x"
				each(fmt.Sprintf("%s[%d]: misspelled", where, i))
				key.Value = strings.ToUpper(was)
				each(fmt.Sprintf("%s[%d]: in capitals", where, i))
				key.Value = was
			}
		}
	}
}

// Every example of the manual with one slip in it, of which a part is tried each
// time: what the schema takes the decoder takes, and the reverse.
func TestSchemaAndDecoderAgreeOnSlips(t *testing.T) {
	t.Parallel()
	const share = 8 // of which one is tried; all of them agree as well
	s := policySchema(t, catalogue.Kinds())
	loads, refused := 0, 0
	for name, text := range shownPolicies(t) {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		mutate("", doc.Content[0], func(what string) {
			h := fnv.New32a()
			fmt.Fprint(h, name, what)
			if h.Sum32()%share != 0 {
				return
			}
			data, err := yaml.Marshal(&doc)
			if err != nil {
				t.Fatal(err)
			}
			if agree(t, s, catalogue.Kinds(), name+what, string(data)) {
				loads++
			} else {
				refused++
			}
		})
	}
	if loads < 50 || refused < 200 {
		t.Errorf("only %d that load and %d that do not", loads, refused)
	}
	t.Logf("%d load, %d do not", loads, refused)
}
