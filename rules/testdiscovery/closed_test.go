package testdiscovery_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/testdiscovery"
)

func judge(tb testing.TB, c *change.Change) ([]rules.Finding, error) {
	tb.Helper()
	return testdiscovery.Kind().Run(tb.Context(), &rules.Input{Change: c}, &testdiscovery.Options{})
}

// What cannot be listed or read is an error; what is no business of tests is not
// even asked for.
func TestWhatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("the source is gone")
	for name, want := range map[string]error{"tests/test_a.py": broken, "pytest.ini": broken, "README.md": nil, "src/app.ts": nil} {
		c := changetest.New(nil, changetest.Text(map[string]string{name: "x"}))
		c.Source.(*changetest.Source).Broken = broken
		if found, err := judge(t, c); !errors.Is(err, want) || len(found) > 0 {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	body := strings.Repeat("def test_a():\n    assert f() == 1\n", 10)
	c := changetest.New(changetest.Text(map[string]string{"tests/test_a.py": body}), changetest.Text(map[string]string{"tests/test_a.py": body + "\n"}))
	c.Limits.File = 20
	if found, err := judge(t, c); !errors.Is(err, change.ErrTooLarge) || len(found) > 0 {
		t.Errorf("too large: %v, %v", found, err)
	}
}

// A repository of thousands of test files is counted in files, and what is lost is
// named in bounded findings.
func TestManyFilesAreCountedNotRead(t *testing.T) {
	t.Parallel()
	base, head := map[string]string{"pytest.ini": "[pytest]\n"}, map[string]string{"pytest.ini": "[pytest]\nnorecursedirs = e2e\n"}
	for i := range 3000 {
		name := fmt.Sprintf("tests/unit/d%d/test_%d.py", i%50, i)
		if i%3 == 0 {
			name = fmt.Sprintf("tests/e2e/test_%d.py", i)
		}
		base[name] = fmt.Sprintf("def test_%d():\n    assert f(%d) == 1\n", i, i)
		head[name] = base[name]
	}
	c := changetest.New(changetest.Text(base), changetest.Text(head))
	found, err := judge(t, c)
	if err != nil || len(found) != 1 || !strings.Contains(found[0].Message, "collects 2000 of 3000 test files") || found[0].Path != "pytest.ini" {
		t.Fatalf("%v, %v", found, err)
	}
	if read := c.Usage(); read.Files > 500 {
		t.Errorf("%d files were read", read.Files)
	}
}

// planted makes a repository of n files of five languages, and a change of 20
// files that breaks the collection of tests in eight places; the others are
// harmless.
func planted(n int) *change.Change {
	base := map[string]string{
		"go.mod": "module x\n", "web/package.json": `{"devDependencies": {"jest": "1"}, "scripts": {"test": "jest"}}`, "pytest.ini": "[pytest]\ntestpaths = py\n",
		"java/pom.xml": "<project/>", "ruby/spec/a_spec.rb": "describe 'x' do\n  it 'a' do\n    expect(f).to eq(1)\n  end\nend\n",
		".github/workflows/ci.yml": "on: push\njobs: {a: {steps: [{run: \"pytest && go test ./... && cd web && npm test\"}]}}\n",
	}
	filler := strings.Repeat("# filler\n", 60)
	for i := range n / 5 {
		dir := fmt.Sprintf("d%d/e%d", i%40, i%7)
		base[fmt.Sprintf("py/%s/test_%d.py", dir, i)] = fmt.Sprintf("def test_%d():\n    assert f(%d) == 1\n%s", i, i, filler)
		base[fmt.Sprintf("py/%s/mod_%d.py", dir, i)] = filler
		base[fmt.Sprintf("go/%s/a%d_test.go", dir, i)] = fmt.Sprintf("package a\n\nimport \"testing\"\n\nfunc TestA%d(t *testing.T) {\n\tif f() != %d {\n\t\tt.Fatal()\n\t}\n}\n", i, i)
		base[fmt.Sprintf("web/%s/a%d.test.ts", dir, i)] = fmt.Sprintf("it('a%d', () => { expect(f()).toBe(%d) })\n", i, i)
		base[fmt.Sprintf("java/src/test/java/%s/A%dTest.java", dir, i)] = fmt.Sprintf("class A%dTest { @Test void a%d() { assertEquals(%d, f()); } }\n", i, i, i)
	}
	head := make(map[string]string, len(base))
	for name, text := range base {
		head[name] = text
	}
	edit := func(name, old, now string) { head[name] = strings.Replace(base[name], old, now, 1) }
	move := func(name, to string) { head[to] = base[name]; delete(head, name) }
	// planted
	delete(head, "py/d1/e1/test_1.py")
	move("py/d2/e2/test_2.py", "py/d2/e2/check_2.py")
	edit("py/d3/e3/test_3.py", "def", "@pytest.mark.skip\ndef")
	edit("go/d4/e4/a4_test.go", "package", "//go:build never\n\npackage")
	edit("go/d5/e5/a5_test.go", "if f() != 5 {\n\t\tt.Fatal()\n\t}", "f()")
	edit("web/d6/e6/a6.test.ts", "it(", "xit(")
	edit("web/d8/e1/a8.test.ts", "toBe(8)", "toBeDefined()")
	move("java/src/test/java/d9/e2/A9Test.java", "java/src/test/java/d9/e2/A9Checks.java")
	// harmless
	move("py/d10/e3/test_10.py", "py/d0/test_10.py")
	edit("py/d11/e4/test_11.py", "filler", "words")
	edit("go/d12/e5/a12_test.go", "TestA12", "TestBetterName")
	edit("web/d13/e6/a13.test.ts", "a13", "a better name")
	edit("pytest.ini", "py", "py more")
	edit("web/package.json", "\"jest\"}", "\"jest --coverage\"}")
	for i := 20; i < 26; i++ {
		edit(fmt.Sprintf("py/d%d/e%d/mod_%d.py", i, i%7, i), "filler", "words")
	}
	c := changetest.New(changetest.Text(base), changetest.Text(head))
	blobs := make(map[string][]byte)
	for _, tree := range []map[string]string{base, head} {
		for _, text := range tree {
			blobs[changetest.BlobID(text)] = []byte(text)
		}
	}
	c.Source = indexed{c.Source.(*changetest.Source), blobs}
	return c
}

// indexed finds blobs by their ids without looking at all of them.
type indexed struct {
	*changetest.Source
	blobs map[string][]byte
}

func (s indexed) Blobs(_ context.Context, ids []string, _ change.Limits) (map[string]change.Blob, error) {
	found := make(map[string]change.Blob, len(ids))
	for _, id := range ids {
		found[id] = change.Blob{Data: s.blobs[id], Size: int64(len(s.blobs[id]))}
	}
	return found, nil
}

// Every planted defect is found in a repository of many files, and nothing else.
func TestPlantedDefects(t *testing.T) {
	t.Parallel()
	c := planted(2500)
	found, err := judge(t, c)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range found {
		paths = append(paths, f.Path)
	}
	all := strings.Join(paths, "\n")
	for _, want := range []string{"py/d1/e1/test_1.py", "py/d2/e2/check_2.py", "py/d3/e3/test_3.py", "a4_test.go", "a5_test.go", "a6.test.ts", "a8.test.ts", "A9Checks.java"} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is not found", want)
		}
	}
	if t.Failed() || len(found) != 8 {
		for _, f := range found {
			t.Errorf("found %s: %s", f.Path, f.Message)
		}
	}
}

// A change of 20 files in a repository of 25,000.
func BenchmarkPlanted25000(b *testing.B) {
	c := planted(25000)
	for b.Loop() {
		fresh := &change.Change{Event: c.Event, Base: c.Base, MergeBase: c.MergeBase, Head: c.Head, Files: c.Files, Source: c.Source}
		found, err := judge(b, fresh)
		if err != nil || len(found) != 8 {
			b.Fatal(len(found), err)
		}
		b.ReportMetric(float64(fresh.Usage().Bytes)/(1<<20), "MiB-read")
	}
}
