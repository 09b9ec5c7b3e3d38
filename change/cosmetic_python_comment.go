package change

import (
	"bytes"
	"strings"
)

// comment passes over a comment or returns it as a token when it counts. The
// first line may choose the interpreter and the first two the encoding, so there
// the number of the line belongs to it.
func (s *pythonScanner) comment() (token, bool) {
	from := s.at
	s.at = lineEnd(s.src, from)
	text := s.src[from:s.at]
	if from == 0 && bytes.HasPrefix(text, []byte("#!")) {
		return s.heading(text), true
	}
	if s.line <= 2 {
		if encoding, ok := codingCookie(text); ok {
			if !plainEncoding(encoding) {
				return bad, true
			}
			return s.heading(text), true
		}
	}
	if bytes.HasPrefix(text, []byte("# ///")) || s.line <= 3 && string(bytes.TrimRight(text, " \t\r")) == "# ---" || bytes.EqualFold(text, []byte("# requirements:")) {
		s.metadata = true
	}
	switch {
	case s.metadata, s.counts(text, obeyed(text[1:])):
		return token{text, s.directive(s.src, from)}, true
	case !s.skip(text):
		return bad, true
	default:
		return token{}, false
	}
}

// heading is a comment that counts by its line and for the whole file, whatever
// follows.
func (s *pythonScanner) heading(text []byte) token {
	s.remark = true
	return token{text, tokenComment | markHeading | uint64(s.line)<<markShift}
}

// codingCookie finds the name of an encoding in a comment.
func codingCookie(text []byte) (string, bool) {
	for {
		at := bytes.Index(text, []byte("coding"))
		if at < 0 {
			return "", false
		}
		text = text[at+len("coding"):]
		if len(text) > 0 && (text[0] == ':' || text[0] == '=') {
			name := strings.TrimLeft(string(text[1:]), " \t")
			to := strings.IndexFunc(name, func(r rune) bool {
				return r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
			})
			if to < 0 {
				to = len(name)
			}
			return strings.ToLower(name[:to]), true
		}
	}
}

// plainEncoding knows the encodings in which every ASCII byte is itself and
// every other byte is something. In others a comment can hold a line end that
// nobody sees, or what nobody can read.
func plainEncoding(name string) bool {
	switch strings.ReplaceAll(name, "_", "-") {
	case "utf-8", "utf8", "latin-1", "latin1", "iso-8859-1", "iso8859-1", "iso-8859-15":
		return true
	}
	return false
}
