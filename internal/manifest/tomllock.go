package manifest

import (
	"fmt"

	"github.com/pelletier/go-toml/v2/unstable"
)

// A lockNode is a value of a lock file in TOML. Such files have many small tables,
// so there is a map only in those that are large.
type lockNode struct {
	kind      tomlKind
	text      string // of a string; of other scalars as written
	keys      []string
	vals      []*lockNode    // of a table, in the order of keys; of an array
	index     map[string]int // of a table with more than few keys
	line, end int
	array     bool // an array of tables, made by headers
	defined   bool // a table that had its header
	closed    bool // written as a value: nothing may add to it
}

const fewKeys = 16

// maxLockNodes bounds what a lock file may hold: a hundred bytes each.
const maxLockNodes = 800_000

// A lockReader reads a TOML document whose bulk is one array of tables, such as
// [[package]]: each of them is handed over when it is complete, and its nodes are
// used again for the next.
type lockReader struct {
	path    string
	text    string
	p       unstable.Parser
	lines   lineCounter
	nodes   int
	pool    []*lockNode // of the elements; the first used ones are in the current one
	used    int
	parts   []string // of the key that is read
	array   string
	each    func(*lockNode) error
	root    *lockNode
	element *lockNode // of the array
	table   *lockNode // that key/value pairs go to; nil where they are not needed
	skips   map[string]bool
	begins  [256]bool // the first bytes of what is in skips: most keys are told by it
	inside  bool      // the current table belongs to an element
}

// readTOMLLock calls a function for each table of the array and returns the rest
// of the document. Values of the keys in skips are not kept within these tables.
func readTOMLLock(path string, data []byte, array string, skips map[string]bool, each func(*lockNode) error) (*lockNode, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	if err := checkDots(path, data); err != nil {
		return nil, err
	}
	data = data[:len(data):len(data)] // offsets are told by capacities
	r := &lockReader{path: path, text: string(data), lines: lineCounter{data: data, line: 1}, array: array, each: each, skips: skips}
	for key := range skips {
		r.begins[key[0]] = true
	}
	r.root = r.newNode(tomlTable, 1)
	r.table = r.root
	r.p.Reset(data)
	for r.p.NextExpression() {
		if err := r.expression(r.p.Expression()); err != nil {
			return nil, err
		}
	}
	if err := r.p.Error(); err != nil {
		return nil, (&tomlReader{path: path}).syntaxError(data, err)
	}
	return r.root, r.flush()
}

func (r *lockReader) flush() error {
	if r.element == nil {
		return nil
	}
	e := r.element
	r.element = nil
	err := r.each(e)
	r.used = 0
	return err
}

// skipped stands for every value that is not needed.
var skipped = &lockNode{kind: tomlScalar, closed: true}

func (r *lockReader) newNode(kind tomlKind, line int) *lockNode {
	r.nodes++
	if !r.inside {
		return &lockNode{kind: kind, line: line, end: line}
	}
	if r.used == len(r.pool) {
		r.pool = append(r.pool, new(lockNode))
	}
	n := r.pool[r.used]
	r.used++
	*n = lockNode{kind: kind, line: line, end: line, keys: n.keys[:0], vals: n.vals[:0]}
	return n
}

func (r *lockReader) fail(line int, format string, args ...any) error {
	return &ParseError{Path: r.path, Line: line, Reason: fmt.Sprintf(format, args...)}
}

// cut is a part of the document without copying it, where its bytes stand there
// as they are meant.
func (r *lockReader) cut(n *unstable.Node, quotes int) string {
	from := int(n.Raw.Offset) + quotes
	if int(n.Raw.Length) == len(n.Data)+2*quotes && from+len(n.Data) <= len(r.text) && r.text[from:from+len(n.Data)] == string(n.Data) {
		return r.text[from : from+len(n.Data)]
	}
	return string(n.Data)
}

// key reads a dotted key into at most maxNesting parts, which are good until the
// next one is read.
func (r *lockReader) key(n *unstable.Node) (parts []string, line int, err error) {
	parts = r.parts[:0]
	for it := n.Key(); it.Next(); {
		k := it.Node()
		if line == 0 {
			line = r.lines.at(int(k.Raw.Offset))
		}
		if len(parts) == maxNesting {
			return nil, line, r.fail(line, "a key of more than %d parts", maxNesting)
		}
		parts = append(parts, r.cut(k, 0))
	}
	r.parts = parts
	return parts, line, nil
}

func (r *lockReader) expression(n *unstable.Node) error {
	if n.Kind == unstable.KeyValue && r.table == nil {
		return nil
	}
	if n.Kind == unstable.KeyValue {
		return r.keyValue(r.table, n, 0)
	}
	if n.Kind != unstable.Table && n.Kind != unstable.ArrayTable {
		return nil
	}
	parts, line, err := r.key(n)
	if err != nil {
		return err
	}
	from := r.root
	if r.inside = parts[0] == r.array; r.inside {
		if from, parts, err = r.within(parts, n.Kind == unstable.ArrayTable, line); err != nil || len(parts) == 0 {
			return err
		}
	}
	return r.header(from, parts, n.Kind == unstable.ArrayTable, line)
}

