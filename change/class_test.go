package change_test

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
)

// classCase is one line of a table: mode, class, path.
type classCase struct {
	mode  change.Mode
	class change.Class
	path  string
}

func classCases(t *testing.T, table string) []classCase {
	t.Helper()
	file, err := os.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var cases []classCase
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.SplitN(lines.Text(), " ", 3)
		if len(fields) != 3 {
			t.Fatalf("%s: %q is no case", table, lines.Text())
		}
		cases = append(cases, classCase{change.Mode(fields[0]), change.Class(fields[1]), fields[2]})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

func testClasses(t *testing.T, table string, atLeast int) {
	t.Helper()
	cases := classCases(t, table)
	for _, c := range cases {
		if got := change.Classify(c.path, c.mode); got != c.class {
			t.Errorf("%q (%s): got %s, want %s", c.path, c.mode, got, c.class)
		}
	}
	if len(cases) < atLeast {
		t.Errorf("only %d cases in %s", len(cases), table)
	}
}

// TestClassify covers every rule, the names by which guards were bypassed, and
// the paths that a statistics library misplaces.
func TestClassify(t *testing.T) {
	t.Parallel()
	testClasses(t, "testdata/classes.txt", 380)
}

// TestClassifyRepository goes through a sample of a real repository.
func TestClassifyRepository(t *testing.T) {
	t.Parallel()
	testClasses(t, "testdata/classes-zen.txt", 100)
}

// TestClassifyIncident counts the classes of the commit that nobody stopped.
func TestClassifyIncident(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/incident-files.json")
	if err != nil {
		t.Fatal(err)
	}
	var files []struct {
		Filename string
		Mode     change.Mode
	}
	if err := json.Unmarshal(data, &files); err != nil {
		t.Fatal(err)
	}
	got := make(map[change.Class]int)
	for _, f := range files {
		got[change.Classify(f.Filename, f.Mode)]++
	}
	want := map[change.Class]int{change.ClassFunctional: 2, change.ClassTests: 3, change.ClassDependencies: 1, change.ClassDocs: 13}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyPlainFilesAreDocuments(t *testing.T) {
	t.Parallel()
	for _, c := range append(classCases(t, "testdata/classes.txt"), classCases(t, "testdata/classes-zen.txt")...) {
		for _, mode := range []change.Mode{change.Executable, change.Symlink, change.Submodule, "100600", "?"} {
			if got := change.Classify(c.path, mode); got == change.ClassDocs {
				t.Errorf("%s with mode %s is a document", c.path, mode)
			}
		}
	}
}

// TestClassesOrder: the order is the policy's, and every class is used by the
// tables of cases.
func TestClassesOrder(t *testing.T) {
	t.Parallel()
	var got []string
	used := make(map[change.Class]bool)
	for _, c := range classCases(t, "testdata/classes.txt") {
		used[c.class] = true
	}
	for _, c := range change.Classes() {
		got = append(got, string(c))
		if !used[c] {
			t.Errorf("no case of class %s", c)
		}
	}
	want := strings.Fields("policy agent-instructions ci dependencies deployment build vendored generated docs tests assets data config functional")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	change.Classes()[0] = "x"
	if change.Classes()[0] != change.ClassPolicy {
		t.Error("a caller can change the order")
	}
}

// TestIsDependencyFile: everything of class dependencies that has a name of its
// own, and the files of other classes that fetch something.
func TestIsDependencyFile(t *testing.T) {
	t.Parallel()
	for _, c := range classCases(t, "testdata/classes.txt") {
		if c.class == change.ClassDependencies && c.mode == change.Regular && !change.IsDependencyFile(c.path) {
			t.Errorf("%s is no dependency file", c.path)
		}
	}
	other := "Dockerfile Dockerfile.dev Containerfile a/api.dockerfile docker-compose.yml docker-compose.prod.yaml compose.yaml .github/workflows/ci.yml .GitHub/Workflows/CI.yaml " +
		"action.yml main.tf x.tf.json WORKSPACE .claude/package.json tests/requirements.txt docs/go.mod"
	for path := range strings.FieldsSeq(other) {
		if !change.IsDependencyFile(path) {
			t.Errorf("%s is no dependency file", path)
		}
	}
	for path := range strings.FieldsSeq("main.go package.json.md mypackage.json docs/requirements.md setup.python go.mod/x requirements.txt.bak x.gradle.md Dockerfile.md a.yml " +
		".github/changeguard.yml README.md dockerfile.go") {
		if change.IsDependencyFile(path) {
			t.Errorf("%s is a dependency file", path)
		}
	}
}

// FuzzClassify holds that no trick with a strict name makes it a mild one.
func FuzzClassify(f *testing.F) {
	for _, path := range []string{"a/b.md", ".GitHub/Workflows/x.yml", `a\b`, "CODEOWNERS. ", ".claude:x", "a~1/b", "\xff", "//", ".", "ſ", "docs/\u202ex.md"} {
		f.Add(path)
	}
	order := change.Classes()
	strict := order[:slices.Index(order, change.ClassVendored)]
	f.Fuzz(func(t *testing.T, path string) {
		class := change.Classify(path, change.Regular)
		if !slices.Contains(order, class) {
			t.Fatalf("%q is %q", path, class)
		}
		if !slices.Contains(strict, class) {
			return
		}
		for _, disguise := range []string{asciiUpper(path), path + ".", path + " ", strings.ReplaceAll(path, "/", `\`), strings.ReplaceAll(path, "/", "./"), strings.ReplaceAll(path, "k", "\u212a")} {
			if got := change.Classify(disguise, change.Regular); !slices.Contains(strict, got) {
				t.Errorf("%q is %s, but %q is %s", path, class, disguise, got)
			}
		}
	})
}

// asciiUpper leaves alone what has no single capital letter.
func asciiUpper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// BenchmarkClassify goes through 11,178 paths like those of a large change.
func BenchmarkClassify(b *testing.B) {
	file, err := os.ReadFile("testdata/classes-zen.txt")
	if err != nil {
		b.Fatal(err)
	}
	var paths []string
	for line := range strings.Lines(string(file)) {
		if fields := strings.SplitN(strings.TrimSpace(line), " ", 3); len(fields) == 3 && fields[0] == "100644" {
			paths = append(paths, fields[2])
		}
	}
	const files = 11178
	b.ReportAllocs()
	for b.Loop() {
		for i := range files {
			change.Classify(paths[i%len(paths)], change.Regular)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*files), "ns/path")
}
