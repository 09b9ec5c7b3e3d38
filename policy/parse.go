package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// parse turns the bytes into the root mapping, nil with a problem.
func (r *reader) parse(data []byte) *yaml.Node {
	if !r.readable(data) || !r.countable(data) {
		return nil
	}
	r.source = newSource(data)
	doc := r.document(data)
	if doc == nil {
		return nil
	}
	root := doc
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		root = doc.Content[0]
	}
	alternatives := 0
	if !r.plainTree(root, &alternatives) {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		r.fail(root, "the policy must be a mapping that begins with version: 1, this is %s", describe(root))
		return nil
	}
	return root
}

// document reads the nodes of the one document that a policy is. What follows
// it is read as nodes too: decoded into values, it would be searched for equal
// keys pair by pair.
func (r *reader) document(data []byte) *yaml.Node {
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		r.syntax(err)
		return nil
	}
	var doc, next yaml.Node
	switch err := loader.Load(&doc); {
	case errors.Is(err, io.EOF):
		r.failAt(place{1, 1}, "the policy is empty; `changeguard policy init` writes one")
		return nil
	case err != nil:
		r.syntax(err)
		return nil
	}
	switch err := loader.Load(&next); {
	case err == nil:
		r.failAt(r.source.secondDocument(), "a second document begins here; a policy is one")
		return nil
	case !errors.Is(err, io.EOF):
		r.syntax(err)
		return nil
	}
	return &doc
}

// readable refuses bytes that are no text.
func (r *reader) readable(data []byte) bool {
	switch {
	case len(data) > MaxSize:
		r.failAt(place{1, 1}, "the policy has %d bytes, the limit is %d", len(data), MaxSize)
		return false
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		r.failAt(place{1, 1}, "the policy is UTF-16; save it as UTF-8")
		return false
	case len(bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))) == 0:
		r.failAt(place{1, 1}, "the policy is empty; `changeguard policy init` writes one")
		return false
	}
	at := place{1, 1}
	for i := 0; i < len(data); {
		c, n := utf8.DecodeRune(data[i:])
		switch {
		case c == utf8.RuneError && n == 1:
			r.failAt(at, "the policy is no valid UTF-8 from here on")
			return false
		case c == '\n':
			at = place{at.line + 1, 0}
		case c < ' ' && c != '\t' && c != '\r', c >= 0x7f && c < 0xa0 && c != 0x85:
			r.failAt(at, "a control character (U+%04X) is not allowed", c)
			return false
		}
		at.col++
		i += n
	}
	return true
}

// syntax words what the parser refused.
func (r *reader) syntax(err error) {
	var load *yaml.LoadError
	switch {
	case !errors.As(err, &load):
		r.failAt(place{1, 1}, "%s", oneLine(strings.TrimPrefix(err.Error(), "yaml: ")))
	case strings.Contains(load.Message, "max depth"):
		r.failAt(place{load.Mark.Line, load.Mark.Column}, "nested too deeply; %d levels are allowed", maxDepth)
	case strings.Contains(load.Message, "could not find expected ':'") && load.ContextMark.Line > 0:
		r.failAt(place{load.ContextMark.Line, load.ContextMark.Column}, "a key must be followed by a colon and a blank")
	default:
		at := place{load.Mark.Line, load.Mark.Column}
		r.failAt(at, "%s", r.syntaxMessage(load, at))
	}
}

// syntaxMessage explains the commonest slips and passes on the rest.
func (r *reader) syntaxMessage(e *yaml.LoadError, at place) string {
	switch c := r.source.char(at); {
	case c == '\t':
		return "a tab cannot indent in YAML; use blanks"
	case strings.Contains(e.Message, "cannot start any token"):
		return fmt.Sprintf("a text that begins with %q must be in quotes", string(c))
	case strings.Contains(e.Message, "unknown anchor"):
		return alias
	case strings.Contains(e.Message, "mapping values are not allowed"):
		return "a colon cannot stand here; indent all keys of a mapping alike, write a blank behind each colon, and put a text that holds \": \" in quotes"
	}
	message := "this is no valid YAML: " + oneLine(e.Message)
	if e.ContextMsg != "" && e.ContextMark.Line > 0 && e.ContextMark.Line <= at.line {
		message += fmt.Sprintf(" (%s that begins in line %d)", oneLine(e.ContextMsg), e.ContextMark.Line)
	}
	return message
}

