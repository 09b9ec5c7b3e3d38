package hook

import "strings"

// dollar reads what begins with $ or a backtick: a variable, a substitution, or
// just the character.
func (l *lexer) dollar(quoted bool) {
	if !quoted {
		l.part(false)
	}
	l.open = true
	rest := l.rest()
	switch {
	case rest[0] == '`':
		text, n := upTo(rest[1:], '`')
		l.parts = append(l.parts, part{substitution, text, quoted})
		l.at += 1 + n
	case strings.HasPrefix(rest, "$(("):
		if n := strings.Index(rest, "))"); n > 0 {
			l.parts = append(l.parts, part{variable, "((", quoted})
			l.at += n + 2
			return
		}
		l.substituted(2, quoted)
	case strings.HasPrefix(rest, "$("):
		l.substituted(2, quoted)
	case strings.HasPrefix(rest, "${"):
		text, n := upTo(rest[2:], '}')
		l.parts = append(l.parts, part{variable, text, quoted})
		l.at += 2 + n
	case !quoted && (strings.HasPrefix(rest, "$'") || strings.HasPrefix(rest, `$"`)):
		l.at++
	default:
		n := 1 + nameLength(rest[1:])
		if n == 1 {
			l.put('$')
		} else {
			l.parts = append(l.parts, part{variable, rest[1:n], quoted})
		}
		l.at += n
	}
}

// process reads a command in the place of a file: <(…) or >(…).
func (l *lexer) process() {
	l.part(false)
	l.open = true
	l.substituted(2, true)
}

func (l *lexer) substituted(skip int, quoted bool) {
	inner := nested(l.text[l.at+skip:])
	l.parts = append(l.parts, part{substitution, inner, quoted})
	l.at = min(len(l.text), l.at+skip+len(inner)+1)
}

// nested is the text up to the parenthesis that closes it.
func nested(text string) string {
	depth := 1
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\\':
			i++
		case '\'', '"':
			_, n := upTo(text[i+1:], c)
			i += n
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return text[:i]
			}
		}
	}
	return text
}

// upTo is the text up to a character that no backslash is before, and how far it
// reaches with it.
func upTo(text string, end byte) (string, int) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case end:
			return text[:i], i + 1
		case '\\':
			if end != '\'' {
				i++
			}
		}
	}
	return text, len(text)
}

// nameLength is how long the name of a variable is.
func nameLength(text string) int {
	if text != "" && strings.IndexByte("@*#?!0123456789", text[0]) >= 0 {
		return 1
	}
	n := 0
	for n < len(text) && isName(text[n]) {
		n++
	}
	return n
}

func isName(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
