package change

import (
	"unicode"
	"unicode/utf8"
)

func (s *curlyScanner) names() token {
	src, classes := s.src, &s.classes
	to, wide := s.at, byte(0)
	for to < len(src) && (classes[src[to]] == curlyLetter || classes[src[to]] == curlyDigit) {
		wide |= src[to]
		to++
	}
	if wide >= utf8.RuneSelf && !wideName(src[s.at:to]) {
		return bad
	}
	if s.name != nil {
		return s.name(s, to)
	}
	s.word = s.src[s.at:to]
	return s.token(to, wordly|operand)
}

// wideName refuses wider characters that no name holds: some languages take them
// for white space or operators.
func wideName(word []byte) bool {
	for len(word) > 0 {
		r, n := utf8.DecodeRune(word)
		if r >= utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.In(r, unicode.M, unicode.Nd, unicode.Nl) {
			return false
		}
		word = word[n:]
	}
	return true
}

func (s *curlyScanner) number(at int) token {
	if s.digits != nil {
		return s.token(s.digits(s, at), operand)
	}
	return s.token(curlyNumber(s.src, at), operand)
}

// curlyNumber finds the end of a number, generously: where names follow without
// a blank they become part of it. Two dots are a range.
func curlyNumber(src []byte, at int) int {
	hexadecimal := src[at] == '0' && byteAt(src, at+1)|0x20 == 'x'
	for at++; at < len(src); at++ {
		switch b := src[at]; {
		case letter[b], b >= '0' && b <= '9', b == '_':
		case b == '.':
			if byteAt(src, at+1) == '.' {
				return at
			}
		case b == '+' || b == '-':
			power := src[at-1] | 0x20
			if signed := power == 'e' && !hexadecimal || power == 'p' && hexadecimal; !signed || !digit(byteAt(src, at+1)) {
				return at
			}
		default:
			return at
		}
	}
	return at
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

func (s *curlyScanner) operation() token {
	if b := s.src[s.at]; b == '.' && digit(byteAt(s.src, s.at+1)) && (s.last&operand == 0 || s.between != 0) {
		return s.number(s.at)
	}
	if s.operator != nil {
		if t, ok := s.operator(s); ok {
			return t
		}
	}
	to := curlyOperator(s.src, s.at)
	kind := s.traits[s.src[s.at]]
	if to > s.at+1 {
		kind = 0
		if s.traitsOf != nil {
			kind = s.traitsOf(s.src[s.at:to])
		}
	}
	return s.token(to, kind)
}
