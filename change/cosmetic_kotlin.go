package change

import "bytes"

// Kotlin: a line end ends a statement unless something says that it goes on, and
// outside of parentheses few things do. White space counts around signs that
// belong to a label, a type or a call depending on it.
var kotlinDialect = &dialect{
	classes: curlyClasses("\"'`@#", ""), traits: kotlinTraits(), nests: true, lines: true, quiet: true, brackets: true,
	name: kotlinName, special: kotlinSpecial, operator: kotlinOperator, traitsOf: kotlinOperators, resume: kotlinResume,
}

func kotlinTraits() [256]traits {
	t := curlyTraits()
	for _, b := range []byte("=+-/%:<") {
		t[b] |= opening
	}
	t[','] &^= closing // outside of parentheses, where it says nothing
	t['.'] |= closing
	return t
}

// kotlinOperators says how longer operators go with line ends.
func kotlinOperators(operator []byte) traits {
	switch string(operator) {
	case "?.", "?:", "&&", "||":
		return opening | closing
	case "++", "--", "!!", ".*", "..", ">>", ">>>":
		return 0
	}
	return opening
}

// kotlinName watches for the declarations that must stand on one line.
func kotlinName(s *curlyScanner, to int) token {
	word := s.src[s.at:to]
	head := s.fresh && (string(word) == "import" || string(word) == "package")
	t := s.token(to, wordly|operand)
	if head {
		s.whole = true
	}
	return t
}

func kotlinSpecial(s *curlyScanner) (token, bool) {
	switch s.src[s.at] {
	case '"':
		quotes := min(run(s.src, s.at, '"'), 3)
		if quotes == 2 {
			return s.token(s.at+2, operand), true
		}
		return s.kotlinPiece(s.at+quotes, hole{quotes: quotes}), true
	case '\'':
		return s.token(escapedEnd(s.src, s.at, false), operand), true
	case '`':
		return s.token(tickedEnd(s.src, s.at), wordly|operand), true
	case '@':
		return s.clinging(s.at+1, 0), true
	}
	if t, ok := s.shebang(); ok {
		return t, true
	}
	return bad, true
}

// tickedEnd finds the end of a name between ticks on one line.
func tickedEnd(src []byte, at int) int {
	to := delimitedEnd(src, at+1, []byte("`"))
	if to < 0 || bytes.IndexByte(src[at:to], '\n') >= 0 {
		return -1
	}
	return to
}

// clinging is a token for which it counts what white space surrounds it.
func (s *curlyScanner) clinging(to int, kind traits) token {
	gap := s.between != 0
	t := s.token(to, kind)
	if gap {
		t.mark |= markLeft
	}
	if s.apart(to) {
		t.mark |= markRight
	}
	return t
}

// apart reports whether white space or a comment stands at a place.
func (s *curlyScanner) apart(at int) bool {
	switch byteAt(s.src, at) {
	case 0, ' ', '\t', '\r', '\n', '\f', '\v':
		return true
	case '/':
		return byteAt(s.src, at+1) == '/' || byteAt(s.src, at+1) == '*'
	}
	return false
}

// kotlinOperator watches for the signs to which white space matters: "as?" and
// "!in" are words.
func kotlinOperator(s *curlyScanner) (token, bool) {
	to := curlyOperator(s.src, s.at)
	gap := s.between != 0
	switch b := s.src[s.at]; {
	case b == '?' && (to == s.at+1 || byteAt(s.src, s.at+1) == ':' && byteAt(s.src, s.at+2) == ':'):
		t := s.token(s.at+1, 0)
		if gap {
			t.mark |= markLeft
		}
		return t, true
	case b == '!' && to == s.at+1:
		t := s.token(to, 0)
		if s.apart(to) {
			t.mark |= markRight
		}
		return t, true
	case b == '<' && to > s.at+1 && s.src[s.at+1] != '=':
		return s.token(s.at+1, 0), true
	}
	return token{}, false
}

// kotlinPiece reads a string up to its end or to an expression in it.
func (s *curlyScanner) kotlinPiece(at int, h hole) token {
	for at < len(s.src) {
		switch b := s.src[at]; {
		case b == '"' && h.quotes == 1:
			return s.token(at+1, operand)
		case b == '"':
			n := run(s.src, at, '"')
			at += n
			if n >= 3 {
				return s.token(at, operand)
			}
		case b == '\n' && h.quotes == 1:
			return bad
		case b == '\\' && h.quotes == 1:
			if at = escaped(s.src, at); at <= len(s.src) && s.src[at-1] == '\n' {
				return bad
			}
		case b == '$' && byteAt(s.src, at+1) == '{':
			return s.enter(at+2, h)
		case b == '$' && byteAt(s.src, at+1) == '`':
			return bad // a name that may hold quotes
		default:
			at++
		}
	}
	return bad
}

func kotlinResume(s *curlyScanner, h hole) token {
	if s.src[s.at] != '}' {
		return bad
	}
	return s.kotlinPiece(s.at+1, h)
}
