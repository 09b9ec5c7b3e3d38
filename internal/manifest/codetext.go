package manifest

import "strings"

// quoted reads a text in marks.
func (l *codeLexer) quoted(c byte) error {
	mark := l.s[l.at : l.at+1]
	if strings.IndexByte(l.triple, c) >= 0 && l.starts(strings.Repeat(mark, 3)) {
		mark = strings.Repeat(mark, 3)
	}
	return l.delimited(len(mark), mark, strings.IndexByte(l.raw, c) < 0)
}

// delimited reads a text up to its closing mark; n bytes open it. Where something
// may be put in, that is passed over with all its own texts.
func (l *codeLexer) delimited(n int, closing string, puts bool) error {
	line, glued, from := l.line, l.glued, l.at+n
	l.at = from
	plain, err := l.through(closing, puts, 0)
	if err != nil {
		return err
	}
	text := l.s[from : l.at-len(closing)]
	l.tokens = append(l.tokens, codeToken{kind: codeText, text: text, plain: plain && len(text) <= 4*maxPathLen, glued: glued, line: line, end: l.line})
	l.glued = true
	if l.labels && len(closing) == 1 && l.at < len(l.s) && l.s[l.at] == ':' && !l.starts("::") && closing != "/" {
		l.tokens[len(l.tokens)-1].label = true
		l.at++
		l.glued = false
	}
	return nil
}

// through moves behind a closing mark.
func (l *codeLexer) through(closing string, puts bool, depth int) (plain bool, err error) {
	from := l.line
	plain = true
	for l.at < len(l.s) {
		c := l.s[l.at]
		switch {
		case strings.HasPrefix(l.s[l.at:], closing):
			l.at += len(closing)
			return plain, nil
		case c == '\n':
			if l.line++; len(closing) == 1 && !l.hash {
				l.line--
				return false, l.fail("a text without an end")
			}
		case puts && l.puttingIn():
			plain = false
			if err := l.putIn(depth + 1); err != nil {
				return false, err
			}
			continue
		case c == '\\' && (closing != `"""` || l.puts != "$" || !l.nested): // of Kotlin's long texts nothing is escaped
			plain = false
			if l.at+1 < len(l.s) && l.s[l.at+1] == '\n' {
				l.line++
			}
			l.at++
		}
		l.at++
	}
	l.line = from
	return false, l.fail("a text without an end")
}

// puttingIn reports whether something is put into a text here.
func (l *codeLexer) puttingIn() bool {
	if !l.starts(l.puts) {
		return false
	}
	if l.puts != "$" {
		return true
	}
	return l.at+1 < len(l.s) && (l.s[l.at+1] == '{' || l.s[l.at+1] == '_' || isAlnum(l.s[l.at+1]) && !isDigits(l.s[l.at+1:l.at+2]))
}

// putIn passes over what is put in: a name, or anything in brackets.
func (l *codeLexer) putIn(depth int) error {
	if depth > maxNesting {
		return l.fail("nested more than %d levels deep", maxNesting)
	}
	l.at += len(l.puts)
	if l.puts == "$" {
		if l.at >= len(l.s) || l.s[l.at] != '{' {
			return nil
		}
		l.at++
	}
	for brackets := 1; l.at < len(l.s); l.at++ {
		switch c := l.s[l.at]; {
		case c == '\n':
			l.line++
		case c == '{' || c == '(':
			brackets++
		case c == '}' || c == ')':
			if brackets--; brackets == 0 {
				l.at++
				return nil
			}
		case l.uncertain(c):
			return l.fail("a text that something complicated is put into")
		case strings.IndexByte(l.quotes, c) >= 0 || strings.IndexByte(l.raw, c) >= 0:
			l.at++
			if _, err := l.through(string(c), strings.IndexByte(l.raw, c) < 0, depth); err != nil {
				return err
			}
			l.at--
		}
	}
	return l.fail("a text without an end")
}

// uncertain tells what may begin a comment or a text of another kind within what is
// put in.
func (l *codeLexer) uncertain(c byte) bool {
	next := byte(' ')
	if l.at+1 < len(l.s) {
		next = l.s[l.at+1]
	}
	switch c {
	case '/', '`', '~', '%', '#':
		return next > ' ' || c != '%'
	case '?':
		return next == '"' || next == '\''
	}
	return false
}

// The languages of manifests that are programs.
var (
	groovyCode = &codeLanguage{quotes: `"`, raw: `'`, triple: `"'`, puts: "$", slashes: true, lex: groovyTexts}
	kotlinCode = &codeLanguage{quotes: `"`, raw: `'`, triple: `"`, puts: "$", nested: true, lex: kotlinNames}
	swiftCode  = &codeLanguage{quotes: `"`, triple: `"`, puts: `\(`, nested: true, labels: true, lex: swiftTexts}
	elixirCode = &codeLanguage{hash: true, quotes: `"'`, triple: `"'`, puts: "#{", labels: true, atoms: true, lex: elixirSigils}
	rubyCode   = &codeLanguage{hash: true, quotes: "\"`", raw: `'`, puts: "#{", labels: true, atoms: true, slashes: true, lex: rubyTexts}
)

// groovyTexts reads "$/…/$".
func groovyTexts(l *codeLexer) (bool, error) {
	if l.starts("$/") {
		return true, l.delimited(2, "/$", true)
	}
	return false, nil
}

