package manifest

import (
	"fmt"
	"strings"
)

// A rubyToken is one word of a Gemfile.
type rubyToken struct {
	kind rubyKind
	text string // of a string its content, of a symbol or a label its name
	line int
	end  int
}

type rubyKind byte

const (
	rubyWord   rubyKind = iota
	rubyString          // without anything to be put in
	rubySymbol          // :name
	rubyLabel           // name:
	rubyMark            // one character, or "=>"
	rubyEnd             // of a statement
)

// A rubyLexer splits the plain part of Ruby that Gemfiles are written in. Here-
// documents, regular expressions and the like are refused.
type rubyLexer struct {
	path string
	s    string
	at   int
	line int
}

func (l *rubyLexer) fail(format string, args ...any) error {
	return &ParseError{Path: l.path, Line: l.line, Reason: fmt.Sprintf(format, args...)}
}

// statements are the words of each statement. A line goes on behind a comma or an
// open bracket.
func (l *rubyLexer) statements() (all [][]rubyToken, err error) {
	var current []rubyToken
	depth, count := 0, 0
	for {
		t, more, err := l.next()
		if err != nil {
			return nil, err
		}
		if count++; count > 4*maxEntries {
			return nil, l.fail("more words than a list of gems needs")
		}
		open := depth > 0 || len(current) > 0 && goesOn(current[len(current)-1])
		if !more || t.kind == rubyEnd && (!open || t.text == ";") {
			if len(current) > 0 {
				all, current = append(all, current), nil
			}
			depth = 0
			if !more {
				return all, nil
			}
			continue
		}
		if t.kind == rubyEnd {
			continue
		}
		if t.kind == rubyMark {
			switch t.text {
			case "(", "[", "{":
				depth++
			case ")", "]", "}":
				depth--
			}
		}
		current = append(current, t)
	}
}

func goesOn(t rubyToken) bool {
	return t.kind == rubyMark && strings.Contains(", => && || + =", t.text) && t.text != "" || t.kind == rubyLabel
}

// next is the next word.
func (l *rubyLexer) next() (rubyToken, bool, error) {
	l.blank()
	if l.at >= len(l.s) {
		return rubyToken{}, false, nil
	}
	t := rubyToken{line: l.line, end: l.line}
	rest := l.s[l.at:]
	switch c := rest[0]; {
	case c == '\n':
		t.kind = rubyEnd
		l.at++
		l.line++
		if strings.HasPrefix(l.s[l.at:], "=begin") || strings.HasPrefix(l.s[l.at:], "__END__") {
			return t, true, l.fail("a block of text, which is not read")
		}
	case c == ';':
		t.kind, t.text = rubyEnd, ";"
		l.at++
	case c == '"' || c == '\'':
		return l.quoted(t, c)
	case c == '`' || c == '/' || strings.HasPrefix(rest, "<<"):
		return t, true, l.fail("a piece of Ruby that is not read: %s", quote(firstLine(rest)))
	case c == '%':
		return l.percent(t)
	default:
		return l.word(t)
	}
	return t, true, nil
}

// blank passes over blanks, comments, and line ends with a backslash before them.
func (l *rubyLexer) blank() {
	for l.at < len(l.s) {
		switch rest := l.s[l.at:]; {
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			l.at++
		case rest[0] == '#':
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				l.at += end
			} else {
				l.at = len(l.s)
			}
		case strings.HasPrefix(rest, "\\\n"):
			l.at += 2
			l.line++
		case strings.HasPrefix(rest, "\\\r\n"):
			l.at += 3
			l.line++
		default:
			return
		}
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// quoted reads a string. What would be put in at run time is not known.
func (l *rubyLexer) quoted(t rubyToken, mark byte) (rubyToken, bool, error) {
	var b strings.Builder
	t.kind = rubyString
	for l.at++; l.at < len(l.s); l.at++ {
		c := l.s[l.at]
		switch {
		case c == mark:
			l.at++
			t.text, t.end = b.String(), l.line
			if l.at < len(l.s) && l.s[l.at] == ':' && !strings.HasPrefix(l.s[l.at:], "::") {
				l.at++
				t.kind = rubyLabel
			}
			return t, true, nil
		case c == '\\' && mark == '"', c == '#' && mark == '"' && strings.HasPrefix(l.s[l.at:], "#{"), c == '\\' && l.at+1 < len(l.s):
			return t, true, l.fail("a string with something to be put in")
		case c == '\n':
			l.line++
		}
		b.WriteByte(c)
	}
	return t, true, l.fail("a string without an end")
}

// percent reads %w[a b] and %i[a b] as an array of words.
func (l *rubyLexer) percent(t rubyToken) (rubyToken, bool, error) {
	rest := l.s[l.at:]
	closing := map[byte]byte{'[': ']', '(': ')', '{': '}', '<': '>'}
	if len(rest) < 4 || rest[1] != 'w' && rest[1] != 'i' || closing[rest[2]] == 0 {
		return t, true, l.fail("a piece of Ruby that is not read: %s", quote(firstLine(rest)))
	}
	end := strings.IndexByte(rest, closing[rest[2]])
	if end < 0 || strings.ContainsAny(rest[3:end], "\\#"+rest[2:3]) {
		return t, true, l.fail("a list of words that is not read")
	}
	l.line += strings.Count(rest[:end], "\n")
	l.at += end + 1
	t.kind, t.text, t.end = rubyString, strings.Join(strings.Fields(rest[3:end]), "\x00"), l.line
	return t, true, nil
}

// word reads names, labels, symbols and marks.
func (l *rubyLexer) word(t rubyToken) (rubyToken, bool, error) {
	rest := l.s[l.at:]
	from := 0
	if rest[0] == ':' && len(rest) > 1 && (isAlnum(rest[1]) || rest[1] == '_') {
		t.kind, from = rubySymbol, 1
	}
	n := from
	for n < len(rest) && (isAlnum(rest[n]) || rest[n] == '_' || rest[n] >= 0x80) {
		n++
	}
	if n == from {
		t.kind, n = rubyMark, 1
		for _, two := range []string{"=>", "&&", "||", "==", "!=", ">=", "<=", "::"} {
			if strings.HasPrefix(rest, two) {
				n = 2
			}
		}
		t.text = rest[:n]
		l.at += n
		return t, true, nil
	}
	if n < len(rest) && (rest[n] == '?' || rest[n] == '!') && (n+1 == len(rest) || rest[n+1] != '=') {
		n++
	}
	t.text = rest[from:n]
	if t.kind == rubyWord && n < len(rest) && rest[n] == ':' && !strings.HasPrefix(rest[n:], "::") {
		t.kind = rubyLabel
		n++
	}
	l.at += n
	return t, true, nil
}
