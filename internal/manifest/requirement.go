package manifest

import (
	"strings"
)

// parseRequirement reads one requirement as pip understands it: a PEP 508
// specification, a URL or a path. The reason is not empty when it is none.
func parseRequirement(text string) (p Package, reason string) {
	text = strings.TrimSpace(text)
	if scheme := urlScheme(text); scheme != "" {
		return urlRequirement(text)
	}
	if name, rest := cutName(text); name != "" && strings.HasPrefix(afterExtras(rest), "@") {
		return parsePEP508(text)
	}
	bare, marker, _ := strings.Cut(text, ";")
	if looksLikePath(strings.TrimSpace(bare)) {
		return pathRequirement(strings.TrimSpace(bare), marker)
	}
	return parsePEP508(text)
}

// parsePEP508 reads "name[extras] specifiers; marker" or "name @ URL; marker".
func parsePEP508(text string) (p Package, reason string) {
	name, rest := cutName(text)
	if name == "" {
		return p, "invalid requirement " + quote(text)
	}
	p = Package{Ecosystem: PyPI, Name: pyName(name), PURL: pyPURL(name)}
	if p.Extras, rest, reason = cutExtras(rest); reason != "" {
		return p, reason
	}
	var marker string
	if target, ok := strings.CutPrefix(rest, "@"); ok {
		rest = strings.TrimLeft(target, " \t")
		if target, marker, reason = cutURL(rest); reason != "" {
			return p, reason
		}
		if target == "" {
			return p, "no URL after @ in " + quote(text)
		}
		p.locate(target)
	} else {
		var spec string
		spec, marker, _ = strings.Cut(rest, ";")
		if p.Spec, reason = normalSpec(spec); reason != "" {
			return p, reason
		}
		p.Pinned = pinnedPy(p.Spec) && !strings.Contains(name, "${")
	}
	p.Marker, reason = normalMarker(marker)
	return p, reason
}

// cutURL splits a URL from the marker after it: at a semicolon that a blank
// stands next to, as installers do, since URLs may hold semicolons. Anything else
// after the blank is no marker; pip takes it for a part of the address.
func cutURL(s string) (url, marker, reason string) {
	end := strings.IndexAny(s, " \t")
	if end < 0 {
		return s, "", ""
	}
	rest := strings.TrimLeft(s[end:], " \t")
	url, closed := strings.CutSuffix(s[:end], ";")
	marker, open := strings.CutPrefix(rest, ";")
	if !closed && !open {
		return "", "", "unexpected " + quote(rest) + " after a URL"
	}
	return url, marker, ""
}

// cutName splits off a project name and the blanks after it.
func cutName(s string) (name, rest string) {
	n := 0
	for n < len(s) && (isAlnum(s[n]) || n > 0 && strings.IndexByte("-_.", s[n]) >= 0 || strings.HasPrefix(s[n:], "${")) {
		if s[n] == '$' {
			end := strings.IndexByte(s[n:], '}')
			if end < 0 || end > maxQuoteLen {
				return "", s
			}
			n += end
		}
		n++
	}
	if n > 0 && strings.IndexByte("-_.", s[n-1]) >= 0 {
		return "", s
	}
	return s[:n], strings.TrimLeft(s[n:], " \t")
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// afterExtras skips "[…]".
func afterExtras(s string) string {
	if strings.HasPrefix(s, "[") {
		if i := strings.IndexByte(s, ']'); i >= 0 {
			return strings.TrimLeft(s[i+1:], " \t")
		}
	}
	return s
}

// cutExtras reads "[a, b]". An empty pair of brackets asks for nothing.
func cutExtras(s string) (extras []string, rest, reason string) {
	inner, ok := strings.CutPrefix(s, "[")
	if !ok {
		return nil, s, ""
	}
	inner, rest, ok = strings.Cut(inner, "]")
	if !ok {
		return nil, s, "unclosed extras in " + quote(s)
	}
	for extra := range strings.SplitSeq(inner, ",") {
		extra = strings.TrimSpace(extra)
		if name, left := cutName(extra); extra != "" && (name == "" || left != "") || extra == "" && strings.TrimSpace(inner) != "" {
			return nil, s, "invalid extra " + quote(extra)
		}
		if extra != "" {
			extras = append(extras, pyName(extra))
		}
	}
	return sorted(extras), strings.TrimLeft(rest, " \t"), ""
}

// pyName is the name as PEP 503 compares it.
func pyName(name string) string {
	if isPyName(name) {
		return name
	}
	var b strings.Builder
	gap := false
	for i := range len(name) {
		switch c := name[i]; {
		case c == '-' || c == '_' || c == '.':
			gap = true
		default:
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			if 'A' <= c && c <= 'Z' {
				c |= 0x20
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

func pyPURL(name string) string { return "pkg:pypi/" + purlEscape(pyName(name)) }

// normalSpec checks the form of PEP 440 specifiers and takes out the blanks. A
// version that is none by PEP 440 stays: it is opaque, and never pinned.
func normalSpec(spec string) (normal, reason string) {
	spec = strings.TrimSpace(spec)
	if inner, ok := strings.CutPrefix(spec, "("); ok {
		if spec, ok = strings.CutSuffix(inner, ")"); !ok {
			return "", "unclosed parenthesis in " + quote(inner)
		}
	}
	var clauses []string
	for clause := range strings.SplitSeq(spec, ",") {
		if clause = strings.TrimSpace(clause); clause == "" {
			continue
		}
		op, version, rest := cutPyClause(clause)
		if op == "" || op == "^" || op == "~" || op == "=" || version == "" || rest != "" || strings.ContainsAny(version, "()[]{};@'\"\\|&#") && !strings.Contains(version, "${") {
			return "", "invalid version specifier " + quote(clause)
		}
		clauses = append(clauses, op+version)
	}
	return strings.Join(clauses, ","), ""
}

// normalMarker writes an environment marker with single blanks and double
// quotes, so that only its meaning is compared.
func normalMarker(s string) (normal, reason string) {
	var b strings.Builder
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		n := 1
		switch c := s[0]; {
		case c == '"' || c == '\'':
			end := strings.IndexByte(s[1:], c)
			if end < 0 {
				return "", "unclosed string in the marker " + quote(s)
			}
			addWord(&b, `"`, s[1:1+end], `"`)
			s = s[end+2:]
			continue
		case strings.IndexByte("<>=!~", c) >= 0:
			for n < len(s) && strings.IndexByte("<>=!~", s[n]) >= 0 {
				n++
			}
		case isAlnum(c) || c == '_':
			for n < len(s) && (isAlnum(s[n]) || s[n] == '_' || s[n] == '.') {
				n++
			}
		case c == '(' || c == ')':
		default:
			return "", "unexpected " + quote(s[:1]) + " in a marker"
		}
		addWord(&b, s[:n])
		s = s[n:]
	}
	return b.String(), ""
}

// addWord writes one more word, a blank before it unless it is the first.
func addWord(b *strings.Builder, parts ...string) {
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	for _, part := range parts {
		b.WriteString(part)
	}
}

// isPyName reports whether a name already is what PEP 503 makes of it.
func isPyName(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c == '_' || c == '.' || 'A' <= c && c <= 'Z':
			return false
		case c == '-' && (i == 0 || i+1 == len(name) || name[i+1] == '-'):
			return false
		}
	}
	return true
}
