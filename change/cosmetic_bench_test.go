package change_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/change"
)

// BenchmarkCosmetic compares files as people write them, with a comment more in
// the middle; below "apart" each side is read by a scanner of its own.
func BenchmarkCosmetic(b *testing.B) {
	own, err := os.ReadFile("class_pattern.go")
	if err != nil {
		b.Fatal(err)
	}
	pythonLines := "def compute(self, value: int) -> dict[str, int]:\n    # what it is for\n    result = {\"key\": value + 1, 'other': f\"{value}\"}  # why\n    if value is not None:\n        return self.other(result, *args)\n\n"
	for _, c := range []struct {
		path string
		src  []byte
	}{
		{"x.go", bytes.Repeat(own[bytes.IndexByte(own, '/'):], 100)},
		{"x.py", bytes.Repeat([]byte(pythonLines), 4000)},
	} {
		b.Run(c.path, func(b *testing.B) { benchmarkCosmetic(b, c.path, c.src) })
	}
	for _, f := range samples(b) {
		src := large(f.Name, f.Data)
		b.Run(f.Name, func(b *testing.B) { benchmarkCosmetic(b, f.Name, src) })
	}
}

// large repeats a source without its first line until it has a megabyte, with
// comments as people write them.
func large(path string, src []byte) []byte {
	if filepath.Ext(path) == ".jsonc" {
		piece := append(bytes.Clone(src), ',')
		return slices.Concat([]byte("["), bytes.Repeat(piece, 1<<20/len(piece)), []byte("0]\n"))
	}
	piece := append(bytes.Clone(src), remarkOf(path).block+"\n\n"...)
	if bytes.HasPrefix(piece, []byte("#!")) {
		piece = piece[bytes.IndexByte(piece, '\n'):]
	}
	return bytes.Repeat(piece, 1<<20/len(piece))
}

// benchmarkCosmetic reports the speed over the bytes of both sides together, and
// as one-side-MB/s that over the bytes of one, which is half of it.
func benchmarkCosmetic(b *testing.B, path string, src []byte) {
	edited := remarked(path, src)
	for name, cosmetic := range map[string]func(string, []byte, []byte) bool{"together": change.Cosmetic, "apart": change.CosmeticApart} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(src) + len(edited)))
			b.ReportAllocs()
			for b.Loop() {
				if !cosmetic(path, src, edited) {
					b.Fatalf("%s does not scan", path)
				}
			}
			b.ReportMetric(float64(b.N)*float64(len(src))/1e6/b.Elapsed().Seconds(), "one-side-MB/s")
		})
	}
}

// remarked adds a comment behind an empty line in the middle of a source.
func remarked(path string, src []byte) []byte {
	middle := len(src) / 2
	if n := bytes.Index(src[middle:], []byte("\n\n")); n >= 0 {
		middle += n + 1
	}
	return slices.Concat(src[:middle], []byte(remarkOf(path).line+"\n"), src[middle:])
}

