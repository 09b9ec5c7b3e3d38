package change

import "bytes"

// JavaScript and TypeScript: a line end may end a statement, a slash may begin a
// regular expression, and in most files "<" may begin an element. Where either
// would have to be guessed, the file is not judged. A line end counts unless
// the token before it or behind it shows that the statement goes on.
var (
	javascriptDialect = newJavascriptDialect(true, false)
	typescriptDialect = newJavascriptDialect(false, true)
	tsxDialect        = newJavascriptDialect(true, true)
)

func newJavascriptDialect(elements, typed bool) *dialect {
	d := &dialect{
		classes: curlyClasses("\"'`@#{", "$"), traits: javascriptTraits(), lines: true, brackets: true, comments: loudly | tagged | referring,
		name: javascriptName, digits: javascriptNumber, special: javascriptSpecial, divides: javascriptSlash, traitsOf: javascriptOperators,
		opens: javascriptOpens, closes: javascriptCloses, resume: javascriptResume, operator: javascriptOperator, typed: typed,
	}
	if elements {
		d.operator, d.inside = jsxOperator, jsxInside
	}
	return d
}

// plainLines refuses line ends that only some languages know.
func plainLines(src []byte) bool {
	return !bytes.Contains(src, []byte("\u2028")) && !bytes.Contains(src, []byte("\u2029")) && !bytes.Contains(src, []byte("\u0085"))
}

// javascriptJudged refuses files whose comments are data: of scripts that a
// browser's user installs, and of functions that are read as text.
func javascriptJudged(src []byte) bool {
	return plainLines(src) && !bytes.Contains(src, []byte("==UserScript==")) && !bytes.Contains(src, []byte("multiline("))
}

func javascriptTraits() [256]traits {
	t := curlyTraits()
	for _, b := range []byte("=+-%&|^~:</") {
		t[b] |= opening
	}
	for _, b := range []byte("=%&|^.?:>") {
		t[b] |= closing
	}
	t['.'] |= dotted
	t['>'] |= doubt
	t['}'] |= doubt
	return t
}

func javascriptOperators(operator []byte) traits {
	switch string(operator) {
	case "++", "--":
		return doubt
	case ">>", ">>>":
		return closing | doubt
	case "=>", "...":
		return opening
	case "?.":
		return closing | dotted
	}
	if operator[0] == '<' || operator[0] == '*' || operator[0] == '!' && operator[1] != '=' {
		return opening
	}
	return opening | closing
}

func javascriptName(s *curlyScanner, to int) token {
	if s.last&dotted != 0 {
		return s.token(to, wordly|operand|member)
	}
	// A loop over what has to be awaited is one.
	if word := s.src[s.at:to]; string(word) != "await" || string(s.word) != "for" || s.last&wordly == 0 {
		s.word = word
	}
	return s.token(to, wordly|operand)
}

// javascriptNumber: the first of two dots belongs to the number.
func javascriptNumber(s *curlyScanner, at int) int {
	to := curlyNumber(s.src, at)
	if byteAt(s.src, to) == '.' {
		to++
	}
	return to
}

func javascriptSpecial(s *curlyScanner) (token, bool) {
	switch s.src[s.at] {
	case '`':
		return s.templatePiece(s.at + 1), true
	case '#':
		if t, ok := s.shebang(); ok {
			return t, true
		}
		to := s.suffixEnd(s.at + 1)
		if to == s.at+1 || !wideName(s.src[s.at+1:to]) {
			return bad, true
		}
		return s.token(to, wordly|operand|member), true
	case '@':
		return s.token(s.at+1, 0), true
	case '{':
		kind := opening
		if s.last&headed != 0 || s.last&(wordly|member) == wordly && blockWord(s.word) {
			kind |= closing
		}
		return s.open(kind), true
	default:
		return s.token(escapedEnd(s.src, s.at, true), operand), true
	}
}

// blockWord knows the words that a block follows, or may.
func blockWord(word []byte) bool {
	switch string(word) {
	case "else", "do", "try", "finally":
		return true
	}
	return false
}

