package manifest

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/pelletier/go-toml/v2/unstable"
)

// A tomlNode is a value of a TOML document with its lines. The methods accept
// nil, which stands for a value that is not there.
type tomlNode struct {
	kind      tomlKind
	text      string // of a string; of other scalars as written
	keys      []string
	items     map[string]*tomlNode // of a table
	list      []*tomlNode          // of an array
	line, end int
	open      bool // a table that headers or dotted keys may still add to
	defined   bool // a table that had its header
	array     bool // an array of tables, made by headers
}

type tomlKind byte

const (
	tomlScalar tomlKind = iota
	tomlString
	tomlArray
	tomlTable
)

// A tomlReader builds the tree from the stream of expressions. It keeps to the
// stream and does its own duplicate check in maps, because decoding into values
// takes quadratic time on documents with many keys.
type tomlReader struct {
	path  string
	p     unstable.Parser
	lines lineCounter
	nodes int
	root  *tomlNode
	table *tomlNode // that key/value pairs go to
}

// parseTOML reads a document into a tree. Unlike a decoder it refuses nesting
// and dotted keys beyond what a manifest can need, before they cost anything.
func parseTOML(path string, data []byte) (*tomlNode, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	if err := checkDots(path, data); err != nil {
		return nil, err
	}
	data = data[:len(data):len(data)] // offsets are told by capacities
	r := &tomlReader{path: path, lines: lineCounter{data: data, line: 1}, root: newTable(1)}
	r.table = r.root
	r.p.Reset(data)
	for r.p.NextExpression() {
		if err := r.expression(r.p.Expression()); err != nil {
			return nil, err
		}
	}
	if err := r.p.Error(); err != nil {
		return nil, r.syntaxError(data, err)
	}
	return r.root, nil
}

// newTable is open until it is closed: see tomlNode.open.
func newTable(line int) *tomlNode {
	return &tomlNode{kind: tomlTable, items: make(map[string]*tomlNode), line: line, end: line, open: true}
}

func (r *tomlReader) syntaxError(data []byte, err error) error {
	e := &ParseError{Path: r.path, Line: 1, Reason: err.Error()}
	var pe *unstable.ParserError
	if errors.As(err, &pe) {
		e.Line, e.Col = position(data, cap(data)-cap(pe.Highlight))
	}
	return e
}

func (r *tomlReader) fail(line int, format string, args ...any) error {
	return &ParseError{Path: r.path, Line: line, Reason: fmt.Sprintf(format, args...)}
}

func (r *tomlReader) expression(n *unstable.Node) error {
	switch n.Kind {
	case unstable.Table, unstable.ArrayTable:
		return r.header(n)
	case unstable.KeyValue:
		return r.keyValue(r.table, n, 0)
	}
	return nil
}

// key reads a dotted key and its line.
func (r *tomlReader) key(n *unstable.Node) (parts []string, line int, err error) {
	for it := n.Key(); it.Next(); {
		k := it.Node()
		if line == 0 {
			line = r.lines.at(int(k.Raw.Offset))
		}
		if len(parts) == maxNesting {
			return nil, line, r.fail(line, "a key of more than %d parts", maxNesting)
		}
		parts = append(parts, string(k.Data))
	}
	return parts, line, nil
}

// header opens a table or a further element of an array of tables.
func (r *tomlReader) header(n *unstable.Node) error {
	parts, line, err := r.key(n)
	if err != nil {
		return err
	}
	t := r.root
	for _, k := range parts[:len(parts)-1] {
		if t, err = r.descend(t, k, line); err != nil {
			return err
		}
	}
	last := parts[len(parts)-1]
	if n.Kind == unstable.ArrayTable {
		r.table, err = r.element(t, last, line)
		return err
	}
	if r.table, err = r.descend(t, last, line); err != nil {
		return err
	}
	if r.table.defined {
		return r.fail(line, "the table %s is there twice", quote(last))
	}
	r.table.defined, r.table.line, r.table.end = true, line, line
	return nil
}

// descend enters a table below t, made if need be.
func (r *tomlReader) descend(t *tomlNode, key string, line int) (*tomlNode, error) {
	child := t.items[key]
	if child != nil && child.array {
		child = child.list[len(child.list)-1]
	}
	if child == nil {
		child = newTable(line)
		return child, r.insert(t, key, child)
	}
	if child.kind != tomlTable || !child.open {
		return nil, r.fail(line, "the key %s is there twice", quote(key))
	}
	return child, nil
}

// element appends to an array of tables. One that was written as a value is
// closed.
func (r *tomlReader) element(t *tomlNode, key string, line int) (*tomlNode, error) {
	list := t.items[key]
	if list == nil {
		list = &tomlNode{kind: tomlArray, line: line, end: line, array: true}
		if err := r.insert(t, key, list); err != nil {
			return nil, err
		}
	}
	if !list.array {
		return nil, r.fail(line, "the key %s is there twice", quote(key))
	}
	e := newTable(line)
	e.defined = true
	list.list = append(list.list, e)
	return e, r.counted(line)
}

