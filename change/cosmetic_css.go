package change

import (
	"bytes"
	"regexp"
	"sync"
)

// cssScanner reads CSS. Whether white space stands between two tokens means
// something nearly everywhere, and so does a comment without white space around
// it, which divides but does not separate. Neither means anything next to braces,
// semicolons, commas and ">", at the inner side of parentheses, and around the
// colon of a declaration or a condition. The values of custom properties are text.
type cssScanner struct {
	layout
	between between
	last    byte   // the last byte of the last token
	parens  []bool // the parentheses that are open, true for those of a condition
	braces  int

	statement cssStatement
	shape     cssShape // of the statement, once somebody asked
	atRule    bool     // it begins with "@"
	condition bool     // and then holds conditions in parentheses
}

// cssShape says what a statement turned out to be.
type cssShape uint8

const (
	cssUnknown cssShape = iota
	cssDeclaration
	cssOther
)

// cssStatement says where in a statement the scanner is.
type cssStatement uint8

const (
	cssBegin  cssStatement = iota
	cssCustom              // behind the name of a custom property
	cssValue               // behind its colon
	cssMore
)

// cssJudged refuses the style whose first comment describes a theme to WordPress.
func cssJudged(src []byte) bool {
	return plainLines(src) && !bytes.Contains(src, []byte("Theme Name:"))
}

func newCSSScanner(src []byte) *cssScanner { return &cssScanner{layout: layout{src: src}} }

const (
	cssBlank = iota + 1
	cssLine
	cssWord
	cssQuote
	cssSlash
	cssBrace
	cssParenthesis
	cssColon
	cssGreater
	cssEscape
	cssLess
)

var cssBytes = func() [256]byte {
	return byteClasses(map[byte]string{
		cssBlank: " \t\r", cssLine: "\n", cssWord: letters + "0123456789-#.*+~|%@!=$^&?[]", cssQuote: `"'`, cssSlash: "/", cssBrace: "{};,", cssParenthesis: "()",
		cssColon: ":", cssGreater: ">", cssEscape: `\`, cssLess: "<",
	})
}()

func (s *cssScanner) next() token {
	for s.at < len(s.src) {
		if s.statement == cssValue {
			return s.custom()
		}
		switch cssBytes[s.src[s.at]] {
		case cssBlank:
			s.between |= spaced
			s.at++
		case cssLine:
			if s.breaks() {
				return token{mark: tokenBreak}
			}
			s.lines()
		case cssWord, cssEscape, cssLess:
			return s.word()
		case cssQuote:
			return s.token(escapedEnd(s.src, s.at, true))
		case cssSlash:
			if t, ok := s.slash(); ok {
				return t
			}
		case cssBrace:
			return s.brace()
		case cssParenthesis:
			return s.parenthesis()
		case cssColon:
			return s.colon()
		case cssGreater:
			return s.greater()
		default:
			return bad
		}
	}
	if s.breaks() {
		return token{mark: tokenBreak}
	}
	if s.braces != 0 || len(s.parens) > 0 || s.statement == cssValue {
		return bad
	}
	return end
}

func (s *cssScanner) lines() {
	s.at++
	s.newLine()
	s.between |= spaced
	if byteAt(s.src, s.at) == '\n' {
		s.newLine()
		s.at = skipLines(s.src, s.at)
	}
}

// token returns the source up to a place with what stands before it.
func (s *cssScanner) token(to int) token {
	if to < 0 {
		return bad
	}
	mark := uint64(0)
	switch {
	case cssLoose[s.last], s.last == '>' && s.src[s.at] != '=':
	case s.between&spaced != 0:
		mark = markSpaced
	case s.between&remarked != 0:
		mark = markFolded
	}
	return s.free(to, mark)
}

// cssLoose are the bytes behind which white space means nothing; 0 stands for the
// beginning.
var cssLoose = [256]bool{0: true, '{': true, '}': true, ';': true, ',': true, '(': true}

// free returns one before which only the marks given count.
func (s *cssScanner) free(to int, mark uint64) token {
	t := token{s.src[s.at:to], s.code() | mark}
	s.at, s.between, s.last = to, 0, s.src[to-1]
	if s.statement == cssBegin {
		s.statement = cssMore
	}
	return t
}

// word reads a name, a number, or what else stands together. Addresses without
// quotes are text.
func (s *cssScanner) word() token {
	to, escape := s.at, false
	for to < len(s.src) {
		class := cssBytes[s.src[to]]
		if class == cssWord {
			to++
			continue
		}
		next := byteAt(s.src, to+1)
		switch {
		case class == cssEscape && next != '\n' && next != '\r' && next != 0:
			escape = true
			to = cssEscapeEnd(s.src, to)
			continue
		case class == cssLess && next != '!':
			to++
			continue
		case class == cssEscape, class == cssLess:
			return bad
		}
		break
	}
	word := s.src[s.at:min(to, len(s.src))]
	next := byteAt(s.src, to)
	switch {
	case next == '{' && bytes.IndexByte([]byte("#$@"), word[len(word)-1]) >= 0:
		return bad // a template
	case next == '>' && bytes.HasSuffix(word, []byte("--")), escape && (next == '(' || word[0] == '\\' || bytes.HasPrefix(word, []byte(`-\`))):
		return bad
	case next == '(' && (hasFold(word, "url") || len(word) > 3 && hasFold(word[len(word)-3:], "url")):
		return s.address(to)
	}
	return s.begins(word, to)
}

// cssEscapeEnd passes over an escape. White space that ends the number of a
// character belongs to it.
func cssEscapeEnd(src []byte, at int) int {
	from := at + 1
	for at = from; at < len(src) && at < from+6 && digitValue(src[at]) < 16; at++ {
	}
	switch {
	case at == from:
		return from + 1
	case byteAt(src, at) == '\r' && byteAt(src, at+1) == '\n':
		return at + 2
	case at < len(src) && isSpace(src[at]):
		return at + 1
	}
	return at
}

// begins notes what the first word of a statement says of it.
func (s *cssScanner) begins(word []byte, to int) token {
	var buffer [longestName]byte
	first := s.statement == cssBegin
	heading := first && s.at == 0 && charset().Match(s.src)
	if first && !heading && hasFold(word, "@charset") {
		return bad
	}
	t := s.token(to)
	if heading {
		t.mark |= markLeft
	}
	if first {
		s.atRule = word[0] == '@'
		s.condition = s.atRule && cssConditions[string(lowered(&buffer, word[:min(len(word), longestName)]))]
		if bytes.HasPrefix(word, []byte("--")) {
			s.statement = cssCustom
		}
	}
	return t
}

// charset only counts as the first bytes of a file, and only like this.
var charset = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\A@charset "[^"\n]*";`) })