// templatePiece reads a template up to its end or to an expression in it.
func (s *curlyScanner) templatePiece(at int) token {
	for at < len(s.src) {
		switch b := s.src[at]; {
		case b == '`':
			return s.token(at+1, operand)
		case b == '\\':
			at = escaped(s.src, at)
		case b == '$' && byteAt(s.src, at+1) == '{':
			return s.enter(at+2, hole{})
		default:
			at++
		}
	}
	return bad
}

func javascriptResume(s *curlyScanner, _ hole) token {
	if s.src[s.at] != '}' {
		return bad
	}
	return s.templatePiece(s.at + 1)
}

// Among the open brackets stand the parentheses behind which a statement begins,
// and the blocks behind which one ends.
const block = 'b'

func javascriptOpens(s *curlyScanner, before traits) byte {
	b := s.src[s.at-1]
	keyword := before&(wordly|member) == wordly
	switch {
	case b == '(' && keyword && headWord(s.word):
		return control
	case b == '{' && (before&headed != 0 || keyword && blockWord(s.word)):
		return block
	}
	return b
}

// headWord knows the words that begin the head of a statement.
func headWord(word []byte) bool {
	switch string(word) {
	case "if", "for", "while", "with", "switch", "catch":
		return true
	}
	return false
}

func javascriptCloses(s *curlyScanner, opened byte) traits {
	switch opened {
	case control:
		return closing | headed // not opening: a method may have such a name
	case block:
		return opening | closing
	}
	return s.traits[s.src[s.at]]
}

// expects says whether a value may begin here, as what came before tells.
type expects uint8

const (
	noValue expects = iota
	someValue
	unsure
)

func (s *curlyScanner) expects() expects {
	switch {
	case s.last&doubt != 0:
		return unsure
	case s.last&(wordly|member) == wordly:
		return wordExpects(s.word)
	case s.last&operand != 0:
		return noValue
	}
	return someValue
}

// wordExpects knows the words behind which a value begins, and those that are
// keywords only sometimes.
func wordExpects(word []byte) expects {
	switch string(word) {
	case "return", "typeof", "instanceof", "in", "new", "delete", "void", "throw", "case", "do", "else", "default":
		return someValue
	case "yield", "await", "of", "extends":
		return unsure
	}
	return noValue
}

// javascriptSlash is a division or a regular expression.
func javascriptSlash(s *curlyScanner) int {
	switch s.expects() {
	case someValue:
		return s.regularEnd()
	case unsure:
		return -1
	}
	if byteAt(s.src, s.at+1) == '=' {
		return s.at + 2
	}
	return s.at + 1
}

// regularEnd finds the end of a regular expression that begins here.
func (s *curlyScanner) regularEnd() int {
	class := false
	for at := s.at + 1; at < len(s.src); at++ {
		switch s.src[at] {
		case '\n', '\r':
			return -1
		case '\\':
			at++
			if byteAt(s.src, at) == '\n' || byteAt(s.src, at) == '\r' {
				return -1
			}
		case '[':
			class = true
		case ']':
			class = false
		case '/':
			if !class {
				return s.suffixEnd(at + 1)
			}
		}
	}
	return -1
}

// javascriptOperator watches for comments that come from HTML, and for the "!"
// that only promises something about the value before it.
func javascriptOperator(s *curlyScanner) (token, bool) {
	switch b := s.src[s.at]; {
	case b == '<' && bytes.HasPrefix(s.src[s.at:], []byte("<!--")),
		b == '-' && s.tokens == 0 && bytes.HasPrefix(s.src[s.at:], []byte("-->")):
		return bad, true
	case b == '!' && byteAt(s.src, s.at+1) != '=' && s.expects() != someValue:
		return s.token(s.at+1, doubt|operand), true
	case b == '!' && byteAt(s.src, s.at+1) == '!':
		return s.token(s.at+1, 0), true
	case (b == '+' || b == '-') && s.last&(operand|wordly|doubt) == operand && !operatorBytes[byteAt(s.src, s.at+1)] && !s.typed:
		return s.token(s.at+1, opening|closing), true // behind a literal or a bracket nothing else can begin, unless that is a type
	case b == '?' && byteAt(s.src, s.at+1) == ':':
		return s.token(s.at+1, s.traits[b]), true
	}
	return token{}, false
}