// insert is the one place where a key comes into being, and so where a second
// one of its name is refused.
func (r *tomlReader) insert(t *tomlNode, key string, child *tomlNode) error {
	if t.items[key] != nil {
		return r.fail(child.line, "the key %s is there twice", quote(key))
	}
	t.items[key] = child
	t.keys = append(t.keys, key)
	return r.counted(child.line)
}

func (r *tomlReader) counted(line int) error {
	if r.nodes++; r.nodes > maxEntries {
		return r.fail(line, "more than %d values", maxEntries)
	}
	return nil
}

// keyValue reads a pair. Offsets are asked for in their order in the text, which
// is what lineCounter needs.
func (r *tomlReader) keyValue(t *tomlNode, n *unstable.Node, depth int) error {
	parts, line, err := r.key(n)
	if err != nil {
		return err
	}
	for _, k := range parts[:len(parts)-1] {
		if t, err = r.descend(t, k, line); err != nil {
			return err
		}
		t.defined = true // no header may follow
	}
	v, err := r.value(n.Value(), line, depth)
	if err != nil {
		return err
	}
	v.end = r.lines.at(int(n.Raw.Offset + max(n.Raw.Length, 1) - 1))
	return r.insert(t, parts[len(parts)-1], v)
}

func (r *tomlReader) value(n *unstable.Node, line, depth int) (*tomlNode, error) {
	if depth > maxNesting {
		return nil, r.fail(line, "nested more than %d levels deep", maxNesting)
	}
	switch n.Kind {
	case unstable.Array:
		v := &tomlNode{kind: tomlArray, line: line, end: line}
		return v, r.elements(v, n, depth)
	case unstable.InlineTable:
		v := newTable(r.lines.at(int(n.Raw.Offset)))
		for it := n.Children(); it.Next(); {
			if err := r.keyValue(v, it.Node(), depth+1); err != nil {
				return nil, err
			}
		}
		v.end = max(v.end, r.lines.line)
		v.close()
		return v, nil
	case unstable.String:
		at := r.lines.at(int(n.Raw.Offset))
		return &tomlNode{kind: tomlString, text: string(n.Data), line: at, end: r.lines.at(int(n.Raw.Offset + n.Raw.Length - 1))}, nil
	}
	return &tomlNode{kind: tomlScalar, text: string(n.Data), line: line, end: line}, nil
}

func (r *tomlReader) elements(v *tomlNode, n *unstable.Node, depth int) error {
	for it := n.Children(); it.Next(); {
		e, err := r.value(it.Node(), v.line, depth+1)
		if err != nil {
			return err
		}
		v.list = append(v.list, e)
		if err := r.counted(e.line); err != nil {
			return err
		}
	}
	return nil
}

// close ends an inline table and what dotted keys made in it: nothing outside
// may add to them.
func (n *tomlNode) close() {
	n.open = false
	for _, child := range n.items {
		if child.kind == tomlTable && child.open {
			child.close()
		}
	}
}

// child is the value below a path of keys, nil when it is not there.
func (n *tomlNode) child(keys ...string) *tomlNode {
	for _, k := range keys {
		if n == nil {
			return nil
		}
		n = n.items[k]
	}
	return n
}

// str is the text of a string below a key, "" for anything else.
func (n *tomlNode) str(key string) string {
	if c := n.child(key); c != nil && c.kind == tomlString {
		return c.text
	}
	return ""
}

// A lineCounter turns offsets into lines. They must not go back, which makes
// all of them together one pass.
type lineCounter struct {
	data   []byte
	offset int
	line   int
}

func (c *lineCounter) at(offset int) int {
	if offset = min(offset, len(c.data)); offset > c.offset {
		c.line += bytes.Count(c.data[c.offset:offset], []byte{'\n'})
		c.offset = offset
	}
	return c.line
}

// maxDots is more than any key has, and less than what makes the parser below
// slow: it reads a whole key before anybody can stop it.
const maxDots = 1000

// checkDots refuses a line that may be a key of very many parts.
func checkDots(path string, data []byte) error {
	whole := data
	for len(data) > 0 {
		if short := bytes.LastIndexByte(data[:min(maxDots, len(data))], '\n'); short >= 0 {
			data = data[short+1:] // lines that have room for no more
			continue
		}
		n := len(whole) - len(data)
		var line []byte
		line, data, _ = bytes.Cut(data, []byte{'\n'})
		if len(line) <= maxDots || bytes.Count(line, []byte{'.'}) <= maxDots {
			continue
		}
		run := 0
		for _, c := range line {
			switch c {
			case '.':
				run++
			case '=', ',', '{', '}', '[', ']', '"', '\'', '#':
				run = 0
			}
			if run > maxDots {
				return &ParseError{Path: path, Line: bytes.Count(whole[:n], []byte{'\n'}) + 1, Reason: "more than 1000 dots in a row"}
			}
		}
	}
	return nil
}
