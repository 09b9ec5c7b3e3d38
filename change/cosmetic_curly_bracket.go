package change

// hole is an expression within a string.
type hole struct {
	quotes  int
	signs   int  // hashes or dollars that belong to the string
	literal bool // a backslash is nothing special
}

// maxOpened is the number of open brackets above which a file is not judged.
const maxOpened = 10000

func (s *curlyScanner) open(kind traits) token {
	b := s.src[s.at]
	before, remember := s.last, b
	t := s.token(s.at+1, kind)
	if s.opens != nil {
		remember = s.opens(s, before)
	}
	if s.brackets || len(s.holes) > 0 {
		if len(s.opened) == maxOpened {
			return bad
		}
		s.opened = append(s.opened, remember)
	}
	return t
}

// inHole stands among the open brackets for a string with an expression in it.
const inHole = '"'

func (s *curlyScanner) close() token {
	b := s.src[s.at]
	n := len(s.opened)
	if n == 0 {
		if s.brackets {
			return bad
		}
		t := s.token(s.at+1, s.traits[b])
		if s.closed != nil {
			s.closed(s)
		}
		return t
	}
	opened := s.opened[n-1]
	if opened == inHole {
		h := s.holes[len(s.holes)-1]
		s.holes = s.holes[:len(s.holes)-1]
		s.opened = s.opened[:n-1]
		return s.resume(s, h)
	}
	if closingOf(opened) != b {
		return bad
	}
	kind := s.traits[b]
	if s.dialect.closes != nil {
		kind = s.dialect.closes(s, opened)
	}
	t := s.token(s.at+1, kind)
	s.opened = s.opened[:n-1]
	if s.ended > 0 && opened&inMacro != 0 {
		s.strict, s.ended = 0, 0
	}
	if s.inside != nil {
		s.nested = s.inElement()
	}
	return t
}

// closingOf is the bracket that ends what a remembered one began.
func closingOf(opened byte) byte {
	switch opened &^ inMacro {
	case '(', control:
		return ')'
	case '[':
		return ']'
	}
	return '}'
}

// control stands among the open brackets for the parenthesis of an if or a loop.
const control = 'c'

// enter begins an expression within a string that is read up to a place.
func (s *curlyScanner) enter(to int, h hole) token {
	if len(s.holes) == maxNesting || len(s.opened) == maxOpened {
		return bad
	}
	t := s.token(to, opening)
	s.holes = append(s.holes, h)
	s.opened = append(s.opened, inHole)
	return t
}
