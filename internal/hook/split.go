package hook

import "strings"

// A word of a command, as it stands there; what it stands for is told when its
// command is come to, since a command before it can set a variable.
type word struct {
	parts    []part
	redirect string // this is no word but what redirects to or from the next one
}

// A part of a word is text or what a shell puts in its place.
type part struct {
	kind   kind
	text   string
	quoted bool
}

type kind int

const (
	literal      kind = iota
	variable          // its name
	substitution      // a command, whose output stands there
)

// plain is a word's text where it is nothing but text.
func (w word) plain() (text string) {
	for _, p := range w.parts {
		if p.kind != literal || len(w.parts) > maxParts {
			return ""
		}
		text += p.text
	}
	return text
}

// A command has words, and may be the beginning or the end of a subshell.
type command struct {
	words       []word
	docs        []string // here-documents
	piped       bool     // it reads what the one before writes
	open, close bool
}

// split reads a command line as shells do: quotes, separators, redirections,
// comments, here-documents, variables and substitutions. It takes linear time.
func split(text string) []*command {
	l := &lexer{text: text}
	for l.at < len(l.text) {
		l.next()
	}
	l.end()
	return l.commands
}

type lexer struct {
	text     string
	at       int
	b        strings.Builder // of a literal part
	parts    []part
	open     bool // a word has begun, though it may be empty
	words    []word
	commands []*command
	piped    bool
	test     bool       // within [[ and ]]
	odd      bool       // (( that nothing closes was found
	waiting  []*waiting // ends of here-documents
	ending   bool       // the next word ends one
}

type waiting struct {
	end string
	of  *command
}

func (l *lexer) rest() string { return l.text[l.at:] }

// next reads what stands at one place.
func (l *lexer) next() {
	c := l.text[l.at]
	switch {
	case c == '\\' && l.at+1 < len(l.text):
		if l.text[l.at+1] != '\n' {
			l.put(l.text[l.at+1])
		}
		l.at += 2
	case c == '\'' || c == '"':
		l.quoted(c)
	case c == '$' || c == '`':
		l.dollar(false)
	case c == '#' && !l.open:
		l.skipLine()
	case c == ' ' || c == '\t' || c == '\r':
		l.word()
		l.at++
	case l.test && c != '\n':
		l.tested(c)
	case c == '\n':
		l.test = false
		l.end()
		l.at++
		l.documents()
	case strings.HasPrefix(l.rest(), "&>"), c == '>':
		l.output()
	case c == '<':
		l.input()
	case strings.IndexByte(";|&()", c) >= 0:
		l.separator(c)
	default:
		l.put(c)
		l.at++
	}
}

// tested reads a character between [[ and ]], where none separates commands.
func (l *lexer) tested(c byte) {
	if strings.IndexByte(";|&)", c) >= 0 && l.b.String() == "]]" {
		l.word()
		return
	}
	l.put(c)
	l.at++
}

func (l *lexer) skipLine() {
	if n := strings.IndexByte(l.rest(), '\n'); n >= 0 {
		l.at += n
	} else {
		l.at = len(l.text)
	}
}

func (l *lexer) put(c byte) {
	l.b.WriteByte(c)
	l.open = true
}

// part ends a literal part.
func (l *lexer) part(quoted bool) {
	if l.b.Len() > 0 || quoted {
		l.parts = append(l.parts, part{literal, l.b.String(), quoted})
		l.b.Reset()
	}
}

// quoted reads to the quote that ends it, or to the end.
func (l *lexer) quoted(quote byte) {
	l.part(false)
	l.open = true
	for l.at++; l.at < len(l.text) && l.text[l.at] != quote; l.at++ {
		c := l.text[l.at]
		switch {
		case quote == '"' && c == '\\' && l.at+1 < len(l.text) && strings.IndexByte("\"\\$`\n", l.text[l.at+1]) >= 0:
			if l.at++; l.text[l.at] == '\n' {
				continue
			}
		case quote == '"' && (c == '$' || c == '`'):
			l.part(true)
			l.dollar(true)
			l.at--
			continue
		}
		l.b.WriteByte(l.text[l.at])
	}
	l.part(true)
	l.at++
}

