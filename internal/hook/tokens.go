package hook

import "strings"

// A token of code is a name, with the dots in it, a text, or one character.
type token struct {
	kind byte // 'n' a name, 's' a text, or the character
	text string
}

// code splits a script of Python, JavaScript, Ruby, Perl, PHP or PowerShell into
// tokens that are enough to see which files it opens. backslash is what escapes in
// a text, 0 for nothing.
func scan(text string, backslash byte) (list []token) {
	for i := 0; i < len(text) && len(list) < maxTokens; {
		c := text[i]
		switch {
		case c == '\'' || c == '"' || c == '`':
			value, n, told := quotedText(text[i:], backslash)
			if last := len(list) - 1; last >= 0 && list[last].kind == 'n' && i > 0 && isName(text[i-1]) && strings.Trim(strings.ToLower(list[last].text), "rbfu") == "" {
				told = told && !(strings.ContainsAny(list[last].text, "fF") && strings.Contains(value, "{"))
				list = list[:last]
			}
			if !told || c == '`' && strings.Contains(value, "${") {
				value = unknown
			}
			list = append(list, token{'s', value})
			i += n
		case isName(c) || c == '$':
			n := 1
			for i+n < len(text) && (isName(text[i+n]) || (text[i+n] == '.' || text[i+n] == ':') && i+n+1 < len(text) && (isName(text[i+n+1]) || text[i+n+1] == ':')) {
				n++
			}
			list = append(list, token{'n', strings.ReplaceAll(strings.TrimLeft(text[i:i+n], "$"), "::", ".")})
			i += n
		case c == ' ' || c == '\t' || c == '\r':
			i++
		default:
			list = append(list, token{c, ""})
			i++
		}
	}
	return list
}

// maxTokens bounds what is looked at of one script.
const maxTokens = 1 << 17

// quotedText is a text in quotes and how long it is with them. One that does not
// end, or that has other things put into it, is not told.
func quotedText(text string, backslash byte) (value string, n int, told bool) {
	quote := text[:1]
	if len(text) > 5 && text[1] == text[0] && text[2] == text[0] {
		quote = text[:3]
	}
	var b strings.Builder
	for i := len(quote); i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], quote):
			return b.String(), i + len(quote), true
		case text[i] == backslash && backslash != 0 && i+1 < len(text):
			if i++; text[i] == 'n' {
				b.WriteByte('\n')
				continue
			}
		case text[i] == '\n' && len(quote) == 1 && quote != "`":
			return "", i, false
		}
		b.WriteByte(text[i])
	}
	return "", len(text), false
}
