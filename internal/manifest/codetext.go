package manifest

import "strings"

// quoted reads a text in marks.
func (l *codeLexer) quoted(c byte) error {
	mark := l.s[l.at : l.at+1]
	if strings.IndexByte(l.triple, c) >= 0 && l.starts(strings.Repeat(mark, 3)) {
		mark = strings.Repeat(mark, 3)
		if l.puts == "$" && !l.nested && !evenMarks(l.rest(), c) {
			return l.fail("a text with four marks, which is not read")
		}
	}
	return l.delimited(len(mark), mark, strings.IndexByte(l.raw, c) < 0)
}

// evenMarks reports whether three marks open a text, or six are an empty one: of any
// other number the versions of Groovy make different things.
func evenMarks(s string, mark byte) bool {
	n := len(s) - len(strings.TrimLeft(s, string(mark)))
	return n == 3 || n == 6
}

// delimited reads a text up to its closing mark; n bytes open it. Where something
// may be put in, that is passed over with all its own texts.
func (l *codeLexer) delimited(n int, closing string, puts bool) error {
	line, glued, from := l.line, l.glued, l.at+n
	l.at = from
	if len(closing) == 3 && (l.puts == `\(` || l.hash) && !startsLine(l.rest()) {
		return l.fail("a long text that begins in its first line")
	}
	plain, err := l.through(closing, puts, 0)
	if err != nil {
		return err
	}
	plain = plain && closing != "/" && closing != "/$"
	text := l.s[from : l.at-len(closing)]
	l.tokens = append(l.tokens, codeToken{kind: codeText, text: text, plain: plain && len(text) <= 4*maxPathLen, mark: closing[0], glued: glued, line: line, end: l.line})
	l.glued = true
	if l.labels && len(closing) == 1 && l.at < len(l.s) && l.s[l.at] == ':' && !l.starts("::") && closing != "/" {
		l.tokens[len(l.tokens)-1].label = true
		l.at++
		l.glued = false
	}
	return nil
}

// startsLine reports whether nothing else stands on this line.
func startsLine(s string) bool {
	s = strings.TrimLeft(s, " \t\r")
	return s == "" || s[0] == '\n'
}

// closes reports whether a text ends at a mark that looks like its end, and how long
// that is. Elixir's long texts end at the beginning of a line only; of more than
// three marks the last three are the end of Kotlin's.
func (l *codeLexer) closes(closing string) (n int, ok bool, err error) {
	if len(closing) < 3 {
		return len(closing), true, nil
	}
	run := len(l.rest()) - len(strings.TrimLeft(l.rest(), closing[:1]))
	switch {
	case l.hash:
		before := strings.TrimRight(l.s[:l.at], " \t")
		return 3, before == "" || before[len(before)-1] == '\n', nil
	case run > 3 && !l.nested, run > 3 && l.puts != "$":
		return 0, false, l.fail("a text with four marks, which is not read")
	}
	return run, true, nil
}

