package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// source is the text of a policy in lines of characters, to find the places of
// what is within a scalar: a condition over several lines, a glob in quotes.
type source struct {
	lines [][]rune
	ends  []int // where the blanks at the end of each line begin
}

func newSource(data []byte) source {
	var s source
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r", "\n"), "\n") {
		s.lines = append(s.lines, []rune(line))
		s.ends = append(s.ends, utf8.RuneCountInString(strings.TrimRightFunc(line, unicode.IsSpace)))
	}
	return s
}

// char is the character at a place, 0 when there is none.
func (s source) char(at place) rune {
	if at.line < 1 || at.line > len(s.lines) || at.col < 1 || at.col > len(s.lines[at.line-1]) {
		return 0
	}
	return s.lines[at.line-1][at.col-1]
}

// secondDocument is where a second document begins. Within a document no line
// can begin with its marks.
func (s source) secondDocument() place {
	content, ended := false, false
	for i, runes := range s.lines {
		line := string(runes)
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#' || line[0] == '%' && !content:
			continue
		case strings.HasPrefix(line, "..."):
			ended = content
			continue
		case content && (ended || strings.HasPrefix(line, "---")):
			return place{i + 1, 1}
		}
		content = true
	}
	return place{1, 1}
}

// within is the place of a character of a scalar's value, counted from 0.
func (s source) within(n *yaml.Node, offset int) place {
	w := walker{source: s, style: n.Style, line: n.Line - 1, col: n.Column - 1}
	value := []rune(n.Value)
	at, ok := w.begin(value)
	if !ok {
		return place{n.Line, n.Column}
	}
	for at < min(offset, len(value)) {
		at += w.step(value[at:])
	}
	return place{w.line + 1, w.col + 1}
}

// walker goes through a scalar as it is written, beside its value.
type walker struct {
	source
	style     yaml.Style
	line, col int // of the next character, 0-based
	indent    int // of a block scalar
}

func (w *walker) block() bool { return w.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 }

// begin goes to the first character of the value; it returns how many
// characters of it were passed.
func (w *walker) begin(value []rune) (passed int, ok bool) {
	if w.line < 0 || w.line >= len(w.lines) || w.col < 0 || w.col > len(w.lines[w.line]) {
		return 0, false
	}
	if !w.block() {
		if w.style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			w.col++
		}
		return 0, true
	}
	for passed < len(value) && value[passed] == '\n' {
		passed++
	}
	if !w.nextLine() {
		return 0, false
	}
	w.col = blanks(w.lines[w.line]) - blanks(value[passed:])
	w.indent = w.col
	return passed, w.col >= 0
}

func blanks(line []rune) int {
	n := 0
	for n < len(line) && line[n] == ' ' {
		n++
	}
	return n
}

// nextLine goes to the next line that is not blank. Without one it stays.
func (w *walker) nextLine() bool {
	for i := w.line + 1; i < len(w.lines); i++ {
		if first := blankUntil(w.lines[i]); !w.block() && first < len(w.lines[i]) {
			w.line, w.col = i, first
			return true
		}
		if w.block() && !w.empty(w.lines[i]) {
			w.line, w.col = i, w.indent
			return true
		}
	}
	return false
}

// empty reports whether a line of a block scalar stands for a break only: blanks
// beyond the indentation, and tabs, are text.
func (w *walker) empty(line []rune) bool {
	first := blanks(line)
	return first == len(line) && (w.indent == 0 || first <= w.indent)
}

func blankUntil(line []rune) int {
	n := 0
	for n < len(line) && unicode.IsSpace(line[n]) {
		n++
	}
	return n
}

// step passes the next character as it is written and returns how many
// characters of the value it stands for; it always comes to an end.
func (w *walker) step(value []rune) int {
	rest := w.lines[w.line][min(w.col, len(w.lines[w.line])):]
	switch {
	case len(rest) == 0 || !w.block() && w.col >= w.ends[w.line]:
		return w.lineBreak(value)
	case w.style&yaml.DoubleQuotedStyle != 0 && rest[0] == '\\':
		if len(rest) == 1 {
			if !w.nextLine() {
				return len(value)
			}
			return 0 // the break is escaped and stands for nothing
		}
		w.col += escapeWidth(rest[1])
	case w.style&yaml.SingleQuotedStyle != 0 && rest[0] == '\'':
		w.col += 2
	default:
		w.col++
	}
	return 1
}

// lineBreak passes the end of a line, which stands for a blank or for one or
// more breaks.
func (w *walker) lineBreak(value []rune) int {
	if !w.nextLine() {
		return len(value)
	}
	passed := 0
	for passed < len(value) && value[passed] == '\n' {
		passed++
	}
	return max(1, passed)
}

// escapeWidth is how many characters an escape takes in double quotes.
func escapeWidth(kind rune) int {
	switch kind {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	default:
		return 2
	}
}
