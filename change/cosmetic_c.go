package change

import "bytes"

// C and C++: preprocessor lines end with the line and are read like code, with
// what they say of white space: none between the name of a macro and its
// parameters. What a line holds that is no code, such as the text of #error, is
// kept as it is. What a macro stands for keeps the white space within it, since
// another one may turn it into a string, and two definitions must be alike.
//
// Within the arguments of a macro, by its name in capitals, white space counts:
// the macro may turn them into a string. Trigraphs are not judged, nor is code
// that a backslash continues outside of preprocessor lines, nor assembly that is
// no string.

// directive says where in a preprocessor line the scanner is.
type directive uint8

const (
	noDirective directive = iota
	directiveName
	headerName
	macroName
	macroParameters
	macroBody
	directiveText
)

var (
	cDialect         = newCDialect(false)
	cplusplusDialect = newCDialect(true)
)

func newCDialect(plus bool) *dialect {
	return &dialect{
		classes: curlyClasses("\"'#\\", "$"), traits: curlyTraits(), digits: cNumber, special: cSpecial, operator: cOperator, follows: cComment,
		name:  func(s *curlyScanner, to int) token { return s.cName(to, plus) },
		opens: cOpens, closed: cCloses, asking: [][]byte{[]byte("__LINE__"), []byte("__builtin_LINE"), []byte("source_location")},
	}
}

// cJudged refuses what older compilers translate before they look for strings
// and comments.
func cJudged(src []byte) bool {
	for rest := src; ; {
		n := bytes.Index(rest, []byte("??"))
		if n < 0 {
			return plainLines(src)
		}
		if bytes.IndexByte([]byte("=/'()!<>-"), byteAt(rest, n+2)) >= 0 {
			return false
		}
		rest = rest[n+1:]
	}
}

