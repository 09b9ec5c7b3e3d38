package testset_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/testset"
)

// runners are those of which a source is read.
var runners = []string{"pytest", "go", "jest", "cargo", "maven", "dotnet", "phpunit", "rspec"}

// FuzzTests: any source ends; what is found stands on a line that is there.
func FuzzTests(f *testing.F) {
	for _, text := range []string{
		"import pytest\n\n@pytest.mark.skip\nclass TestA:\n    def test_b(self):\n        assert f('''x\n''') == 1\n",
		"package a\nfunc TestA(t *testing.T) { t.Fatal() }\n",
		"describe('a', () => { it.each`a`('b', () => { expect(1).toBe(1) }) })\n",
		"#[test]\nfn a<'x>() { assert_eq!(r#\"x\"#, 'c'); }\n",
		"class A { @Test void a() { assertTrue(true); } }\n",
		"[Fact]\npublic void A() { Assert.Equal(@\"x\"\"y\", $\"z\"); }\n",
		"<?php class A { /** @test */ function testB() { $this->assertSame(1, 2); } }\n",
		"describe 'a' do\n  it 'b' do\n    expect(1).to eq 1\n  end\nend\n",
	} {
		for i := range runners {
			f.Add(text, uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, text string, runner uint8) {
		lines := strings.Count(text, "\n") + 1
		for _, one := range testset.Tests(runners[int(runner)%len(runners)], "a", []byte(text)) {
			if one.Line < 1 || one.Line > lines || one.Weight > 2*one.Asserts || one.Weight < one.Asserts {
				t.Errorf("%+v of %d lines", one, lines)
			}
		}
		testset.PythonImports([]byte(text))
	})
}

// configs are names of files that decide.
var configs = []string{
	"pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", "conftest.py", "package.json", "jest.config.js", "vitest.config.ts", ".mocharc.json",
	"Cargo.toml", "pom.xml", "build.gradle", ".rspec", "phpunit.xml", "t.csproj", ".github/workflows/ci.yml", "Makefile",
}

// FuzzCollect: any configuration ends, and what is collected is in the tree.
func FuzzCollect(f *testing.F) {
	for i, text := range []string{
		"[pytest]\ntestpaths = a b\naddopts = -k 'x and not (y)' --ignore=c\n", "[tool.pytest.ini_options]\npython_files = [\"*.py\"]\n", "[tox]\n[testenv]\ncommands = pytest {posargs:tests}\n",
		"[tool:pytest]\nnorecursedirs = x\n", "collect_ignore = ['a']\n", `{"jest": {"testMatch": ["**/*.js"]}, "scripts": {"test": "jest"}}`,
		"module.exports = {testRegex: '(a|b)'}", "export default {test: {include: ['**/*.{test,spec}.ts']}}", `{"spec": "test/**"}`, "[package]\n[[test]]\nname = 'a'\n",
		"<project><properties><skipTests>true</skipTests></properties></project>", "test { exclude 'a' }", "--pattern **/*.rb", "<phpunit/>", "<Project/>",
		"on: push\njobs: {a: {steps: [{run: \"make test && cd x; FOO=1 pytest 'a b'\"}]}}", "test: lint\n\tpytest\n\tgo test ./...\n",
	} {
		f.Add(text, uint8(i))
	}
	f.Fuzz(func(t *testing.T, text string, at uint8) {
		name := configs[int(at)%len(configs)]
		files := map[string]string{
			name: text, "tests/test_a.py": "def test_a(): pass\n", "a_test.go": "package a\n", "go.mod": "module a\n", "src/a.test.js": "it('a')", "src/test/java/ATest.java": "",
			"spec/a_spec.rb": "", "tests/ATest.php": "", "tests/a.rs": "", "src/lib.rs": "", "A.cs": "",
		}
		if name != ".github/workflows/ci.yml" {
			files[".github/workflows/ci.yml"] = "on: push\njobs: {a: {steps: [{run: \"pytest; make; npm test; tox; go test ./...\"}]}}"
		}
		result, err := testset.Collect(tree(files), map[string]bool{name: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range result.Collections {
			for p := range c.Files {
				if _, ok := files[p]; !ok {
					t.Errorf("%s collects %q", c.Runner, p)
				}
			}
		}
	})
}

func tree(files map[string]string) *testset.Tree {
	var paths []string
	for p := range files {
		paths = append(paths, p)
	}
	return testset.NewTree(paths, func(p string) ([]byte, error) { return []byte(files[p]), nil })
}

// Sources of one byte, of nested openers and of long lines take linear time:
// quadratic, this would outlast the patience of a test run.
func TestHostileSourcesEnd(t *testing.T) {
	t.Parallel()
	const size, most = 1 << 17, time.Minute // what takes time by the square of the size takes hours
	start := time.Now()
	for _, piece := range []string{
		"(", "{", "\"", "'", "`", "/", "/*", "#", "\n", "def test_a(", "@Test ", "it(", "it('a', () => {", "#[test]\n", "[Fact]\n", "class A:\n", "\\", "@pytest.mark.skip\n", "  it 'a' do\n", "\"\"\"", "def test_a():\n assert x\n", "function test",
		"it('a', () => { X })", "@Test void a() { X }", "describe('a', () => { X })", "#[test] fn a() { X }",
	} {
		before, after, nested := strings.Cut(piece, "X")
		text := []byte(strings.Repeat(before, size/len(piece)))
		if nested {
			text = append(text, strings.Repeat(after, size/len(piece))...)
		}
		for _, runner := range runners {
			testset.Tests(runner, "a", text)
		}
		testset.PythonImports(text)
		if took := time.Since(start); took > most {
			t.Fatalf("%q: %v so far", piece, took)
		}
	}
}

// Many configurations, commands and patterns are bounded.
func TestHostileTreesEnd(t *testing.T) {
	t.Parallel()
	files := map[string]string{".github/workflows/ci.yml": "on: push\njobs: {a: {steps: [{run: \"" + strings.Repeat("make a; pytest a; npm test; ", 2000) + "\"}]}}", "Makefile": "a:\n\tmake a\n\tmake a\n", "package.json": `{"scripts": {"test": "npm test; npm test"}}`}
	for i := range 3000 {
		files[fmt.Sprintf("d%d/pytest.ini", i)] = "[pytest]\npython_files = " + strings.Repeat("*a", 400) + ".py\n"
		files[fmt.Sprintf("d%d/test_%d.py", i, i)] = ""
	}
	if _, err := testset.Collect(tree(files), nil); err != nil {
		t.Fatal(err)
	}
}
