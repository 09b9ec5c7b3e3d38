package change

import "bytes"

// Swift: white space decides whether an operator stands between two values or
// belongs to one, and a line end may end a statement. Regular expressions
// between slashes are not judged.
var swiftDialect = &dialect{
	classes: swiftClasses(), traits: swiftTraits(), nests: true, lines: true, brackets: true,
	special: swiftSpecial, operator: swiftOperator, opens: swiftOpens, resume: swiftResume, asking: [][]byte{[]byte("#line")},
}

// swiftJudged refuses scripts whose packages are named in comments.
func swiftJudged(src []byte) bool {
	line, script := bytes.CutPrefix(src[:lineEnd(src, 0)], []byte("#!"))
	if script {
		for word := range bytes.FieldsSeq(line) {
			switch string(word[bytes.LastIndexByte(word, '/')+1:]) {
			case "swift", "env", "-S", "xcrun":
			default:
				return false
			}
		}
	}
	return plainLines(src)
}

func swiftClasses() [256]byte {
	t := curlyClasses("\"`@#\\([", "$")
	t[':'] = curlySingle
	return t
}

func swiftTraits() [256]traits {
	t := curlyTraits()
	t[':'] |= opening
	return t
}

func swiftSpecial(s *curlyScanner) (token, bool) {
	switch s.src[s.at] {
	case '"':
		return s.swiftString(s.at, 0), true
	case '`':
		return s.token(tickedEnd(s.src, s.at), wordly|operand), true
	case '#':
		return s.swiftHash(), true
	case '(', '[':
		return s.swiftOpen(), true
	default:
		return s.clinging(s.at+1, 0), true
	}
}

// swiftOpen: behind a name or a value, white space before a bracket may make it
// another one.
func (s *curlyScanner) swiftOpen() token {
	cut := s.between != 0 && s.last&operand != 0
	t := s.open(opening)
	if cut && t.mark != tokenBad {
		t.mark |= markLeft
	}
	return t
}

// swiftHash is a string with hashes, or a word for the compiler. A line that
// begins with one is a condition, and ends with the line.
func (s *curlyScanner) swiftHash() token {
	if t, ok := s.shebang(); ok {
		return t
	}
	hashes := run(s.src, s.at, '#')
	next := byteAt(s.src, s.at+hashes)
	if next == '"' {
		return s.swiftString(s.at+hashes, hashes)
	}
	to := s.suffixEnd(s.at + 1)
	if hashes > 1 || to == s.at+1 {
		return bad
	}
	word := s.src[s.at+1 : to]
	s.whole = s.whole || s.fresh
	switch string(word) {
	case "sourceLocation", "column":
		return bad
	case "line":
		s.numbered = true // as a default argument, it is the line of each call
		return s.asks(s.token(to, wordly|operand))
	}
	if !swiftWords[string(word)] {
		s.macro = anyMacro
	}
	return s.token(to, wordly|operand)
}

// swiftWords are those of the compiler; any other is a macro, which may make a
// string of all that stands in its parentheses.
var swiftWords = set(`if elseif available unavailable selector keyPath file fileID filePath function dsohandle warning error colorLiteral imageLiteral fileLiteral externalMacro
	hasSymbol isolation Preview`)

// swiftOpens remembers the parentheses of macros, within which everything counts.
func swiftOpens(s *curlyScanner, _ traits) byte {
	b, macro := s.src[s.at-1], s.macro
	if b == '[' {
		return b // of a type, maybe
	}
	s.macro = noMacro
	if macro != anyMacro || s.strict > 0 || b != '(' {
		return b
	}
	s.strict, s.ended = 1, s.at
	return b | inMacro
}

// swiftString begins a string whose quote stands at a place.
func (s *curlyScanner) swiftString(quote, hashes int) token {
	h := hole{quotes: 1, signs: hashes}
	if bytes.HasPrefix(s.src[quote:], []byte(`"""`)) {
		h.quotes = 3
		if hashes > 0 && bytes.HasPrefix(s.src[quote+3:], bytes.Repeat([]byte{'#'}, hashes)) {
			return bad // #"""# is a quote to some
		}
	}
	return s.swiftPiece(quote+h.quotes, h)
}

