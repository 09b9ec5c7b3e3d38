package testset_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/testset"
)

// sources are the readers of tests, by runner and the name of a file.
var sources = map[string]string{
	"pytest": "a.py", "unittest": "a.py", "go": "a_test.go", "jest": "a.test.ts", "cargo": "a.rs", "maven": "A.java", "dotnet": "A.cs", "dotnet F#": "A.fs", "dotnet VB": "A.vb", "phpunit": "A.php", "rspec": "a_spec.rb",
}

// pieces are repeated; what stands behind X is repeated after the rest, so that
// the one is nested in the other.
var pieces = []string{
	"(", "{", "[", "<", "\"", "'", "`", "/", "/*", "(*", "#", "\n", "\r\n", "\\", "\x00", "a", "a ", "a(", "a.", "@a\n", "\"\"\"", "é", "=> ", "#if A\n", "``",
	"def test_a(", "def test_a():\n assert x\n", "def test_%d():\n    assert f(%d) == 1\n", "def h%d(x):\n assert x\ndef test_%d():\n h%d(1)\n", "class A:\n", "class Test%d(A):\n    def test_a(self): pass\n", "try:\n", "try: assert x\nexcept: pass\n", "with suppress(Exception):\n assert x\n",
	"@pytest.mark.skip\n", "@pytest.mark.parametrize('a', [1, 2])\ndef test_%d(a): assert a == %d\n", "pytestmark = pytest.mark.a%d\n", "import a%d\n", "from a import b%d\n",
	"it(", "it('a', () => {\n", "it('a%d', () => { expect(f(%d)).toBe(1) })\n", "describe('a', () => { X })", "it('a', () => { X })", "const h%d = () => { X }", "function h%d() { expect(1).toBe(1); X }", "try { expect(1) } catch { }", "it.each([1])(", "(a ? it : it.skip)(", "expect(", "assert(a, ",
	"#[test]\n", "#[test] fn a%d() { assert_eq!(1, %d); }\n", "#[test] fn a() { X }", "mod a { X }", "fn h%d() { assert!(x); X }", "#[cfg(feature)] mod a%d { #[test] fn a() {} }",
	"@Test ", "@Test void a() { X }", "@Test void a%d() { assertEquals(1, %d); }\n", "@Disabled class A%d { X }", "class A { X }", "void h%d() { assertTrue(a); X }", "assertThat(", "try { assertTrue(a); } catch (Error e) { }",
	"[Fact]\n", "[Fact] public void A%d() => Assert.Equal(1, %d)\n", "[Fact] public void A%d() { Assert.Equal(1, %d); }\n", "public void A() => ", "[<Fact>]\nlet a%d () =\n    Assert.Equal(1, %d)\n", "let a = ", "<Fact>\nPublic Sub A%d()\n    Assert.Equal(1, %d)\nEnd Sub\n", "Public Sub A%d()\n",
	"function test", "/** @test */\n", "/** @test */ public function a%d() { $this->assertSame(1, %d); }\n", "abstract class A%d { public function testA() { X }", "#[Group('a%d')]\n",
	"  it 'a' do\n", "it 'a%d' do\n  expect(%d).to eq 1\nend\n", "describe 'a' do\n", "def h%d\n  expect(1).to eq 1\nend\n", "before { skip }\n", "skip 'a'\n",
	"func TestA%d(t *testing.T) { if f() != %d { t.Fatal() } }\n", "func h%d(t *testing.T) { t.Fatal() }\n", "func TestA(t *testing.T) { if a { X } }\n",
}

// piece makes a hostile source of a size.
func piece(p string, size int) []byte {
	before, after, nested := strings.Cut(p, "X")
	var b strings.Builder
	n := 0
	for ; b.Len() < size; n++ {
		b.WriteString(strings.ReplaceAll(before, "%d", fmt.Sprint(n)))
	}
	if nested {
		b.WriteString(strings.Repeat(after, n))
	}
	if strings.HasPrefix(p, "func ") {
		return []byte("package a\n" + b.String())
	}
	return []byte(b.String())
}

