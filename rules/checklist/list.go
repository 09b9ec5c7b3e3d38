package checklist

import (
	"strings"
	"unicode"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// maxBody is far above what a forge takes (GitHub: 64 KiB); the rest would be
// read by nobody.
const maxBody = 1 << 20

// A list is what a body says is to be done.
type list struct {
	section bool // the section was there
	items   int
	open    []item
}

// An item is one that is not ticked.
type item struct {
	text string
	line int // 1-based
}

// A reader follows a body line by line: fences, comments, headings and lists.
type reader struct {
	want   string // the section, plain; "" for the whole body
	list   list
	level  int    // of the heading that opened the section, 0 outside
	fence  string // that is open
	hidden bool   // within a comment
	listed bool   // the lines before were a list, so that deep indentation is no code
	before string // the line before, for headings that are underlined
}

func read(body, section string) list {
	r := &reader{want: plain(section)}
	n := 0
	for line := range strings.Lines(body[:min(len(body), maxBody)]) {
		n++
		r.line(strings.TrimRight(line, " \t\r\n"), n)
	}
	return r.list
}

func (r *reader) line(line string, n int) {
	line = r.visible(line)
	text := strings.TrimLeft(line, " \t")
	before := r.before
	r.before = ""
	switch {
	case r.fenced(text):
	case text == "":
	case strings.HasPrefix(text, ">"):
	case r.heading(text, before):
		r.listed = false
	default:
		r.item(line, text, n)
	}
}

// visible takes out what stands in comments, which nobody sees. A comment that is
// never closed hides the rest, as it does for readers.
func (r *reader) visible(line string) string {
	if r.fence != "" {
		return line
	}
	var b strings.Builder
	for line != "" {
		mark := "<!--"
		if r.hidden {
			mark = "-->"
		}
		text, rest, found := strings.Cut(line, mark)
		if !r.hidden {
			b.WriteString(text)
		}
		if line = rest; !found {
			break
		}
		r.hidden = !r.hidden
	}
	return b.String()
}

// fenced follows code blocks and reports whether the line is of one.
func (r *reader) fenced(text string) bool {
	mark := fence.FindString(text)
	switch {
	case r.fence == "" && mark != "" && !strings.Contains(text[len(mark):], "`"):
		r.fence = mark
		return true
	case r.fence == "":
		return false
	case strings.HasPrefix(mark, r.fence) && text == mark:
		r.fence = ""
	}
	return true
}

var (
	fence = lazyregexp.New("^(```+|~~~+)")
	// task is the start of an item: a bullet or a number, and the box.
	task   = lazyregexp.New(`^(?:[-*+]|[0-9]{1,9}[.)])[ \t]+\[([ \txX\x{00a0}])\][ \t]+(\S.*)$`)
	bullet = lazyregexp.New(`^(?:[-*+]|[0-9]{1,9}[.)])(?:[ \t]|$)`)
)

// heading opens and closes the section. People also write headings as a line in
// bold; that one is as deep as can be.
func (r *reader) heading(text, before string) bool {
	level := len(text) - len(strings.TrimLeft(text, "#"))
	title := strings.Trim(text, "# \t")
	switch {
	case level > 0 && level <= 6 && (len(text) == level || text[level] == ' ' || text[level] == '\t'):
	case before != "" && strings.Trim(text, "=") == "":
		level, title = 1, before
	case before != "" && strings.Trim(text, "-") == "":
		level, title = 2, before
	case len(text) > 4 && strings.HasPrefix(text, "**") && strings.HasSuffix(strings.TrimRight(text, ":"), "**"):
		level = 7
	default:
		return false
	}
	switch {
	case r.want != "" && plain(title) == r.want:
		r.level, r.list.section = level, true
	case level <= r.level:
		r.level = 0
	}
	return true
}

func (r *reader) item(line, text string, n int) {
	deep := strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t")
	if deep && !r.listed {
		return // a block of code
	}
	if !deep {
		r.listed = bullet.MatchString(text) || r.listed && line != text
	}
	if !bullet.MatchString(text) {
		r.before = text
	}
	m := task.FindStringSubmatch(text)
	if m == nil || r.want != "" && r.level == 0 {
		return
	}
	r.list.items++
	if m[1] != "x" && m[1] != "X" {
		r.list.open = append(r.list.open, item{strings.ToValidUTF8(m[2], "\ufffd"), n})
	}
}

// plain is a heading as one reads it aloud: letters and digits, in lower case.
func plain(heading string) string {
	return strings.ToLower(strings.Join(strings.FieldsFunc(heading, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	}), " "))
}
