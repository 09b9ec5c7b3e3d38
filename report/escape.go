package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/changeguard/changeguard/internal/pathset"
)

// Visible makes a text harmless and readable in one line: control,
// bidirectional and other invisible characters and bytes that are no UTF-8
// come out as escapes such as \n, \x1b and \u202e. Selectors and joiners that
// belong to an emoji stay.
func Visible(s string) string {
	if !strings.ContainsFunc(s, hidden) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	var last rune
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !hidden(r), ofEmoji(last, r, s[i+n:]):
			b.WriteString(s[i : i+n])
		default:
			b.WriteString(escaped(r))
		}
		last = r
		i += n
	}
	return b.String()
}

func escaped(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\t':
		return `\t`
	case r == '\r':
		return `\r`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	default:
		return fmt.Sprintf(`\u%04x`, r)
	}
}

// hidden reports whether a character must not be shown as it is. Names of files
// with such a character are findings, by the same table. The replacement
// character is seen for what it is.
func hidden(r rune) bool { return pathset.Unseen(r) && r != utf8.RuneError }

// ofEmoji reports whether a character that is not seen alone makes one picture
// of its neighbours.
func ofEmoji(last, r rune, next string) bool {
	const selector, joiner = '\ufe0f', '\u200d'
	switch r {
	case selector:
		return pictorial(last)
	case joiner:
		after, _ := utf8.DecodeRuneInString(next)
		return (pictorial(last) || last == selector) && pictorial(after)
	}
	return false
}

func pictorial(r rune) bool {
	return r > 0x7f && (unicode.Is(unicode.So, r) || unicode.Is(unicode.Sm, r) || 0x1f3fb <= r && r <= 0x1f3ff) && !hidden(r)
}

// visibleLines is Visible that keeps line ends.
func visibleLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = Visible(lines[i])
	}
	return strings.Join(lines, "\n")
}

// clip shortens a text to at most n bytes at a character's border and says so.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	end := max(0, n-len("…"))
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// within renders a text, shortened until the outcome has at most n bytes: what
// escapes take is counted, so that no text can crowd out the others.
func within(n int, s string, render func(string) string) string {
	s = clip(s, n) // an outcome is never shorter than its text
	for {
		out := render(s)
		if len(out) <= n || s == "" {
			return out
		}
		s = clip(s, min(len(s)-1, len(s)*n/len(out)))
		if s == "…" {
			return s
		}
	}
}

// plural words a number of things.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func upperFirst(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if first == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(first)) + s[n:]
}
