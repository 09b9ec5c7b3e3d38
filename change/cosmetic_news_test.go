package change_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
	"pgregory.net/rapid"
)

// TestCosmeticNews: what is searched in the new part of a text only is found
// like in all of it, wherever it begins and ends.
func TestCosmeticNews(t *testing.T) {
	t.Parallel()
	alphabets := [][]string{
		{"\n", "\r\n", "\r", " ", "line", "dbg", "!", "as", "/", "x", "macro_rules"},
		{"\n", "?", "=", `\`, "u", "00e9", "__LI", "NE__", "#", "line", "source_", "location", strings.Repeat("y\n", 300)},
		{"\n", "\u2028", "\u0085", "\ufeff", "é", "[[[", "co" + "g", "-line", "comment", "==User", "Script==", "multi", "line(", "Theme ", "Name:"},
		{"\n", " ", "$0", "a=$0", "$a", "cat", "#!", "/bin/sh", "swift", "---", "\r\n"},
	}
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfN(rapid.SampledFrom(rapid.SampledFrom(alphabets).Draw(t, "alphabet")), 0, 6)
		path := rapid.SampledFrom(append([]string{"y.rs", "z.rs", "y.c"}, everyLanguage...)).Draw(t, "path")
		head, tail := some.Draw(t, "head"), some.Draw(t, "tail")
		before := []byte(strings.Join(slices.Concat(head, some.Draw(t, "old"), tail), ""))
		after := []byte(strings.Join(slices.Concat(head, some.Draw(t, "new"), tail), ""))
		asked, ok := change.JudgedByNews(path, before, after, false)
		wantAsked, wantOK := change.JudgedByNews(path, before, after, true)
		if asked != wantAsked || ok != wantOK {
			t.Errorf("%s %q -> %q: asked %v, judged %v, want %v, %v", path, before, after, asked, ok, wantAsked, wantOK)
		}
	})
}
