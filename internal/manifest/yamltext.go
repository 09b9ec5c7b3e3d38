package manifest

import (
	"fmt"
	"strings"
)

// A yamlValue is a value of a YAML document with its lines. Scalars stay text:
// what "1.10" or "no" means is for the reader of the format to say. The methods
// accept nil, which stands for a value that is not there.
type yamlValue struct {
	kind      yamlKind
	text      string // of a scalar
	keys      []yamlKey
	list      []*yamlValue // of a sequence; of a mapping, in the order of keys
	line, end int
	size      int // how many values there are in it, itself included
}

type yamlKey struct {
	text string
	line int
}

type yamlKind byte

const (
	yamlNull yamlKind = iota // nothing is written there
	yamlPlain
	yamlQuoted // quoted, or a block: never a number or a truth
	yamlSeq
	yamlMap
)

// maxYAMLValues bounds the values of one file, those behind aliases counted as
// often as they are used.
const maxYAMLValues = 500_000

// A yamlText reads the part of YAML that people and tools write in manifests:
// block and flow collections, all scalars, comments, anchors. Tags, directives,
// merge keys and keys that are no text are refused. It is written here because
// its time must be linear in the size of whatever is thrown at it.
type yamlText struct {
	path    string
	s       string
	at      int
	line    int
	start   int // offset of the current line
	values  int
	anchors map[string]*yamlValue
	merges  bool // merge keys are kept as members named "<<"; see yamlValue.merged
}

// parseYAML reads all documents of a file. One without content is an empty list.
func parseYAML(path string, data []byte) ([]*yamlValue, error) { return readYAML(path, data, false) }

func readYAML(path string, data []byte, merges bool) ([]*yamlValue, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	y := &yamlText{path: path, merges: merges, s: strings.TrimPrefix(string(data), "\ufeff"), line: 1}
	if i := strings.IndexFunc(y.s, unprintable); i >= 0 {
		line, col := position([]byte(y.s), i)
		return nil, &ParseError{Path: path, Line: line, Col: col, Reason: "a character that YAML does not allow"}
	}
	var docs []*yamlValue
	for {
		more, err := y.marker()
		if err != nil {
			return nil, err
		}
		if !more {
			return docs, nil
		}
		y.anchors = nil
		v, err := y.node(-1, 0)
		if err != nil {
			return nil, err
		}
		if err := y.blank(); err != nil {
			return nil, err
		}
		if y.at < len(y.s) && !y.atMarker() {
			return nil, y.fail("unexpected %s", quote(y.restOfLine()))
		}
		docs = append(docs, v)
	}
}

// oneYAML reads a file that must be one mapping, or empty.
func oneYAML(path string, data []byte) (*yamlValue, error) { return oneMapping(path, data, false) }

func oneMapping(path string, data []byte, merges bool) (*yamlValue, error) {
	docs, err := readYAML(path, data, merges)
	switch {
	case err != nil:
		return nil, err
	case len(docs) == 0 || len(docs) == 1 && docs[0].kind == yamlNull:
		return nil, nil //nolint:nilnil // an empty file asks for nothing
	case len(docs) > 1:
		return nil, &ParseError{Path: path, Line: docs[1].line, Reason: "a second document"}
	case docs[0].kind != yamlMap:
		return nil, &ParseError{Path: path, Line: docs[0].line, Reason: "the document is no mapping"}
	}
	return docs[0], nil
}

// unprintable are the characters that a YAML stream may not hold, and the line
// ends of other times, which readers take for different things.
func unprintable(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' && r != '\r' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff
}

func (y *yamlText) fail(format string, args ...any) error {
	return &ParseError{Path: y.path, Line: y.line, Col: y.at - y.start + 1, Reason: fmt.Sprintf(format, args...)}
}

func (y *yamlText) col() int { return y.at - y.start }

// peek is a byte from here on, 0 behind the end.
func (y *yamlText) peek(n int) byte {
	if y.at+n < len(y.s) {
		return y.s[y.at+n]
	}
	return 0
}

// ends reports whether a byte from here on is white space or the end.
func (y *yamlText) ends(n int) bool {
	c := y.peek(n)
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || y.at+n >= len(y.s)
}

