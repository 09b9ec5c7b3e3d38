package change

import "bytes"

// colon stands in a declaration, where white space around it means nothing, or
// in a selector, where it does.
func (s *cssScanner) colon() token {
	to := s.at + 1
	if s.statement == cssCustom && len(s.parens) == 0 {
		t := s.free(to, 0)
		s.statement = cssValue
		return t
	}
	condition := len(s.parens) > 0 && s.parens[len(s.parens)-1]
	if !condition && (len(s.parens) > 0 || s.atRule || !s.declares()) {
		return s.token(to)
	}
	t := s.free(to, 0)
	s.last = ','
	s.shape = cssOther // a further colon belongs to the value
	return t
}

// declares reports whether the statement is a declaration.
func (s *cssScanner) declares() bool {
	if s.shape == cssUnknown {
		s.shape = cssOther
		if cssDeclares(s.src, s.at) {
			s.shape = cssDeclaration
		}
	}
	return s.shape == cssDeclaration
}

// cssDeclares reports whether a semicolon or the end of the block comes before
// any block.
func cssDeclares(src []byte, at int) bool {
	for at >= 0 && at < len(src) {
		switch src[at] {
		case ';', '}':
			return true
		case '{':
			return false
		}
		at = cssSkip(src, at)
	}
	return false
}

// cssSkip passes over a string, a comment, an escape, an address, a pair of
// parentheses, or a byte. -1 means that it does not end.
func cssSkip(src []byte, at int) int {
	switch b := src[at]; {
	case b == '"' || b == '\'':
		return escapedEnd(src, at, true)
	case b == '\\':
		return at + 2
	case b == '/' && byteAt(src, at+1) == '*':
		return delimitedEnd(src, at+2, []byte("*/"))
	case b == '(':
		return cssClose(src, at)
	}
	return at + 1
}

// cssClose finds the end of parentheses; those of an address are text.
func cssClose(src []byte, at int) int {
	depth := 0
	for at >= 0 && at < len(src) {
		switch src[at] {
		case '(':
			if cssAddress(src, at) {
				if at = delimitedEnd(src, at+1, []byte(")")); depth == 0 {
					return at
				}
				continue
			}
			depth++
			at++
		case ')':
			depth--
			at++
			if depth == 0 {
				return at
			}
		default:
			at = cssSkip(src, at)
		}
	}
	return -1
}

// cssAddress reports whether a parenthesis holds an address without quotes: the
// word before it begins or ends with url, as the scanner reads it.
func cssAddress(src []byte, parenthesis int) bool {
	from := parenthesis
	for from > 0 && cssBytes[src[from-1]] == cssWord {
		from--
	}
	word := src[from:parenthesis]
	if !hasFold(word, "url") && (len(word) <= 3 || !hasFold(word[len(word)-3:], "url")) {
		return false
	}
	rest := bytes.TrimLeft(src[parenthesis+1:], " \t\r\n")
	b := byteAt(rest, 0)
	return b != '"' && b != '\''
}

// custom is the value of a custom property. Scripts read it as it is written, but
// for the number of blanks at its ends.
func (s *cssScanner) custom() token {
	from, to := s.at, s.at
	depth := 0
	for to >= 0 && to < len(s.src) {
		b := s.src[to]
		if depth == 0 && (b == ';' || b == '}') {
			break
		}
		switch b {
		case '{', '[':
			depth++
			to++
		case '}', ']':
			depth--
			to++
		default:
			to = cssSkip(s.src, to)
		}
	}
	if to < 0 || to >= len(s.src) || depth < 0 {
		return bad
	}
	s.statement = cssMore
	text := s.src[from:to]
	value := bytes.TrimSpace(text)
	t := token{value, s.code()}
	if len(value) < len(text) && isSpace(text[0]) {
		t.mark |= markLeft // to some, what is empty is wrong and what is blank is not
	}
	if len(value) < len(text) && isSpace(text[len(text)-1]) {
		t.mark |= markRight
	}
	s.at, s.between, s.last = to, 0, ';'
	return t
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }
