package manifest

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// plainStart reports whether a scalar without quotation marks may begin here.
func (y *yamlText) plainStart(inFlow bool) bool {
	c := y.peek(0)
	if c == '-' || c == '?' || c == ':' {
		return !y.ends(1) && (!inFlow || strings.IndexByte(",[]{}", y.peek(1)) < 0)
	}
	return strings.IndexByte(",[]{}#&*!|>'\"%@`", c) < 0 && !y.ends(0)
}

// plainLine reads the part of such a scalar on this line.
func (y *yamlText) plainLine(inFlow bool) string {
	from, end := y.at, y.at
	for y.at < len(y.s) {
		c := y.s[y.at]
		switch {
		case c == '\n' || c == '\r':
			return y.s[from:end]
		case c == ' ' || c == '\t':
			y.at++
			continue
		case c == '#' && y.at > from && (y.s[y.at-1] == ' ' || y.s[y.at-1] == '\t'),
			c == ':' && (y.ends(1) || inFlow && strings.IndexByte(",[]{}", y.peek(1)) >= 0),
			inFlow && strings.IndexByte(",[]{}", c) >= 0:
			y.at = end
			return y.s[from:end]
		}
		y.at++
		end = y.at
	}
	return y.s[from:end]
}

// plain reads a scalar that may go on over lines that are indented more than its
// parent.
func (y *yamlText) plain(parent int) (*yamlValue, error) {
	v := &yamlValue{kind: yamlPlain, line: y.line}
	var text strings.Builder
	text.WriteString(y.plainLine(false))
	for v.end = y.line; ; v.end = y.line {
		back := *y
		breaks, err := y.fold()
		if err != nil {
			return nil, err
		}
		if breaks == 0 || y.at >= len(y.s) || y.col() <= parent || y.atMarker() || y.peek(0) == '#' {
			y.at, y.line, y.start = back.at, back.line, back.start
			v.text = text.String()
			return y.counted(v)
		}
		folded(&text, breaks)
		text.WriteString(y.plainLine(false))
		if y.peek(0) == ':' && y.ends(1) {
			return nil, y.fail("a key within a text of several lines")
		}
	}
}

// fold passes over line ends and the white space around them and counts them; 0
// when something else stands on this line.
func (y *yamlText) fold() (breaks int, err error) {
	for {
		from := y.at
		for y.peek(0) == ' ' || y.peek(0) == '\t' {
			y.at++
		}
		if c := y.peek(0); c != '\n' && c != '\r' {
			if breaks > 0 && y.at < len(y.s) && strings.IndexByte(y.s[from:y.at], '\t') >= 0 {
				return 0, y.fail("a line indented with tabs")
			}
			return breaks, nil
		}
		if err := y.newline(); err != nil {
			return 0, err
		}
		breaks++
	}
}

// folded writes what line ends become: one a blank, more of them one less.
func folded(text *strings.Builder, breaks int) {
	if breaks == 1 {
		text.WriteByte(' ')
		return
	}
	for range breaks - 1 {
		text.WriteByte('\n')
	}
}

// quoted reads a scalar in quotation marks; a key must end on its line.
func (y *yamlText) quoted(parent int, lines bool) (string, error) {
	mark := y.peek(0)
	y.at++
	var text strings.Builder
	for {
		from := y.at
		for y.at < len(y.s) && strings.IndexByte("\n\r \t\"'\\", y.s[y.at]) < 0 {
			y.at++
		}
		text.WriteString(y.s[from:y.at])
		c := y.peek(0)
		switch {
		case y.at >= len(y.s):
			return "", y.fail("a text without its closing %s", quote(string(mark)))
		case c == mark && c == '\'' && y.peek(1) == '\'':
			text.WriteByte('\'')
			y.at += 2
		case c == mark:
			y.at++
			return text.String(), nil
		case c == '\\' && mark == '"':
			if err := y.escape(&text, parent, lines); err != nil {
				return "", err
			}
		case c == '"' || c == '\'' || c == '\\':
			text.WriteByte(c)
			y.at++
		default:
			if err := y.foldQuoted(&text, parent, lines); err != nil {
				return "", err
			}
		}
	}
}

// foldQuoted reads white space within quotation marks: it stays as it is, unless
// a line ends in it.
func (y *yamlText) foldQuoted(text *strings.Builder, parent int, lines bool) error {
	from := y.at
	for y.peek(0) == ' ' || y.peek(0) == '\t' {
		y.at++
	}
	if c := y.peek(0); c != '\n' && c != '\r' {
		text.WriteString(y.s[from:y.at])
		return nil
	}
	if !lines {
		return y.fail("a key of several lines")
	}
	breaks, err := y.fold()
	if err != nil {
		return err
	}
	if y.col() <= parent || y.atMarker() {
		return y.fail("a text in quotation marks that is indented too little")
	}
	folded(text, breaks)
	return nil
}

// yamlEscapes are the escapes of one character.
var yamlEscapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b", ' ': " ", '"': `"`, '/': "/", '\\': `\`,
	'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// escape reads what stands behind a backslash.