func (y *yamlText) restOfLine() string {
	rest := y.s[y.at:]
	if i := strings.IndexAny(rest, "\r\n"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// newline passes over a line end. A carriage return that stands alone is one for
// some readers and none for others.
func (y *yamlText) newline() error {
	if y.s[y.at] == '\r' {
		if y.peek(1) != '\n' {
			return y.fail("a carriage return without a line feed")
		}
		y.at++
	}
	y.at++
	y.line++
	y.start = y.at
	return nil
}

// spaces passes over blanks of this line, and over a comment behind them.
func (y *yamlText) spaces() {
	from := y.at
	for y.peek(0) == ' ' || y.peek(0) == '\t' {
		y.at++
	}
	if y.peek(0) == '#' && (y.at > from || y.at == y.start) {
		y.at += len(y.restOfLine())
	}
}

// blank passes over white space, comments and line ends. Where content follows,
// its line is not indented with tabs.
func (y *yamlText) blank() error {
	for {
		fresh := y.at == y.start
		y.spaces()
		switch c := y.peek(0); {
		case y.at >= len(y.s):
			return nil
		case c == '\n' || c == '\r':
			if err := y.newline(); err != nil {
				return err
			}
		case fresh && strings.IndexByte(y.s[y.start:y.at], '\t') >= 0:
			return y.fail("a line indented with tabs")
		default:
			return nil
		}
	}
}

// atMarker reports whether a line begins that ends a document.
func (y *yamlText) atMarker() bool {
	return y.at == y.start && (strings.HasPrefix(y.s[y.at:], "---") || strings.HasPrefix(y.s[y.at:], "...")) && y.ends(3)
}

// marker passes over what stands between documents and reports whether one
// follows.
func (y *yamlText) marker() (more bool, err error) {
	for {
		if err := y.blank(); err != nil {
			return false, err
		}
		switch {
		case y.at >= len(y.s):
			return false, nil
		case y.peek(0) == '%' && y.col() == 0:
			return false, y.fail("directives are not read")
		case !y.atMarker():
			return true, nil
		}
		dots := y.peek(0) == '.'
		y.at += 3
		y.spaces()
		if c := y.peek(0); y.at < len(y.s) && c != '\n' && c != '\r' {
			return false, y.fail("content behind a document's mark")
		}
		if !dots {
			return true, y.blank()
		}
	}
}

// counted makes every value known to the limit.
func (y *yamlText) counted(v *yamlValue) (*yamlValue, error) {
	if y.values++; y.values > maxYAMLValues {
		return nil, y.fail("more than %d values", maxYAMLValues)
	}
	v.size++
	return v, nil
}

// child is the value below a path of keys, nil when it is not there. Long
// mappings are walked once by their readers; this is for those with few keys.
func (v *yamlValue) child(keys ...string) *yamlValue {
	for _, k := range keys {
		if v == nil || v.kind != yamlMap {
			return nil
		}
		found := (*yamlValue)(nil)
		for i := range v.keys {
			if v.keys[i].text == k {
				found = v.list[i]
				break
			}
		}
		v = found
	}
	return v
}

// merged is the value of a key, of the mapping itself or of those that are merged
// into it; of a list of these the first that has it counts.
func (v *yamlValue) merged(key string, depth int) *yamlValue {
	if c := v.child(key); c != nil || depth > maxNesting {
		return c
	}
	from := v.child("<<")
	if from == nil {
		return nil
	}
	if from.kind != yamlSeq {
		return from.merged(key, depth+1)
	}
	for _, e := range from.list[:min(len(from.list), maxNesting)] {
		if c := e.merged(key, depth+1); c != nil {
			return c
		}
	}
	return nil
}

// length is how many values there are at the first level.
func (v *yamlValue) length() int {
	if v == nil {
		return 0
	}
	return len(v.list)
}

// str is the text of a scalar below a key, "" for anything else.
func (v *yamlValue) str(key string) string {
	if c := v.child(key); c != nil && c.isScalar() {
		return c.text
	}
	return ""
}

func (v *yamlValue) isScalar() bool { return v.kind == yamlPlain || v.kind == yamlQuoted }

// isNull reports whether a value is not there, empty or written as null.
func (v *yamlValue) isNull() bool {
	return v == nil || v.kind == yamlNull || v.kind == yamlPlain && (v.text == "~" || strings.EqualFold(v.text, "null"))
}

// isTrue: the spellings of YAML 1.1 count, since some readers take them.
func (v *yamlValue) isTrue() bool {
	if v == nil || !v.isScalar() {
		return false
	}
	switch strings.ToLower(v.text) {
	case "true", "yes", "on", "y", "1":
		return true
	}
	return false
}

// String writes a value down in one line, keys sorted, credentials left out.
func (v *yamlValue) String() string {
	switch {
	case v == nil:
		return ""
	case v.kind == yamlSeq:
		parts := make([]string, len(v.list))
		for i, e := range v.list {
			parts[i] = e.String()
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case v.kind == yamlMap:
		parts := make([]string, len(v.list))
		for i, e := range v.list {
			parts[i] = v.keys[i].text + ": " + e.String()
		}
		return "{" + strings.Join(sorted(parts), ", ") + "}"
	}
	return redact(oneLine(v.text))
}
