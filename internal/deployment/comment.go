package deployment

import "strings"

// WithoutComment cuts a comment off a line, which begins with a mark such as "#".
// A mark within quotes, or in the middle of a word such as an address, is none.
func WithoutComment(line, mark string) string {
	if mark == "" || !strings.Contains(line, mark) {
		return line
	}
	var quote byte
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case strings.HasPrefix(line[i:], mark) && (i == 0 || strings.IndexByte(" \t;{})", line[i-1]) >= 0):
			return line[:i]
		}
	}
	return line
}
