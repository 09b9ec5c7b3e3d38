package change

import "bytes"

var javaDialect = &dialect{
	classes: curlyClasses("\"'@", "$"), traits: curlyTraits(), name: javaName, special: javaSpecial,
}

// javaJudged refuses escapes that are translated before anything else and could
// be a quote, a line end or the end of a comment. Those of wider characters are
// letters, wherever they stand.
func javaJudged(src []byte) bool {
	for at := 0; ; {
		n := bytes.Index(src[at:], []byte(`\u`))
		if n < 0 {
			return plainLines(src)
		}
		at += n
		slashes := 0
		for slashes < at && src[at-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 && !wideEscape(src[at+2:]) {
			return false
		}
		at += 2
	}
}

// wideEscape reports whether four digits stand for a character beyond ASCII and
// its cousins that end lines.
func wideEscape(digits []byte) bool {
	if len(digits) < 4 {
		return false
	}
	value := uint32(0)
	for _, b := range digits[:4] {
		d := digitValue(b)
		if d >= 16 {
			return false
		}
		value = value<<4 | d
	}
	return value >= 0xa0
}

func javaName(s *curlyScanner, to int) token {
	// One keyword has a hyphen.
	if word := s.src[s.at:to]; string(word) == "non" && bytes.HasPrefix(s.src[to:], []byte("-sealed")) {
		to = s.suffixEnd(to + len("-sealed"))
	}
	return s.token(to, wordly|operand)
}

func javaSpecial(s *curlyScanner) (token, bool) {
	switch {
	case s.src[s.at] == '@':
		return s.token(s.at+1, 0), true
	case bytes.HasPrefix(s.src[s.at:], []byte(`"""`)):
		return s.token(textBlockEnd(s.src, s.at+3), operand), true
	}
	to := escapedEnd(s.src, s.at, false)
	if to > 0 && bytes.Contains(s.src[s.at:to], []byte(`\{`)) {
		return bad, true // an expression, in some versions
	}
	return s.token(to, operand), true
}

// textBlockEnd finds the end of a text block, in which a backslash takes the next
// byte along.
func textBlockEnd(src []byte, at int) int {
	for at < len(src) {
		switch src[at] {
		case '"':
			if byteAt(src, at+1) == '"' && byteAt(src, at+2) == '"' {
				return at + 3
			}
			at++
		case '\\':
			if byteAt(src, at+1) == '{' {
				return -1
			}
			at = escaped(src, at)
		default:
			at++
		}
	}
	return -1
}
