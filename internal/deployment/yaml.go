package deployment

import (
	"bytes"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/changeguard/changeguard/internal/workflow"
)

// A Node is a value of a YAML document. The methods accept nil, which stands for
// a value that is not there.
type Node struct {
	Text  string // of a scalar
	Line  int
	Items []*Node // of a list
	Pairs []Pair  // of a mapping, in order; merge keys are merged
	kind  yaml.Kind
}

// A Pair is one entry of a mapping.
type Pair struct {
	Key   string
	Line  int
	Value *Node
}

// The bounds of a document.
const (
	maxYAML      = 1 << 20
	maxDepth     = 100
	maxNodes     = 200_000 // of all documents of a file, aliases written out
	maxDocuments = 2000
)

var errYAML = errors.New("it is larger or deeper than a manifest can be")

// YAML reads every document of a file. Aliases are written out, within bounds.
func YAML(data []byte) ([]*Node, error) {
	if len(data) > maxYAML {
		return nil, errYAML
	}
	if err := workflow.TooDense(data); err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	var docs []*Node
	left := maxNodes
	for start, line, count := 0, 0, 0; start < len(data); {
		if count++; count > maxDocuments {
			return nil, errYAML
		}
		length := documentEnd(data[start:])
		part := data[start : start+length]
		n, err := document(part, line, &left)
		if err != nil {
			return nil, err
		}
		if n != nil {
			docs = append(docs, n)
		}
		line += bytes.Count(part, []byte("\n"))
		start += length
	}
	return docs, nil
}

// documentEnd is where the next document begins: at a line of three dashes that
// is not the first.
func documentEnd(data []byte) int {
	for at := 0; ; {
		next := bytes.Index(data[at:], []byte("\n---"))
		if next < 0 {
			return len(data)
		}
		at += next + 1
		if rest := data[at+3:]; len(rest) == 0 || rest[0] == '\n' || rest[0] == '\r' || rest[0] == ' ' {
			return at
		}
	}
}

func document(data []byte, line int, left *int) (*Node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	var n yaml.Node
	if err := loader.Load(&n); err != nil {
		if len(bytes.TrimSpace(data)) == 0 || onlyComments(data) {
			return nil, nil
		}
		return nil, fmt.Errorf("it is no YAML: %w", err)
	}
	return convert(&n, line, 0, left)
}

// onlyComments tells an empty document from one that cannot be read.
func onlyComments(data []byte) bool {
	for line := range bytes.Lines(data) {
		if l := bytes.TrimSpace(line); len(l) > 0 && l[0] != '#' && !bytes.Equal(l, []byte("---")) && !bytes.Equal(l, []byte("...")) {
			return false
		}
	}
	return true
}

func convert(n *yaml.Node, line, depth int, left *int) (*Node, error) {
	if *left--; *left < 0 || depth > maxDepth {
		return nil, errYAML
	}
	to := &Node{Text: n.Value, Line: n.Line + line, kind: n.Kind}
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) == 0 {
			return nil, nil
		}
		return convert(n.Content[0], line, depth+1, left)
	case yaml.AliasNode:
		return convert(n.Alias, line, depth+1, left)
	case yaml.SequenceNode:
		for _, item := range n.Content {
			c, err := convert(item, line, depth+1, left)
			if err != nil {
				return nil, err
			}
			to.Items = append(to.Items, c)
		}
	case yaml.MappingNode:
		return to, to.pairs(n, line, depth, left)
	default:
	}
	return to, nil
}

// pairs converts a mapping. What is merged comes last, so that At finds the
// mapping's own first.
func (to *Node) pairs(n *yaml.Node, line, depth int, left *int) error {
	var merged []Pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		v, err := convert(n.Content[i+1], line, depth+1, left)
		if err != nil {
			return err
		}
		key := n.Content[i]
		if key.Value != "<<" {
			to.Pairs = append(to.Pairs, Pair{key.Value, key.Line + line, v})
			continue
		}
		for _, from := range append([]*Node{v}, v.list()...) {
			merged = append(merged, from.Map()...)
		}
	}
	if *left -= len(merged); *left < 0 {
		return errYAML
	}
	to.Pairs = append(to.Pairs, merged...)
	return nil
}

func (n *Node) list() []*Node {
	if n == nil {
		return nil
	}
	return n.Items
}

// At goes down by keys; nil where one is missing.
func (n *Node) At(keys ...string) *Node {
	for _, k := range keys {
		var next *Node
		for _, p := range n.Map() {
			if p.Key == k {
				next = p.Value
				break
			}
		}
		if n = next; n == nil {
			return nil
		}
	}
	return n
}

// Map is the entries of a mapping.
func (n *Node) Map() []Pair {
	if n == nil {
		return nil
	}
	return n.Pairs
}

// List is the items of a list; of a scalar that is there, itself.
func (n *Node) List() []*Node {
	switch {
	case n == nil:
		return nil
	case n.kind == yaml.ScalarNode && n.Text != "":
		return []*Node{n}
	default:
		return n.Items
	}
}

// Str is the text of a scalar, "" for anything else.
func (n *Node) Str() string {
	if n == nil || n.kind != yaml.ScalarNode {
		return ""
	}
	return n.Text
}

// Scalar reports whether the value is a scalar.
func (n *Node) Scalar() bool { return n != nil && n.kind == yaml.ScalarNode }

// Words are the words of a command: a list's items, or a text split up. A block
// text begins on the line below its mark.
func (n *Node) Words() []Word {
	if n == nil {
		return nil
	}
	if !n.Scalar() {
		words := make([]Word, 0, len(n.Items))
		for _, i := range n.Items {
			words = append(words, Word{i.Str(), i.Line})
		}
		return words
	}
	var words []Word
	for _, c := range Commands(n.Text, n.Line) {
		words = append(words, c...)
	}
	return words
}

// Line0 is the line of a value, 0 for one that is not there.
func (n *Node) Line0() int {
	if n == nil {
		return 0
	}
	return n.Line
}
