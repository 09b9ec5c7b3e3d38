package manifest

import "strings"

// str reads a string. Templates in it may hold strings themselves.
func (r *hclReader) str() (text string, plain bool, err error) {
	plain = true
	var b strings.Builder
	for r.at++; r.at < len(r.s); r.at++ {
		rest := r.s[r.at:]
		switch c := rest[0]; {
		case c == '"':
			r.at++
			return b.String(), plain, nil
		case c == '\n':
			return "", false, r.fail("a string without an end")
		case c == '\\' && len(rest) > 1:
			plain = false // an escape: no address or version needs one
			r.at++
			b.WriteString(rest[:2])
		case strings.HasPrefix(rest, "$${") || strings.HasPrefix(rest, "%%{"):
			plain = false
			r.at += 2
			b.WriteString(rest[:3])
		case strings.HasPrefix(rest, "${") || strings.HasPrefix(rest, "%{"):
			plain = false
			from := r.at
			r.at++
			if err := r.template(); err != nil {
				return "", false, err
			}
			b.WriteString(r.s[from:r.at])
			r.at--
		default:
			b.WriteByte(c)
		}
	}
	return "", false, r.fail("a string without an end")
}

// template passes over "{…}" of a template, strings within strings included,
// without recursion: what is open is kept in a list.
func (r *hclReader) template() error {
	var open []byte // '{' of templates and braces, '"' of strings
	for r.at < len(r.s) {
		c := r.s[r.at]
		inString := len(open) > 0 && open[len(open)-1] == '"'
		switch {
		case c == '\n' && inString:
			return r.fail("a string without an end")
		case c == '\n':
			r.line++
		case c == '\\' && inString:
			r.at++
		case c == '"' && inString:
			open = open[:len(open)-1]
		case c == '"':
			open = append(open, '"')
		case c == '{' && (!inString || r.s[r.at-1] == '$' || r.s[r.at-1] == '%'):
			open = append(open, '{')
		case c == '}' && !inString:
			open = open[:len(open)-1]
			if len(open) == 0 {
				r.at++
				return nil
			}
		}
		r.at++
	}
	return r.fail("a template without an end")
}

// heredoc passes over a here-document.
func (r *hclReader) heredoc() error {
	line := firstLine(r.s[r.at:])
	word := strings.TrimSpace(strings.TrimPrefix(line[2:], "-"))
	r.at += len(line)
	for r.at < len(r.s) {
		r.at++ // the line end
		r.line++
		line = firstLine(r.s[min(r.at, len(r.s)):])
		r.at += len(line)
		if strings.TrimSpace(line) == word {
			return nil
		}
	}
	return r.fail("a here-document without its end %s", quote(word))
}
