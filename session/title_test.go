package session_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/changeguard/changeguard/session"
)

func TestMatchTitle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, title string
		want           bool
	}{
		{"", "", true},
		{"", "x", false},
		{"*", "", true},
		{"**", "anything", true},
		{"?", "", false},
		{"?", "é", true},
		{"??", "é", false},
		{"analysis", "Analysis", true},
		{"analysis", "analysis ", false},
		{"analysis:*", "analysis: the sockets", true},
		{"analysis:*", "re: analysis: the sockets", false},
		{"[analysis]*", "[ANALYSIS] x", true},
		{"[analysis]*", "a", false},
		{"*analysis*", "the analysis of x", true},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"*.md", "x.md.md", true},
		{"a.c+(d)", "A.C+(D)", true},
		{"a.c", "abc", false},
		{`a\*`, `a\bc`, true},
		{"straße", "STRAßE", true},
		{"ΣΣ", "ςσ", true},
		{"k", "\u212a", true},
		{"a\nb", "A\nB", true},
		{"a*", "a\nb", true},
		{strings.Repeat("x", 63) + "?y", strings.Repeat("X", 64) + "Y", true},
		{strings.Repeat("x", 64) + "*y", strings.Repeat("X", 64) + "zzY", true},
		{strings.Repeat("*x", 200), strings.Repeat("ax", 200), true},
		{strings.Repeat("*x", 200), strings.Repeat("ax", 199), false},
	} {
		if got := session.MatchTitle(c.pattern, c.title); got != c.want {
			t.Errorf("%.40q %.40q: %v", c.pattern, c.title, got)
		}
	}
}

// FuzzMatchTitle holds the matcher against regular expressions, which fold case
// in the same way.
func FuzzMatchTitle(f *testing.F) {
	for _, seed := range [][2]string{{"[analysis]*", "[Analysis] x"}, {"a*b?c", "axxbyc"}, {"*a*a*b", "aaaa"}, {"K?", "\u212aſ"}, {"*", "\xff\n"}, {strings.Repeat("?*", 70), "x"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, title string) {
		if !utf8.ValidString(pattern) || len(pattern) > 200 || strings.ContainsRune(pattern, utf8.RuneError) {
			t.Skip("no policy holds such a pattern")
		}
		text := regexp.QuoteMeta(pattern)
		text = strings.ReplaceAll(strings.ReplaceAll(text, `\*`, ".*"), `\?`, ".")
		want := regexp.MustCompile(`(?is)\A` + text + `\z`).MatchString(title)
		if got := session.MatchTitle(pattern, title); got != want {
			t.Fatalf("%q %q: %v, want %v", pattern, title, got, want)
		}
	})
}

// BenchmarkMatchTitle is the worst that a title can do to patterns: nearly
// matching everywhere.
func BenchmarkMatchTitle(b *testing.B) {
	title := strings.Repeat("a", 60_000)
	for name, pattern := range map[string]string{"usual": "[analysis]*", "stars": strings.Repeat("*a", 30) + "*b", "long": "*" + strings.Repeat("a", 1000) + "b*"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(title)))
			for b.Loop() {
				if session.MatchTitle(pattern, title) {
					b.Fatal("it matches")
				}
			}
		})
	}
}
