package manifest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// An xmlNode is an element of an XML document. The methods accept nil, which
// stands for an element that is not there.
type xmlNode struct {
	name      string // without its namespace
	attrs     []xml.Attr
	text      string // all of its own text, trimmed
	list      []*xmlNode
	line, end int
}

// maxXMLNodes bounds the elements of one file, maxXMLDepth how deep they lie.
const (
	maxXMLNodes = 200_000
	maxXMLDepth = 64
)

// parseXML reads a document in UTF-8. Declarations of a document type are refused:
// they may define entities, which other readers put in.
func parseXML(path string, data []byte) (*xmlNode, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	r := &xmlReader{path: path, d: xml.NewDecoder(bytes.NewReader(data)), lines: lineCounter{data: data, line: 1}}
	for {
		start := r.d.InputOffset()
		token, err := r.d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, &ParseError{Path: path, Line: r.lines.at(int(r.d.InputOffset())), Reason: strings.TrimPrefix(err.Error(), "XML syntax error ")}
		}
		if err := r.token(token, r.lines.at(int(start))); err != nil {
			return nil, err
		}
	}
	if r.root == nil || len(r.open) > 0 {
		return nil, &ParseError{Path: path, Line: r.lines.at(len(data)), Reason: "the document ends before its root element does"}
	}
	return r.root, nil
}

// An xmlReader builds the tree.
type xmlReader struct {
	path  string
	d     *xml.Decoder
	lines lineCounter
	nodes int
	root  *xmlNode
	open  []*xmlNode
	texts []*strings.Builder // of the open elements
}

func (r *xmlReader) token(token xml.Token, line int) error {
	fail := func(format string, args ...any) error {
		return &ParseError{Path: r.path, Line: line, Reason: fmt.Sprintf(format, args...)}
	}
	switch t := token.(type) {
	case xml.StartElement:
		if r.nodes++; r.nodes > maxXMLNodes || len(r.open) == maxXMLDepth || len(t.Attr) > maxXMLDepth {
			return fail("more elements, levels or attributes than a manifest needs")
		}
		return r.start(t, line, fail)
	case xml.EndElement:
		last := len(r.open) - 1
		if last < 0 || r.open[last].name != t.Name.Local {
			return fail("an end of %s, which is not open", quote(t.Name.Local))
		}
		n := r.open[last]
		n.text, n.end = strings.TrimSpace(r.texts[last].String()), r.lines.at(int(r.d.InputOffset()))
		r.open, r.texts = r.open[:last], r.texts[:last]
	case xml.CharData:
		if last := len(r.open) - 1; last >= 0 {
			r.texts[last].Write(t)
		} else if len(bytes.TrimSpace(t)) > 0 {
			return fail("text outside of the root element")
		}
	case xml.Directive:
		return fail("a declaration of the document's type, which is not read")
	case xml.ProcInst:
		return r.declaration(t, fail)
	}
	return nil
}

func (r *xmlReader) start(t xml.StartElement, line int, fail func(string, ...any) error) error {
	n := &xmlNode{name: t.Name.Local, attrs: append([]xml.Attr(nil), t.Attr...), line: line, end: line}
	switch {
	case len(r.open) > 0:
		parent := r.open[len(r.open)-1]
		parent.list = append(parent.list, n)
	case r.root != nil:
		return fail("a second root element")
	default:
		r.root = n
	}
	r.open, r.texts = append(r.open, n), append(r.texts, new(strings.Builder))
	return nil
}

// declaration: in another encoding the bytes would mean something else.
func (r *xmlReader) declaration(t xml.ProcInst, fail func(string, ...any) error) error {
	inst := strings.ToLower(string(t.Inst))
	if t.Target != "xml" || !strings.Contains(inst, "encoding") || strings.Contains(inst, "utf-8") || strings.Contains(inst, "us-ascii") {
		return nil
	}
	return fail("an encoding that is not read: %s", quote(string(t.Inst)))
}

// child is the first element below a path of names, nil when it is not there.
func (n *xmlNode) child(names ...string) *xmlNode {
	for _, name := range names {
		if n == nil {
			return nil
		}
		var found *xmlNode
		for _, c := range n.list {
			if c.name == name {
				found = c
				break
			}
		}
		n = found
	}
	return n
}

// str is the text of the element of a name, "" when it is not there.
func (n *xmlNode) str(name string) string {
	if c := n.child(name); c != nil {
		return c.text
	}
	return ""
}

// attr is the value of an attribute; MSBuild and NuGet ignore the case.
func (n *xmlNode) attr(name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.attrs {
		if strings.EqualFold(a.Name.Local, name) {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}