var cssConditions = set(`@media @supports @container @import @custom-media`)

// address is one in url(…). In quotes it is read like any other argument.
func (s *cssScanner) address(parenthesis int) token {
	from := parenthesis + 1
	rest := bytes.TrimLeft(s.src[from:], " \t\r\n")
	if b := byteAt(rest, 0); b == '"' || b == '\'' {
		return s.token(parenthesis)
	}
	for at := from; at < len(s.src); at++ {
		switch s.src[at] {
		case ')':
			return s.token(at + 1)
		case '\\':
			at++
		case '"', '\'', '(':
			return bad
		}
	}
	return bad
}

func (s *cssScanner) brace() token {
	b := s.src[s.at]
	if b == ',' {
		return s.free(s.at+1, 0)
	}
	if len(s.parens) > 0 {
		return bad // an address that was cut, or worse
	}
	t := s.free(s.at+1, 0)
	switch b {
	case '{':
		s.braces++
	case '}':
		s.braces--
	}
	if s.braces < 0 {
		return bad
	}
	s.statement, s.shape, s.atRule, s.condition = cssBegin, cssUnknown, false, false
	return t
}

// parenthesis: one that no name precedes holds a condition.
func (s *cssScanner) parenthesis() token {
	if s.src[s.at] == '(' {
		if len(s.parens) == maxOpened {
			return bad
		}
		s.parens = append(s.parens, s.condition && (s.between&spaced != 0 || s.last == '('))
		return s.token(s.at + 1)
	}
	if len(s.parens) == 0 {
		return bad
	}
	s.parens = s.parens[:len(s.parens)-1]
	return s.free(s.at+1, 0)
}

func (s *cssScanner) greater() token {
	to := s.at + run(s.src, s.at, '>')
	if byteAt(s.src, to) == '=' {
		to++
	}
	return s.free(to, 0)
}

// slash is a comment or divides.
func (s *cssScanner) slash() (token, bool) {
	switch byteAt(s.src, s.at+1) {
	case '*':
	case '/':
		return bad, true // a comment to some processors
	default:
		return s.token(s.at + 1), true
	}
	to := delimitedEnd(s.src, s.at+2, []byte("*/"))
	if to < 0 {
		return bad, true
	}
	text := s.src[s.at:to]
	many := bytes.IndexByte(text, '\n') >= 0
	if many && s.breaks() {
		return token{mark: tokenBreak}, true
	}
	at := s.at
	s.at = to
	s.between |= remarked
	counts := (loudly | hacked).obey(text) || text[len(text)-3] == '\\'
	var t token
	switch {
	case counts:
		t = token{text, s.directive(s.src, at)}
	case !s.skip(text):
		return bad, true
	}
	if many {
		s.newLine()
		s.remark = true
	}
	return t, counts
}