// cComment refuses comments that versions end at different places: a line
// comment that a backslash continues, the end of a block across lines, and what
// is a division in C without line comments.
func cComment(s *curlyScanner, text []byte) bool {
	if text[1] == '/' {
		return !bytes.HasSuffix(bytes.TrimRight(text, " \t\r\f\v"), []byte(`\`)) && !(bytes.HasPrefix(text, []byte("//*")) && bytes.Contains(text, []byte("*/")))
	}
	return !bytes.Contains(text, []byte(`*\`))
}

// cNumber reads what the preprocessor takes for a number.
func cNumber(s *curlyScanner, at int) int {
	if s.directive == directiveName {
		return -1 // the place that the code came from
	}
	src := s.src
	for at++; at < len(src); at++ {
		switch b := src[at]; {
		case s.classes[b] == curlyLetter && b < 0x80, digit(b), b == '.':
		case (b == '+' || b == '-') && (src[at-1]|0x20 == 'e' || src[at-1]|0x20 == 'p'):
		case b == '\'' && (letter[byteAt(src, at+1)] || digit(byteAt(src, at+1))):
		default:
			return s.cSeparated(at)
		}
	}
	return at
}

// cSeparated refuses a number with separators where older versions may read the
// last of them as the beginning of a character: "1'a/*'".
func (s *curlyScanner) cSeparated(to int) int {
	number := s.src[s.at:to]
	if bytes.IndexByte(number, '\'') >= 0 && bytes.Count(number, []byte("'"))%2 == 1 && bytes.IndexByte(s.src[to:lineEnd(s.src, to)], '\'') >= 0 {
		return -1
	}
	return to
}

func cSpecial(s *curlyScanner) (token, bool) {
	switch s.src[s.at] {
	case '#':
		return s.cHash(), true
	case '\\':
		if !s.splice() {
			return bad, true
		}
		return token{}, false
	default:
		if s.directive == headerName && s.src[s.at] == '"' {
			return s.header('"'), true
		}
		return s.token(s.suffixEnd(escapedEnd(s.src, s.at, true)), operand), true
	}
}

// cHash begins a preprocessor line, or is an operator in one.
func (s *curlyScanner) cHash() token {
	if s.directive != noDirective {
		to := s.at + 1
		if byteAt(s.src, to) == '#' {
			to++
		} else {
			s.stringers = true
			s.commas = s.commas || s.dots
		}
		return s.token(to, 0)
	}
	if !s.fresh {
		return bad
	}
	t := s.token(s.at+1, opening)
	s.directive = directiveName
	s.outside, s.strict = s.strict, 0
	return t
}

// splice passes over a backslash that continues a preprocessor line. It must
// stand apart: what it joins would be one token.
func (s *curlyScanner) splice() bool {
	to := s.at + 1
	if byteAt(s.src, to) == '\r' {
		to++
	}
	if s.directive == noDirective || byteAt(s.src, to) != '\n' {
		return false
	}
	apart := s.between != 0 || bytes.IndexByte([]byte(" \t\r\n"), byteAt(s.src, to+1)) >= 0
	s.at = to + 1
	s.newLine()
	s.between |= spaced
	return apart
}

// cName reads a word up to a place.
func (s *curlyScanner) cName(to int, plus bool) token {
	word := s.src[s.at:to]
	next := byteAt(s.src, to)
	switch {
	case s.directive == directiveName:
		return s.directiveWord(to)
	case s.directive == macroName:
		return s.macroWord(to)
	case next == '"' && word[len(word)-1] == 'R' && rawPrefix(word):
		if !plus {
			return bad // C and C++ disagree
		}
		return s.token(s.suffixEnd(s.rawString(to)), operand)
	case next == '"' || next == '\'':
		return s.token(s.suffixEnd(escapedEnd(s.src, to, true)), operand)
	}
	s.word = word
	switch cWordOf(word) {
	case cColumn:
		return bad
	case cAssembly:
		if !s.plainAssembly(to) {
			return bad
		}
	case cHeader:
		if s.hidesComment(to) {
			return bad
		}
	case cLine:
		// A macro or a default argument passes the number on to where it is used.
		s.numbered = s.numbered || s.directive != noDirective || string(word) != "__LINE__"
		return s.asks(s.token(to, wordly|operand))
	}
	return s.token(to, wordly|operand)
}

// cWord says what is special about a word.
type cWord uint8

const (
	cPlain    cWord = iota
	cAssembly       // code of the machine may follow
	cHeader         // the name of a file may follow
	cLine           // it stands for the number of its line
	cColumn         // it stands for where it is in its line
	cString         // by custom, a macro that makes a string of its argument
)

func cWordOf(word []byte) cWord {
	switch string(word) {
	case "asm", "_asm", "__asm", "__asm__":
		return cAssembly
	case "__has_include", "__has_include_next", "__has_embed", "import":
		return cHeader
	case "__LINE__", "__builtin_LINE", "source_location":
		return cLine
	case "__builtin_COLUMN":
		return cColumn
	case "str", "xstr", "stringify", "__stringify", "xstringify", "stringize", "quote", "assert", "verify":
		return cString
	}
	return cPlain
}

func rawPrefix(word []byte) bool {
	switch string(word) {
	case "R", "u8R", "uR", "UR", "LR":
		return true
	}
	return false
}

// plainAssembly: GNU's is in strings, Microsoft's has lines and comments of its
// own.
func (s *curlyScanner) plainAssembly(at int) bool {
	rest := bytes.TrimLeft(s.src[at:], " \t")
	for _, word := range [...]string{"(", "volatile", "__volatile", "goto", "inline"} {
		if bytes.HasPrefix(rest, []byte(word)) {
			return true
		}
	}
	return false
}

// hidesComment reports whether the name of a file in angle brackets follows that
// holds what looks like a comment.
func (s *curlyScanner) hidesComment(at int) bool {
	const longest = 1000
	line := s.src[at:min(len(s.src), at+longest)]
	line = line[:lineEnd(line, 0)]
	from, to := bytes.IndexByte(line, '<'), bytes.IndexByte(line, '>')
	if from >= 0 && to < 0 && len(line) == longest {
		return true
	}
	return from >= 0 && to > from && (bytes.Contains(line[from:to], []byte("//")) || bytes.Contains(line[from:to], []byte("/*")))
}

// rawString finds the end of a raw string of C++, whose quote stands at a place.
func (s *curlyScanner) rawString(quote int) int {
	const longestDelimiter = 16
	from := quote + 1
	n := bytes.IndexByte(s.src[from:min(len(s.src), from+longestDelimiter+1)], '(')
	if n < 0 || bytes.ContainsAny(s.src[from:from+n], " \\)\t\v\f\n\r\"") {
		return -1
	}
	var buffer [longestDelimiter + len(`)"`)]byte
	end := append(append(append(buffer[:0], ')'), s.src[from:from+n]...), '"')
	to := delimitedEnd(s.src, from+n+1, end)
	if to > 0 && s.directive != noDirective && bytes.IndexByte(s.src[quote:to], '\n') >= 0 {
		return -1
	}
	return to
}

// directiveWord is the name of a directive.
func (s *curlyScanner) directiveWord(to int) token {
	switch string(s.src[s.at:to]) {
	case "define":
		s.directive = macroName
	case "include", "include_next", "import", "embed":
		s.directive = headerName
	case "undef", "if", "ifdef", "ifndef", "elif", "elifdef", "elifndef", "else", "endif":
		s.directive = directiveText
	case "line":
		return bad
	case "pragma":
		if string(bytes.TrimSpace(s.src[to:min(len(s.src), to+len(" once")+1)])) != "once" {
			return s.plainText()
		}
		s.directive = directiveText
	default:
		return s.plainText()
	}
	return s.token(to, 0)
}

// plainText is a preprocessor line that holds no code, or some that only the
// compiler at hand knows.
func (s *curlyScanner) plainText() token {
	to := lineEnd(s.src, s.at)
	text := bytes.TrimRight(s.src[s.at:to], " \t\r")
	if bytes.HasSuffix(text, []byte(`\`)) || bytes.Contains(text, []byte("/*")) {
		return bad
	}
	s.directive = directiveText
	t := s.token(s.at+len(text), 0)
	s.at = to
	return t
}

// header is the name of a file, in which nothing is special.
func (s *curlyScanner) header(end byte) token {
	to := delimitedEnd(s.src, s.at+1, []byte{end})
	if to < 0 || bytes.IndexByte(s.src[s.at:to], '\n') >= 0 {
		return bad
	}
	s.directive = directiveText
	return s.token(to, operand)
}

func cOperator(s *curlyScanner) (token, bool) {
	switch b := s.src[s.at]; {
	case b == '<' && s.directive == headerName:
		return s.header('>'), true
	case b == '.' && digit(byteAt(s.src, s.at+1)):
		return s.number(s.at), true
	case b == '.' && s.directive == macroParameters:
		s.dots = true
	case b == '%' && byteAt(s.src, s.at+1) == ':':
		return bad, true // another way to write "#"
	}
	return token{}, false
}
