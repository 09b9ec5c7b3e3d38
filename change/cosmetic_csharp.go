package change

import "bytes"

// C#: a line that begins with "#" is kept as it is, behind white space. Between
// #if and #endif the compiler may read nothing but such lines, so no string or
// comment may hold what looks like one.
var csharpDialect = &dialect{
	classes: curlyClasses("\"'#@$", ""), traits: curlyTraits(), special: csharpSpecial, operator: csharpOperator, follows: csharpComment, resume: csharpResume,
	opens: csharpOpens, closed: csharpCloses,
}

// csharpJudged refuses methods that are told the line or the text of each call.
func csharpJudged(src []byte) bool {
	return plainLines(src) && !bytes.Contains(src, []byte("CallerLineNumber")) && !bytes.Contains(src, []byte("CallerArgumentExpression"))
}

// csharpOpens begins what a method is told the text of, as those are by custom
// that check it: everything in it counts.
func csharpOpens(s *curlyScanner, before traits) byte {
	b := s.src[s.at-1]
	switch {
	case b != '(' || len(s.holes) > 0:
	case s.strict > 0:
		s.strict++
	case before&wordly != 0 && (bytes.HasPrefix(s.word, []byte("ThrowIf")) || string(s.word) == "Assert" || string(s.word) == "That"):
		s.strict, s.ended = 1, s.at
	}
	return b
}

func csharpCloses(s *curlyScanner) {
	if s.strict > 0 && s.src[s.at-1] == ')' {
		if s.strict--; s.strict == 0 {
			s.ended = 0
		}
	}
}

func csharpSpecial(s *curlyScanner) (token, bool) {
	switch s.src[s.at] {
	case '#':
		return s.csharpDirective(), true
	case '\'':
		return s.token(escapedEnd(s.src, s.at, false), operand), true
	case '@':
		return s.csharpAt(), true
	}
	dollars := run(s.src, s.at, '$')
	at := s.at + dollars
	switch {
	case byteAt(s.src, at) == '"':
		return s.csharpString(at, dollars, false), true
	case dollars == 1 && byteAt(s.src, at) == '@' && byteAt(s.src, at+1) == '"':
		return s.csharpString(at+1, dollars, true), true
	}
	return bad, true
}

// csharpAt is a string without escapes, or a name that could be a keyword.
func (s *curlyScanner) csharpAt() token {
	switch next := byteAt(s.src, s.at+1); {
	case next == '"':
		return s.csharpString(s.at+1, 0, true)
	case next == '$' && byteAt(s.src, s.at+2) == '"':
		return s.csharpString(s.at+2, 1, true)
	case s.classes[next] == curlyLetter:
		to := s.suffixEnd(s.at + 1)
		if !wideName(s.src[s.at+1 : to]) {
			return bad
		}
		return s.token(to, wordly|operand)
	}
	return bad
}

// csharpString reads a string whose quote stands at a place behind so many
// dollars.
func (s *curlyScanner) csharpString(quote, dollars int, literal bool) token {
	quotes := run(s.src, quote, '"')
	switch {
	case literal || quotes < 3:
		if dollars > 1 {
			return bad
		}
		return s.csharpPiece(quote+1, hole{quotes: 1, signs: dollars, literal: literal})
	default:
		return s.csharpPiece(quote+quotes, hole{quotes: quotes, signs: dollars, literal: true})
	}
}

// csharpPiece reads a string up to its end or to an expression in it.
func (s *curlyScanner) csharpPiece(at int, h hole) token {
	to, open := h.csharpEnd(s.src, at)
	if to < 0 || !s.csharpLines(s.src[s.at:to]) {
		return bad
	}
	if open {
		return s.enter(to, h)
	}
	return s.token(s.suffixEnd(to), operand)
}