// lists are configurations with a list that a counter makes long.
var lists = map[string][3]string{
	"pytest.ini":               {"[pytest]\npython_files =", " *a%d*.py", "\n"},
	"pytest.ini functions":     {"[pytest]\npython_functions =", " a%d*", "\n"},
	"pytest.ini norecursedirs": {"[pytest]\nnorecursedirs =", " a%d*", "\n"},
	"pytest.ini testpaths":     {"[pytest]\ntestpaths =", " a%d*", "\n"},
	"pytest.ini addopts":       {"[pytest]\naddopts =", " --ignore-glob=a%d* --deselect=a%d::b", "\n"},
	"setup.cfg":                {"[tool:pytest]\n", "a%d = b\n", ""},
	"tox.ini":                  {"[testenv]\ncommands =\n", "  pytest a%d\n", ""},
	"pyproject.toml":           {"[tool.pytest.ini_options]\npython_files = [", "'*a%d*',", "]\n"},
	"conftest.py":              {"", "collect_ignore_glob = ['a%d*']\n", ""},
	"conftest.py list":         {"collect_ignore_glob = [", "'a%d*', ", "]\n"},
	"package.json":             {`{"devDependencies": {"jest": "1"}, "jest": {"testMatch": [`, `"**/a%d/**",`, `"a"]}}`},
	"package.json ignore":      {`{"devDependencies": {"jest": "1"}, "jest": {"testPathIgnorePatterns": [`, `"a%d",`, `"a"]}}`},
	"package.json scripts":     {`{"scripts": {"test": "npm run a0",`, `"a%d": "jest a%d; npm run test",`, `"a": ""}}`},
	"jest.config.js":           {"module.exports = { testMatch: [", "'**/a%d/**',", "] }"},
	"jest.config.js other":     {"module.exports = { coverage: {", "include: ['a%d'],", "} }"},
	"vitest.config.ts":         {"export default { test: { exclude: [", "'**/a%d/**',", "] } }"},
	".mocharc.yml":             {"spec:\n", "  - a%d/**\n", ""},
	"Cargo.toml":               {"[package]\nname = 'a'\n", "[[test]]\nname = 'a%d'\n", ""},
	"src/lib.rs":               {"", "mod a%d;\n", ""},
	"pom.xml":                  {"<project><build><plugins><plugin><artifactId>maven-surefire-plugin</artifactId><configuration><excludes>", "<exclude>**/a%d*</exclude>", "</excludes></configuration></plugin></plugins></build></project>"},
	"build.gradle":             {"test {", "exclude 'a%d'\n", "}"},
	".rspec":                   {"", "--tag a%d\n", ""},
	"spec/spec_helper.rb":      {"", "c.filter_run_excluding :a%d\n", ""},
	"phpunit.xml":              {"<phpunit><testsuites>", "<testsuite name='a%d'><directory>a%d</directory></testsuite>", "</testsuites></phpunit>"},
	"phpunit.xml groups":       {"<phpunit><groups><exclude>", "<group>a%d</group>", "</exclude></groups></phpunit>"},
	"t.csproj":                 {"<Project>Microsoft.NET.Test.Sdk", "<Compile Remove=\"a%d/**\" />", "</Project>"},
	"t.fsproj":                 {"<Project>Microsoft.NET.Test.Sdk", "<Compile Include=\"a%d.fs\" />", "</Project>"},
	"Makefile":                 {"a0:\n", "a%d: a0\n\tpytest a%d\n", ""},
	"run.sh":                   {"set +e\n", "pytest a%d || true\n", ""},
	"run.sh pipes":             {"", "pytest a%d | ", "true"},
	"run.sh expression":        {"pytest -k '", "a%d or ", "b'"},
	"run.sh nodes":             {"pytest", " tests/test_1.py::a%d", "\n"},
}

// hostileTree has one hostile configuration and some tests of every runner.
func hostileTree(name string, size int) *testset.Tree {
	shape := lists[name]
	var b strings.Builder
	b.WriteString(shape[0])
	for i := 0; b.Len() < size; i++ {
		b.WriteString(strings.ReplaceAll(shape[1], "%d", fmt.Sprint(i)))
	}
	b.WriteString(shape[2])
	files := map[string]string{
		".github/workflows/ci.yml": "on: push\njobs: {a: {steps: [{run: \"pytest; make; npm test; tox; go test ./...; cargo test; mvn test; rspec; phpunit; dotnet test; ./run.sh\"}]}}", "go.mod": "module a\n",
		"src/lib.rs": "mod a;\n", "Cargo.toml": "[package]\nname = 'a'\n", "pom.xml": "<project/>", "phpunit.xml": "<phpunit/>", "t.csproj": "<Project/>", "package.json": `{"scripts": {"test": "jest"}}`,
	}
	for i := range 30 {
		for _, p := range []string{"tests/test_%d.py", "a_%d_test.go", "src/a%d.test.js", "src/test/java/A%dTest.java", "spec/a%d_spec.rb", "tests/A%dTest.php", "src/a%d.rs", "A%d.cs", "A%d.fs"} {
			files[fmt.Sprintf(p, i)] = ""
		}
	}
	file, _, _ := strings.Cut(name, " ")
	files[file] = b.String()
	return tree(files)
}

// BenchmarkHostileTests reads 1 MiB of every piece as every runner does.
func BenchmarkHostileTests(b *testing.B) {
	for runner, file := range sources {
		name, _, _ := strings.Cut(runner, " ")
		for _, p := range pieces {
			data := piece(p, 1<<20)
			b.Run(fmt.Sprintf("%s/%q", runner, p), func(b *testing.B) {
				runtime.GC()
				for b.Loop() {
					testset.Tests(name, file, data)
				}
			})
		}
	}
}

// BenchmarkHostileConfigurations collects with 1 MiB of every configuration.
func BenchmarkHostileConfigurations(b *testing.B) {
	for name := range lists {
		t := hostileTree(name, 1<<20)
		file, _, _ := strings.Cut(name, " ")
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := testset.Collect(t, map[string]bool{file: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// took is the time that is computed for something, the least of n.
func took(n int, do func()) time.Duration {
	var least time.Duration
	for i := range n {
		start := cpu()
		do()
		if d := cpu() - start; i == 0 || d < least {
			least = d
		}
	}
	return least
}

// Eight times the size takes about eight times the time: what takes it by the
// square takes 64 times. Only what takes long enough to be measured is judged, by
// the ratio alone.
func TestHostileGrowsByItsSize(t *testing.T) {
	const small, large, most, least = 1 << 13, 1 << 16, 30, 60 * time.Millisecond
	judge := func(what string, do func(size int) func()) {
		long := do(large)
		if took(1, long) < least {
			return
		}
		if long, short := took(3, long), took(3, do(small)); long > least && long > most*short {
			t.Errorf("%s: %v for %d bytes, %v for %d", what, short, small, long, large)
		}
	}
	for runner, file := range sources {
		name, _, _ := strings.Cut(runner, " ")
		for _, p := range pieces {
			judge(fmt.Sprintf("%s %q", runner, p), func(size int) func() {
				data := piece(p, size)
				return func() { testset.Tests(name, file, data) }
			})
		}
	}
	for name := range lists {
		file, _, _ := strings.Cut(name, " ")
		judge(name, func(size int) func() {
			tree := hostileTree(name, size)
			return func() {
				if _, err := testset.Collect(tree, map[string]bool{file: true}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
