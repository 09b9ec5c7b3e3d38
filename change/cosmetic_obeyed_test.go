package change_test

import (
	"os"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
)

// sources are what a comment is put into, by the ending of a file's name.
var sources = map[string]string{
	".go": "package a\n\nCOMMENT\nvar x = 1\n", ".py": "x = 1\ny = 2\nCOMMENT\nz = 3\n", ".sh": "x=1\nCOMMENT\ny=2\n", ".sql": "select 1;\nCOMMENT\nselect 2;\n",
	".css": "a { color: red }\nCOMMENT\nb { color: red }\n", ".jsonc": "{\n  COMMENT\n  \"a\": 1\n}\n", ".js": "f();\nCOMMENT\ng();\n", "": "int x;\nCOMMENT\nint y;\n",
}

func eachComment(t *testing.T, file string, check func(ext, comment string, cosmetic bool)) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		ext, comment, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !ok || ext[0] != '.' {
			continue
		}
		src, known := sources[ext]
		switch {
		case known:
		case ext == ".ts" || ext == ".tsx":
			src = sources[".js"]
		default:
			src = sources[""]
		}
		before := strings.Replace(src, "COMMENT\n", "", 1)
		after := strings.Replace(src, "COMMENT", strings.ReplaceAll(comment, `\n`, "\n"), 1)
		check(ext, comment, change.Cosmetic("x"+ext, []byte(before), []byte(after)))
	}
}

// TestCosmeticObeyed: a comment that a program obeys is code, and one that only
// people read is not.
func TestCosmeticObeyed(t *testing.T) {
	t.Parallel()
	eachComment(t, "testdata/cosmetic-obeyed.txt", func(ext, comment string, cosmetic bool) {
		if cosmetic {
			t.Errorf("%s: %q is obeyed, and called cosmetic", ext, comment)
		}
	})
	eachComment(t, "testdata/cosmetic-prose.txt", func(ext, comment string, cosmetic bool) {
		if !cosmetic {
			t.Errorf("%s: %q is prose, and not called cosmetic", ext, comment)
		}
	})
}
