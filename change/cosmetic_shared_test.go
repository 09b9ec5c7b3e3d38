package change_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/change"
)

// TestSharedAsApart: that one scanner reads for both sides where they are alike
// changes no answer, wherever the texts part and meet again.
func TestSharedAsApart(t *testing.T) {
	t.Parallel()
	samples := longSamples(t)
	yes := 0
	for _, e := range edits(t) {
		around := samples[filepath.Ext(e.path)]
		before, after := slices.Concat(around, e.before, around), slices.Concat(around, e.after, around)
		if asApart(t, e.path, before, after) {
			yes++
		}
	}
	if yes < 100 {
		t.Errorf("%d changes are cosmetic among other text", yes)
	}
}

// TestSharedAsApartAnywhere makes edits of all kinds in long sources.
func TestSharedAsApartAnywhere(t *testing.T) {
	t.Parallel()
	samples := longSamples(t)
	var kinds []string
	for ext := range samples {
		kinds = append(kinds, ext)
	}
	slices.Sort(kinds)
	rapid.Check(t, func(t *rapid.T) {
		ext := rapid.SampledFrom(kinds).Draw(t, "language")
		before := samples[ext]
		after := before
		for range rapid.IntRange(1, 4).Draw(t, "edits") {
			after = anyEdit(t, after)
		}
		asApart(t, "x"+ext, before, after)
	})
}

// anyEdit cuts something out of a source and puts something in.
func anyEdit(t *rapid.T, src []byte) []byte {
	from := rapid.IntRange(0, len(src)).Draw(t, "from")
	to := min(len(src), from+rapid.SampledFrom([]int{0, 0, 0, 1, 2, 5, 40}).Draw(t, "cut"))
	piece := rapid.SampledFrom(editPieces).Draw(t, "piece")
	if rapid.Bool().Draw(t, "many") {
		piece = string(bytes.Repeat([]byte(piece), 300))
	}
	if rapid.Bool().Draw(t, "line") {
		from = bytes.LastIndexByte(src[:from], '\n') + 1
		to = max(from, to)
	}
	return slices.Concat(src[:from], []byte(piece), src[to:])
}

var editPieces = []string{
	"", "\n", " ", "\n\n", "x", "1", "// a\n", "/* a */", "/* a\n */", "/*", "*/", "# a\n", "-- a\n", "'", `"`, "`", "'''", `"""`, "{", "}", "(", ")", "[", "]", "<", ">", "<a>", "</a>", "{/* a */}",
	";", ":", ",", "\\", "\\\n", "$", "${", "#", "@", "=", "=~ ", "<<A\n", "$$", "R\"(", "r#\"", "\"#", "__LINE__", "#line", "line!()", "// eslint-disable\n", "# noqa\n", "/* Local Variables: */", "/* End: */",
	"//go:embed a\n", "#if 1\n", "#define A __LINE__\n", "\u200b", "// \u200b\n", "--a:", "url(", "import \"C\"\n", "func Example(){", "# BEGIN INIT INFO\n", "go\n", "-",
}

// longSamples are sources of some length, by the end of their name.
func longSamples(t testing.TB) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	for _, f := range samples(t) {
		piece := large(f.Name, f.Data)
		all[filepath.Ext(f.Name)] = piece[:bytes.LastIndexByte(piece[:min(len(piece), 9000)], '\n')+1]
	}
	own := bytes.Repeat([]byte("package a\n\n// f adds\n// one.\nfunc f(a int) int {\n\t/* why\n\tnot */\n\tif a > 0 { return `\n` }\n\n\treturn \"b\" + a // always\n}\n\n"), 60)
	all[".go"] = own
	all[".py"] = bytes.Repeat([]byte("def f(self, a: int) -> dict[str, int]:\n    '''says\n    what'''\n    # why\n    b = {'a': a + 1,\n         # more\n         'b': f\"{a}\"}  # always\n\n    return b\n\n\n"), 60)
	return all
}

// asApart holds the answer against that of two scanners.
func asApart(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, path string, before, after []byte,
) bool {
	t.Helper()
	for range 2 {
		if got, want := change.Cosmetic(path, before, after), change.CosmeticApart(path, before, after); got != want {
			t.Fatalf("%s: %v, apart %v:\n%q\n%q", path, got, want, before, after)
		}
		before, after = after, before
	}
	return change.Cosmetic(path, after, before)
}

// FuzzCosmeticShared makes two edits in a long source.
func FuzzCosmeticShared(f *testing.F) {
	samples := longSamples(f)
	var kinds []string
	for ext := range samples {
		kinds = append(kinds, ext)
	}
	slices.Sort(kinds)
	for i := range kinds {
		for n, piece := range editPieces {
			f.Add(uint8(i), uint16(n*137), uint8(n%7), []byte(piece), uint16(8000-n*31), []byte(editPieces[len(editPieces)-1-n]))
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, first uint16, cut uint8, insert []byte, second uint16, more []byte) {
		ext := kinds[int(kind)%len(kinds)]
		src := samples[ext]
		from := min(int(first), len(src))
		to := min(from+int(cut), len(src))
		last := min(max(to, int(second)), len(src))
		asApart(t, "x"+ext, src, slices.Concat(src[:from], insert, src[to:last], more, src[last:]))
	})
}
