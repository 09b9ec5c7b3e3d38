package nearest_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/internal/nearest"
)

func TestOf(t *testing.T) {
	t.Parallel()
	known := []string{"paths", "level", "max-commits", "protected-paths", "if"}
	for name, want := range map[string]string{
		"path":                  "paths",
		"Paths":                 "paths", // another case is a slip as well
		"PTAHS":                 "paths", // and so are swapped neighbours
		"leven":                 "level",
		"max_commits":           "max-commits",
		"maxcommits":            "max-commits",
		"protected-path":        "protected-paths",
		"protect":               "protected-paths", // a beginning
		"pr":                    "",                // of anything
		"x":                     "",
		"fi":                    "if",
		"":                      "",
		"uses":                  "",
		strings.Repeat("x", 65): "",
	} {
		if got := nearest.Of(name, known); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := nearest.Of("a", []string{strings.Repeat("a", 65)}); got != "" {
		t.Errorf("a name too long to be meant: %q", got)
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"block":                             "",
		"blok":                              `unknown level "blok"; did you mean "block"?`,
		"deny":                              `unknown level "deny"; known are block, warn`,
		"a\x1b[31m\nb":                      `unknown level "a\x1b[31m\nb"; known are block, warn`,
		strings.Repeat("y", 63) + "\u00e9z": `unknown level "` + strings.Repeat("y", 63) + "\ufffd…" + `"; known are block, warn`,
	} {
		if got := nearest.Unknown("level", name, []string{"block", "warn"}); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

// One slip in a name of some length is always forgiven, and what is suggested
// is a known name.
func TestOneSlipIsForgiven(t *testing.T) {
	t.Parallel()
	known := []string{"websocket", "dependencies", "guard-integrity", "declared-scope"}
	rapid.Check(t, func(t *rapid.T) {
		meant := rapid.SampledFrom(known).Draw(t, "meant")
		at := rapid.IntRange(0, len(meant)-1).Draw(t, "at")
		wrong := rapid.SampledFrom([]string{meant[:at] + meant[at+1:], meant[:at] + "x" + meant[at:], meant[:at] + "x" + meant[at+1:]}).Draw(t, "wrong")
		if got := nearest.Of(wrong, known); got != meant {
			t.Errorf("%q: got %q, want %q", wrong, got, meant)
		}
	})
}

func FuzzUnknown(f *testing.F) {
	f.Add("pahts")
	f.Add("\xff\u202e")
	f.Fuzz(func(t *testing.T, name string) {
		known := []string{"paths", "if", "größe"}
		message := nearest.Unknown("key", name, known)
		if !utf8.ValidString(message) || strings.ContainsAny(message, "\n\x1b\u202e") {
			t.Errorf("%q: %q", name, message)
		}
	})
}
