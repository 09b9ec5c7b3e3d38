package change

import (
	"bytes"
	"slices"
)

// curlyScanner reads the languages that descend from C. What they share is here:
// names, numbers, operators, both kinds of comment. A dialect says what a
// language does its own way.
//
// Tokens are never finer than those of any version of a language, and may be
// coarser: white space within a token counts, white space between two does not,
// unless the dialect says so. Where two versions would disagree about where a
// string or a comment ends, the file is not judged.
type curlyScanner struct {
	layout
	*dialect
	between  between // what stood between the last token and here
	last     traits  // of the last token
	word     []byte  // the last token, when it was a name
	fresh    bool    // no token since a line end outside of comments
	whole    bool    // the end of this line matters whatever surrounds it
	strict   int     // above 0 white space counts
	begun    bool    // but not here, at an end of an argument
	numbered bool    // from here on, the number of each line counts
	outside  int     // C: what it is outside of the preprocessor line
	ended    int     // where the last token ended, above 0 where all that stands between two counts
	opened   []byte  // the brackets that are open, if the dialect follows them
	holes    []hole  // the strings with an expression that is being read
	counted  int     // the place up to which lines were counted
	line     int     // line ends up to there
	asked    bool    // a word is in the source that stands for the number of its line

	directive directive  // C: where in a preprocessor line
	stringers bool       // C: some macro here turns an argument into a string
	commas    bool       // C: and one of them all of its arguments at once
	dots      bool       // C: the parameters of a macro end with "..."
	exact     bool       // C: the white space around commas counts, too
	shadowed  bool       // Rust: a macro here has the name of a known one
	branches  int        // C#: how many #if are open
	tags      [][]byte   // JSX: the elements that are open
	nested    bool       // JSX: within a tag or among children
	slashed   bool       // JSX: behind the "/" that ends an element in its tag
	inText    bool       // JSX: behind the first line of a text
	macro     macroState // Rust: what the next bracket belongs to
}

// dialect is what a language does its own way. Functions may be nil.
type dialect struct {
	classes [256]byte
	traits  [256]traits // of tokens of one byte

	nests    bool // block comments hold others
	lines    bool // line ends matter
	quiet    bool // but not within ( and [
	brackets bool // brackets are followed
	comments habits
	asking   [][]byte // words that stand for the number of their line, or hold one
	typed    bool     // JavaScript: types are part of the language

	asks func(src []byte) bool // whether something stands for the number of its line, where words do not tell

	name     func(s *curlyScanner, to int) token     // a word up to a place
	digits   func(s *curlyScanner, at int) int       // the end of a number
	operator func(s *curlyScanner) (token, bool)     // before the general rules; false: they apply
	special  func(s *curlyScanner) (token, bool)     // any other byte; false: nothing is left of it
	divides  func(s *curlyScanner) (to int)          // the end of what begins with a slash and is no comment, -1 for bad
	traitsOf func(operator []byte) traits            // of longer operators
	program  func(text []byte) bool                  // a comment that is code
	follows  func(s *curlyScanner, text []byte) bool // what may end behind a comment; false for bad
	inside   func(s *curlyScanner) token
	opens    func(s *curlyScanner, before traits) byte // what to remember of a bracket that was opened
	closes   func(s *curlyScanner, opened byte) traits // those of the bracket that ends it
	closed   func(s *curlyScanner)                     // a bracket was closed, where they are not followed
	resume   func(s *curlyScanner, h hole) token       // a string behind an expression
}

// between says what stands between two tokens.
type between uint8

const (
	spaced   between = 1 << iota // a blank or a line end
	remarked                     // a comment
	lined                        // a line end outside of comments
	folded                       // a line end within a comment
	forced                       // a line end that matters whatever surrounds it
)

// traits say how a token goes with line ends and with what follows.
type traits uint8

const (
	opening traits = 1 << iota // a line end behind it means nothing
	closing                    // a line end before it means nothing
	operand                    // an expression can end with it
	wordly                     // a name or keyword
	member                     // a name behind a dot, so no keyword
	doubt                      // an expression may have ended or begun
	dotted                     // a dot
	headed                     // the head of a statement ends with it
)

// What a token's mark says of the white space before it.
const (
	markSpaced uint64 = 1 << (markShift + iota)
	markLined
	markFolded
	markLeft  // white space stands before an operator for which it counts
	markRight // or behind it

	markNumber = markShift + 5 // above: the number of a line that the code asks for
)

// The classes of bytes; zero is for those that may not stand in code.
const (
	curlyBlank = iota + 1
	curlyLine
	curlyLetter
	curlyDigit
	curlySlash
	curlySingle
	curlyOpen
	curlyClose
	curlyOperation
	curlySpecial
)

// curlyClasses are those of most; a dialect adds its special bytes.
func curlyClasses(more string, names string) [256]byte {
	t := byteClasses(map[byte]string{
		curlyBlank: " \t\r\f\v", curlyLine: "\n", curlyLetter: letters, curlyDigit: "0123456789", curlySlash: "/", curlySingle: ",;", curlyOpen: "([{", curlyClose: ")]}",
		curlyOperation: "+-*%&|^<>=!:?.~",
	})
	for _, b := range []byte(more) {
		t[b] = curlySpecial
	}
	for _, b := range []byte(names) {
		t[b] = curlyLetter
	}
	return t
}

