package manifest

import (
	"fmt"
	"strings"
)

// An hclBlock is one block of an HCL file: its words and what is in it.
type hclBlock struct {
	words     []string // its type and its labels
	attrs     []hclAttr
	blocks    []*hclBlock
	line, end int
	names     *keySet // of the attributes
}

// An hclAttr is "name = value". Of a value that is no plain text, the words.
type hclAttr struct {
	name, text string
	plain      bool      // the text is that of one string without anything to be put in
	object     *hclBlock // what stands in braces
	line, end  int
}

// An hclReader splits HCL into blocks in one pass. Expressions are not evaluated.
type hclReader struct {
	path  string
	s     string
	at    int
	line  int
	nodes int
}

func parseHCL(path string, data []byte) (*hclBlock, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	r := &hclReader{path: path, s: strings.TrimPrefix(string(data), "\ufeff"), line: 1}
	root := &hclBlock{line: 1}
	if err := r.body(root, 0, false); err != nil {
		return nil, err
	}
	return root, nil
}

func (r *hclReader) fail(format string, args ...any) error {
	return &ParseError{Path: r.path, Line: min(r.line, strings.Count(r.s, "\n")+1), Reason: fmt.Sprintf(format, args...)}
}

// blank passes over white space and comments; over line ends where they mean
// nothing.
func (r *hclReader) blank(lines bool) error {
	for r.at < len(r.s) {
		rest := r.s[r.at:]
		switch {
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			r.at++
		case rest[0] == '\n' && lines:
			r.at++
			r.line++
		case rest[0] == '#' || strings.HasPrefix(rest, "//"):
			r.at += len(firstLine(rest))
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				return r.fail("a comment without an end")
			}
			r.line += strings.Count(rest[:end], "\n")
			r.at += end + 2
		default:
			return nil
		}
	}
	return nil
}

// body reads attributes and blocks up to the closing brace, or the end.
func (r *hclReader) body(b *hclBlock, depth int, object bool) error {
	if depth > maxNesting {
		return r.fail("nested more than %d levels deep", maxNesting)
	}
	for {
		if err := r.blank(true); err != nil {
			return err
		}
		if r.at >= len(r.s) {
			if depth > 0 {
				return r.fail("a block without an end")
			}
			return nil
		}
		if c := r.s[r.at]; c == '}' && depth > 0 {
			r.at++
			return nil
		} else if c == ',' && object {
			r.at++
			continue
		}
		if err := r.item(b, depth, object); err != nil {
			return err
		}
		if r.nodes++; r.nodes > maxEntries {
			return r.fail("more than %d blocks and attributes", maxEntries)
		}
	}
}

// item reads one attribute or one block.
func (r *hclReader) item(b *hclBlock, depth int, object bool) error {
	line := r.line
	var words []string
	for {
		word, ok, err := r.label()
		if err != nil {
			return err
		}
		if ok {
			words = append(words, word)
			if len(words) > maxNesting {
				return r.fail("a block of too many labels")
			}
			continue
		}
		c := byte(0)
		if r.at < len(r.s) {
			c = r.s[r.at]
		}
		switch {
		case (c == '=' || c == ':' && object) && len(words) == 1:
			r.at++
			if b.names == nil {
				b.names = new(keySet)
			}
			if !b.names.add(words[0]) {
				return r.fail("the argument %s is there twice", quote(words[0]))
			}
			a, err := r.value(words[0], depth)
			a.line = line
			b.attrs = append(b.attrs, a)
			return err
		case c == '{' && len(words) > 0 && !object:
			r.at++
			inner := &hclBlock{words: words, line: line}
			err := r.body(inner, depth+1, false)
			inner.end = r.line
			b.blocks = append(b.blocks, inner)
			return err
		}
		return r.fail("neither an attribute nor a block: %s", quote(firstLine(r.s[min(r.at, len(r.s)):])))
	}
}

// label reads a name or a string.
func (r *hclReader) label() (word string, ok bool, err error) {
	if err := r.blank(false); err != nil || r.at >= len(r.s) {
		return "", false, err
	}
	if c := r.s[r.at]; c == '"' {
		text, _, err := r.str()
		return text, true, err
	} else if c == '(' { // a key that is computed
		from := r.at
		err := r.skip()
		return r.s[from:r.at], true, err
	}
	from := r.at
	for r.at < len(r.s) && (isAlnum(r.s[r.at]) || strings.IndexByte("_-.", r.s[r.at]) >= 0 || r.s[r.at] >= 0x80) {
		r.at++
	}
	return r.s[from:r.at], r.at > from, nil
}

