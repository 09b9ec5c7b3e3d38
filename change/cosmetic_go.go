package change

import (
	"bytes"
	"regexp"
)

// goDirective matches comments that the compiler or a tool obeys.
var goDirective = regexp.MustCompile(`^(?://[a-z0-9]+:|//line |/\*line |//export |//extern |// ?\+build|//\s*(?i:nolint|lint:|nosec|#nosec|revive:|exhaustive:|golangci|code generated|deprecated:))`)

// goOutput matches the comment that says what an example must print.
var goOutput = regexp.MustCompile(`(?i)^(?://|/\*)\s*(?:unordered )?output:`)

// canonicalGo keeps every line as a line, since the end of one may be a
// semicolon. A file that uses cgo keeps code in comments and is given up.
func canonicalGo(src []byte, test bool) ([]byte, bool) {
	if !scannable(src) || bytes.Contains(src, []byte(`import "C"`)) || bytes.Contains(src, []byte("\"C\"\n")) {
		return nil, false
	}
	c := &canon{out: make([]byte, 0, len(src))}
	for at := 0; at < len(src); {
		end := at + 1
		switch b := src[at]; {
		case b == '\n':
			c.newline()
		case b == ' ' || b == '\t' || b == '\r':
			c.blank = true
		case b == '"' || b == '\'':
			if end = quotedEnd(src, at+1, string(b), false); end < 0 {
				return nil, false
			}
			c.code(src[at:end])
		case b == '`':
			n := bytes.IndexByte(src[at+1:], '`')
			if n < 0 {
				return nil, false
			}
			end = at + n + 2
			c.code(src[at:end])
		case b == '/' && end < len(src) && (src[end] == '/' || src[end] == '*'):
			var ok bool
			if end, ok = goComment(c, src, at, test); !ok {
				return nil, false
			}
		default:
			for end < len(src) && plainGo(src[end]) {
				end++
			}
			c.code(src[at:end])
		}
		at = end
	}
	return c.out, true
}

// plainGo reports whether a byte can neither begin a string or comment nor
// separate.
func plainGo(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b >= 0x80
}

// goComment skips a comment, or keeps it when somebody obeys it. A comment over
// several lines ends a line, as the language says.
func goComment(c *canon, src []byte, at int, test bool) (int, bool) {
	end := lineEnd(src, at)
	if src[at+1] == '*' {
		n := bytes.Index(src[at+2:], []byte("*/"))
		if n < 0 {
			return 0, false
		}
		end = at + n + 4
	}
	text := src[at:end]
	switch {
	case test && goOutput.Match(text):
		return 0, false // the lines after it belong to it
	case goDirective.Match(text):
		if c.atLineStart() {
			c.blank = false
		}
		c.code(bytes.TrimRight(text, " \t\r"))
	case bytes.IndexByte(text, '\n') >= 0:
		c.newline()
	default:
		c.blank = true
	}
	return end, true
}
