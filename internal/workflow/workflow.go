// Package workflow reads GitHub Actions workflows, and actions, as data with
// lines.
//
// # The model
//
// A [Value] is what YAML says, with anchors and merge keys resolved, so that a
// value that is hidden behind an alias is where it takes effect. A [File] is what
// Actions would make of it: triggers, permissions, environment, jobs and steps. Keys are
// compared as Actions compares them; what has another type than Actions wants
// reads as empty, since Actions refuses the whole file then.
//
// Files come from pull requests and are hostile: size, depth and the number of
// values after aliases are limited, and what is over a limit or no YAML is an
// error.
package workflow

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// The limits of a file. Actions' own are lower.
const (
	MaxSize   = 1 << 20 // bytes
	maxDepth  = 64
	maxValues = 50_000 // after aliases
)

// A Value is a scalar, a list or a mapping. The methods accept nil, which stands
// for what is not there.
type Value struct {
	Text  string // of a scalar
	List  []*Value
	Pairs []Pair
	Kind  Kind
	Line  int  // 1-based
	Block bool // a text that begins on the next line
}

// A Pair is a key of a mapping with its value.
type Pair struct {
	Key   string
	Line  int
	Value *Value
}

// Kind is what a value is.
type Kind byte

// The kinds of value.
const (
	Scalar Kind = iota
	List
	Mapping
)

// Read turns one YAML document into a value. An empty file is nil.
func Read(data []byte) (*Value, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%d bytes, the limit is %d", len(data), MaxSize)
	}
	if err := TooDense(data); err != nil {
		return nil, err
	}
	loader, err := yaml.NewLoader(strings.NewReader(string(data)), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		return nil, oneLine(err)
	}
	var doc yaml.Node
	switch err := loader.Load(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, oneLine(err)
	}
	r := &reader{left: maxValues}
	return r.value(&doc, 0)
}

func oneLine(err error) error {
	return errors.New(strings.Join(strings.Fields(err.Error()), " "))
}

// A reader converts nodes and counts what it makes.
type reader struct{ left int }

func (r *reader) value(n *yaml.Node, depth int) (*Value, error) {
	if r.left--; r.left < 0 {
		return nil, fmt.Errorf("more than %d values", maxValues)
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("line %d: nested more than %d levels deep", n.Line, maxDepth)
	}
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) == 0 {
			return nil, nil
		}
		return r.value(n.Content[0], depth)
	case yaml.AliasNode:
		return r.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		return r.list(n, depth)
	case yaml.MappingNode:
		return r.mapping(n, depth)
	}
	v := &Value{Kind: Scalar, Text: n.Value, Line: n.Line, Block: n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0}
	if n.Tag == "!!null" {
		v.Text = ""
	}
	return v, nil
}

func (r *reader) list(n *yaml.Node, depth int) (*Value, error) {
	v := &Value{Kind: List, Line: n.Line}
	for _, c := range n.Content {
		item, err := r.value(c, depth+1)
		if err != nil {
			return nil, err
		}
		v.List = append(v.List, item)
	}
	return v, nil
}

// mapping reads pairs; what a merge key brings comes after them, so that Get
// finds the mapping's own first.
func (r *reader) mapping(n *yaml.Node, depth int) (*Value, error) {
	v := &Value{Kind: Mapping, Line: n.Line}
	var merged []Pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		item, err := r.value(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if n.Content[i].Value == "<<" {
			merged = append(merged, item.merged()...)
			continue
		}
		v.Pairs = append(v.Pairs, Pair{n.Content[i].Value, n.Content[i].Line, item})
	}
	v.Pairs = append(v.Pairs, merged...)
	return v, nil
}

func (v *Value) merged() []Pair {
	if v == nil || v.Kind != List {
		return v.Items()
	}
	var pairs []Pair
	for _, one := range v.List {
		pairs = append(pairs, one.Items()...)
	}
	return pairs
}

// Items are the pairs of a mapping, in their order.
func (v *Value) Items() []Pair {
	if v == nil {
		return nil
	}
	return v.Pairs
}

// Get is the value below a path of keys, nil when it is not there.
func (v *Value) Get(path ...string) *Value {
	for _, key := range path {
		var next *Value
		for _, p := range v.Items() {
			if p.Key == key {
				next = p.Value
				break
			}
		}
		v = next
	}
	return v
}

// String is the text of a scalar, "" for anything else.
func (v *Value) String() string {
	if v == nil {
		return ""
	}
	return v.Text
}

// Strings are the texts of a list, or of a scalar alone.
func (v *Value) Strings() []string {
	switch {
	case v == nil:
		return nil
	case v.Kind == Scalar && v.Text != "":
		return []string{v.Text}
	}
	var texts []string
	for _, item := range v.List {
		texts = append(texts, item.String())
	}
	return texts
}

// At is the line of a value, or another where it is not there.
func (v *Value) At(otherwise int) int {
	if v == nil {
		return otherwise
	}
	return v.Line
}

// Walk calls a function for a value and everything below it, each with the key of
// the mapping that it stands in.
func (v *Value) Walk(each func(key string, v *Value)) { v.walk("", each) }

func (v *Value) walk(key string, each func(key string, v *Value)) {
	if v == nil {
		return
	}
	each(key, v)
	for _, item := range v.List {
		item.walk(key, each)
	}
	for _, p := range v.Pairs {
		p.Value.walk(p.Key, each)
	}
}

// LineOf is the line of an offset in a text.
func (v *Value) LineOf(offset int) int {
	if v == nil {
		return 0
	}
	line := v.Line + strings.Count(v.Text[:min(offset, len(v.Text))], "\n")
	if v.Block {
		line++
	}
	return line
}
