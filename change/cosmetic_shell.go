package change

import "bytes"

// shellScanner reads scripts of sh and bash. Words stay as they are written, with
// every quotation, substitution and document in them; white space counts
// wherever some is, but not how much; line ends count. A script that reads
// itself, and one for another shell, is not judged.
type shellScanner struct {
	layout
	spaced    bool // white space since the last token
	line      bool // a token since the last line end
	loose     bool // the last token separates whatever surrounds it
	pattern   bool // the last token was "=~": a regular expression follows
	documents []document
	service   bool // in the header of a service, whose comments are data
	setting   bool // in the options of "set"
}

// document is one that follows the line: <<END.
type document struct {
	end    []byte
	tabs   bool // may stand before the end
	quoted bool // nothing is special in it
}

func newShellScanner(src []byte) *shellScanner { return &shellScanner{layout: layout{src: src}} }

const (
	shellBlank = iota + 1
	shellLine
	shellWord
	shellHash
	shellSemicolon
	shellMeta
	shellParenthesis
	shellRedirect
)

var shellBytes = func() (t [256]byte) {
	for b := '!'; b < 256; b++ {
		t[b] = shellWord
	}
	for class, members := range map[byte]string{shellBlank: " \t", shellLine: "\n", shellHash: "#", shellSemicolon: ";", shellMeta: "&|", shellParenthesis: "()", shellRedirect: "<>", 0: "\x7f"} {
		for _, b := range []byte(members) {
			t[b] = class
		}
	}
	return t
}()

func (s *shellScanner) next() token {
	for s.at < len(s.src) {
		if s.pattern && shellBytes[s.src[s.at]] != shellBlank {
			s.pattern = false
			return s.token(shellPatternEnd(s.src, s.at))
		}
		switch shellBytes[s.src[s.at]] {
		case shellBlank:
			s.spaced = true
			s.at++
		case shellLine:
			if t, ok := s.lineEnds(); ok {
				return t
			}
		case shellWord:
			if s.src[s.at] == '\\' && byteAt(s.src, s.at+1) == '\n' {
				return s.continuation()
			}
			t := s.token(shellWordEnd(s.src, s.at))
			s.pattern = len(t.text) == 2 && string(t.text) == "=~"
			if s.setting || len(t.text) == 3 {
				return s.set(t)
			}
			return t
		case shellHash:
			if t, ok := s.comment(); ok {
				return t
			}
		case shellSemicolon:
			return s.separator()
		case shellMeta:
			return s.token(s.at + shellOperator(s.src, s.at))
		case shellParenthesis:
			return s.parenthesis()
		case shellRedirect:
			return s.redirect()
		default:
			return bad
		}
	}
	if s.breaks() {
		return token{mark: tokenBreak}
	}
	if len(s.documents) > 0 || s.pattern {
		return bad
	}
	if s.line {
		s.line = false
		return token{mark: tokenLine}
	}
	return end
}

// set watches for the option that prints each line while it is read, comments
// and all.
func (s *shellScanner) set(t token) token {
	option := len(t.text) > 1 && t.text[0] == '-'
	if s.setting && (option && bytes.IndexByte(t.text, 'v') > 0 || string(t.text) == "verbose") {
		return bad
	}
	s.setting = string(t.text) == "set" || s.setting && option
	return t
}

// token returns the source up to a place, and whether white space stands before
// it within its line.
func (s *shellScanner) token(to int) token {
	if to < 0 || to > len(s.src) || len(s.documents) > 0 && bytes.IndexByte(s.src[s.at:to], '\n') >= 0 {
		return bad
	}
	t := token{s.src[s.at:to], s.code()}
	if s.spaced && s.line && !s.loose {
		t.mark |= markSpaced
	}
	s.at, s.spaced, s.line, s.loose = to, false, true, false
	return t
}

func (s *shellScanner) lineEnds() (token, bool) {
	if s.breaks() {
		return token{mark: tokenBreak}, true
	}
	if s.line {
		s.line = false
		return token{mark: tokenLine}, true
	}
	s.at++
	s.newLine()
	s.spaced = false
	if len(s.documents) > 0 {
		return s.document(), true
	}
	if byteAt(s.src, s.at) == '\n' {
		s.newLine()
		s.at = skipLines(s.src, s.at)
	}
	return token{}, false
}

