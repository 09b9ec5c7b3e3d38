package change

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// goScanner reads Go as the language's own scanner does, with the semicolons
// that line ends stand for, and refuses what that refuses. Comments matter as a
// whole in the places where they are code: above an import of "C", in the
// examples of a test file, whose output they say, and around the package clause,
// which an import path may follow and before which old build constraints end.
type goScanner struct {
	layout
	last ending
	word []byte // the last token, when last is endsWord

	test      bool // a test file
	depth     int  // of braces
	afterFunc bool // the last token was func, outside of all braces
	example   bool // in an example
	imports   importing
	cgo       bool // imports of "C" are possible, and no other declaration came yet
	usesC     bool
	plusBuild bool // there may be a "// +build"
	total     int  // tokens of code so far
}

// ending says whether a line end behind the last token is a semicolon.
type ending uint8

const (
	endsNothing ending = iota
	endsLine
	endsWord // unless the word is a keyword
)

// importing says where in an import declaration the scanner is.
type importing uint8

const (
	noImport importing = iota
	oneImport
	importGroup
)

func newGoScanner(src []byte, test bool) *goScanner {
	c := bytes.Contains(src, []byte(`"C"`)) || bytes.Contains(src, []byte("`C`"))
	return &goScanner{layout: layout{src: src}, test: test, cgo: c, usesC: c, plusBuild: bytes.Contains(src, []byte("+build"))}
}

// The classes of bytes; zero is for those that may not stand in code.
const (
	goBlank = iota + 1
	goLine
	goLetter
	goDigit
	goQuote
	goRune
	goRaw
	goSlash
	goDot
	goSingle
	goOperator
)

var goBytes = byteClasses(map[byte]string{
	goBlank: " \t\r", goLine: "\n", goLetter: letters, goDigit: "0123456789", goQuote: `"`, goRune: "'", goRaw: "`", goSlash: "/", goDot: ".",
	goSingle: "()[]{},;~", goOperator: "+-*%&|^<>=!:",
})

// letters are the bytes that names are made of, other than digits.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

// byteClasses makes a table of classes; every byte of a wider character counts
// as a letter.
func byteClasses(classes map[byte]string) (t [256]byte) {
	for class, members := range classes {
		for _, b := range []byte(members) {
			t[b] = class
		}
	}
	for b := utf8.RuneSelf; b < len(t); b++ {
		t[b] = t['a']
	}
	return t
}

func (s *goScanner) next() token {
	for s.at < len(s.src) {
		switch goBytes[s.src[s.at]] {
		case goBlank:
			for s.at++; s.at < len(s.src) && goBytes[s.src[s.at]] == goBlank; {
				s.at++
			}
		case goLine:
			if t, ok := s.lineEnds(); ok {
				return t
			}
			s.at++
			s.newLine()
			if byteAt(s.src, s.at) == '\n' {
				s.newLine() // an empty line; more of them change nothing
				s.at = skipLines(s.src, s.at)
			}
		case goLetter:
			return s.name()
		case goDigit:
			return s.literal(goNumber(s.src, s.at))
		case goQuote:
			return s.quoted(goString(s.src, s.at))
		case goRune:
			return s.literal(goCharacter(s.src, s.at))
		case goRaw:
			return s.quoted(goRawString(s.src, s.at))
		case goSlash:
			if t, ok := s.slash(); ok {
				return t
			}
		case goDot:
			return s.dot()
		case goSingle:
			return s.single()
		case goOperator:
			return s.operator(goOperatorEnd(s.src, s.at))
		default:
			return bad
		}
	}
	if s.semicolon() {
		return token{mark: tokenLine}
	}
	return end
}

// lineEnds returns what a line end stands for, one thing a call.
func (s *goScanner) lineEnds() (token, bool) {
	if s.breaks() {
		return token{mark: tokenBreak}, true
	}
	if s.semicolon() {
		if s.depth == 0 {
			s.example = false
		}
		if s.imports == oneImport {
			s.imports = noImport
		}
		return token{mark: tokenLine}, true
	}
	return token{}, false
}

// semicolon reports, once, whether a line end here is a semicolon.
func (s *goScanner) semicolon() bool {
	last := s.last
	s.last = endsNothing
	return last == endsLine || last == endsWord && !openKeyword(s.word)
}

