package manifest

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A logicalLine is a line of a requirements file with its continuations, as pip
// joins them: without comments and outer blanks.
type logicalLine struct {
	text        string
	first, last int
}

// lineBreaks are the characters that end a line for Python. An editor shows
// most of them as nothing, so a requirement can hide behind a comment.
const lineBreaks = "\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029"

// cutPyLine splits off the first line. The number of line feeds in its end is
// what line numbers count, as git and every web page do.
func cutPyLine(text string) (line, rest string, feeds int) {
	i := strings.IndexAny(text, lineBreaks)
	if i < 0 {
		return text, "", 0
	}
	line, rest = text[:i], text[i:]
	switch {
	case strings.HasPrefix(rest, "\r\n"):
		return line, rest[2:], 1
	case rest[0] == '\n':
		return line, rest[1:], 1
	case rest[0] < 0x80:
		return line, rest[1:], 0
	case strings.HasPrefix(rest, "\u0085"):
		return line, rest[len("\u0085"):], 0
	}
	return line, rest[len("\u2028"):], 0
}

// logicalLines joins and strips. A line that starts with a comment ends a
// continuation. The reason is not empty for a text on which installers differ.
func logicalLines(text string) (lines []logicalLine, bad int, reason string) {
	var joined strings.Builder
	for next, first := 1, 0; text != ""; {
		line, rest, feeds := cutPyLine(text)
		number := next
		text, next = rest, next+feeds
		if first == 0 {
			first = number
		}
		switch comment := startsComment(line); {
		case comment:
			joined.WriteByte(' ') // so that it is seen as a comment after joining, too
			joined.WriteString(line)
		case !strings.HasSuffix(line, `\`):
			joined.WriteString(line)
		case hasComment(line):
			return nil, number, "a comment that ends in a backslash: pip drops the next line, other installers read it"
		default:
			joined.WriteString(strings.Trim(line, `\`))
			if text != "" {
				continue
			}
		}
		if t := stripComment(joined.String()); t != "" {
			lines = append(lines, logicalLine{t, first, number})
		}
		joined.Reset()
		first = 0
	}
	return lines, 0, ""
}

// isPySpace: the other blanks of ASCII are line breaks for Python, so they never
// stand inside a line. Unicode has more; a line with one is an error later.
func isPySpace(c byte) bool { return c == ' ' || c == '\t' }

// commentAt is the index of the "#" that starts a comment, -1 for none. It
// starts the line or follows a blank.
func commentAt(line string) int {
	for i := 0; i < len(line); i++ {
		if line[i] == '#' && (i == 0 || isPySpace(line[i-1])) {
			return i
		}
	}
	return -1
}

func hasComment(line string) bool { return commentAt(line) >= 0 }

func startsComment(line string) bool {
	return strings.HasPrefix(strings.TrimLeft(line, " \t"), "#")
}

func stripComment(line string) string {
	if i := commentAt(line); i >= 0 {
		line = line[:i]
	}
	return strings.TrimSpace(line)
}

// codingPattern is where pip looks for an encoding (PEP 263).
var codingPattern = lazyregexp.New(`^#.*coding[:=]\s*([-\w.]+)`)

// otherEncoding is the encoding that a file declares in its first two lines,
// when that is not one that UTF-8 reads alike.
func otherEncoding(text string) string {
	for range 2 {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		m := codingPattern.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		switch strings.ReplaceAll(strings.ToLower(m[1]), "_", "-") {
		case "utf-8", "utf8", "ascii", "us-ascii", "utf-8-sig":
		default:
			return m[1]
		}
	}
	return ""
}
