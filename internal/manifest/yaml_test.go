package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// yamlSeeds are documents in every form that is read, and in some that are not.
var yamlSeeds = []string{
	"a: 1\nb:\n  - x\n  - y: z\n    w: v\n  -\n    - deep\n",
	"a:\n- b\n- c\n",
	"'it''s': \"a\\tb\\x41\\u00e9\"\n",
	"a: b\n  c\n\n  d\n",
	"a: |\n  x\n   y\n\n  z\nb: >-\n  x\n  y\n\n  z\n   more\n  end\n",
	"a: |+\n  x\n\nb: >\n\n  x\n\n",
	"a: |2\n   x\n",
	"{a: [1, 2, {b: c}], 'd': e, \"f\":g}\n",
	"a: [x,\n  y z\n  w, # note\n  \"q\n  r\"]\n",
	"? \"long\"\n: v\n? other\n:\n  - x\n", "? a\n: b: c\n  d: e\n? f\n: - g\n",
	"a: &x {b: c}\nd: *x\n", "a: &x\n  b: &y\n    c: d\n  e: f\ng: *y\n", "- &x\n  a: b\n- &y c\n- *x\n",
	"--- \n# note\na: b # note\n...\n",
	"a: http://x.example/#y\nb: c:d\n",
	"a:\tb\n", "- - a\n  - b\n- c\n", "a: \"x\\\n  y\"\n", "a: 'x\n\n  y'\n", "text\n", "a: -1\nb: :x\nc: ?y\n", "", "a:\nb: ~\n", "\ufeffa: b\n", "a: b\r\nc: d\r\n",
}

// plainTree is a value as lists, maps and texts. White space at the end of a text
// is left out: no manifest depends on it, and readers differ in it.
func plainTree(v *yamlValue) any {
	switch {
	case v.isNull():
		return nil
	case v.kind == yamlSeq:
		list := make([]any, len(v.list))
		for i, e := range v.list {
			list[i] = plainTree(e)
		}
		return list
	case v.kind == yamlMap:
		m := make(map[string]any)
		for i, e := range v.list {
			m[v.keys[i].text] = plainTree(e)
		}
		return m
	}
	return strings.TrimRight(v.text, " \n")
}

// oracleTree is the same of the library's.
func oracleTree(n *yaml.Node) any {
	switch n.Kind {
	case yaml.DocumentNode:
		return oracleTree(n.Content[0])
	case yaml.AliasNode:
		return oracleTree(n.Alias)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, e := range n.Content {
			list[i] = oracleTree(e)
		}
		return list
	case yaml.MappingNode:
		m := make(map[string]any)
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = oracleTree(n.Content[i+1])
		}
		return m
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0 && (n.Value == "" || n.Value == "~" || strings.EqualFold(n.Value, "null")) {
		return nil
	}
	return strings.TrimRight(n.Value, " \n")
}

// againstOracle: what is read here, the library reads too, and the same.
func againstOracle(t *testing.T, text string) {
	t.Helper()
	docs, err := parseYAML("x", []byte(text))
	if err != nil || len(docs) != 1 {
		return
	}
	var n yaml.Node
	if err := yaml.Load([]byte(text), &n); err != nil {
		if !strings.Contains(err.Error(), "exceed") && !strings.Contains(err.Error(), "no documents") {
			t.Fatalf("read here, and there: %v\n%q", err, text)
		}
		return
	}
	if diff := cmp.Diff(oracleTree(&n), plainTree(docs[0])); diff != "" {
		t.Fatalf("%q (-library +here):\n%s", text, diff)
	}
}

func TestYAMLAsTheLibrary(t *testing.T) {
	t.Parallel()
	for _, s := range yamlSeeds {
		if _, err := parseYAML("x", []byte(s)); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		againstOracle(t, s)
	}
}

// TestYAMLRefuses: what readers differ in, and what is not read here.
func TestYAMLRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"a: 1\na: 2\n", "a: !!str b\n", "%YAML 1.2\n---\na: b\n", "a: {b: c}\nd:\n  <<: *e\n", "a: *nobody\n", "\ta: b\n", "a:\n  b: c\n d: e\n",
		"a: b: c\n", "a: [b\n", "a: 'b\n", "a: b\rc: d\n", "# a\rb: c\n", "0 #\r0", "[a: b]: c\n", "a: @b\n", "a: \"\\q\"\n", "a: - b\n", "{a: 1, a: 2}\n", "a: b\n\u0085c: d\n",
		strings.Repeat("- ", 100) + "a\n", strings.Repeat("[", 100),
	} {
		if docs, err := parseYAML("x", []byte(s)); err == nil {
			t.Errorf("%q is read: %v", s, plainTree(docs[0]))
		}
	}
}

// TestYAMLAliasBomb: aliases of aliases end at the limit, not in memory.
func TestYAMLAliasBomb(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		before := "*a" + string(rune('0'+i-1))
		b.WriteString("a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + strings.TrimSuffix(strings.Repeat(before+", ", 10), ", ") + "]\n")
	}
	if _, err := parseYAML("x", []byte(b.String())); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("error %v", err)
	}
}

// FuzzYAML holds this reader against the library's.
func FuzzYAML(f *testing.F) {
	for _, s := range yamlSeeds {
		f.Add(s)
	}
	f.Fuzz(againstOracle)
}