func (y *yamlText) escape(text *strings.Builder, parent int, lines bool) error {
	y.at++
	c := y.peek(0)
	if s, ok := yamlEscapes[c]; ok && y.at < len(y.s) {
		text.WriteString(s)
		y.at++
		return nil
	}
	if digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]; digits > 0 && y.at+digits < len(y.s) {
		n, err := strconv.ParseUint(y.s[y.at+1:y.at+1+digits], 16, 32)
		if err == nil && n <= utf8.MaxRune && (n < 0xd800 || n > 0xdfff) && y.s[y.at+1] != '+' {
			text.WriteRune(rune(n)) //nolint:gosec // at most MaxRune
			y.at += 1 + digits
			return nil
		}
	}
	if (c == '\n' || c == '\r') && lines { // the line goes on without a blank
		breaks, err := y.fold()
		if err != nil {
			return err
		}
		if y.col() <= parent || y.atMarker() {
			return y.fail("a text in quotation marks that is indented too little")
		}
		for range breaks - 1 {
			text.WriteByte('\n')
		}
		return nil
	}
	return y.fail("an unknown escape")
}

// blockScalar reads "|" and ">" with the lines below.
func (y *yamlText) blockScalar(parent int) (*yamlValue, error) {
	if parent < 0 {
		return nil, y.fail("the document is no collection")
	}
	v := &yamlValue{kind: yamlQuoted, line: y.line}
	folds := y.peek(0) == '>'
	y.at++
	chomp, indent := byte(0), 0
	for range 2 {
		switch c := y.peek(0); {
		case (c == '-' || c == '+') && chomp == 0:
			chomp = c
			y.at++
		case c >= '1' && c <= '9' && indent == 0:
			indent = parent + int(c-'0')
			y.at++
		}
	}
	y.spaces()
	if c := y.peek(0); y.at < len(y.s) && c != '\n' && c != '\r' {
		return nil, y.fail("unexpected %s", quote(y.restOfLine()))
	}
	lines, err := y.blockLines(parent+1, indent)
	if err != nil {
		return nil, err
	}
	v.end = max(v.line, y.line-1)
	if y.at >= len(y.s) && y.at != y.start {
		v.end = y.line
	}
	v.text = joinBlock(lines, folds, chomp)
	return y.counted(v)
}

// blockLines reads the lines of a block without their indentation, which the
// first of them with content decides when the header does not.
func (y *yamlText) blockLines(least, indent int) (lines []string, err error) {
	if y.at < len(y.s) {
		if err := y.newline(); err != nil {
			return nil, err
		}
	}
	for y.at < len(y.s) {
		line := y.restOfLine()
		width := len(line) - len(strings.TrimLeft(line, " "))
		if width < len(line) && line[width] == '\t' && (indent == 0 || width < indent) {
			return nil, y.fail("a line indented with tabs")
		}
		if width == len(line) && (indent == 0 || width <= indent) {
			if indent == 0 && width > least { // readers differ in what such a line decides
				return nil, y.fail("a line of blanks begins a text")
			}
			lines = append(lines, "")
		} else {
			if indent == 0 && width >= least {
				indent = width
			}
			if width < indent || indent == 0 || y.atMarker() {
				return lines, nil
			}
			lines = append(lines, line[indent:])
		}
		y.at += len(line)
		if y.at >= len(y.s) {
			return append(lines, "\x00"), nil // the last line has no end
		}
		if err := y.newline(); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

// joinBlock puts the lines together: line ends kept, or folded between lines that
// begin with text.
func joinBlock(lines []string, folds bool, chomp byte) string {
	open := len(lines) > 0 && lines[len(lines)-1] == "\x00"
	if open {
		lines = lines[:len(lines)-1]
	}
	last := len(lines)
	for last > 0 && lines[last-1] == "" {
		last--
	}
	var text strings.Builder
	for i, l := range lines[:last] {
		text.WriteString(l)
		if i+1 == last {
			break
		}
		next := lines[i+1]
		switch {
		case !folds, l == "", startsBlank(l), next != "" && startsBlank(next):
			text.WriteByte('\n')
		case next != "":
			text.WriteByte(' ')
		case followsBlank(lines[i+1 : last]):
			text.WriteByte('\n')
		}
	}
	switch {
	case chomp == '+':
		ends := len(lines) - last
		if last > 0 {
			ends++
		}
		if open && ends > 0 {
			ends--
		}
		text.WriteString(strings.Repeat("\n", ends))
	case chomp == 0 && last > 0 && (!open || last < len(lines)):
		text.WriteByte('\n')
	}
	return text.String()
}

func startsBlank(line string) bool { return line != "" && (line[0] == ' ' || line[0] == '\t') }

// followsBlank: empty lines before one that is indented more are all kept.
func followsBlank(lines []string) bool {
	for _, l := range lines {
		if l != "" {
			return startsBlank(l)
		}
	}
	return false
}