// csharpEnd finds the end of a piece, and whether an expression begins there.
func (h hole) csharpEnd(src []byte, at int) (to int, open bool) {
	for at < len(src) {
		switch b := src[at]; {
		case b == '"':
			n := run(src, at, '"')
			switch {
			case h.quotes >= 3 && n < h.quotes:
				at += n
			case h.quotes >= 3:
				return h.exactly(at, n), false
			case h.literal && n >= 2:
				at += n &^ 1
				if n&1 == 1 {
					return at + 1, false
				}
			default:
				return at + 1, false
			}
		case b == '\\' && !h.literal:
			if at = escaped(src, at); at <= len(src) && src[at-1] == '\n' {
				return -1, false
			}
		case b == '\n' && !h.literal:
			return -1, false
		case b == '{' && h.signs > 0:
			n := run(src, at, '{')
			switch {
			case h.quotes >= 3 && n >= 2*h.signs:
				return -1, false
			case h.quotes >= 3 && n >= h.signs, h.quotes < 3 && n&1 == 1:
				return at + n, true
			}
			at += n
		default:
			at++
		}
	}
	return -1, false
}

// exactly refuses a raw string that ends with more quotes than it began with.
func (h hole) exactly(at, n int) int {
	if n > h.quotes {
		return -1
	}
	return at + n
}

// csharpResume goes on with a string behind an expression.
func csharpResume(s *curlyScanner, h hole) token {
	width := 1
	if h.quotes >= 3 {
		width = h.signs
	}
	if s.src[s.at] != '}' || run(s.src, s.at, '}') < width {
		return bad
	}
	return s.csharpPiece(s.at+width, h)
}

// csharpOperator watches for the format that ends an expression in a string.
func csharpOperator(s *curlyScanner) (token, bool) {
	if s.src[s.at] != ':' || len(s.opened) == 0 || s.opened[len(s.opened)-1] != inHole {
		return token{}, false
	}
	to := s.at + 1
	for to < len(s.src) && bytes.IndexByte([]byte("{}\"\\\n:"), s.src[to]) < 0 {
		to++
	}
	if byteAt(s.src, to) != '}' && byteAt(s.src, to) != ':' || to == s.at+1 {
		return bad, true
	}
	return s.token(to, 0), true
}

// csharpLines refuses what spans lines between #if and #endif and holds one that
// could be a directive.
func (s *curlyScanner) csharpLines(text []byte) bool {
	if s.branches == 0 || bytes.IndexByte(text, '#') < 0 {
		return true
	}
	for {
		n := bytes.IndexByte(text, '\n')
		if n < 0 {
			return true
		}
		text = bytes.TrimLeft(text[n+1:], " \t\f\v")
		if byteAt(text, 0) == '#' {
			return false
		}
	}
}

func csharpComment(s *curlyScanner, text []byte) bool { return s.csharpLines(text) }

// csharpDirective is a line for the preprocessor.
func (s *curlyScanner) csharpDirective() token {
	if t, ok := s.shebang(); ok {
		return t
	}
	if !s.fresh || !s.firstOfLine() || len(s.holes) > 0 {
		return bad
	}
	text := csharpCode(s.src[s.at:lineEnd(s.src, s.at)])
	switch name := bytes.TrimLeft(text[1:], " \t"); {
	case bytes.HasPrefix(name, []byte("if")):
		s.branches++
	case bytes.HasPrefix(name, []byte("endif")):
		s.branches--
	case bytes.HasPrefix(name, []byte("line")) || bytes.Contains(text, []byte("/*")):
		return bad
	}
	if s.branches < 0 {
		return bad
	}
	t := s.token(s.at+len(text), opening)
	t.mark |= markLined
	return t
}

// csharpCode is a line for the preprocessor without the comment that some of them
// may end with.
func csharpCode(line []byte) []byte {
	name := bytes.TrimLeft(line[1:], " \t")
	for _, word := range [...]string{"if", "elif", "else", "endif", "define", "undef", "nullable"} {
		if n := bytes.Index(line, []byte("//")); n > 0 && bytes.HasPrefix(name, []byte(word)) {
			line = line[:n]
		}
	}
	return bytes.TrimRight(line, " \t\r")
}

// firstOfLine reports whether nothing but white space stands before this place.
func (s *curlyScanner) firstOfLine() bool {
	at := s.at
	for at > 0 && s.classes[s.src[at-1]] == curlyBlank {
		at--
	}
	return at == 0 || s.src[at-1] == '\n'
}
