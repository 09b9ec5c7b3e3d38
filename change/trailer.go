package change

import (
	"iter"
	"strings"
)

// A Trailer is a "Key: value" line of a commit message or of a pull request's
// body. Unlike git's own trailers it may stand on any line, since squash merges
// and agents put theirs in the middle of a message. Lines in code blocks and
// quotes are not trailers: there somebody shows one, and does not declare it.
type Trailer struct {
	Key   string
	Value string
	Line  int // 1-based
}

// Trailers reads all trailers of a text in order. There is no limit to their
// number: behind a limit one could be hidden.
func Trailers(text string) []Trailer {
	var found []Trailer
	for n, line := range Unquoted(text) {
		if t, ok := ParseTrailer(line, n); ok {
			found = append(found, t)
		}
	}
	return found
}

// Unquoted yields the lines of a text outside code blocks and quotes with their
// numbers, without indentation. Empty lines are left out.
//
// Code blocks and quotes are those of CommonMark with three exceptions. A fence
// that is never closed opens nothing, since whoever appends a trailer to a
// message, as hooks do, would otherwise append it to code. A line without ">" ends
// a quote. And four columns make code wherever they stand, also within a paragraph
// or a list: so people write examples in commit messages.
func Unquoted(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		closers := closersOf(text)
		fence := ""
		rest := text
		for n := 1; rest != ""; n++ {
			var line string
			line, rest = cutLine(rest)
			body, indented := unindent(line)
			mark := ""
			if !indented {
				mark = fenceMark(body)
			}
			switch {
			case fence != "":
				if closes(mark, body, fence) {
					fence = ""
				}
			case body == "" || indented || body[0] == '>':
			case mark != "" && closers.after(n, mark):
				fence = mark
			case !yield(n, body):
				return
			}
		}
	}
}

// cutLine splits off the first line, without its end: \n, \r\n or \r.
func cutLine(text string) (line, rest string) {
	end := strings.IndexAny(text, "\r\n")
	if end < 0 {
		return text, ""
	}
	rest = text[end+1:]
	if text[end] == '\r' {
		rest = strings.TrimPrefix(rest, "\n")
	}
	return text[:end], rest
}

// unindent takes leading and trailing space off. Four columns make code.
func unindent(line string) (body string, indented bool) {
	body = strings.TrimLeft(line, " ")
	indented = len(line)-len(body) >= 4 || strings.HasPrefix(body, "\t")
	return strings.TrimSpace(body), indented
}

// fenceMark is the run of three or more ` or ~ that a line starts with.
func fenceMark(line string) string {
	if line == "" || line[0] != '`' && line[0] != '~' {
		return ""
	}
	n := len(line) - len(strings.TrimLeft(line, line[:1]))
	if n < 3 || line[0] == '`' && strings.Contains(line[n:], "`") {
		return ""
	}
	return line[:n]
}

// closes reports whether a line, which starts with mark, closes a fence.
func closes(mark, line, fence string) bool {
	return mark == line && strings.HasPrefix(mark, fence)
}

// closers are the lines that could close a fence, per character, each longer
// than all that follow it. So the first behind a line tells whether any does.
type closers map[byte][]closer

type closer struct{ line, length int }

// closersOf finds them in one pass, and in none for a text without fences.
func closersOf(text string) closers {
	if !strings.Contains(text, "```") && !strings.Contains(text, "~~~") {
		return nil
	}
	found := make(closers)
	for n := 1; text != ""; n++ {
		var line string
		line, text = cutLine(text)
		body, indented := unindent(line)
		mark := fenceMark(body)
		if indented || mark == "" || mark != body {
			continue
		}
		list := found[mark[0]]
		for len(list) > 0 && list[len(list)-1].length <= len(mark) {
			list = list[:len(list)-1]
		}
		found[mark[0]] = append(list, closer{n, len(mark)})
	}
	return found
}

// after reports whether a line behind n closes a fence that mark opens. It must
// be asked with rising n.
func (c closers) after(n int, mark string) bool {
	list := c[mark[0]]
	for len(list) > 0 && list[0].line <= n {
		list = list[1:]
	}
	if c != nil {
		c[mark[0]] = list
	}
	return len(list) > 0 && list[0].length >= len(mark)
}

// ParseTrailer reads a line as "Key: value". A key is letters, digits and
// hyphens.
func ParseTrailer(line string, number int) (Trailer, bool) {
	key, value, ok := strings.Cut(line, ":")
	key = strings.TrimRight(key, " \t")
	value = strings.TrimSpace(value)
	if !ok || key == "" || value == "" {
		return Trailer{}, false
	}
	for i := range len(key) {
		c := key[i]
		if c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return Trailer{}, false
		}
	}
	return Trailer{key, value, number}, true
}
