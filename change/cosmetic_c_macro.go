package change

import "bytes"

// macroWord is the name of a macro. One that a parenthesis follows without a
// blank has parameters.
func (s *curlyScanner) macroWord(to int) token {
	s.directive, s.word, s.dots = macroParameters, nil, false
	t := s.token(to, wordly)
	if byteAt(s.src, to) == '(' {
		t.mark |= markRight
	} else {
		s.macroBegins()
	}
	return t
}

// macroBegins: from here on white space counts up to the end of the line, but for
// what stands before the first token.
func (s *curlyScanner) macroBegins() {
	s.directive, s.strict, s.begun = macroBody, inBody, true
}

// inBody is how strict a macro's text is taken where no parenthesis is open.
const inBody = 2

// cOpens counts the parentheses of a macro's arguments.
func cOpens(s *curlyScanner, before traits) byte {
	b := s.src[s.at-1]
	if b != '(' {
		return b
	}
	if s.strict > 0 || before&wordly != 0 && (capitals(s.word) || cWordOf(s.word) == cString || bytes.Contains(s.word, []byte("assert")) || s.stringers && !cHeads[string(s.word)]) {
		s.strict++
		s.begun = s.strict == 1
		if s.begun {
			s.exact = s.commas || oneArgument(s.word)
		}
	}
	return b
}

// oneArgument knows the macros that by custom make one string of all that they
// are given.
func oneArgument(word []byte) bool {
	for _, part := range [...]string{"REQUIRE", "CHECK", "STR", "QUOTE"} {
		if bytes.HasPrefix(word, []byte(part)) {
			return true
		}
	}
	return bytes.Contains(word, []byte("STRING"))
}

// cHeads are followed by a parenthesis that belongs to no macro.
var cHeads = set(`if for while switch return sizeof catch`)

func cCloses(s *curlyScanner) {
	switch {
	case s.src[s.at-1] != ')':
	case s.directive == macroParameters:
		s.macroBegins()
	case s.strict > 0 && (s.directive != macroBody || s.strict > inBody):
		s.strict--
	}
}

// capitals reports whether a name is, by convention, that of a macro.
func capitals(word []byte) bool {
	for _, b := range word {
		if b >= 'a' && b <= 'z' {
			return false
		}
	}
	return len(word) > 1
}