// value reads what stands behind "=".
func (r *hclReader) value(name string, depth int) (hclAttr, error) {
	a := hclAttr{name: name}
	if err := r.blank(false); err != nil {
		return a, err
	}
	from := r.at
	switch {
	case r.at < len(r.s) && r.s[r.at] == '"':
		text, plain, err := r.str()
		a.text, a.plain, a.end = text, plain, r.line
		if err != nil {
			return a, err
		}
	case r.at < len(r.s) && r.s[r.at] == '{' && !r.isFor():
		a.object = &hclBlock{line: r.line}
		r.at++
		if err := r.body(a.object, depth+1, true); err != nil {
			return a, err
		}
		a.object.end, a.end = r.line, r.line
		a.text = r.s[from:r.at]
	}
	// What follows makes an expression of it.
	if err := r.rest(); err != nil {
		return a, err
	}
	if more := strings.TrimSpace(stripHCL(r.s[from:r.at])); a.object == nil && !(a.plain && strings.HasSuffix(more, `"`) && strings.Count(more, `"`) == 2) {
		a.text, a.plain = more, false
	}
	a.end = r.line
	return a, nil
}

// stripHCL cuts a comment behind a plain text.
func stripHCL(s string) string {
	if strings.Count(s, `"`) != 2 {
		return s
	}
	end := strings.LastIndexByte(s, '"')
	if rest := strings.TrimSpace(s[end+1:]); rest == "" || rest[0] == '#' || strings.HasPrefix(rest, "//") || strings.HasPrefix(rest, "/*") && strings.HasSuffix(rest, "*/") {
		return s[:end+1]
	}
	return s
}

// isFor tells "{for …}", which is no object with attributes.
func (r *hclReader) isFor() bool {
	return strings.HasPrefix(strings.TrimLeft(r.s[r.at+1:min(len(r.s), r.at+maxQuoteLen)], " \t\r\n"), "for ")
}

// rest passes over the rest of an expression: up to the end of the line, or to what
// ends the object around it.
func (r *hclReader) rest() error {
	for r.at < len(r.s) {
		switch c := r.s[r.at]; c {
		case '\n', ',', '}', ')', ']':
			return nil
		case '(', '[', '{', '"', '<', '#', '/':
			if err := r.skip(); err != nil {
				return err
			}
		default:
			r.at++
		}
	}
	return nil
}

// skip passes over one bracketed, quoted or other piece of an expression.
func (r *hclReader) skip() error {
	var open []byte
	for r.at < len(r.s) {
		rest := r.s[r.at:]
		switch c := rest[0]; {
		case c == '"':
			if _, _, err := r.str(); err != nil {
				return err
			}
		case strings.HasPrefix(rest, "<<") && len(rest) > 2 && (rest[2] == '-' || isAlnum(rest[2]) || rest[2] == '_'):
			if err := r.heredoc(); err != nil {
				return err
			}
		case c == '#' || strings.HasPrefix(rest, "//") || strings.HasPrefix(rest, "/*"):
			if err := r.blank(false); err != nil {
				return err
			}
		case c == '(' || c == '[' || c == '{':
			open = append(open, map[byte]byte{'(': ')', '[': ']', '{': '}'}[c])
			r.at++
		case c == ')' || c == ']' || c == '}':
			if len(open) == 0 || open[len(open)-1] != c {
				return r.fail("a bracket that closes nothing")
			}
			open = open[:len(open)-1]
			r.at++
		case c == '\n' && len(open) > 0:
			r.line++
			r.at++
		case c == '\n':
			return nil
		default:
			r.at++
		}
		if len(open) == 0 {
			return nil
		}
	}
	if len(open) > 0 {
		return r.fail("a bracket without its end")
	}
	return nil
}

// attr is an attribute, nil when it is not there.
func (b *hclBlock) attr(name string) *hclAttr {
	if b == nil {
		return nil
	}
	for i := range b.attrs {
		if b.attrs[i].name == name {
			return &b.attrs[i]
		}
	}
	return nil
}

// str is the text of an attribute, "" when it is not there.
func (b *hclBlock) str(name string) string {
	if a := b.attr(name); a != nil {
		return oneLine(a.text)
	}
	return ""
}
