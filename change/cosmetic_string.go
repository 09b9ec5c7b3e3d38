package change

import "bytes"

// escapedEnd finds the end of a string whose quote stands at a place and in
// which a backslash takes the next byte along, a line end only when lines may be
// continued. -1 means that it does not end.
func escapedEnd(src []byte, at int, continued bool) int {
	quote := src[at]
	for at++; at < len(src); {
		switch b := src[at]; b {
		case quote:
			return at + 1
		case '\n':
			return -1
		case '\\':
			at = escaped(src, at)
			if !continued && at <= len(src) && src[at-1] == '\n' {
				return -1
			}
		default:
			at++
		}
	}
	return -1
}

// delimitedEnd finds the end of a text that holds no escapes, -1 when there is
// none.
func delimitedEnd(src []byte, at int, delimiter []byte) int {
	if at > len(src) {
		return -1
	}
	n := bytes.Index(src[at:], delimiter)
	if n < 0 {
		return -1
	}
	return at + n + len(delimiter)
}

// run counts how often a byte stands at a place.
func run(src []byte, at int, b byte) int {
	n := 0
	for at+n < len(src) && src[at+n] == b {
		n++
	}
	return n
}

// suffixEnd passes over a name directly behind a literal, which belongs to it.
func (s *curlyScanner) suffixEnd(at int) int {
	for at >= 0 && at < len(s.src) && (s.classes[s.src[at]] == curlyLetter || s.classes[s.src[at]] == curlyDigit) {
		at++
	}
	return at
}