// countable refuses a text of more structure than a policy needs, before it is
// parsed: a node takes a thousand times the memory of the characters that make
// one, so that a megabyte of them would be a gigabyte.
func (r *reader) countable(data []byte) bool {
	count, at, before := 0, place{1, 0}, byte('\n')
	for i, c := range data {
		next := byte('\n')
		if i+1 < len(data) {
			next = data[i+1]
		}
		if utf8.RuneStart(c) {
			at.col++
		}
		if isMark(before, c, next) {
			count++
		}
		if count > maxMarks {
			r.failAt(at, "the policy has more than %d brackets, commas, colons, dashes and quotes; that is no policy", maxMarks)
			return false
		}
		if c == '\n' {
			at = place{at.line + 1, 0}
		}
		before = c
	}
	return true
}

// isMark reports whether a character between two others may be one of YAML's own.
// Whether it stands in a text it does not ask, so it errs upwards.
func isMark(before, c, next byte) bool {
	switch c {
	case '[', ']', '{', '}', ',':
		return true
	case ':':
		return before == '"' || before == '\'' || strings.IndexByte(" \t\r\n,[]{}", next) >= 0
	case '"', '\'', '&', '*', '!', '?', '-':
		return strings.IndexByte(" \t\r\n,[]{}:\"'-?", before) >= 0
	default:
		return false
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// The marks of YAML's own means stand where people mean a glob.
const (
	alias  = "* begins an alias, which a policy cannot have; put a glob in quotes, write any other value out"
	anchor = "& begins an anchor, which a policy cannot have; write the value out where it is used"
	tag    = "! begins a tag, which a policy cannot have; put a glob in quotes"
)

// plainTree refuses what makes a policy read differently by different readers,
// aliases, anchors and tags, and more globs than a policy needs.
func (r *reader) plainTree(n *yaml.Node, alternatives *int) bool {
	ok := true
	switch {
	case n.Kind == yaml.AliasNode:
		r.fail(n, alias)
		return false
	case n.Anchor != "":
		r.fail(n, anchor)
		ok = false
	case n.Style&yaml.TaggedStyle != 0 || n.Tag == "!":
		r.fail(n, tag)
		ok = false
	case n.Kind == yaml.ScalarNode:
		before := *alternatives
		if *alternatives += countAlternatives(n.Value); before <= maxAlternatives && *alternatives > maxAlternatives {
			r.fail(n, "the braces of the policy's globs make more than %d alternatives", maxAlternatives)
			ok = false
		}
	}
	for _, child := range n.Content {
		ok = r.plainTree(child, alternatives) && ok
	}
	return ok
}

// countAlternatives is how many globs the braces of one stand for; 0 without
// braces. It bounds what is expanded later, so it may err upwards.
func countAlternatives(glob string) int {
	if !strings.Contains(glob, "{") {
		return 0
	}
	type level struct{ sum, product int }
	stack := []level{{0, 1}}
	for i := 0; i < len(glob); i++ {
		top := &stack[len(stack)-1]
		switch glob[i] {
		case '\\':
			i++
		case '{':
			stack = append(stack, level{0, 1})
		case ',':
			if len(stack) > 1 {
				top.sum, top.product = top.sum+top.product, 1
			}
		case '}':
			if len(stack) > 1 {
				stack = stack[:len(stack)-1]
				above := &stack[len(stack)-1]
				above.product = min(above.product*(top.sum+top.product), maxAlternatives+1)
			}
		}
	}
	return stack[0].product
}
