package change_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
)

// BenchmarkCosmetic compares files as people write them.
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
}

// benchmarkCosmetic reports the speed over both sides.
func benchmarkCosmetic(b *testing.B, path string, src []byte) {
	b.SetBytes(2 * int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		change.Cosmetic(path, src, src)
	}
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
}

// BenchmarkCosmeticHostile compares 8 MiB of each. The speed must not depend on
// the size.
func BenchmarkCosmeticHostile(b *testing.B) {
	for _, c := range hostile {
		src := []byte(strings.Repeat(c.piece, 8<<20/len(c.piece)))
		b.Run(c.path, func(b *testing.B) { benchmarkCosmetic(b, c.path, src) })
	}
}

// BenchmarkCosmeticEveryByte goes through all bytes of ASCII.
func BenchmarkCosmeticEveryByte(b *testing.B) {
	for _, path := range []string{"x.go", "x.py"} {
		b.Run(path, func(b *testing.B) {
			const size = 1 << 18
			sources := make([][]byte, 128)
			for i := range sources {
				sources[i] = bytes.Repeat([]byte{byte(i)}, size)
			}
			for b.Loop() {
				for _, src := range sources {
					change.Cosmetic(path, src, src)
				}
			}
			b.ReportMetric(float64(b.N)*float64(len(sources))*2*size/1e6/b.Elapsed().Seconds(), "MB/s")
		})
	}
}