// document reads the texts that follow a line.
func (s *shellScanner) document() token {
	to := documentsEnd(s.src, s.at, s.documents)
	s.documents = nil
	t := s.token(to)
	s.line = false
	s.newLine()
	return t
}

// continuation is a backslash that joins two lines, apart from words.
func (s *shellScanner) continuation() token {
	t := s.token(s.at + 1)
	if t.mark != tokenBad {
		s.at++
		s.newLine()
		if byteAt(s.src, s.at) == '\n' || s.at == len(s.src) {
			return bad
		}
	}
	return t
}

// separator is a semicolon or two. White space around it means nothing.
func (s *shellScanner) separator() token {
	to := s.at + 1
	for to < s.at+3 && (byteAt(s.src, to) == ';' || byteAt(s.src, to) == '&') {
		to++
	}
	s.spaced = false
	t := s.token(to)
	s.loose = true
	return t
}

// shellOperator measures operators of "&" and "|".
func shellOperator(src []byte, at int) int {
	a, b := src[at], byteAt(src, at+1)
	switch {
	case a == '&' && b == '>' && byteAt(src, at+2) == '>':
		return 3
	case a == b, a == '&' && b == '>', a == '|' && b == '&':
		return 2
	}
	return 1
}

// parenthesis is one alone, or arithmetic, or a pattern up to its end.
func (s *shellScanner) parenthesis() token {
	before := byte(0)
	if s.at > 0 {
		before = s.src[s.at-1]
	}
	switch {
	case s.src[s.at] == ')':
		return s.token(s.at + 1)
	case bytes.IndexByte([]byte("?*+@!"), before) >= 0:
		to := shellCommandEnd(s.src, s.at+1, 0)
		if to < 0 || bytes.ContainsAny(s.src[s.at:to], "\n#") {
			return bad
		}
		return s.token(to)
	case byteAt(s.src, s.at+1) == '(':
		to := shellArithmeticEnd(s.src, s.at+2, 0)
		if to > 0 && shifts(s.src[s.at:to]) {
			return bad
		}
		return s.token(to)
	}
	return s.token(s.at + 1)
}

// shifts reports whether arithmetic could be a document with a name to a shell
// that has none: ((a <<E)).
func shifts(text []byte) bool {
	for {
		_, rest, found := bytes.Cut(text, []byte("<<"))
		if !found {
			return false
		}
		text = rest
		if next := byteAt(bytes.TrimLeft(rest, " \t-"), 0); !digit(next) {
			return true
		}
	}
}

// redirect is an operator that reads or writes, with a document to come or a
// command in parentheses.
func (s *shellScanner) redirect() token {
	a, b, c := s.src[s.at], byteAt(s.src, s.at+1), byteAt(s.src, s.at+2)
	switch {
	case b == '(':
		return s.token(shellCommandEnd(s.src, s.at+2, 0))
	case a == '<' && b == '<' && c == '<':
		return s.token(s.at + 3)
	case a == '<' && b == '<':
		d, to := documentAt(s.src, s.at)
		if to < 0 || len(s.documents) > maxNesting {
			return bad
		}
		t := s.token(to)
		s.documents = append(s.documents, d)
		return t
	case b == '>' || b == '&' || a == '>' && b == '|':
		return s.token(s.at + 2)
	}
	return s.token(s.at + 1)
}

// comment passes over a comment, or returns it when it counts. What is none in
// some shell is not judged.
func (s *shellScanner) comment() (token, bool) {
	from, to := s.at, lineEnd(s.src, s.at)
	text := s.src[from:to]
	if from > 0 && bytes.IndexByte([]byte(" \t\n;"), s.src[from-1]) < 0 {
		return bad, true
	}
	s.at = to
	if from == 0 && bytes.HasPrefix(text, []byte("#!")) {
		s.remark = true
		return token{text, tokenComment | markHeading}, true
	}
	if bytes.Contains(text, []byte("INIT INFO")) {
		s.service = bytes.Contains(text, []byte("BEGIN"))
	}
	switch {
	case s.service, from == 0 && letter[byteAt(text, 1)], s.counts(text, scheduled.obey(text)), byteAt(text, 1) == '!', byteAt(text, 1) == '@', bytes.Contains(text, []byte("INIT INFO")):
		return token{text, s.directive(s.src, from)}, true
	case !s.skip(text):
		return bad, true
	}
	return token{}, false
}