// word ends a word.
func (l *lexer) word() {
	if !l.open {
		return
	}
	l.part(false)
	w := word{parts: l.parts}
	l.parts, l.open = nil, false
	if l.ending {
		l.waiting, l.ending = append(l.waiting, &waiting{end: w.plain()}), false
		return
	}
	if text := w.plain(); text == "[[" && l.leading() || l.test && text == "]]" {
		l.test = !l.test
	}
	l.words = append(l.words, w)
}

// leading reports whether the next word is one to be run.
func (l *lexer) leading() bool {
	if len(l.words) > maxPrefixes {
		return false
	}
	for _, w := range l.words {
		if _, ok := prefixes[w.plain()]; !ok {
			return false
		}
	}
	return true
}

// end ends a command.
func (l *lexer) end() {
	l.word()
	if len(l.words) == 0 {
		return
	}
	c := &command{words: l.words, piped: l.piped}
	for _, w := range l.waiting {
		if w.of == nil {
			w.of = c
		}
	}
	l.commands, l.words, l.piped = append(l.commands, c), nil, false
}

// separator ends a command by what stands between commands.
func (l *lexer) separator(c byte) {
	if c == '(' && strings.HasPrefix(l.rest(), "((") && !l.odd && !l.open && l.leading() {
		if n := strings.Index(l.rest(), "))"); n > 0 {
			l.at += n + 2 // arithmetic
			return
		}
		l.odd = true
	}
	l.end()
	switch l.at++; {
	case c == '|' && !strings.HasPrefix(l.rest(), "|"):
		l.piped = true
	case c == '|' || c == ';' || c == '&':
		l.piped = false
		if c != ';' && strings.HasPrefix(l.rest(), string(c)) {
			l.at++
		}
		if c == '&' || c == '|' {
			return
		}
	case c == '(' || c == ')':
		l.commands = append(l.commands, &command{open: c == '(', close: c == ')'})
	}
	if c == '|' && strings.HasPrefix(l.rest(), "&") {
		l.at++
	}
}

// input passes a redirection from somewhere; a here-document's end is kept.
func (l *lexer) input() {
	rest := l.rest()
	if strings.HasPrefix(rest, "<(") {
		l.process()
		return
	}
	l.number()
	l.word()
	switch {
	case strings.HasPrefix(rest, "<<<"):
		l.at += 3
		l.words = append(l.words, word{redirect: "<<<"})
	case strings.HasPrefix(rest, "<<-"):
		l.at, l.ending = l.at+3, true
	case strings.HasPrefix(rest, "<<"):
		l.at, l.ending = l.at+2, true
	case strings.HasPrefix(rest, "<&"):
		l.at += 2
		l.stream()
	case strings.HasPrefix(rest, "<>"):
		l.at++ // opened for both
	default:
		l.at++
		l.words = append(l.words, word{redirect: "<"})
	}
}

// number drops the number of a stream before its redirection.
func (l *lexer) number() {
	if text := l.b.String(); l.open && len(l.parts) == 0 && strings.Trim(text, "0123456789") == "" {
		l.b.Reset()
		l.open = false
	}
}

// stream passes the number of a stream, and reports whether there is one.
func (l *lexer) stream() bool {
	from := l.at
	for l.at < len(l.text) && strings.IndexByte("0123456789-", l.text[l.at]) >= 0 {
		l.at++
	}
	return l.at > from
}

// output reads >, >>, >|, &> and 2>; >&2 goes to no file.
func (l *lexer) output() {
	if strings.HasPrefix(l.rest(), ">(") {
		l.process()
		return
	}
	l.number()
	l.word()
	l.at++
	for l.at < len(l.text) && strings.IndexByte(">|", l.text[l.at]) >= 0 {
		l.at++
	}
	if l.at < len(l.text) && l.text[l.at] == '&' {
		if l.at++; l.stream() {
			return
		}
	}
	l.words = append(l.words, word{redirect: ">"})
}

// documents reads the bodies of here-documents: they are no commands, but may be
// what one reads.
func (l *lexer) documents() {
	for _, w := range l.waiting {
		from := l.at
		to := from
		for l.at < len(l.text) {
			line, rest, _ := strings.Cut(l.rest(), "\n")
			to = l.at
			l.at = len(l.text) - len(rest)
			if strings.TrimLeft(strings.TrimSuffix(line, "\r"), "\t") == w.end {
				break
			}
			to = l.at
		}
		if w.of != nil {
			w.of.docs = append(w.of.docs, l.text[from:to])
		}
	}
	l.waiting = nil
}