// kotlinNames reads `names in such marks`.
func kotlinNames(l *codeLexer) (bool, error) {
	if l.s[l.at] != '`' {
		return false, nil
	}
	end := strings.IndexAny(l.s[l.at+1:], "`\n")
	if end < 0 || l.s[l.at+1+end] == '\n' {
		return false, l.fail("a name without an end")
	}
	l.add(codeWord, l.s[l.at+1:l.at+1+end], end+2)
	return true, nil
}

// swiftTexts reads #"…"#, and #if and its like as words.
func swiftTexts(l *codeLexer) (bool, error) {
	switch rest := l.rest(); {
	case rest[0] == '`':
		return kotlinNames(l)
	case rest[0] == '/' && l.operand():
		return false, l.fail("a regular expression, which is not read")
	case rest[0] == '#':
		hashes := len(rest) - len(strings.TrimLeft(rest, "#"))
		if hashes < len(rest) && rest[hashes] == '"' {
			return false, l.fail("a raw text, which is not read")
		}
		n := hashes
		for n < len(rest) && isAlnum(rest[n]) {
			n++
		}
		l.add(codeWord, rest[:n], n)
		return true, nil
	}
	return false, nil
}

var sigilClosing = map[byte]string{'(': ")", '[': "]", '{': "}", '<': ">", '/': "/", '|': "|", '"': `"`, '\'': "'"}

// elixirSigils reads ~w(…) and its like, and ?c.
func elixirSigils(l *codeLexer) (bool, error) {
	rest := l.rest()
	if rest[0] == '~' && len(rest) > 2 && isAlnum(rest[1]) && sigilClosing[rest[2]] != "" {
		mark := sigilClosing[rest[2]]
		if strings.HasPrefix(rest[2:], `"""`) || strings.HasPrefix(rest[2:], `'''`) {
			mark = rest[2:5]
		}
		if err := l.delimited(2+len(mark), mark, rest[1] >= 'a'); err != nil {
			return false, err
		}
		l.tokens[len(l.tokens)-1].plain = false
		return true, nil
	}
	if rest[0] == '?' && !l.glued && len(rest) > 1 && rest[1] > ' ' {
		n := 2
		if rest[1] == '\\' {
			n = 3
		}
		l.add(codeWord, rest[:min(n, len(rest))], min(n, len(rest)))
		return true, nil
	}
	return false, nil
}

// A hereDocument is a text that stands behind the line that speaks of it.
type hereDocument struct {
	name     string
	indented bool
}

// rubyTexts reads %w[…] and its like, and the names of texts that stand behind the
// line.
func rubyTexts(l *codeLexer) (bool, error) {
	rest := l.rest()
	atLine := l.at == 0 || l.s[l.at-1] == '\n'
	switch {
	case atLine && (strings.HasPrefix(rest, "=begin") || strings.HasPrefix(rest, "__END__")):
		return false, l.fail("a block of text, which is not read")
	case rest[0] == '%' && l.operand():
		return l.percent(rest)
	case strings.HasPrefix(rest, "<<") && len(rest) > 3 && (rest[2] == '~' || rest[2] == '-' || isAlnum(rest[2]) && l.operand()):
		return l.hereDocument(rest)
	case rest[0] == '?' && len(rest) > 1 && (rest[1] == '"' || rest[1] == '\''):
		return false, l.fail("a character that is not read")
	}
	return false, nil
}

func (l *codeLexer) percent(rest string) (bool, error) {
	n := 1
	if len(rest) > 1 && strings.IndexByte("qQwWiIrsx", rest[1]) >= 0 {
		n = 2
	}
	if n >= len(rest) || sigilClosing[rest[n]] == "" && rest[n] != '!' {
		return false, nil
	}
	mark := sigilClosing[rest[n]]
	if mark == "" {
		mark = "!"
	}
	from := l.at
	if err := l.delimited(n+1, mark, true); err != nil {
		return false, err
	}
	if inner := l.s[from+n+1 : l.at-1]; mark != rest[n:n+1] && strings.IndexByte(inner, rest[n]) >= 0 {
		l.line = l.tokens[len(l.tokens)-1].line
		return false, l.fail("a text with brackets in it, which is not read")
	}
	l.tokens[len(l.tokens)-1].plain = false
	return true, nil
}

func (l *codeLexer) hereDocument(rest string) (bool, error) {
	n := 2
	if rest[2] == '~' || rest[2] == '-' {
		n = 3
	}
	name := strings.TrimLeft(rest[n:min(len(rest), n+maxQuoteLen)], "\"'`")
	quotes := min(len(rest), n+maxQuoteLen) - n - len(name)
	end := 0
	for end < len(name) && (isAlnum(name[end]) || name[end] == '_') {
		end++
	}
	if end == 0 || quotes > 1 {
		return false, nil
	}
	l.docs = append(l.docs, hereDocument{name[:end], n == 3})
	t := l.add(codeText, rest[:n+2*quotes+end], n+2*quotes+end)
	t.plain = false
	return true, nil
}

// documents passes over the texts that the line before spoke of.
func (l *codeLexer) documents() error {
	for _, d := range l.docs {
		from := l.at
		for found := false; !found; {
			if l.at >= len(l.s) {
				return l.fail("a text without an end")
			}
			text := l.s[l.at:]
			if end := strings.IndexByte(text, '\n'); end >= 0 {
				text = text[:end]
			}
			l.at = min(l.at+len(text)+1, len(l.s))
			l.line++
			text = strings.TrimSuffix(text, "\r")
			if d.indented {
				text = strings.TrimSpace(text)
			}
			found = text == d.name
		}
		l.tokens = append(l.tokens, codeToken{kind: codeText, text: l.s[from:l.at], line: max(1, l.line-1), end: l.line - 1})
	}
	l.docs = nil
	return nil
}
