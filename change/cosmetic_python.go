package change

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// pythonScanner reads Python. Within brackets line ends are white space; outside
// each statement begins with its indentation, exactly as it is written, since
// tabs and blanks do not compare. A backslash at the end of a line is code.
//
// Names, numbers and strings are only delimited, never checked: whatever stands
// in them is on both sides, so a file that Python refuses stays one.
type pythonScanner struct {
	layout
	line  int  // physical lines so far, to tell the first two
	depth int  // of brackets
	fresh bool // at the beginning of a statement

	metadata bool // in a block of a script's metadata, whose comments are data
}

func newPythonScanner(src []byte) *pythonScanner {
	return &pythonScanner{layout: layout{src: src}, fresh: true, line: 1}
}

// The classes of bytes; zero is for those that may not stand in code.
const (
	pyBlank = iota + 1
	pyLine
	pyLetter
	pyDigit
	pyQuote
	pyComment
	pyOpen
	pyClose
	pySingle
	pyOperator
	pyDot
	pyBackslash
)

var pyBytes = byteClasses(map[byte]string{
	pyBlank: " \t\r\f", pyLine: "\n", pyLetter: letters, pyDigit: "0123456789", pyQuote: `"'`, pyComment: "#", pyOpen: "([{", pyClose: ")]}",
	pySingle: ",;~", pyOperator: "+-*/%&|^<>=!:@", pyDot: ".", pyBackslash: `\`,
})

func (s *pythonScanner) next() token {
	for s.at < len(s.src) {
		if s.fresh {
			if t, ok := s.indentation(); ok {
				return t
			}
			continue
		}
		switch pyBytes[s.src[s.at]] {
		case pyBlank:
			for s.at++; s.at < len(s.src) && pyBytes[s.src[s.at]] == pyBlank; {
				s.at++
			}
		case pyLine:
			if s.breaks() {
				return token{mark: tokenBreak}
			}
			s.emptyLines()
			s.fresh = s.depth == 0
		case pyLetter:
			return s.name()
		case pyDigit:
			return s.token(pythonNumber(s.src, s.at))
		case pyQuote:
			return s.quoted(s.at)
		case pyComment:
			if t, ok := s.comment(); ok {
				return t
			}
		case pyOpen:
			s.depth++
			return s.token(s.at + 1)
		case pyClose:
			s.depth--
			if s.depth < 0 {
				return bad
			}
			return s.token(s.at + 1)
		case pySingle:
			return s.token(s.at + 1)
		case pyOperator:
			return s.token(pythonOperator(s.src, s.at))
		case pyDot:
			return s.dot()
		case pyBackslash:
			return s.continuation()
		default:
			return bad
		}
	}
	if s.depth > 0 {
		return bad
	}
	return end
}

// emptyLines ends a line and passes over empty ones; many are like two.
func (s *pythonScanner) emptyLines() {
	from := s.at
	s.at++
	s.newLine()
	if byteAt(s.src, s.at) == '\n' {
		s.newLine()
		s.at = skipLines(s.src, s.at)
	}
	s.line += s.at - from
}

// token returns the source up to a place, bad for -1.
func (s *pythonScanner) token(to int) token {
	if to < 0 {
		return bad
	}
	t := token{s.src[s.at:to], s.code()}
	s.at = to
	s.metadata = false
	return t
}

// indentation reads the white space at the beginning of a line and returns it
// when a statement follows; before a comment or on an empty line it means
// nothing. What a backslash means there differs between versions.
func (s *pythonScanner) indentation() (token, bool) {
	from := s.at
	for s.at < len(s.src) && (s.src[s.at] == ' ' || s.src[s.at] == '\t' || s.src[s.at] == '\f') {
		s.at++
	}
	s.fresh = false
	switch byteAt(s.src, s.at) {
	case 0, '\n', '\r', '#':
		return token{}, false
	case '\\':
		return bad, true
	}
	return token{s.src[from:s.at], tokenLine}, true
}

// continuation joins a line with the next. The indentation of the next one means
// nothing.
func (s *pythonScanner) continuation() token {
	to := s.at + 1
	if byteAt(s.src, to) == '\r' {
		to++
	}
	if byteAt(s.src, to) != '\n' || to+1 == len(s.src) {
		return bad
	}
	t := token{s.src[s.at : s.at+1], s.code()}
	s.at = to + 1
	s.newLine()
	s.line++
	return t
}

func (s *pythonScanner) dot() token {
	second, third := byteAt(s.src, s.at+1), byteAt(s.src, s.at+2)
	switch {
	case second >= '0' && second <= '9':
		return s.token(pythonNumber(s.src, s.at))
	case second == '.' && third == '.':
		return s.token(s.at + 3)
	default:
		return s.token(s.at + 1)
	}
}

// name reads a name, which may turn out to be the prefix of a string.
func (s *pythonScanner) name() token {
	to, wide := s.at, byte(0)
	for to < len(s.src) && (pyBytes[s.src[to]] == pyLetter || pyBytes[s.src[to]] == pyDigit) {
		wide |= s.src[to]
		to++
	}
	if wide >= utf8.RuneSelf && !pythonName(s.src[s.at:to]) {
		return bad
	}
	if to < len(s.src) && pyBytes[s.src[to]] == pyQuote && stringPrefix(s.src[s.at:to]) {
		return s.quoted(to)
	}
	return s.token(to)
}

// pythonName refuses wider characters that no name holds: they would be errors.
func pythonName(word []byte) bool {
	for len(word) > 0 {
		r, n := utf8.DecodeRune(word)
		if !unicode.IsLetter(r) && r != '_' && !unicode.In(r, unicode.M, unicode.Nd, unicode.Nl) {
			return false
		}
		word = word[n:]
	}
	return true
}

// quoted reads a string, whose quote may stand behind a prefix.
func (s *pythonScanner) quoted(quote int) token {
	to := pythonString(s.src, s.at, quote, 0)
	if to > 0 {
		s.line += bytes.Count(s.src[s.at:to], []byte("\n"))
	}
	return s.token(to)
}

// pythonNumber finds the end of a number, generously: where names follow without
// a blank they become part of it.
func pythonNumber(src []byte, at int) int {
	hexadecimal := src[at] == '0' && byteAt(src, at+1)|0x20 == 'x'
	for at++; at < len(src); at++ {
		switch b := src[at]; pyBytes[b] {
		case pyLetter, pyDigit, pyDot:
		case pyOperator:
			signed := (b == '+' || b == '-') && src[at-1]|0x20 == 'e' && !hexadecimal
			if next := byteAt(src, at+1); !signed || next < '0' || next > '9' {
				return at
			}
		default:
			return at
		}
	}
	return at
}

// pythonOperator finds the end of the longest operator, "<>" of old versions
// among them; -1 for a lone "!".
func pythonOperator(src []byte, at int) int {
	first, second := src[at], byteAt(src, at+1)
	at++
	switch first {
	case '*', '/', '<', '>':
		if second == first {
			at++
		} else if first == '<' && second == '>' {
			return at + 1
		}
	case '-':
		if second == '>' {
			return at + 1
		}
	case '!':
		if second != '=' {
			return -1
		}
	}
	if byteAt(src, at) == '=' {
		at++
	}
	return at
}
