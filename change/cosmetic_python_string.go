package change

import "bytes"

// stringPrefix reports whether a word directly before a quote belongs to the
// string.
func stringPrefix(word []byte) bool {
	if len(word) > 2 {
		return false
	}
	for _, b := range word {
		switch b | 0x20 {
		case 'r', 'b', 'u', 'f', 't':
		default:
			return false
		}
	}
	return true
}

// maxNesting is the depth of formatted strings within formatted strings above
// which a file is not judged.
const maxNesting = 16

// pythonString finds the end of a string whose prefix begins at a place and
// whose quote stands at another. -1 means that it does not end, or that no
// version of Python would take it.
func pythonString(src []byte, at, quote, nesting int) int {
	q := quotation{mark: src[quote]}
	for _, b := range src[at:quote] {
		switch b | 0x20 {
		case 'f', 't':
			q.formatted = true
		case 'r':
			q.raw = true
		}
	}
	at = quote + 1
	if byteAt(src, at) == q.mark && byteAt(src, at+1) == q.mark {
		q.triple = true
		at += 2
	}
	if q.formatted {
		return q.formattedEnd(src, at, nesting)
	}
	return q.plainEnd(src, at)
}

// quotation says how a string is written.
type quotation struct {
	mark      byte
	triple    bool
	raw       bool
	formatted bool
}

// closes reports whether the string ends at a place, and how long its end is.
func (q quotation) closes(src []byte, at int) (int, bool) {
	switch {
	case src[at] != q.mark:
		return 0, false
	case !q.triple:
		return 1, true
	default:
		return 3, byteAt(src, at+1) == q.mark && byteAt(src, at+2) == q.mark
	}
}

// plainEnd: a backslash takes the next character along, in raw strings too.
func (q quotation) plainEnd(src []byte, at int) int {
	for at < len(src) {
		switch b := src[at]; {
		case b == q.mark:
			n, closed := q.closes(src, at)
			if closed {
				return at + n
			}
			at++
		case b == '\\':
			at = escaped(src, at)
		case b == '\n' && !q.triple:
			return -1
		default:
			at++
		}
	}
	return -1
}

// escaped is the place behind a backslash and what it takes along.
func escaped(src []byte, at int) int {
	if byteAt(src, at+1) == '\r' {
		at++
	}
	return at + 2
}

// formattedEnd reads the text of a formatted string and what stands in its
// braces. Since 3.12 that may hold the string's own quote. Older versions see
// the string end there, in the middle of an expression, and refuse the file; so
// only one reading can be a program.
func (q quotation) formattedEnd(src []byte, at, nesting int) int {
	if nesting >= maxNesting {
		return -1
	}
	for at >= 0 && at < len(src) {
		switch b := src[at]; {
		case b == q.mark:
			n, closed := q.closes(src, at)
			if closed {
				return at + n
			}
			at++
		case b == '\\':
			at = q.escape(src, at)
		case b == '\n' && !q.triple:
			return -1
		case b == '{' && byteAt(src, at+1) == '{', b == '}' && byteAt(src, at+1) == '}':
			at += 2
		case b == '{':
			at = q.field(src, at+1, nesting)
		case b == '}':
			return -1
		default:
			at++
		}
	}
	return -1
}

// escape passes over a backslash in the text of a formatted string. It takes no
// brace along, and "\N{…}" is a character.
func (q quotation) escape(src []byte, at int) int {
	switch next := byteAt(src, at+1); {
	case next == '{' || next == '}':
		return at + 1
	case next == 'N' && byteAt(src, at+2) == '{' && !q.raw:
		n := bytes.IndexAny(src[at:], "}\n")
		if n < 0 || src[at+n] == '\n' {
			return -1
		}
		return at + n + 1
	default:
		return escaped(src, at)
	}
}

// field reads an expression in braces up to its end. A comment or a backslash in
// it, and a line end where the string has one line, are new and rare, and not
// judged.
func (q quotation) field(src []byte, at, nesting int) int {
	depth := 0
	for at < len(src) {
		switch b := src[at]; {
		case pyBytes[b] == pyLetter || b == '"' || b == '\'':
			if at = q.operand(src, at, nesting); at < 0 {
				return -1
			}
			continue
		case b == '(' || b == '[' || b == '{':
			depth++
		case b == '}' && depth == 0:
			return at + 1
		case b == ')' || b == ']' || b == '}':
			depth--
			if depth < 0 {
				return -1
			}
		case b == ':' && depth == 0:
			return q.format(src, at+1, nesting)
		case b == '#' || b == '\\' || b == '\n' && !q.triple:
			return -1
		}
		at++
	}
	return -1
}

// operand passes over a name or a string.
func (q quotation) operand(src []byte, at, nesting int) int {
	to := at
	for to < len(src) && (pyBytes[src[to]] == pyLetter || pyBytes[src[to]] == pyDigit) {
		to++
	}
	if to == len(src) || pyBytes[src[to]] != pyQuote {
		return to
	}
	if !stringPrefix(src[at:to]) {
		at = to
	}
	return pythonString(src, at, to, nesting+1)
}

// format reads a format, which is text with further fields.
func (q quotation) format(src []byte, at, nesting int) int {
	for at >= 0 && at < len(src) {
		switch b := src[at]; {
		case b == '}':
			return at + 1
		case b == '{':
			if nesting >= maxNesting {
				return -1
			}
			at = q.field(src, at+1, nesting+1)
		case b == '\\' || b == '\n' || b == q.mark:
			return -1
		default:
			at++
		}
	}
	return -1
}
