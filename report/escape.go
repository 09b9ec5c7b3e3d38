package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible makes a text harmless and readable in one line: control,
// bidirectional and other invisible characters and bytes that are no UTF-8
// come out as escapes such as \n, \x1b and \u202e.
func Visible(s string) string {
	if !strings.ContainsFunc(s, hidden) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case hidden(r) && r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case hidden(r) && r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		case hidden(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// visibleLines is Visible that keeps line ends.
func visibleLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = Visible(lines[i])
	}
	return strings.Join(lines, "\n")
}

// hidden reports whether a rune must not be shown as it is.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' ||
		r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0' || unicode.Is(unicode.Variation_Selector, r) || unicode.Is(unicode.Co, r)
}

// code makes a Markdown code span of any text. Inside one neither mentions nor
// links nor HTML exist; the run of backticks around it is longer than any in
// it, and a pipe is escaped for the table that it may stand in.
func code(s string, inTable bool) string {
	s = Visible(s)
	if strings.TrimSpace(s) == "" {
		return "(empty)"
	}
	if inTable {
		s = strings.ReplaceAll(s, "|", `\|`)
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// block makes a Markdown code block of any text.
func block(language, s string) string {
	s = visibleLines(s)
	fence := strings.Repeat("`", max(3, longestRun(s, '`')+1))
	return fence + language + "\n" + strings.TrimSuffix(s, "\n") + "\n" + fence + "\n"
}

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// breaks are where GitHub would see a mention, a reference or a bare link in
// running text; an invisible character in the middle prevents it.
var breaks = strings.NewReplacer(
	"@", "@\u200b", "#", "#\u200b", "://", ":\u200b//", "www.", "www\u200b.", "WWW.", "WWW\u200b.", "GH-", "GH\u200b-", "gh-", "gh\u200b-",
)

// prose makes running Markdown text of any text: every character that could
// begin markup is escaped.
func prose(s string) string {
	s = breaks.Replace(Visible(s))
	var b strings.Builder
	for i, r := range s {
		switch {
		case strings.ContainsRune("\\`*_{}[]<>()+-!|~&$=\"'^", r), r == '#':
			// A hyphen inside a word is text; escaping it would only be noise.
			if r == '-' && i > 0 || r == '\'' || r == '"' || r == '(' || r == ')' {
				if !(r == '(' && strings.HasSuffix(s[:i], "]")) {
					b.WriteRune(r)
					continue
				}
			}
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// cell makes one table cell of running text.
func cell(s string) string { return prose(s) }

// clip shortens a text to at most n bytes at a rune's border and says so.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = s[:max(0, n-len("…"))]
	for len(s) > 0 && !utf8.ValidString(s[len(s)-min(len(s), utf8.UTFMax):]) && !utf8.RuneStart(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return strings.ToValidUTF8(s, "") + "…"
}
