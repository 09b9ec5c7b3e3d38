package reversibility

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// hostilePieces are what costs each reader most, by the file that it is in.
var hostilePieces = map[string][]string{
	"a.proto":       {"message a {", "}", "a = 1;", "rpc a", "/*", "//", "\"", "'\\", "a ", "enum a{b=1;}", "message a { oneof b { c d = 1; } }\n", ";", "{", "package a;message b{}"},
	"a.graphql":     {"type a {b:c}", "{", "(", ")", "@", "\"\"\"", "#", "union a=b|", "enum a{b}", "a ", "input a{b(c:d):e}\n"},
	"openapi.json":  {"[", "{\"a\":", "{\"a\":1},", "\"", "1,"},
	"openapi.yaml":  {"a: ", "- ", "&a ", "a:\n", "{", "x\n"},
	"a/a.go":        {"type (", "func (", "func (a b) C(", "}", "type A struct {", "var A, ", "const A = 1\n", "`", "/*", "func A(){}\n", "type A struct { B int }\n", "A ", "((", "[["},
	"a/__init__.py": {"__all__ = [", "from .a import (", "from .a import b\n", "__all__ = [\"a\"]\n", "'a',", "#", "\\"},
	"index.ts":      {"export {", "export { a }\n", "export * from \"", "export * from 'a'\n", "exports.a = 1\n", "export default\n", "\nexport ", "a,"},
}

func readerOf(name string) language {
	for _, l := range described {
		if l.is(name) {
			return l
		}
	}
	return javaScript
}

func hostile(name, piece string, size int) string {
	text := strings.Repeat(piece, size/len(piece))
	switch name {
	case "a/a.go":
		text = "package a\n" + text
	case "index.ts", "a/__init__.py":
		text = "\n" + text
	}
	return text
}

// A description of any shape is read to its end, and promises no more than is held.
func TestHostileDescriptionsEnd(t *testing.T) {
	t.Parallel()
	for name, pieces := range hostilePieces {
		for _, piece := range pieces {
			names, err := readerOf(name).promises(name, hostile(name, piece, 1<<15))
			if len(names) > maxPromises+1000 || err == nil && len(names) == 0 && slices.Contains(promising, piece) {
				t.Errorf("%s of %q: %d names, %v", name, piece, len(names), err)
			}
		}
	}
}

// promising are the pieces that promise something each time.
var promising = []string{"export { a }\n", "func A(){}\n", "enum a{b=1;}", "type a {b:c}", "__all__ = [\"a\"]\n"}

func BenchmarkHostileDescriptions(b *testing.B) {
	for name, pieces := range hostilePieces {
		for _, piece := range pieces {
			b.Run(fmt.Sprintf("%s %q", name, piece), func(b *testing.B) {
				text := hostile(name, piece, 1<<20)
				for b.Loop() {
					if _, err := readerOf(name).promises(name, text); err != nil {
						continue
					}
				}
			})
		}
	}
}

// Each member repeats the name of what it is in, which may be long, or many.
func TestLongNamesAreNotRepeated(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A", 20_000)
	for name, text := range map[string]string{
		"a.proto":      "message " + long + " {" + strings.Repeat("string a = 1;", 1000) + "}",
		"b.proto":      strings.Repeat("message "+long[:1000]+" {", 40) + strings.Repeat("string a = 1;", 1000),
		"a.graphql":    "type " + long + " {" + strings.Repeat("a: Int\n", 1000) + "}",
		"a/a.go":       "package a\ntype " + long + " struct {\n" + strings.Repeat("A int\n", 1000) + "}",
		"openapi.json": `{"components": {"schemas": {"` + long + `": {"properties": {"a": {}` + numbered(1000) + `}}}}}`,
	} {
		names, err := readerOf(name).promises(name, text)
		if size := len(strings.Join(names, "")); err != nil || len(names) < 1000 || size > 1<<20 {
			t.Errorf("%s: %d names of %d bytes, %v", name, len(names), size, err)
		}
	}
}

func numbered(n int) string {
	text := ""
	for i := range n {
		text += fmt.Sprintf(`, "a%d": {}`, i)
	}
	return text
}
