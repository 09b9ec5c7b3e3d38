package change

import (
	"bytes"
	"regexp"
	"strconv"
)

// pythonDirective matches comments that the interpreter or a tool obeys.
var pythonDirective = regexp.MustCompile(`(?i)^#(?:!|\s*(?:type:|noqa|pragma|pylint|mypy|ruff|fmt:|isort|nosec|flake8|pyright|cython|doctest|yapf|pytype|nopep8|nosonar|semgrep|bandit|coverage|black|%%|///))`)

// pythonCoding matches the comment that names the file's encoding. It counts in
// the first two lines only.
var pythonCoding = regexp.MustCompile(`coding[:=]`)

// canonicalPython keeps the indentation of every logical line as it is written;
// within brackets line ends are blanks.
func canonicalPython(src []byte) ([]byte, bool) {
	if !scannable(src) || bytes.Contains(src, []byte("# ///")) {
		return nil, false
	}
	p := &python{canon: canon{out: make([]byte, 0, len(src))}, src: src, line: 1, fresh: true}
	for p.at < len(src) {
		if !p.step() {
			return nil, false
		}
	}
	return p.out, p.depth == 0
}

// python scans one file.
type python struct {
	canon
	src   []byte
	at    int
	line  int
	depth int  // open brackets
	fresh bool // at the beginning of a logical line
}

// step reads one token; false means that the file cannot be judged.
func (p *python) step() bool {
	if p.fresh {
		p.indentation()
		if p.at >= len(p.src) {
			return true
		}
	}
	switch b := p.src[p.at]; b {
	case '\n':
		p.lineBreak()
	case ' ', '\t', '\r':
		p.blank = true
		p.at++
	case '#':
		p.comment()
	case '\\':
		return p.continuation()
	case '\'', '"':
		return p.text(false)
	case '(', '[', '{':
		p.depth++
		p.one()
	case ')', ']', '}':
		p.depth--
		p.one()
		return p.depth >= 0
	default:
		return p.word()
	}
	return true
}

func (p *python) one() {
	p.code(p.src[p.at : p.at+1])
	p.at++
}

// indentation writes the white space before the first token of a logical line,
// unless the line is empty or a comment.
func (p *python) indentation() {
	p.fresh = false
	start := p.at
	for p.at < len(p.src) && (p.src[p.at] == ' ' || p.src[p.at] == '\t') {
		p.at++
	}
	if p.at < len(p.src) && p.src[p.at] != '#' && p.src[p.at] != '\n' && p.src[p.at] != '\r' {
		p.out = append(p.out, p.src[start:p.at]...)
	}
	p.blank = false
}

func (p *python) lineBreak() {
	p.at++
	p.line++
	if p.depth > 0 {
		p.blank = true
		return
	}
	p.newline()
	p.fresh = true
}

// comment skips a comment or keeps it when somebody obeys it.
func (p *python) comment() {
	end := lineEnd(p.src, p.at)
	text := bytes.TrimRight(p.src[p.at:end], " \t\r")
	switch {
	case p.line <= 2 && (pythonCoding.Match(text) || bytes.HasPrefix(text, []byte("#!"))):
		p.code(append(strconv.AppendInt(nil, int64(p.line), 10), text...)) // its line matters
	case pythonDirective.Match(text):
		p.code(text)
		if p.depth > 0 {
			p.out = append(p.out, '\n')
		}
	}
	p.at = end
}

// continuation keeps a backslash at the end of a line.
func (p *python) continuation() bool {
	rest := bytes.TrimPrefix(p.src[p.at+1:], []byte("\r"))
	if len(rest) == 0 || rest[0] != '\n' {
		return false
	}
	p.code([]byte("\\\n"))
	p.at = len(p.src) - len(rest) + 1
	p.line++
	return true
}

// word reads a name or number, which may turn out to be a string's prefix.
func (p *python) word() bool {
	end := p.at + 1
	for end < len(p.src) && plainGo(p.src[end]) {
		end++
	}
	if end < len(p.src) && (p.src[end] == '"' || p.src[end] == '\'') && end-p.at <= 2 {
		prefix := bytes.ToLower(p.src[p.at:end])
		if len(bytes.Trim(prefix, "rbuft")) == 0 {
			p.code(p.src[p.at:end])
			p.at = end
			return p.text(bytes.ContainsAny(prefix, "ft"))
		}
	}
	p.code(p.src[p.at:end])
	p.at = end
	return true
}

// text reads a string as it is. In newer versions a formatted string may hold
// its own quote within braces; where the two readings differ, the file is given
// up.
func (p *python) text(formatted bool) bool {
	quote, lines := string(p.src[p.at]), false
	if bytes.HasPrefix(p.src[p.at:], bytes.Repeat(p.src[p.at:p.at+1], 3)) {
		quote, lines = quote+quote+quote, true
	}
	end := quotedEnd(p.src, p.at+len(quote), quote, lines)
	if end < 0 || end > len(p.src) {
		return false
	}
	body := p.src[p.at:end]
	if formatted && bytes.Count(body, []byte("{")) != bytes.Count(body, []byte("}")) {
		return false
	}
	p.code(body)
	p.line += bytes.Count(body, []byte("\n"))
	p.at = end
	return true
}
