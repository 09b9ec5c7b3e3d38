package change

import (
	"bytes"
	"strings"
)

// prefixed is a string with letters before it, which say how to read it.
func (s *sqlScanner) prefixed(quote int) token {
	switch prefix := strings.ToLower(string(s.src[s.at:min(quote, s.at+longestName)])); prefix {
	case "q", "nq":
		return bad // delimiters of the writer's choice
	case "e":
		return s.token(sqlEscaped(s.src, quote), sqlText)
	}
	return s.quoted(quote)
}

// quoted is a string or a quoted name whose quote stands at a place. It must end
// at the same place whether a backslash is special or not, and whether three
// quotes are or not.
func (s *sqlScanner) quoted(quote int) token {
	to := sqlDoubled(s.src, quote)
	switch {
	case to < 0 || sqlEscaped(s.src, quote) != to:
		return bad
	case run(s.src[:min(to, quote+3)], quote, s.src[quote]) == 3:
		triple := bytes.Repeat(s.src[quote:quote+1], 3)
		if delimitedEnd(s.src, quote+3, triple) != to {
			return bad
		}
	}
	return s.token(to, sqlText)
}

// sqlDoubled finds the end of a string in which a quote is written twice.
func sqlDoubled(src []byte, at int) int {
	quote := src[at]
	for at++; at < len(src); at++ {
		if src[at] != quote {
			continue
		}
		if byteAt(src, at+1) != quote {
			return at + 1
		}
		at++
	}
	return -1
}

// sqlEscaped finds it where a backslash takes the next byte along too.
func sqlEscaped(src []byte, at int) int {
	quote := src[at]
	for at++; at < len(src); at++ {
		switch {
		case src[at] == '\\':
			at++
		case src[at] != quote:
		case byteAt(src, at+1) != quote:
			return at + 1
		default:
			at++
		}
	}
	return -1
}

// settled reports whether a text leaves nothing open for those who read it as
// code.
func settled(text []byte) bool {
	for at := 0; at < len(text); at++ {
		switch b := text[at]; b {
		case '\'', '"', '`':
			n := bytes.IndexByte(text[at+1:], b)
			if n < 0 {
				return false
			}
			at += n + 1
		case '\\', '$', '[', ';':
			return false
		case '/':
			if byteAt(text, at+1) == '*' {
				return false
			}
		}
	}
	return true
}

// dollar is a string between tags, a parameter, or part of a name.
func (s *sqlScanner) dollar() token {
	to := s.at + 1
	for to < len(s.src) && (sqlBytes[s.src[to]] == sqlLetter || sqlBytes[s.src[to]] == sqlDigit) {
		to++
	}
	if byteAt(s.src, to) != '$' || digit(s.src[s.at+1]) {
		return s.token(to, sqlSign)
	}
	end := delimitedEnd(s.src, to+1, s.src[s.at:to+1])
	if end > 0 && to == s.at+1 && letter[byteAt(s.src, to+1)] && !settled(bytes.ReplaceAll(s.src[to+1:end-2], []byte(";"), nil)) {
		return bad // what the compiler is asked for, to one
	}
	return s.token(end, sqlText)
}

// braced reports whether what stands in braces leaves nothing open for those who
// take it for a comment.
func (s *sqlScanner) braced() bool {
	n := bytes.IndexByte(s.src[s.at:min(len(s.src), s.at+longestBraces)], '}')
	if n < 0 {
		return false
	}
	text := s.src[s.at+1 : s.at+n]
	return settled(text) && !bytes.Contains(text, []byte("--")) && bytes.IndexByte(text, '#') < 0
}

// longestBraces bounds how far the end of braces is looked for.
const longestBraces = 200

// bracket is a quoted name to some and begins an index to others. Both read on
// behind its end, if it holds no comment and no string that goes beyond.
func (s *sqlScanner) bracket() token {
	n := bytes.IndexByte(s.src[s.at:], ']')
	if n < 0 {
		return bad
	}
	text := bytes.ReplaceAll(s.src[s.at+1:s.at+n], []byte("["), nil)
	if !settled(text) || bytes.Contains(text, []byte("--")) || bytes.IndexByte(text, '#') >= 0 || byteAt(s.src, s.at+n+1) == ']' {
		return bad
	}
	return s.token(s.at+n+1, sqlOther)
}