// hostile is what makes scanners slow: one byte, or one opener in the next.
var hostile = []struct{ path, piece string }{
	{"newlines.go", "\n"},
	{"newlines.py", "\n"},
	{"blanks.go", " "},
	{"blanks.py", " "},
	{"letters.go", "a"},
	{"wide.go", "é"},
	{"wide.py", "é"},
	{"digits.go", "1"},
	{"dots.go", "."},
	{"dots.py", "."},
	{"plus.go", "+"},
	{"plus.py", "+"},
	{"semicolons.go", ";"},
	{"quotes.go", `"`},
	{"quotes.py", `"`},
	{"raw.go", "`"},
	{"slashes.go", "/"},
	{"hashes.py", "#"},
	{"backslashes.py", `\`},
	{"lines.py", "x\\\n"},
	{"comments.go", "/*"},
	{"comment-words.go", "// no no no no\n"},
	{"comment-words.py", "# no do py\n"},
	{"comments-over-lines.go", "x/*\n*/"},
	{"directives.go", "//go:x\n"},
	{"directives.py", "#noqa\n"},
	{"coding.py", "# coding"},
	{"crlf.go", "\r\n"},
	{"parentheses.go", "("},
	{"braces.py", "{"},
	{"braces.go", "{"},
	{"formatted.py", "f'{"},
	{"formatted-both.py", `f"{f'{`},
	{"formats.py", "f'{a:{"},
	{"names.py", `f'\N{`},
	{"examples_test.go", "func Example(){//x\n}\n"},
	{"hidden.py", "#\u200b\n"},
	{"statements.py", "x=1\n"},
	{"statements.go", "x=1\n"},
	{"newlines.c", "\n"},
	{"directives.c", "#if 1\n"},
	{"splices.c", "#a \\\n"},
	{"macros.c", "AA("},
	{"raw.cpp", `R"(`},
	{"raw-delimiters.cpp", `R"a()b"`},
	{"lines.c", "__LINE__\n"},
	{"escapes.java", `\\\u00e9`},
	{"backslashes.java", `\`},
	{"text-blocks.java", `"""`},
	{"comments.java", "/* no */\n"},
	{"nested.rs", "/*"},
	{"nested-both.rs", "/*/"},
	{"stars.rs", "*"},
	{"raw.rs", `r#"`},
	{"raw-hashes.rs", `r#`},
	{"hashes.rs", "#"},
	{"documentation.rs", "///\n"},
	{"lifetimes.rs", "'a"},
	{"macros.rs", "a!("},
	{"templates.js", "`${"},
	{"slashes.js", "a/"},
	{"regular.js", "=/a/"},
	{"classes.js", "=/["},
	{"elements.jsx", "<a>"},
	{"elements-children.jsx", "<a>{"},
	{"remarks.jsx", "<a>{/*a*/}"},
	{"blanks-in-element.jsx", "<a>{/**/} "},
	{"texts.jsx", "<a>\n"},
	{"text-in-elements.jsx", "<a>b{c}"},
	{"imports.cpp", "import "},
	{"generics.tsx", "<a        "},
	{"holes.cs", `$"{`},
	{"raw.cs", `$$"""{{`},
	{"quotes.cs", `"`},
	{"directives.cs", "#if\n"},
	{"blank-directives.cs", "          #if\n"},
	{"holes.kt", `"${`},
	{"ticks.kt", "`a`"},
	{"holes.swift", `"\(`},
	{"hashes.swift", `#"`},
	{"hashes-in-text.swift", `##"a"#"`},
	{"operators.swift", "+-"},
	{"documents.sh", "<<A\n"},
	{"documents-together.sh", "<<A "},
	{"substitutions.sh", "$("},
	{"braces.sh", "${a"},
	{"quotes.sh", `"$(`},
	{"arithmetic.sh", "(("},
	{"patterns.sh", "@("},
	{"ticks.sh", "`"},
	{"self.sh", "$0 \n"},
	{"dollars.sql", "$$"},
	{"dollar-tags.sql", "$a$"},
	{"brackets.sql", "[a]"},
	{"hashes.sql", "a #\n"},
	{"triple.sql", "'''"},
	{"signs.sql", "a@-1"},
	{"words.sql", "select\n"},
	{"colons.css", ":"},
	{"selectors.css", "a:b "},
	{"addresses.css", "url("},
	{"addresses-with-marks.css", "a{b:urlx(/*);}"},
	{"addresses-within.css", "a{b:g(url(/*));}"},
	{"custom.css", "--a:b;"},
	{"custom-nested.css", "--a:{"},
	{"conditions.css", "@media (a:b) "},
	{"comments.css", "/**/"},
	{"arrays.json", "["},
	{"strings.json", `"a",`},
	{"comments.jsonc", "//\n"},
	{"settings.c", "// Local Variables:\n"},
	{"separators.c", "1'0 "},
	{"line-macros.c", "#define A __LINE__\n"},
	{"macro-names.rs", "macro_rules!  "},
	{"escapes.css", `\26 `},
	{"self-names.sh", "a=$0\n"},
	{"self-uses.sh", "$a cat\n"},
	{"shifts.sh", "((1<<  "},
	{"client-commands.sql", "select\n:r"},
}

// BenchmarkCosmeticHostile compares 8 MiB of each. The speed must not depend on
// the size.
func BenchmarkCosmeticHostile(b *testing.B) {
	for _, c := range hostile {
		src := []byte(strings.Repeat(c.piece, 8<<20/len(c.piece)))
		b.Run(c.path, func(b *testing.B) {
			b.SetBytes(2 * int64(len(src)))
			for b.Loop() {
				change.Cosmetic(c.path, src, src)
			}
		})
	}
}

// everyLanguage has a name for each scanner.
var everyLanguage = []string{
	"x.go", "x.py", "x.c", "x.cpp", "x.java", "x.js", "x.jsx", "x.ts", "x.tsx", "x.rs", "x.cs", "x.kt", "x.swift", "x.sh", "x.sql", "x.css", "x.json", "x.jsonc",
}

// TestCosmeticHostile scans a megabyte of each byte and each opener: what is
// not linear would take hours.
func TestCosmeticHostile(t *testing.T) {
	t.Parallel()
	size := 1 << 20
	if testing.Short() {
		size = 1 << 16
	}
	for _, c := range hostile {
		src := []byte(strings.Repeat(c.piece, size/len(c.piece)))
		change.Cosmetic(c.path, src, src)
		change.Cosmetic(c.path, src, parted(c.path, src))
	}
	for b := range 128 {
		src := bytes.Repeat([]byte{byte(b)}, size)
		for _, path := range everyLanguage {
			change.Cosmetic(path, src, src)
		}
	}
}

// parted puts a comment in wherever two sides have been alike for a while.
func parted(path string, src []byte) []byte {
	const every = 2500
	var all []byte
	for piece := range slices.Chunk(src, every) {
		all = append(append(all, piece...), "\n"+remarkOf(path).line+"\n"...)
	}
	return all
}

// BenchmarkCosmeticEveryByte compares 8 MiB of each byte of ASCII, and of some that
// begin or continue a character of UTF-8 or are none. The slowest is reported with its
// byte: what is not linear would take hours.
func BenchmarkCosmeticEveryByte(b *testing.B) {
	const size = 8 << 20
	src := make([]byte, size)
	for _, path := range everyLanguage {
		b.Run(path, func(b *testing.B) {
			worst, at, all := time.Duration(0), byte(0), 0
			for b.Loop() {
				for c := range 256 {
					if c > 0x80 && c%31 != 0 && c != 0xff {
						continue
					}
					for i := range src {
						src[i] = byte(c)
					}
					start := time.Now()
					change.Cosmetic(path, src, src)
					if took := time.Since(start); took > worst {
						worst, at = took, byte(c)
					}
					all++
				}
			}
			b.ReportMetric(float64(worst.Milliseconds()), "worst-ms")
			b.ReportMetric(float64(at), "worst-byte")
			b.ReportMetric(float64(all)*2*size/1e6/b.Elapsed().Seconds(), "MB/s")
		})
	}
}