// through moves behind a closing mark.
func (l *codeLexer) through(closing string, puts bool, depth int) (plain bool, err error) {
	from := l.line
	plain = true
	for l.at < len(l.s) {
		c := l.s[l.at]
		if c == closing[0] && strings.HasPrefix(l.s[l.at:], closing) {
			n, ok, err := l.closes(closing)
			if err != nil {
				return false, err
			}
			if l.at += max(n, 1); ok {
				return plain, nil
			}
			continue
		}
		switch {
		case c == '\n':
			if l.line++; len(closing) == 1 && !l.hash || len(l.docs) > 0 {
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
	if l.slashes && l.hash && l.s[l.at] == '#' && l.at+1 < len(l.s) && (l.s[l.at+1] == '$' || l.s[l.at+1] == '@') {
		return true // Ruby's "#@a"
	}
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
	if !l.starts(l.puts) {
		l.at += 2
		return nil
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
			if l.line++; len(l.docs) > 0 {
				return l.fail("a text without an end")
			}
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
	case '<':
		return l.hash && next == '<'
	case '?':
		return next == '"' || next == '\'' || next == '#'
	case '$':
		return l.slashes && l.hash && next > ' ' && !isAlnum(next)
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
		l.unsure = true // what escapes what in it is more than is read here
		return true, l.delimited(2, "/$", true)
	}
	return false, nil
}

// kotlinNames reads `names in such marks`.
func kotlinNames(l *codeLexer) (bool, error) {
	if l.starts(`$"`) {
		return false, l.fail("a text with marks of its own, which is not read")
	}
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
		if hashes < len(rest) && (rest[hashes] == '"' || rest[hashes] == '/') {
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
	if rest[0] == '~' && len(rest) > 2 && isAlnum(rest[1]) {
		mark := sigilClosing[rest[2]]
		switch {
		case isAlnum(rest[2]):
			return false, l.fail("a text with a long name, which is not read")
		case mark == "":
			return false, nil
		case strings.HasPrefix(rest[2:], `"""`) || strings.HasPrefix(rest[2:], "'''"):
			mark = rest[2:5]
		}
		if err := l.delimited(2+len(mark), mark, rest[1] >= 'a'); err != nil {
			return false, err
		}
		t := &l.tokens[len(l.tokens)-1]
		if t.plain = false; rest[1] < 'a' && strings.Contains(t.text, `\`) {
			return false, l.fail("a text with a backslash, which is not read")
		}
		return true, nil
	}
	return l.character(rest)
}

// character reads ?c, which may be a mark of a text.
func (l *codeLexer) character(rest string) (bool, error) {
	if rest[0] != '?' || len(rest) < 2 || rest[1] <= ' ' {
		return false, nil
	}
	n := 2
	if rest[1] == '\\' {
		n = 3
	}
	l.add(codeWord, rest[:min(n, len(rest))], min(n, len(rest)))
	return true, nil
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
	case strings.HasPrefix(rest, "<<") && len(rest) > 3:
		return l.hereDocument(rest)
	case len(rest) < 2 || rest[1] <= ' ':
		return false, nil
	case rest[0] == '$' && rest[1] != '_' && !isAlnum(rest[1]): // a variable: $', $/
		l.add(codeWord, rest[:2], 2)
		return true, nil
	case rest[0] == ':' && strings.IndexByte("/%`", rest[1]) >= 0: // the name of an operator, or what follows "a ? b :"
		l.unsure = true
		l.add(codeWord, rest[:2], 2)
		return true, nil
	case rest[0] == '?' && rest[1] == '\\':
		return false, l.fail("a character that is not read")
	case rest[0] == '?' && l.operand():
		return l.character(rest)
	case rest[0] == '?' && strings.IndexByte("\"'`#/%<", rest[1]) >= 0:
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
	t := &l.tokens[len(l.tokens)-1]
	if t.plain = false; rest[1] == 'x' {
		t.mark = '`'
	}
	return true, nil
}

// hereDocument reads <<A, <<~A, <<-"A" and its like. Behind a name it is one where
// that is a method, and a shift where it is a variable.
func (l *codeLexer) hereDocument(rest string) (bool, error) {
	n := 2
	if rest[2] == '~' || rest[2] == '-' {
		n = 3
	}
	mark := ""
	if rest[n] == '"' || rest[n] == '\'' || rest[n] == '`' {
		mark = rest[n : n+1]
	}
	from := n + len(mark)
	end := from
	for end < len(rest) && (isAlnum(rest[end]) || rest[end] == '_' || rest[end] >= 0x80) {
		end++
	}
	if end == from && mark == "" || mark == "" && isDigits(rest[from:from+1]) {
		return false, nil
	}
	last := &codeToken{kind: codeEnd}
	if len(l.tokens) > 0 {
		last = &l.tokens[len(l.tokens)-1]
	}
	before := l.unsure
	l.unsure = false
	value := l.operand()
	doubt := l.unsure
	l.unsure = before
	switch {
	case value && doubt:
		return false, l.fail("a text that begins here, or none: that depends on what %s is", quote(last.text))
	case !value:
		return false, nil
	case end == from || !strings.HasPrefix(rest[end:], mark):
		return false, l.fail("a text with a name that is not read")
	}
	l.docs = append(l.docs, hereDocument{rest[from:end], n == 3})
	t := l.add(codeText, rest[:end+len(mark)], end+len(mark))
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