// curlyTraits are those of the brackets, commas and semicolons.
func curlyTraits() (t [256]traits) {
	for _, b := range []byte("([{,;") {
		t[b] |= opening
	}
	for _, b := range []byte(")]},") {
		t[b] |= closing
	}
	for _, b := range []byte(")]}") {
		t[b] |= operand
	}
	return t
}

func newCurlyScanner(d *dialect, src []byte, asked bool) *curlyScanner {
	return &curlyScanner{layout: layout{src: src}, dialect: d, fresh: true, last: opening, asked: asked}
}

// asksLine reports whether something in a source may stand for the number of its
// line.
func asksLine(lang language, src []byte) bool {
	d := dialects[lang]
	if d == nil {
		return false
	}
	asks := func(word []byte) bool { return bytes.Contains(src, word) }
	return slices.ContainsFunc(d.asking, asks) || d.asks != nil && d.asks(src)
}

func (s *curlyScanner) next() token {
	if s.nested {
		return s.inside(s)
	}
	src, classes := s.src, &s.classes
	for s.at < len(src) {
		switch classes[src[s.at]] {
		case curlyBlank:
			at := s.at + 1
			for at < len(src) && classes[src[at]] == curlyBlank {
				at++
			}
			s.at = at
			s.between |= spaced
		case curlyLine:
			if t, ok := s.lineEnds(); ok {
				return t
			}
		case curlyLetter:
			return s.names()
		case curlyDigit:
			return s.number(s.at)
		case curlySlash:
			if t, ok := s.slash(); ok {
				return t
			}
		case curlySingle:
			return s.token(s.at+1, s.traits[src[s.at]])
		case curlyOpen:
			return s.open(s.traits[src[s.at]])
		case curlyClose:
			return s.close()
		case curlyOperation:
			return s.operation()
		case curlySpecial:
			if t, ok := s.special(s); ok {
				return t
			}
		default:
			return bad
		}
	}
	return s.finish()
}

// finish ends the file. What is still open there is no program.
func (s *curlyScanner) finish() token {
	if s.breaks() {
		return token{mark: tokenBreak}
	}
	if s.directive != noDirective {
		s.directive = noDirective
		return token{mark: tokenLine}
	}
	if len(s.opened) > 0 || s.nested {
		return bad
	}
	return end
}

// lineEnds passes over a line end and returns what it stands for.
func (s *curlyScanner) lineEnds() (token, bool) {
	if s.breaks() {
		return token{mark: tokenBreak}, true
	}
	if s.directive != noDirective {
		s.directive, s.strict = noDirective, s.outside
		return token{mark: tokenLine}, true
	}
	s.at++
	s.newLine()
	s.fresh = true
	s.between |= spaced | lined
	if s.whole {
		s.whole = false
		s.between |= forced
	}
	if byteAt(s.src, s.at) == '\n' {
		s.newLine() // an empty line; more of them change nothing
		s.at = skipLines(s.src, s.at)
	}
	return token{}, false
}

// token returns the source up to a place, bad for -1.
func (s *curlyScanner) token(to int, kind traits) token {
	if to < 0 {
		return bad
	}
	t := token{s.src[s.at:to], s.code()}
	if s.between != 0 {
		if s.lines || s.strict > 0 {
			t.mark |= s.gaps(kind)
		}
		s.between = 0
	}
	if s.strict > 0 {
		s.begun = s.strict == 1 && s.src[s.at] == ',' && !s.brackets && !s.exact
		if s.ended > 0 {
			t.text, s.ended = s.src[s.ended:to], to
		}
	}
	s.at, s.last, s.fresh = to, kind, false
	if s.numbered {
		return s.asks(t)
	}
	return t
}

// gaps marks what counts of the white space before a token.
func (s *curlyScanner) gaps(kind traits) (mark uint64) {
	if s.strict > 0 && !s.loose() {
		mark = markSpaced
		if s.brackets && s.between&lined != 0 {
			mark |= markLined // a macro may ask where its words stand
		}
	}
	if !s.lines || s.between&(lined|folded) == 0 {
		return mark
	}
	if s.between&forced == 0 && (s.last&opening != 0 || kind&closing != 0 || s.quiet && s.inParentheses()) {
		return mark
	}
	if s.between&lined != 0 {
		return mark | markLined
	}
	return mark | markFolded
}

// loose reports whether a place is at the beginning of what white space counts
// in or, in C, at an end of one of its arguments, from where it is taken away.
func (s *curlyScanner) loose() bool {
	if s.begun || s.brackets || s.strict > 1 {
		return s.begun
	}
	b := s.src[s.at]
	return b == ')' || b == ',' && !s.exact
}

func (s *curlyScanner) inParentheses() bool {
	n := len(s.opened)
	return n > 0 && (s.opened[n-1] == '(' || s.opened[n-1] == '[')
}

// asks marks a token whose value is the number of its line.
func (s *curlyScanner) asks(t token) token {
	s.countLines()
	t.mark |= uint64(s.line+1) << markNumber
	return t
}

func (s *curlyScanner) countLines() {
	s.line += bytes.Count(s.src[s.counted:s.at], []byte("\n"))
	s.counted = s.at
}
