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
	pieces := []string{
		"\n", "\n\n", "\r\n", "\r", " ", "x", "?", "??", "=", "\\", `\u`, "u00e9", "line", "dbg", "caller", "!", "as", "/", "//", "macro_rules", "__LI", "NE__", "#", "source_", "location",
		"\u2028", "\ufeff", "é", "[[[", "co" + "g", "-line" + "comment", "==User", "Script==", "multi", "Theme ", "Name:", "$0", "a=$0", "$a", "cat", "#!", "---", strings.Repeat("y\n", 300),
	}
	some := rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12)
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.SampledFrom(everyLanguage).Draw(t, "path")
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