// within begins an element of the array, or goes into the current one.
func (r *lockReader) within(parts []string, isArray bool, line int) (*lockNode, []string, error) {
	switch {
	case r.root.child(r.array) != nil, len(parts) == 1 && !isArray, len(parts) > 1 && r.element == nil:
		return nil, nil, r.fail(line, "%s is no array of tables", quote(r.array))
	case len(parts) > 1 && r.skips[parts[1]]:
		r.table = nil
		return nil, nil, nil
	case len(parts) > 1:
		return r.element, parts[1:], nil
	}
	if err := r.flush(); err != nil {
		return nil, nil, err
	}
	r.element = r.newNode(tomlTable, line)
	r.table = r.element
	return nil, nil, r.counted(line)
}

// header opens a table or a further element of another array of tables.
func (r *lockReader) header(t *lockNode, parts []string, isArray bool, line int) (err error) {
	for _, k := range parts[:len(parts)-1] {
		if t, err = r.descend(t, k, line); err != nil {
			return err
		}
	}
	last := parts[len(parts)-1]
	if isArray {
		list := t.child(last)
		if list == nil {
			list = r.newNode(tomlArray, line)
			list.array = true
			if err := r.insert(t, last, list, line); err != nil {
				return err
			}
		}
		if !list.array {
			return r.fail(line, "the key %s is there twice", quote(last))
		}
		r.table = r.newNode(tomlTable, line)
		list.vals = append(list.vals, r.table)
		return r.counted(line)
	}
	if r.table, err = r.descend(t, last, line); err != nil {
		return err
	}
	if r.table.defined {
		return r.fail(line, "the table %s is there twice", quote(last))
	}
	r.table.defined = true
	return nil
}

// descend enters a table below t, made if need be.
func (r *lockReader) descend(t *lockNode, key string, line int) (*lockNode, error) {
	child := t.child(key)
	if child != nil && child.array {
		child = child.vals[len(child.vals)-1]
	}
	if child == nil {
		child = r.newNode(tomlTable, line)
		return child, r.insert(t, key, child, line)
	}
	if child.kind != tomlTable || child.closed {
		return nil, r.fail(line, "the key %s is there twice", quote(key))
	}
	return child, nil
}

func (r *lockReader) counted(line int) error {
	if r.nodes > maxLockNodes {
		return r.fail(line, "more than %d values", maxLockNodes)
	}
	return nil
}

// insert refuses a second key of one name.
func (r *lockReader) insert(t *lockNode, key string, child *lockNode, line int) error {
	if t.child(key) != nil {
		return r.fail(line, "the key %s is there twice", quote(key))
	}
	if len(t.keys) == fewKeys {
		t.index = make(map[string]int, 2*fewKeys)
		for i, k := range t.keys {
			t.index[k] = i
		}
	}
	if t.index != nil {
		t.index[key] = len(t.keys)
	}
	t.keys, t.vals = append(t.keys, key), append(t.vals, child)
	if r.element != nil && r.inside {
		r.element.end = max(r.element.end, child.end, line)
	}
	return r.counted(line)
}

func (r *lockReader) keyValue(t *lockNode, n *unstable.Node, depth int) error {
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
	last := parts[len(parts)-1]
	if r.inside && last != "" && r.begins[last[0]] && r.skips[last] {
		return r.insert(t, last, skipped, line)
	}
	v, err := r.value(n.Value(), line, depth)
	if err != nil {
		return err
	}
	v.end = r.lines.at(int(n.Raw.Offset + max(n.Raw.Length, 1) - 1))
	return r.insert(t, last, v, line)
}

func (r *lockReader) value(n *unstable.Node, line, depth int) (*lockNode, error) {
	if depth > maxNesting {
		return nil, r.fail(line, "nested more than %d levels deep", maxNesting)
	}
	switch n.Kind {
	case unstable.Array:
		v := r.newNode(tomlArray, line)
		for it := n.Children(); it.Next(); {
			e, err := r.value(it.Node(), line, depth+1)
			if err != nil {
				return nil, err
			}
			v.vals = append(v.vals, e)
		}
		return v, r.counted(line)
	case unstable.InlineTable:
		v := r.newNode(tomlTable, r.lines.at(int(n.Raw.Offset)))
		for it := n.Children(); it.Next(); {
			if err := r.keyValue(v, it.Node(), depth+1); err != nil {
				return nil, err
			}
		}
		v.closed = true
		return v, nil
	case unstable.String:
		v := r.newNode(tomlString, line)
		v.text = r.cut(n, 1)
		return v, nil
	}
	v := r.newNode(tomlScalar, line)
	v.text = string(n.Data)
	return v, nil
}

// child is the value of a key, nil when it is not there or this is no table.
func (n *lockNode) child(key string) *lockNode {
	if n == nil || n.kind != tomlTable {
		return nil
	}
	if n.index != nil {
		if i, ok := n.index[key]; ok {
			return n.vals[i]
		}
		return nil
	}
	for i, k := range n.keys {
		if k == key {
			return n.vals[i]
		}
	}
	return nil
}

// str is the text of a string below a key, "" for anything else.
func (n *lockNode) str(key string) string {
	if c := n.child(key); c != nil && c.kind == tomlString {
		return c.text
	}
	return ""
}

// list are the elements of an array below a key, none for anything else.
func (n *lockNode) list(key string) []*lockNode {
	if c := n.child(key); c != nil && c.kind == tomlArray {
		return c.vals
	}
	return nil
}
