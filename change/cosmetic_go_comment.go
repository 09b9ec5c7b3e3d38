package change

import "bytes"

// slash is a comment or the operator; of a comment that nobody obeys nothing
// is left.
func (s *goScanner) slash() (token, bool) {
	switch byteAt(s.src, s.at+1) {
	case '/':
		return s.comment(s.at, lineEnd(s.src, s.at))
	case '*':
		n := bytes.Index(s.src[s.at+2:], []byte("*/"))
		if n < 0 {
			return bad, true
		}
		to := s.at + n + 4
		if bytes.IndexByte(s.src[s.at:to], '\n') < 0 {
			return s.comment(s.at, to)
		}
		if t, ok := s.lineEnds(); ok {
			return t, true
		}
		t, ok := s.comment(s.at, to)
		s.newLine()
		s.remark = true
		return t, ok
	case '=':
		return s.token(s.at+2, endsNothing), true
	default:
		return s.token(s.at+1, endsNothing), true
	}
}

// comment passes over a comment or returns it as a token when it counts. One
// that says where the code came from is more than a scanner can follow.
func (s *goScanner) comment(from, to int) (token, bool) {
	text := s.src[from:to]
	body := text[2:]
	if text[1] == '*' {
		body = body[:len(body)-2]
	}
	s.at = to
	switch {
	case bytes.HasPrefix(body, []byte("line ")):
		return bad, true
	case to == len(s.src) && bytes.HasPrefix(body, []byte("go:generate")):
		return bad, true // an error without a line end
	case s.example, s.cgo, s.atHead(text[1] == '*', body), compilerComment(body), s.counts(body, obeyed(body)):
		return token{text, s.directive(s.src, from)}, true
	case !s.skip(body):
		return bad, true
	default:
		return token{}, false
	}
}

// atHead knows the comments at the head of a file that are more than words.
func (s *goScanner) atHead(block bool, body []byte) bool {
	const clause = 2 // package NAME
	return block && s.plusBuild && s.total == 0 || s.total == clause && s.tokens == clause && bytes.HasPrefix(bytes.TrimSpace(body), []byte("import"))
}

// compilerComment knows the directives that follow the mark without a blank: a
// few words, and any name with a colon and something right behind it.
func compilerComment(body []byte) bool {
	for _, word := range [...]string{"go:", "export", "extern", "sys"} {
		if bytes.HasPrefix(body, []byte(word)) {
			return true
		}
	}
	at := 0
	for at < len(body) && lowerOrDigit(body[at]) {
		at++
	}
	return at > 0 && at+1 < len(body) && body[at] == ':' && lowerOrDigit(body[at+1])
}

func lowerOrDigit(b byte) bool { return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' }
