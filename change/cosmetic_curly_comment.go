package change

import "bytes"

// slash is a comment or an operator; of a comment that nobody obeys nothing is
// left.
func (s *curlyScanner) slash() (token, bool) {
	switch byteAt(s.src, s.at+1) {
	case '/':
		return s.comment(lineEnd(s.src, s.at))
	case '*':
		to := s.blockEnd()
		if to < 0 {
			return bad, true
		}
		if bytes.IndexByte(s.src[s.at:to], '\n') < 0 {
			return s.comment(to)
		}
		if s.breaks() {
			return token{mark: tokenBreak}, true
		}
		t, ok := s.comment(to)
		s.newLine()
		s.remark = true
		s.between |= folded
		return t, ok
	}
	if s.divides != nil {
		to := s.divides(s)
		kind := s.traits['/']
		if to > s.at+2 || to == s.at+2 && s.src[s.at+1] != '=' {
			kind = operand // a regular expression
		}
		return s.token(to, kind), true
	}
	return s.operation(), true
}

// blockEnd finds the end of a block comment that begins here, -1 when there is
// none.
func (s *curlyScanner) blockEnd() int {
	if s.nests {
		return nestedEnd(s.src, s.at)
	}
	n := bytes.Index(s.src[s.at+2:], []byte("*/"))
	if n < 0 {
		return -1
	}
	return s.at + n + 4
}

// nestedEnd finds the end of a block comment that may hold others.
func nestedEnd(src []byte, at int) int {
	depth := 1
	for at += 2; ; {
		n := bytes.IndexByte(src[at:], '*')
		if n < 0 {
			return -1
		}
		star := at + n
		switch {
		case star > at && src[star-1] == '/':
			depth++
			at = star + 1
		case byteAt(src, star+1) == '/':
			depth--
			at = star + 2
		default:
			at = star + 1
		}
		if depth == 0 {
			return at
		}
	}
}

// comment passes over a comment or returns it as a token when it counts.
func (s *curlyScanner) comment(to int) (token, bool) {
	from, text := s.at, s.src[s.at:to]
	if s.follows != nil && !s.follows(s, text) {
		return bad, true
	}
	if s.program != nil && s.program(text) {
		t := s.token(to, 0)
		t.text = bytes.TrimSuffix(t.text, []byte("\r"))
		return t, true
	}
	s.at = to
	s.between |= remarked
	switch {
	case s.counts(text, from == 0 && startsProgram(text) || s.comments.obey(text)):
		text = bytes.TrimSuffix(text, []byte("\r"))
		return token{text, s.layout.directive(s.src, from)}, true
	case !s.skip(text):
		return bad, true
	default:
		return token{}, false
	}
}

// startsProgram knows the first line of a source that is also a script:
// "//usr/bin/env jbang".
func startsProgram(text []byte) bool { return bytes.Contains(text, []byte("bin/")) }

// shebang returns the first line of a script as a token; false when there is
// none.
func (s *curlyScanner) shebang() (token, bool) {
	if s.at != 0 || byteAt(s.src, 1) != '!' {
		return token{}, false
	}
	s.at = lineEnd(s.src, 0)
	s.remark = true
	return token{s.src[:s.at], tokenComment | markHeading}, true
}
