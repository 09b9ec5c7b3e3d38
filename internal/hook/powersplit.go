package hook

import "strings"

// splitPower reads PowerShell, and what cmd reads, as far as is needed to know its
// words. Backslashes are slashes in it.
func splitPower(text string) []*command {
	l := &powerLexer{lexer{text: text}}
	for l.at < len(l.text) {
		l.next()
	}
	l.end()
	return l.commands
}

type powerLexer struct{ lexer }

func (l *powerLexer) next() {
	c := l.text[l.at]
	rest := l.rest()
	switch {
	case c == '`' && len(rest) > 1:
		if rest[1] != '\n' {
			l.put(rest[1])
		}
		l.at += 2
	case strings.HasPrefix(rest, "@'\n") || strings.HasPrefix(rest, "@\"\n"), strings.HasPrefix(rest, "@'\r") || strings.HasPrefix(rest, "@\"\r"):
		l.hereString(rest)
	case strings.HasPrefix(rest, "<#"):
		_, after, _ := strings.Cut(rest, "#>")
		l.at = len(l.text) - len(after)
	case c == '#' && !l.open:
		l.skipLine()
	case c == '\'' || c == '"':
		l.quotedPower(c)
	case c == '$':
		l.variable()
	case c == ' ' || c == '\t' || c == '\r' || c == ',':
		l.word()
		l.at++
	case c == '>' || c == '*' && strings.HasPrefix(rest, "*>"):
		l.redirect()
	case strings.IndexByte("\n;|&(){}", c) >= 0:
		l.end()
		l.at++
		l.piped = c == '|' && !strings.HasPrefix(l.rest(), "|") || l.piped && (c == '\n' || c == '(' || c == '{')
	default:
		l.put(slashed(c))
		l.at++
	}
}

func slashed(c byte) byte {
	if c == '\\' {
		return '/'
	}
	return c
}

// hereString is a text of several lines.
func (l *powerLexer) hereString(rest string) {
	l.part(false)
	l.open = true
	body, after, _ := strings.Cut(rest[2:], "\n"+rest[1:2]+"@")
	if body != "" {
		l.parts = append(l.parts, part{literal, strings.TrimLeft(body, "\r\n") + "\n", true})
	}
	l.at = len(l.text) - len(after)
}

func (l *powerLexer) quotedPower(quote byte) {
	l.part(false)
	l.open = true
	for l.at++; l.at < len(l.text); {
		c := l.text[l.at]
		switch {
		case c == quote && strings.HasPrefix(l.rest()[1:], string(quote)):
			l.b.WriteByte(quote)
			l.at += 2
		case c == quote:
			l.part(true)
			l.at++
			return
		case quote == '"' && c == '`' && l.at+1 < len(l.text):
			l.b.WriteByte(l.text[l.at+1])
			l.at += 2
		case quote == '"' && c == '$':
			l.part(true)
			l.variable()
		default:
			l.b.WriteByte(slashed(c))
			l.at++
		}
	}
	l.part(true)
}

// variable reads a variable with the properties that name a file's path.
func (l *powerLexer) variable() {
	l.part(false)
	l.open = true
	rest := l.rest()[1:]
	braced := strings.HasPrefix(rest, "{")
	n := 0
	for n < len(rest) && (isName(rest[n]) || rest[n] == ':' || braced && n == 0) {
		n++
	}
	if n == 0 {
		l.put('$')
		l.at++
		return
	}
	name := strings.ToLower(strings.TrimPrefix(rest[:n], "{"))
	l.at += 1 + n
	if braced && strings.HasPrefix(l.rest(), "}") {
		l.at++
	}
	for _, property := range []string{".FullName", ".PSPath", ".Path"} {
		if strings.HasPrefix(l.rest(), property) {
			l.at += len(property)
		}
	}
	l.parts = append(l.parts, part{variable, name, true})
}

func (l *powerLexer) redirect() {
	l.number()
	l.word()
	for l.at < len(l.text) && strings.IndexByte("*>", l.text[l.at]) >= 0 {
		l.at++
	}
	if strings.HasPrefix(l.rest(), "&") {
		if l.at++; l.stream() {
			return
		}
	}
	l.words = append(l.words, word{redirect: ">"})
}
