package policy

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"
)

// mark is put into texts to be found again.
const mark = '§'

// However a text is written, the place of a character in it is found.
func TestPlacesWithinScalars(t *testing.T) {
	t.Parallel()
	words := []string{"ab", "ä", `\`, `"`, "'", "#", ": ", "  ", "\n", "\n\n", "x y", "[", "\t"}
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom(words), 0, 8).Draw(t, "parts")
		at := rapid.IntRange(0, len(parts)).Draw(t, "at")
		value := "a" + strings.Join(parts[:at], "") + string(mark) + strings.Join(parts[at:], "") + "z"
		style := rapid.SampledFrom([]string{"|", ">", `"`, "'", "plain"}).Draw(t, "style")
		text := "k:\n  - first\n  - " + write(value, style) + "\nl: x\n"
		var doc yaml.Node
		if err := yaml.Load([]byte(text), &doc); err != nil {
			t.Skip() // the text cannot be written so
		}
		n := doc.Content[0].Content[1].Content[1]
		if !strings.ContainsRune(n.Value, mark) {
			t.Skip() // it reads as a mapping or a comment
		}
		offset := 0
		for _, c := range n.Value {
			if c == mark {
				break
			}
			offset++
		}
		s := newSource([]byte(text))
		if got := s.within(n, offset); s.char(got) != mark {
			t.Fatalf("%q: character %d of %q is not at %v", text, offset, n.Value, got)
		}
	})
}

// write writes a value in a style; not every value can be written in each.
func write(value, style string) string {
	switch style {
	case "|", ">":
		return style + "\n" + "    " + strings.ReplaceAll(value, "\n", "\n    ")
	case `"`:
		return strconv.Quote(value)
	case "'":
		return "'" + strings.ReplaceAll(strings.ReplaceAll(value, "'", "''"), "\n", "\n\n    ") + "'"
	default:
		return strings.ReplaceAll(value, "\n", "\n\n    ")
	}
}

// White space alone in a line of a block is text, or nothing.
func TestPlacesBesideLinesOfWhiteSpace(t *testing.T) {
	t.Parallel()
	for _, between := range []string{"", "  ", "    ", "      ", "    \t", "    \t\n\n      "} {
		text := "k: |\n\n    a\n" + between + "\n    §z\nl: x\n"
		var doc yaml.Node
		if err := yaml.Load([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		n := doc.Content[0].Content[1]
		offset := utf8.RuneCountInString(n.Value[:strings.IndexRune(n.Value, mark)])
		s := newSource([]byte(text))
		if got := s.within(n, offset); s.char(got) != mark {
			t.Errorf("%q: character %d of %q is not at %v", text, offset, n.Value, got)
		}
	}
}

func TestCountAlternatives(t *testing.T) {
	t.Parallel()
	for glob, want := range map[string]int{
		"a": 0, "{a}": 1, "{a,b}": 2, "{a,b}{c,d}": 4, "{a,{b,c}}": 3, "{a,b{c,d}e}/{f,g}": 6, `\{a,b}`: 1, "a,b{": 1, "}{a,b": 1,
		strings.Repeat("{a,b}", 500): maxAlternatives + 1,
	} {
		if got := countAlternatives(glob); got != want {
			t.Errorf("%.40s: got %d, want %d", glob, got, want)
		}
	}
}
