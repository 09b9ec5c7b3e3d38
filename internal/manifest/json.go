package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/changeguard/changeguard/internal/jsonscan"
)

// A jsonReader walks a document that [jsonscan.Valid] has found valid, once and
// from left to right, and knows the line it is on. Whoever gets a value must
// consume it: by object, array, text or skip.
type jsonReader struct {
	path  string
	data  []byte
	all   string // the same, of which texts are parts
	at    int
	lines lineCounter
}

// newJSONReader checks the whole document first. That costs a pass, and buys a
// walk without error checks at every byte; the depth is that of
// encoding/json. npm itself drops a byte order mark.
func newJSONReader(path string, data []byte) (*jsonReader, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !jsonscan.Valid(data) {
		return nil, jsonError(path, data)
	}
	return &jsonReader{path: path, data: data, all: string(data), lines: lineCounter{data: data, line: 1}}, nil
}

// jsonError finds the place of a syntax error, which Valid does not tell.
func jsonError(path string, data []byte) error {
	e := &ParseError{Path: path, Line: 1, Reason: "not valid JSON"}
	err := json.Unmarshal(data, new(json.RawMessage))
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		e.Line, e.Col = position(data, max(int(syntax.Offset)-1, 0))
		e.Reason = strings.TrimPrefix(syntax.Error(), "json: ")
	}
	return e
}

func (r *jsonReader) fail(format string, args ...any) error {
	return &ParseError{Path: r.path, Line: r.line(), Reason: fmt.Sprintf(format, args...)}
}

// line is the line of the value that comes next.
func (r *jsonReader) line() int {
	r.space()
	return r.lines.at(r.at)
}

func (r *jsonReader) space() {
	for r.at < len(r.data) {
		switch r.data[r.at] {
		case ' ', '\t', '\r', '\n', ',', ':': // in valid JSON the marks need no check
			r.at++
		default:
			return
		}
	}
}

// next is the first byte of the value that comes next, which tells its type.
func (r *jsonReader) next() byte {
	r.space()
	return r.data[r.at]
}

// object calls a function for every member; it must consume the value. A key
// that comes twice is an error: readers differ in which one they take.
func (r *jsonReader) object(what string, member func(key string, line int) error) error {
	if r.next() != '{' {
		return r.fail("%s is no object", what)
	}
	r.at++
	var seen keySet
	for r.next() != '}' {
		line := r.line()
		key := r.str()
		if !seen.add(key) {
			return &ParseError{Path: r.path, Line: line, Reason: "the key " + quote(key) + " is there twice"}
		}
		r.space()
		if err := member(key, line); err != nil {
			return err
		}
	}
	r.at++
	return nil
}

// A keySet is a set that needs no map while it is small, as most objects are.
type keySet struct {
	few  [8]string
	n    int
	many map[string]struct{}
}

// add reports whether the key is new.
func (s *keySet) add(key string) bool {
	if s.n < len(s.few) {
		if slices.Contains(s.few[:s.n], key) {
			return false
		}
		s.few[s.n] = key
		s.n++
		return true
	}
	if s.many == nil {
		s.many = make(map[string]struct{})
		for _, k := range s.few {
			s.many[k] = struct{}{}
		}
	}
	_, twice := s.many[key]
	s.many[key] = struct{}{}
	return !twice
}

// array calls a function for every element; it must consume it.
func (r *jsonReader) array(what string, element func() error) error {
	if r.next() != '[' {
		return r.fail("%s is no array", what)
	}
	r.at++
	for r.next() != ']' {
		if err := element(); err != nil {
			return err
		}
	}
	r.at++
	return nil
}

// text is a string value; another type is an error.
func (r *jsonReader) text(what string) (string, error) {
	if r.next() != '"' {
		return "", r.fail("%s is no string", what)
	}
	return r.str(), nil
}

// isTruthy consumes a value and reports whether JavaScript takes it for true, as
// npm does: 1 and "no" are.
func (r *jsonReader) isTruthy() bool {
	switch raw := string(r.raw()); raw {
	case "false", "null", `""`:
		return false
	default:
		f, err := strconv.ParseFloat(raw, 64)
		return err != nil || f != 0
	}
}

// raw consumes any value and returns its bytes.
func (r *jsonReader) raw() []byte {
	r.space()
	from := r.at
	r.skip()
	return r.data[from:r.at]
}

// skip passes over any value, without recursion.
func (r *jsonReader) skip() {
	depth := 0
	for {
		switch r.next() {
		case '"':
			r.skipString()
		case '{', '[':
			depth++
			r.at++
			continue
		case '}', ']':
			depth--
			r.at++
		default:
			for r.at < len(r.data) && bytes.IndexByte([]byte(" \t\r\n,:]}"), r.data[r.at]) < 0 {
				r.at++
			}
		}
		if depth == 0 {
			return
		}
	}
}

// skipString passes over a string. The quotation mark that ends it has an even
// number of backslashes before it; in a valid document there is one.
func (r *jsonReader) skipString() {
	for r.at++; ; {
		r.at += bytes.IndexByte(r.data[r.at:], '"')
		slashes := 0
		for r.data[r.at-1-slashes] == '\\' {
			slashes++
		}
		r.at++
		if slashes%2 == 0 {
			return
		}
	}
}

// str consumes a string.
func (r *jsonReader) str() string {
	r.space()
	from := r.at
	r.skipString()
	raw := r.data[from:r.at]
	if bytes.IndexByte(raw, '\\') < 0 {
		return r.all[from+1 : r.at-1]
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return string(utf8.RuneError) // cannot be: the document is valid
	}
	return s
}

// canonical writes a value in one way, whatever the order of its keys and its
// white space.
func canonical(raw []byte) string {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return oneLine(string(raw)) // cannot be: the document is valid
	}
	text, err := json.Marshal(v)
	if err != nil {
		return oneLine(string(raw)) // nor can this
	}
	return string(text)
}
