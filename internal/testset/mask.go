package testset

import (
	"slices"
	"strings"
)

// A language says how a source is written, as far as telling code from text.
type language struct {
	name   string
	line   []string  // what begins a comment up to the line's end
	block  [2]string // what begins and ends a comment
	quotes string    // bytes that begin and end a text
	triple bool      // three of them are one, and cross lines
	cross  string    // quotes whose texts cross lines
	chars  bool      // ' begins a single character, or nothing
	nested bool      // comments nest
	slash  bool      // /…/ may be a regular expression
}

var (
	python     = language{name: "python", line: []string{"#"}, quotes: `"'`, triple: true}
	javascript = language{name: "javascript", line: []string{"//"}, block: [2]string{"/*", "*/"}, quotes: "\"'`", cross: "`", slash: true}
	rust       = language{name: "rust", line: []string{"//"}, block: [2]string{"/*", "*/"}, quotes: `"`, cross: `"`, chars: true, nested: true}
	java       = language{name: "java", line: []string{"//"}, block: [2]string{"/*", "*/"}, quotes: `"`, triple: true, chars: true}
	csharp     = language{name: "csharp", line: []string{"//"}, block: [2]string{"/*", "*/"}, quotes: `"`, triple: true, chars: true}
	ruby       = language{name: "ruby", line: []string{"#"}, block: [2]string{"\n=begin", "\n=end"}, quotes: `"'`, cross: `"'`}
	php        = language{name: "php", line: []string{"//", "#"}, block: [2]string{"/*", "*/"}, quotes: `"'`, cross: `"'`}
	groovy     = language{name: "groovy", line: []string{"//"}, block: [2]string{"/*", "*/"}, quotes: `"'`, triple: true}
)

// mask replaces comments and the insides of texts by blanks, byte for byte, so
// that what is found in the rest is code and stands where it stood. Line ends and
// quotes stay.
func mask(text string, l language) string {
	m := &masker{in: text, out: []byte(text), l: l}
	special := l.special()
	for m.at < len(m.in) {
		if c := m.in[m.at]; !special[c] {
			if c > ' ' {
				m.last = c
			}
			m.at++
			continue
		}
		m.step()
	}
	return string(m.out)
}

// special are the bytes that something other than code can begin with.
func (l language) special() (t [256]bool) {
	for _, mark := range append(slices.Clip(l.line), l.block[0]) {
		if mark != "" {
			t[mark[0]] = true
		}
	}
	for _, quote := range []byte(l.quotes) {
		t[quote] = true
	}
	t['\''] = t['\''] || l.chars
	t['/'] = t['/'] || l.slash
	return t
}

type masker struct {
	in   string
	out  []byte
	at   int
	l    language
	last byte // the last byte of code that is no blank
}

func (m *masker) blank(to int) {
	for to = min(to, len(m.in)); m.at < to; m.at++ {
		if m.in[m.at] != '\n' && m.in[m.at] != '\r' {
			m.out[m.at] = ' '
		}
	}
}

func (m *masker) step() {
	rest := m.in[m.at:]
	c := rest[0]
	for _, mark := range m.l.line {
		if strings.HasPrefix(rest, mark) && (m.l.name != "php" || !strings.HasPrefix(rest, "#[")) {
			m.blank(m.find("\n", m.at))
			return
		}
	}
	switch {
	case m.l.block[0] != "" && strings.HasPrefix(rest, m.l.block[0]):
		m.comment()
	case m.l.chars && c == '\'':
		m.char()
	case strings.IndexByte(m.l.quotes, c) >= 0:
		m.quoted(c)
	case m.l.slash && c == '/' && m.regular():
		m.regexp()
	default:
		if c > ' ' {
			m.last = c
		}
		m.at++
	}
}

func (m *masker) find(what string, from int) int {
	if from <= len(m.in) {
		if at := strings.Index(m.in[from:], what); at >= 0 {
			return from + at
		}
	}
	return len(m.in)
}

func (m *masker) comment() {
	depth, at, end := 1, m.at+len(m.l.block[0]), -1
	for depth > 0 && at < len(m.in) {
		if end < at {
			end = m.find(m.l.block[1], at)
		}
		if open := -1; m.l.nested {
			if open = strings.Index(m.in[at:end], m.l.block[0]); open >= 0 {
				depth++
				at += open + len(m.l.block[0])
				continue
			}
		}
		depth--
		at = end + len(m.l.block[1])
	}
	m.blank(at)
}

// char passes over 'a' and '\n'; a lone mark is a lifetime or a label.
func (m *masker) char() {
	end := m.at + 2
	if end <= len(m.in)-1 && m.in[m.at+1] == '\\' {
		end = m.find("'", m.at+3)
	} else {
		for end < len(m.in) && end < m.at+6 && m.in[end] != '\'' && m.in[end]&0x80 != 0 {
			end++
		}
	}
	m.at++
	if end < len(m.in) && m.in[end] == '\'' {
		m.blank(end)
		m.at = end + 1
	}
	m.last = 'a'
}

// quoted passes over a text. An unfinished one ends with its line, unless its kind
// crosses lines.
func (m *masker) quoted(c byte) {
	mark := string(c)
	if long := strings.Repeat(mark, 3); m.l.triple && strings.HasPrefix(m.in[m.at:], long) {
		mark = long
	}
	raw := m.verbatim()
	cross := len(mark) == 3 || strings.IndexByte(m.l.cross, c) >= 0 || raw && m.l.name == "csharp"
	m.at += len(mark)
	from := m.at
	at := m.at
	for at < len(m.in) && !strings.HasPrefix(m.in[at:], mark) {
		if m.in[at] == '\n' && !cross {
			break
		}
		if m.in[at] == '\\' && (!raw || m.l.name == "python") {
			at++
		}
		at++
	}
	m.at = from
	m.blank(at)
	if strings.HasPrefix(m.in[m.at:], mark) {
		m.at += len(mark)
	}
	m.last = 'a'
}

// verbatim reports whether the text that begins here knows no escapes.
func (m *masker) verbatim() bool {
	switch m.l.name {
	case "csharp":
		return m.at > 0 && (m.in[m.at-1] == '@' || m.at > 1 && m.in[m.at-2] == '@' && m.in[m.at-1] == '$')
	case "rust":
		return m.at > 0 && (m.in[m.at-1] == 'r' || m.in[m.at-1] == '#')
	}
	return false
}

// regular reports whether a slash begins a regular expression: it does where a
// value may begin.
func (m *masker) regular() bool {
	return m.last == 0 || strings.IndexByte("(,=:[!&|?{};+-*%<>~^", m.last) >= 0
}

func (m *masker) regexp() {
	at, class := m.at+1, false
	for ; at < len(m.in) && m.in[at] != '\n' && (m.in[at] != '/' || class); at++ {
		switch m.in[at] {
		case '\\':
			at++
		case '[':
			class = true
		case ']':
			class = false
		}
	}
	m.at++
	if at < len(m.in) && m.in[at] == '/' {
		m.blank(at)
		m.at++
	}
	m.last = 'a'
}
