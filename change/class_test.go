package change_test

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
)

// testdata/classes.txt holds a mode, a class and a path a line.
func TestClassify(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/classes.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	n := 0
	for lines.Scan() {
		fields := strings.SplitN(lines.Text(), " ", 3)
		if len(fields) != 3 || strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		n++
		if got := change.Classify(fields[2], change.Mode(fields[0])); string(got) != fields[1] {
			t.Errorf("%s (%s): got %s, want %s", fields[2], fields[0], got, fields[1])
		}
	}
	if n < 100 {
		t.Errorf("only %d cases", n)
	}
}

func TestOnlyPlainFilesAreDocuments(t *testing.T) {
	t.Parallel()
	for _, mode := range []change.Mode{change.Executable, change.Symlink, change.Submodule} {
		if got := change.Classify("docs/guide.md", mode); got == change.ClassDocs {
			t.Errorf("a document with mode %s is %s", mode, got)
		}
	}
}

func FuzzClassify(f *testing.F) {
	f.Add("a/b.md")
	f.Add(".GitHub/Workflows/x.yml")
	f.Fuzz(func(t *testing.T, path string) {
		if change.Classify(path, change.Regular) == "" {
			t.Errorf("%q has no class", path)
		}
	})
}

func BenchmarkClassify(b *testing.B) {
	for b.Loop() {
		change.Classify("netra_backend/app/websocket_core/unified_manager.py", change.Regular)
	}
}
