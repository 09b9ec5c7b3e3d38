package hook

import "strings"

// word is one word of a command, without its quotes; redirects says that it is a
// redirection to the word that follows.
type word struct {
	text      string
	redirects bool
}

// split reads a command line as shells do, as far as is needed to know its words:
// quotes, separators, redirections, comments and here-documents. It takes linear
// time.
func split(text string) (commands [][]word) {
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
	b        strings.Builder
	open     bool // a word has begun, though it may be empty
	words    []word
	commands [][]word
	waiting  []string // ends of here-documents
	ending   bool     // the next word ends one
}

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
	case c == '#' && !l.open:
		if n := strings.IndexByte(l.text[l.at:], '\n'); n >= 0 {
			l.at += n
		} else {
			l.at = len(l.text)
		}
	case c == ' ' || c == '\t' || c == '\r':
		l.word()
		l.at++
	case c == '\n':
		l.end()
		l.at++
		l.skipDocuments()
	case c == ';' || c == '|' || c == '(' || c == ')', c == '&' && !strings.HasPrefix(l.text[l.at:], "&>"):
		l.end()
		l.at++
	case c == '<':
		l.input()
	case c == '>' || c == '&':
		l.output()
	default:
		l.put(c)
		l.at++
	}
}

func (l *lexer) put(c byte) {
	l.b.WriteByte(c)
	l.open = true
}

// quoted reads to the quote that ends it, or to the end.
func (l *lexer) quoted(quote byte) {
	l.open = true
	for l.at++; l.at < len(l.text) && l.text[l.at] != quote; l.at++ {
		if quote == '"' && l.text[l.at] == '\\' && l.at+1 < len(l.text) && strings.IndexByte("\"\\$`", l.text[l.at+1]) >= 0 {
			l.at++
		}
		l.b.WriteByte(l.text[l.at])
	}
	l.at++
}

// word ends a word.
func (l *lexer) word() {
	if !l.open {
		return
	}
	text := l.b.String()
	l.b.Reset()
	l.open = false
	if l.ending {
		l.waiting, l.ending = append(l.waiting, text), false
		return
	}
	l.words = append(l.words, word{text: text})
}

// end ends a command.
func (l *lexer) end() {
	l.word()
	if len(l.words) > 0 {
		l.commands = append(l.commands, l.words)
	}
	l.words = nil
}

// input passes a redirection from somewhere; a here-document's end is kept.
func (l *lexer) input() {
	l.word()
	rest := l.text[l.at:]
	switch {
	case strings.HasPrefix(rest, "<<<"):
		l.at += 3
	case strings.HasPrefix(rest, "<<-"):
		l.at, l.ending = l.at+3, true
	case strings.HasPrefix(rest, "<<"):
		l.at, l.ending = l.at+2, true
	default:
		l.at++
	}
}

// output reads >, >>, >|, &> and 2>; >&2 goes to no file.
func (l *lexer) output() {
	if text := l.b.String(); l.open && strings.Trim(text, "0123456789") == "" {
		l.b.Reset() // the number of a stream
		l.open = false
	}
	l.word()
	l.at++
	for l.at < len(l.text) && strings.IndexByte(">|", l.text[l.at]) >= 0 {
		l.at++
	}
	if l.at < len(l.text) && l.text[l.at] == '&' {
		for l.at++; l.at < len(l.text) && strings.IndexByte("0123456789-", l.text[l.at]) >= 0; l.at++ {
		}
		return
	}
	l.words = append(l.words, word{redirects: true})
}

// skipDocuments passes the bodies of here-documents: they are no commands.
func (l *lexer) skipDocuments() {
	for _, end := range l.waiting {
		for l.at < len(l.text) {
			line, rest, _ := strings.Cut(l.text[l.at:], "\n")
			l.at = len(l.text) - len(rest)
			if strings.TrimLeft(strings.TrimSuffix(line, "\r"), "\t") == end {
				break
			}
		}
	}
	l.waiting = nil
}
