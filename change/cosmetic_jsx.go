package change

import "bytes"

// Elements in JavaScript. Among the open brackets stand the tags that are being
// read and the elements whose children are. The text of an element keeps the
// blanks within a line; those at line ends, and empty lines, go.
const (
	openingTag = '<'
	closingTag = '>'
	children   = 'x'
)

func (s *curlyScanner) top() byte {
	if n := len(s.opened); n > 0 {
		return s.opened[n-1]
	}
	return 0
}

func (s *curlyScanner) inElement() bool {
	top := s.top()
	return top == openingTag || top == closingTag || top == children
}

func jsxOperator(s *curlyScanner) (token, bool) {
	if t, ok := javascriptOperator(s); ok || s.src[s.at] != '<' {
		return t, ok
	}
	next := byteAt(s.src, s.at+1)
	if next == '/' && byteAt(s.src, s.at+2) != '*' {
		return bad, true // the end of an element to some, even before a comment
	}
	begins := s.classes[next] == curlyLetter || next == '>'
	switch s.expects() {
	case noValue:
		return token{}, false
	case someValue:
		if begins && s.genericFunction() {
			return token{}, false
		}
		return s.element(), true
	}
	if begins {
		return bad, true
	}
	return token{}, false
}

// genericFunction reports whether what begins here are the type parameters of a
// function: only they have a comma or a bound.
func (s *curlyScanner) genericFunction() bool {
	if !s.typed {
		return false
	}
	const blanks = " \t\r\n"
	rest := bytes.TrimLeft(s.src[s.tagName(s.at+1):min(len(s.src), s.tagName(s.at+1)+maxBlanks)], blanks)
	if bound, ok := bytes.CutPrefix(rest, []byte("extends ")); ok {
		bound = bytes.TrimLeft(bound, blanks)
		return len(bound) > 0 && bytes.IndexByte([]byte("=>/{"), bound[0]) < 0 // else it is an attribute, or may be
	}
	return bytes.HasPrefix(rest, []byte(",")) || bytes.HasPrefix(rest, []byte("="))
}

// maxBlanks is how far behind a name its bound is looked for.
const maxBlanks = 200

// tagName is the place behind a name that begins at a place.
func (s *curlyScanner) tagName(at int) int {
	for at < len(s.src) && (s.classes[s.src[at]] == curlyLetter || s.classes[s.src[at]] == curlyDigit || s.src[at] == '-' || s.src[at] == ':' || s.src[at] == '.') {
		at++
	}
	return at
}

// element begins one. What could as well be a type is not judged.
func (s *curlyScanner) element() token {
	from := s.at + 1
	to := s.tagName(from)
	name := s.src[from:to]
	if to == from && byteAt(s.src, to) != '>' || len(s.opened) == maxOpened {
		return bad
	}
	if len(name) > 0 && name[0] >= 'A' && name[0] <= 'Z' && bytes.HasPrefix(s.src[to:], []byte(">(")) {
		return bad
	}
	kind := traits(0)
	if s.nested {
		kind = opening | closing // among the children of another
	}
	t := s.token(from, kind)
	s.opened = append(s.opened, openingTag)
	s.tags = append(s.tags, name)
	s.nested, s.slashed = true, false
	return t
}

func jsxInside(s *curlyScanner) token {
	for s.at < len(s.src) {
		t, ok := token{}, false
		if s.top() == children {
			t, ok = s.child()
		} else {
			t, ok = s.tag()
		}
		if ok {
			return t
		}
	}
	return bad
}

// tag reads on in a tag.
func (s *curlyScanner) tag() (token, bool) {
	b, next := s.src[s.at], byteAt(s.src, s.at+1)
	slashed := s.slashed
	switch class := s.classes[b]; {
	case class == curlyBlank:
		s.between |= spaced
		s.at++
		return token{}, false
	case class == curlyLine:
		return s.lineEnds()
	case b == '/' && (next == '/' || next == '*'):
		return s.slash()
	case b == '>':
		return s.tagEnd(slashed), true
	case slashed:
		return bad, true
	case class == curlyLetter:
		to := s.tagName(s.at)
		if !wideName(s.src[s.at:to]) {
			return bad, true
		}
		return s.token(to, opening|closing), true
	case b == '"' || b == '\'':
		return s.attribute(), true
	case b == '{':
		s.nested = false
		return s.open(opening | closing), true
	case b == '=' || b == '/':
		s.slashed = b == '/'
		return s.token(s.at+1, opening|closing), true
	}
	return bad, true
}

// attribute is a string, of which a line end or a backslash in it makes another
// one to some compilers, if white space precedes it.
func (s *curlyScanner) attribute() token {
	gap := s.between != 0
	t := s.token(delimitedEnd(s.src, s.at+1, s.src[s.at:s.at+1]), opening|closing)
	if gap && bytes.ContainsAny(t.text, "\n\\") {
		t.mark |= markLeft
	}
	return t
}

