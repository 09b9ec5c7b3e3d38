package manifest

import (
	"fmt"
	"strings"
)

// A codeToken is one word of a manifest that is a program. Of such a file a reader
// takes the literal part; see [Unread] for the rest.
type codeToken struct {
	kind  codeKind
	text  string // of a text what is between its marks, else as written
	plain bool   // of a text: nothing is put in, and nothing escaped
	label bool   // a word or text with a colon behind it, where that makes a key
	glued bool   // nothing stands before it
	read  bool   // a reader took it in
	loud  bool   // it has to do with dependencies
	idle  bool   // it has no say in what is asked for
	mark  byte   // the last of the mark that ends a text
	span  int    // of an opening bracket: how far behind it its partner stands
	line  int
	end   int
}

type codeKind byte

const (
	codeWord codeKind = iota
	codeText
	codeAtom // :name
	codeMark // one character
	codeEnd  // the end of a line, or a semicolon
)

func (t *codeToken) is(mark string) bool   { return t.kind == codeMark && t.text == mark }
func (t *codeToken) word(name string) bool { return t.kind == codeWord && t.text == name }
func (t *codeToken) literal() bool         { return t.kind == codeText && t.plain }

// maxCodeTokens is far more than any build file has; it bounds the time that one takes.
const maxCodeTokens = 100_000

// A codeLanguage is what must be known of a language to tell its words from its
// texts and comments.
type codeLanguage struct {
	hash    bool   // comments begin with "#", not with "//" and "/*"
	nested  bool   // comments contain comments
	quotes  string // marks of texts
	raw     string // marks of texts without anything put in
	triple  string // marks that three of begin a text of several lines
	puts    string // what puts something into a text: "$", "#{" or "\\("
	labels  bool   // "name:" is one word
	atoms   bool   // ":name" is one word
	slashes bool   // "/…/" is a text where a value may stand
	lex     func(*codeLexer) (bool, error)
}

// A codeLexer splits a program, in one pass. What it cannot tell for certain is an
// error: behind a text that is taken for code, or the other way round, everything
// is possible.
type codeLexer struct {
	*codeLanguage
	path   string
	s      string
	at     int
	line   int
	tokens []codeToken
	open   []int
	glued  bool
	unsure bool           // something could be read in two ways
	docs   []hereDocument // of Ruby, which begin behind this line
}

// lexCode splits a program into its words.
func lexCode(path string, data []byte, language *codeLanguage) (*program, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	l := &codeLexer{codeLanguage: language, path: path, s: strings.TrimPrefix(string(data), "\ufeff"), line: 1}
	if at := loneReturn(l.s); at >= 0 { // ends a line for some, and no line for others
		l.line, _ = position(data, at)
		return nil, l.fail("a control character")
	}
	l.unsure = language == groovyCode && strings.Contains(l.s, `\u`) // older ones read it wherever it stands
	l.tokens = make([]codeToken, 0, min(len(data)/4+1, 4096))
	for l.at < len(l.s) {
		if err := l.next(); err != nil {
			return nil, err
		}
		if len(l.tokens) > maxCodeTokens {
			return nil, l.fail("more words than a list of packages needs")
		}
	}
	if len(l.open) > 0 {
		l.line = l.tokens[l.open[len(l.open)-1]].line
		return nil, l.fail("a bracket that is not closed")
	}
	if len(l.docs) > 0 {
		return nil, l.fail("a text without an end")
	}
	return &program{language: language, text: l.s, tokens: l.tokens, sure: !l.unsure}, nil
}

// loneReturn is the place of a carriage return without a line feed behind it, -1 for
// none.
func loneReturn(s string) int {
	for at := 0; ; at++ {
		next := strings.IndexByte(s[at:], '\r')
		if next < 0 {
			return -1
		}
		if at += next; at+1 == len(s) || s[at+1] != '\n' {
			return at
		}
	}
}

func (l *codeLexer) fail(format string, args ...any) error {
	return &ParseError{Path: l.path, Line: l.line, Reason: fmt.Sprintf(format, args...)}
}

func (l *codeLexer) rest() string { return l.s[l.at:] }

func (l *codeLexer) starts(s string) bool { return strings.HasPrefix(l.s[l.at:], s) }

// add appends a word of n bytes.
func (l *codeLexer) add(kind codeKind, text string, n int) *codeToken {
	l.tokens = append(l.tokens, codeToken{kind: kind, text: text, glued: l.glued, line: l.line, end: l.line})
	l.at += n
	l.glued = true
	return &l.tokens[len(l.tokens)-1]
}

func (l *codeLexer) next() error {
	c := l.s[l.at]
	switch {
	case c == ' ' || c == '\t' || c == '\r' || c == '\f':
		l.at++
		l.glued = false
		return nil
	case l.starts("\\\n") || l.starts("\\\r\n"):
		if len(l.docs) > 0 {
			return l.fail("a line that goes on before the text that it speaks of")
		}
		l.at += strings.IndexByte(l.rest(), '\n') + 1
		l.line++
		l.glued = false
		return nil
	case c == '\n':
		if n := len(l.tokens); n > 0 && l.tokens[n-1].kind == codeEnd {
			l.at++
		} else {
			l.add(codeEnd, "", 1)
		}
		l.line++
		l.glued = false
		return l.documents()
	case c == ';':
		l.add(codeEnd, ";", 1)
		return nil
	case c < ' ' || c == 0x7f:
		return l.fail("a control character")
	}
	if done, err := l.comment(); done || err != nil {
		return err
	}
	if l.lex != nil {
		if done, err := l.lex(l); done || err != nil {
			return err
		}
	}
	if l.slashes && c == '/' && l.operand() {
		return l.delimited(1, "/", true)
	}
	if strings.IndexByte(l.quotes, c) >= 0 || strings.IndexByte(l.raw, c) >= 0 {
		return l.quoted(c)
	}
	return l.plainWord(c)
}