// openKeyword knows the keywords behind which a statement goes on.
func openKeyword(word []byte) bool {
	if len(word) < 2 || len(word) > 9 {
		return false
	}
	switch string(word) {
	case "case", "chan", "const", "default", "defer", "else", "for", "func", "go", "goto", "if", "import", "interface", "map", "package", "range", "select", "struct",
		"switch", "type", "var":
		return true
	}
	return false
}

// token returns the source up to a place.
func (s *goScanner) token(to int, last ending) token {
	t := token{s.src[s.at:to], s.code()}
	s.at, s.last = to, last
	s.total++
	return t
}

func (s *goScanner) literal(to int) token {
	if to < 0 {
		return bad
	}
	return s.token(to, endsLine)
}

// quoted is a string. An import path with an escape could spell "C".
func (s *goScanner) quoted(to int) token {
	if to >= 0 && s.imports != noImport && bytes.IndexByte(s.src[s.at:to], '\\') >= 0 {
		return bad
	}
	return s.literal(to)
}

func (s *goScanner) name() token {
	to, wide := s.at, byte(0)
	for to < len(s.src) && (goBytes[s.src[to]] == goLetter || goBytes[s.src[to]] == goDigit) {
		wide |= s.src[to]
		to++
	}
	if wide >= utf8.RuneSelf && !goName(s.src[s.at:to]) {
		return bad
	}
	word := s.src[s.at:to]
	s.word = word
	switch {
	case s.afterFunc:
		s.afterFunc = false
		s.example = bytes.HasPrefix(word, []byte("Example"))
	case s.depth > 0:
	case string(word) == "import":
		if s.usesC && !s.cgo {
			return bad // an import behind other declarations
		}
		s.imports = oneImport
	case string(word) == "func":
		s.afterFunc = s.test
		s.cgo = false
	case s.cgo && (string(word) == "var" || string(word) == "type" || string(word) == "const"):
		s.cgo = false
	}
	return s.token(to, endsWord)
}

// goName checks a name of wider characters.
func goName(word []byte) bool {
	for at := 0; at < len(word); {
		r, n := utf8.DecodeRune(word[at:])
		if !unicode.IsLetter(r) && r != '_' && (at == 0 || !unicode.IsDigit(r)) {
			return false
		}
		at += n
	}
	return true
}

// single is a token of one byte that is part of no longer one.
func (s *goScanner) single() token {
	last := endsNothing
	s.afterFunc = false
	switch s.src[s.at] {
	case '(':
		if s.imports == oneImport {
			s.imports = importGroup
		}
	case ')':
		last, s.imports = endsLine, noImport
	case ']':
		last = endsLine
	case '{':
		s.depth++
	case '}':
		last = endsLine
		s.depth--
	case ';':
		if s.depth == 0 {
			s.example = false
		}
		if s.imports == oneImport {
			s.imports = noImport
		}
	}
	return s.token(s.at+1, last)
}

func (s *goScanner) dot() token {
	rest := s.src[s.at+1:]
	switch {
	case len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9':
		return s.literal(goNumber(s.src, s.at))
	case len(rest) > 1 && rest[0] == '.' && rest[1] == '.':
		return s.token(s.at+3, endsNothing)
	default:
		return s.token(s.at+1, endsNothing)
	}
}

func (s *goScanner) operator(to int) token {
	last := endsNothing
	if b := s.src[s.at]; to-s.at == 2 && (b == '+' || b == '-') && s.src[s.at+1] == b {
		last = endsLine
	}
	return s.token(to, last)
}

// goOperatorEnd finds the longest operator.
func goOperatorEnd(src []byte, at int) int {
	first, second := src[at], byteAt(src, at+1)
	at++
	switch first {
	case '<', '>':
		if second == first {
			at++
		} else if first == '<' && second == '-' {
			return at + 1
		}
	case '&':
		if second == '&' {
			return at + 1
		}
		if second == '^' {
			at++
		}
	case '+', '-', '|':
		if second == first {
			return at + 1
		}
	}
	if byteAt(src, at) == '=' {
		at++
	}
	return at
}
