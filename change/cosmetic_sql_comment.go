package change

import "bytes"

// commentAt reports whether a comment begins at a place, to anybody.
func commentAt(src []byte, at int) bool {
	next := byteAt(src, at+1)
	return src[at] == '-' && next == '-' || src[at] == '/' && (next == '*' || next == '/')
}

// hash is a comment to some, and part of a name or an operator to others: the
// rest of the line is kept, if both would go on behind it.
func (s *sqlScanner) hash() token {
	to := lineEnd(s.src, s.at)
	if !settled(s.src[s.at:to]) {
		return bad
	}
	t := s.token(s.at+len(bytes.TrimRight(s.src[s.at:to], " \t\r")), sqlSeparator)
	s.at = to
	return t
}

// lineComment needs a blank behind its mark for some, unless it stands where no
// value could.
func (s *sqlScanner) lineComment() (token, bool) {
	to := lineEnd(s.src, s.at)
	text := s.src[s.at:to]
	if next := byteAt(text, 2); next > ' ' && s.last != sqlNothing && s.last != sqlEnd {
		if !settled(text) {
			return bad, true
		}
		t := s.token(s.at+len(bytes.TrimRight(text, " \t\r")), sqlSeparator)
		s.at = to
		return t, true
	}
	return s.comment(text, to)
}

func (s *sqlScanner) blockComment() (token, bool) {
	to := delimitedEnd(s.src, s.at+2, []byte("*/"))
	if to < 0 || bytes.Contains(s.src[s.at+2:to-1], []byte("/*")) {
		return bad, true // nested to some
	}
	text := s.src[s.at:to]
	if text[2] == '!' || text[2] == '+' || text[2] == 'M' && byteAt(text, 3) == '!' {
		if !settled(text[2 : len(text)-2]) {
			return bad, true
		}
		return s.token(to, sqlOther), true // code to some
	}
	if bytes.IndexByte(text, '\n') < 0 {
		return s.comment(text, to)
	}
	if s.breaks() {
		return token{mark: tokenBreak}, true
	}
	t, ok := s.comment(text, to)
	s.newLine()
	s.remark = true
	s.between |= lined
	return t, ok
}

func (s *sqlScanner) comment(text []byte, to int) (token, bool) {
	from := s.at
	s.at = to
	s.between |= remarked
	switch {
	case s.counts(text, (loudly | scripted).obey(text)), bytes.IndexByte(text, ';') >= 0, s.client && s.between&lined == 0, s.last == sqlEnd && s.between&lined == 0 && !s.foreign:
		// Some split scripts at every semicolon, and one takes nothing behind it.
		return token{bytes.TrimSuffix(text, []byte("\r")), s.directive(s.src, from)}, true
	case !s.skip(text):
		return bad, true
	}
	return token{}, false
}