// comment passes over one. Its line end stays.
func (l *codeLexer) comment() (bool, error) {
	switch {
	case l.hash && l.s[l.at] == '#', !l.hash && l.starts("//"):
		if end := strings.IndexByte(l.rest(), '\n'); end >= 0 {
			l.at += end
		} else {
			l.at = len(l.s)
		}
	case !l.hash && l.starts("/*"):
		return true, l.blockComment()
	default:
		return false, nil
	}
	l.glued = false
	return true, nil
}

func (l *codeLexer) blockComment() error {
	depth, from := 1, l.line
	for l.at += 2; l.at < len(l.s); l.at++ {
		switch {
		case l.s[l.at] == '\n':
			l.line++
		case l.starts("*/"):
			l.at++
			if depth--; depth == 0 {
				l.at++
				l.glued = false
				return nil
			}
		case l.nested && l.starts("/*"):
			l.at++
			depth++
		}
	}
	l.line = from
	return l.fail("a comment without an end")
}

// operand reports whether a value may stand here, rather than what joins two.
func (l *codeLexer) operand() bool {
	if len(l.tokens) == 0 {
		return true
	}
	switch t := &l.tokens[len(l.tokens)-1]; t.kind {
	case codeEnd:
		return true
	case codeMark:
		return t.text != ")" && t.text != "]" && t.text != "}"
	case codeWord:
		return t.label || l.behindWord(t.text)
	}
	return false
}

// behindWord says so for what stands behind a name. In Groovy that is never a value,
// but for a few words that may be names as well; in Ruby "a /b" is a call with a text
// where a is no variable. There the program is unsure.
func (l *codeLexer) behindWord(word string) bool {
	member := len(l.tokens) > 1 && l.tokens[len(l.tokens)-2].is(".")
	switch {
	case word == "" || isDigits(word[:1]):
		return false
	case codeBefore[word]:
		l.unsure = l.unsure || l.puts == "$"
		return true
	case l.puts == "$":
		return false
	}
	value := !l.glued && l.at+1 < len(l.s) && l.s[l.at+1] != ' ' && l.s[l.at+1] != '='
	l.unsure = l.unsure || value && !member
	return value
}

// codeBefore are words with a value behind them.
var codeBefore = wordSet("return if unless elsif when and or not in case while until puts throw assert else do instanceof")

// plainWord reads names, numbers, brackets and marks.
func (l *codeLexer) plainWord(c byte) error {
	rest := l.rest()
	n := 0
	for n < len(rest) && (isAlnum(rest[n]) || rest[n] == '_' || rest[n] >= 0x80 || n == 0 && (c == '@' || c == '$')) {
		n++
	}
	if n > 0 {
		if l.atoms && n < len(rest) && (rest[n] == '?' || rest[n] == '!') && (n+1 == len(rest) || rest[n+1] != '=' && rest[n+1] != ':') {
			n++ // Ruby's and Elixir's names may end so
		}
		t := l.add(codeWord, rest[:n], n)
		if l.labels && l.at < len(l.s) && l.s[l.at] == ':' && !l.starts("::") {
			t.label = true
			l.at++
			l.glued = false
		}
		return nil
	}
	if l.atoms && c == ':' && len(rest) > 1 && (isAlnum(rest[1]) || rest[1] == '_') {
		n = 1
		for n < len(rest) && (isAlnum(rest[n]) || rest[n] == '_' || rest[n] == '@') {
			n++
		}
		l.add(codeAtom, rest[1:n], n)
		return nil
	}
	return l.bracket(c)
}

var codeClosing = map[byte]byte{'(': ')', '[': ']', '{': '}'}

func (l *codeLexer) bracket(c byte) error {
	switch c {
	case '(', '[', '{':
		l.open = append(l.open, len(l.tokens))
		if len(l.open) > maxNesting*2 {
			return l.fail("nested more than %d levels deep", maxNesting*2)
		}
	case ')', ']', '}':
		if len(l.open) == 0 || codeClosing[l.tokens[l.open[len(l.open)-1]].text[0]] != c {
			return l.fail("a bracket that is not open")
		}
		at := l.open[len(l.open)-1]
		l.open = l.open[:len(l.open)-1]
		l.tokens[at].span = len(l.tokens) - at
	}
	l.add(codeMark, l.s[l.at:l.at+1], 1)
	return nil
}

// joinedCode writes words down in one line.
func joinedCode(tokens []codeToken) string {
	var b strings.Builder
	for i := range tokens {
		t := &tokens[i]
		if t.kind == codeEnd {
			b.WriteByte(' ')
			continue
		}
		if b.Len() > 0 && !t.glued {
			b.WriteByte(' ')
		}
		switch {
		case t.kind == codeText:
			b.WriteString(`"` + t.text + `"`)
		case t.kind == codeAtom:
			b.WriteString(":" + t.text)
		default:
			b.WriteString(t.text)
		}
		if t.label {
			b.WriteByte(':')
		}
	}
	return oneLine(b.String())
}