// tagEnd is the end of a tag: behind it come children, or the element is over.
func (s *curlyScanner) tagEnd(slashed bool) token {
	n := len(s.opened)
	switch {
	case s.opened[n-1] == closingTag && slashed:
		return bad
	case s.opened[n-1] == openingTag && !slashed:
		s.opened[n-1] = children
		s.inText = false
		return s.token(s.at+1, opening|closing)
	case s.opened[n-1] == closingTag:
		n--
	}
	s.opened = s.opened[:n-1]
	s.tags = s.tags[:len(s.tags)-1]
	s.nested, s.slashed, s.inText = s.inElement(), false, false
	return s.token(s.at+1, operand)
}

// child reads on among the children of an element.
func (s *curlyScanner) child() (token, bool) {
	switch s.src[s.at] {
	case '\n':
		s.inText = true
		return s.lineEnds()
	case '<':
		if byteAt(s.src, s.at+1) == '/' {
			return s.lastTag(), true
		}
		return s.element(), true
	case '{':
		if to := s.remarkEnd(); to > 0 {
			return s.passRemark(to)
		}
		s.nested, s.inText = false, false
		return s.open(opening | closing), true
	case '>', '}':
		return bad, true
	}
	return s.text()
}

// lastTag begins the tag that ends an element, which has its name.
func (s *curlyScanner) lastTag() token {
	from := s.at + len("</")
	to := s.tagName(from)
	if !bytes.Equal(s.src[from:to], s.tags[len(s.tags)-1]) || len(s.opened) == maxOpened || byteAt(s.src, to) == '/' {
		return bad
	}
	s.opened = append(s.opened, closingTag)
	return s.token(from, opening|closing)
}

// text reads a line of text. Its first line keeps the blanks before it, its last
// one those behind it.
func (s *curlyScanner) text() (token, bool) {
	to := s.at
	for to < len(s.src) && !endsText[s.src[to]] {
		to++
	}
	text := s.src[s.at:to]
	if s.inText {
		text = bytes.TrimLeft(text, " \t")
	}
	s.at = to - len(text)
	if byteAt(s.src, to) == '\n' {
		text = bytes.TrimRight(text, " \t\r")
	}
	s.inText = false
	if len(text) == 0 {
		s.at = to
		return token{}, false
	}
	t := s.token(s.at+len(text), opening|closing)
	s.at = to
	return t, true
}

// endsText are the bytes before which a line of text ends.
var endsText = [256]bool{'\n': true, '<': true, '>': true, '{': true, '}': true}

// remarkEnd finds the end of braces here that hold nothing but comments, around
// which there is no text that they would divide; 0 when there are none.
func (s *curlyScanner) remarkEnd() int {
	at, remarks := s.at+1, 0
	for at < len(s.src) && s.src[at] != '}' {
		switch {
		case s.classes[s.src[at]] == curlyBlank || s.src[at] == '\n':
			at++
		case bytes.HasPrefix(s.src[at:], []byte("//")):
			at = lineEnd(s.src, at)
			remarks++
		case bytes.HasPrefix(s.src[at:], []byte("/*")):
			if at = delimitedEnd(s.src, at+2, []byte("*/")); at < 0 {
				return 0
			}
			remarks++
		default:
			return 0
		}
	}
	if remarks == 0 || at >= len(s.src) || !s.edge(s.at-1, -1) || !s.edge(at+1, 1) {
		return 0
	}
	return at + 1
}

// edge reports whether only white space that goes stands from a place to the
// next tag or expression in a direction.
func (s *curlyScanner) edge(at, step int) bool {
	blank, line := false, false
	for at >= 0 && at < len(s.src) {
		switch b := s.src[at]; b {
		case ' ', '\t', '\r':
			blank = true
		case '\n':
			line = true
		case '<', '>', '{', '}':
			return line || !blank
		default:
			return false
		}
		at += step
	}
	return false
}

// passRemark passes over such braces unless somebody obeys what they hold.
func (s *curlyScanner) passRemark(to int) (token, bool) {
	text := s.src[s.at:to]
	if s.comments.signed(text[1:], true) || s.comments.addressed(text[1:]) || s.comments.obey(bytes.TrimLeft(text[1:len(text)-1], " \t\r\n")) {
		s.nested, s.inText = false, false
		return s.open(opening | closing), true
	}
	if bytes.IndexByte(text, '\n') >= 0 {
		if s.breaks() {
			return token{mark: tokenBreak}, true
		}
		s.newLine()
	}
	s.at = to
	s.between |= remarked
	if !s.skip(text) {
		return bad, true
	}
	return token{}, false
}