// swiftPiece reads a string up to its end or to an expression in it.
func (s *curlyScanner) swiftPiece(at int, h hole) token {
	for at < len(s.src) {
		switch b := s.src[at]; {
		case b == '"':
			to := at + h.quotes
			if run(s.src[:min(len(s.src), to)], at, '"') == h.quotes && run(s.src[:min(len(s.src), to+h.signs)], to, '#') == h.signs {
				return s.token(to+h.signs, operand)
			}
			at++
		case b == '\n' && h.quotes == 1:
			return bad
		case b == '\\' && run(s.src[:min(len(s.src), at+1+h.signs)], at+1, '#') == h.signs:
			at += 1 + h.signs
			if byteAt(s.src, at) == '(' {
				return s.enter(at+1, h)
			}
			if at = escaped(s.src, at-1); h.quotes == 1 && at <= len(s.src) && s.src[at-1] == '\n' {
				return bad
			}
		default:
			at++
		}
	}
	return bad
}

func swiftResume(s *curlyScanner, h hole) token {
	if s.src[s.at] != ')' {
		return bad
	}
	return s.swiftPiece(s.at+1, h)
}

// swiftOperator reads an operator, with what surrounds it.
func swiftOperator(s *curlyScanner) (token, bool) {
	at := s.at
	to := swiftOperatorEnd(s.src, at)
	left, right := s.apartBefore(), s.apartBehind(to)
	text := s.src[at:to]
	if text[0] == '.' {
		return s.swiftDot(to, left, right), true
	}
	if bytes.IndexByte(text, '/') >= 0 && left && !right {
		return bad, true
	}
	kind := traits(0)
	if left && right {
		kind = opening | closing
	}
	exact := bytes.ContainsAny(text, "?!") || bytes.ContainsAny(text, "<>") && string(text) != "->" && string(text) != "<=" && string(text) != ">="
	t := s.token(to, kind)
	if exact || left != right {
		t.mark |= sides(left, right)
	}
	return t, true
}

func sides(left, right bool) (mark uint64) {
	if left {
		mark = markLeft
	}
	if right {
		mark |= markRight
	}
	return mark
}

// swiftDot: behind a bracket or a literal the value goes on, whatever stands
// between.
func (s *curlyScanner) swiftDot(to int, left, right bool) token {
	kind := traits(0)
	if s.last&(closing|operand) == closing|operand {
		left = false
	}
	if to == s.at+1 && !right {
		kind = closing
	}
	t := s.token(to, kind)
	t.mark |= sides(left, right)
	return t
}

// swiftOperatorEnd finds the end of an operator, before a comment.
func swiftOperatorEnd(src []byte, at int) int {
	dots := src[at] == '.'
	for ; at < len(src) && swiftOperatorBytes[src[at]]; at++ {
		if src[at] == '.' && !dots || src[at] == '/' && (byteAt(src, at+1) == '/' || byteAt(src, at+1) == '*') {
			break
		}
	}
	return at
}

var swiftOperatorBytes = func() (t [256]bool) {
	for _, b := range []byte("+-*/%&|^<>=!?.~") {
		t[b] = true
	}
	return t
}()

// apartBefore and apartBehind report whether an operator here is separated from
// what stands before and behind it, as the language defines it.
func (s *curlyScanner) apartBefore() bool {
	if s.between != 0 || s.at == 0 {
		return true
	}
	return bytes.IndexByte([]byte("([{,;:"), s.src[s.at-1]) >= 0
}

func (s *curlyScanner) apartBehind(at int) bool {
	return s.apart(at) || bytes.IndexByte([]byte(")]},;:"), byteAt(s.src, at)) >= 0
}
