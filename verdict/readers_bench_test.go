package verdict_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

// A read is a kind of rules that reads files or texts itself, and lines that
// lead it to every part of its readers. %d is a number that differs each time.
type read struct{ kind, path, lines string }

// bodyText and commitText stand for a path: the text of the pull request, and the
// message of its commit.
const (
	bodyText   = "the body"
	commitText = "the message"
)

// reads are what the rules read beside manifests and lock files, whose parsers
// have benchmarks of their own.
var reads = []read{
	{"workflows", ".github/workflows/ci.yml", "on: pull_request_target\n" + "jobs:\n  j%d:\n" + "    steps: [{run: \"echo ${{ github.event.issue.title }}\"}]\n" + "    permissions: {contents: write}\n" + "a%d: &a%d [*a0, x]\n" + "  x: {<<: *a, b: c}\n" + "      - uses: a/b@v%d\n" + "      - run: echo ${{ toJSON(github.event) }} ${{ secrets.A%d }}\n"},
	{"workflows", "action.yml", "runs: {using: composite, steps: [{run: \"${{ github.head_ref }}\", shell: bash}]}\n" + "    - run: ${{ inputs.a%d }}\n"},
	{"test-discovery", "tests/test_a.py", "def test_a%d(): assert 1\n" + "@pytest.mark.skip\n" + "class TestA%d:\n" + "    def test_b(self):\n" + "pytestmark = [pytest.mark.skip]\n" + "@pytest.mark.parametrize('a', [1, 2])\n" + "from a%d import (b, c)\n" + "x = '''\n" + "if __name__ == '__main__':\n"},
	{"test-discovery", "a_test.go", "func TestA%d(t *testing.T) { t.Skip() }\n" + "//go:build x\n" + "t.Run(\"a\", func(t *testing.T) {\n" + "var x = `\n"},
	{"test-discovery", "src/a.test.ts", "it('a%d', () => { expect(1).toBe(1) })\n" + "describe.skip('a', () => {\n" + "it.each`a`('b', () => {})\n" + "const x = /[/]/.test(`${a}`)\n"},
	{"test-discovery", "src/test/java/ATest.java", "@Test void a%d() { assertTrue(true); }\n" + "@Disabled\n" + "class A { class B {\n" + "String x = \"\"\"\n"},
	{"test-discovery", "spec/a_spec.rb", "  it 'a%d' do\n" + "describe 'a' do\n" + "end\n" + "x = <<~A\n" + "xit 'a'\n"},
	{"test-discovery", "tests/a.rs", "#[test]\nfn a%d() { assert!(true); }\n" + "#[ignore]\n" + "mod a { mod b {\n" + "let x = r#\"\n"},
	{"test-discovery", "tests/ATest.php", "/** @test */ function testB%d() { $this->assertSame(1, 2); }\n" + "#[Test]\n" + "$x = <<<A\n"},
	{"test-discovery", "tests/A.cs", "[Fact]\npublic void A%d() { Assert.Equal(@\"x\", $\"z\"); }\n" + "[Fact(Skip = \"x\")]\n"},
	{"test-discovery", "conftest.py", "collect_ignore = ['a%d']\n" + "collect_ignore_glob = ['a*']\n" + "def pytest_ignore_collect(p): return True\n" + "pytest_plugins = ['a']\n"},
	{"test-discovery", "pytest.ini", "[pytest]\n" + "testpaths = a%d b\n" + "addopts = -k 'x and not (y)' --ignore=c%d\n" + "python_files = *a*b*c.py\n" + " more%d\n"},
	{"test-discovery", "setup.cfg", "[tool:pytest]\n" + "norecursedirs = x%d\n" + "python_functions = a*\n"},
	{"test-discovery", "tox.ini", "[tox]\n" + "[testenv%d]\ncommands = pytest {posargs:tests}\n" + "    a {[testenv]commands}\n"},
	{"test-discovery", "pyproject.toml", "[tool.pytest.ini_options]\n" + "python_files%d = [\"*.py\"]\n" + "[[a]]\n" + "a.b%d = 1\n"},
	{"test-discovery", "jest.config.js", "module.exports = {testRegex: '(a|b%d)'}\n" + "testMatch: ['**/*.{a,b}.js'],\n" + "{ a: [\n" + "// x\n" + "roots: ['a%d'],\n"},
	{"test-discovery", "package.json", "{\"jest\": {\"testMatch\": [\"**/*.js\"]}, \"scripts\": {\"test\": \"jest a%d\"}}\n" + "\"s%d\": \"npm run s%d && jest\",\n" + "{\"a\":\n"},
	{"test-discovery", "Makefile", "test%d: lint\n\tpytest a%d\n" + "a = $(b) \\\n" + "include x%d\n"},
	{"test-discovery", "Cargo.toml", "[[test]]\nname = 'a%d'\n" + "[package]\n"},
	{"test-discovery", "pom.xml", "<project>\n" + "<properties><skipTests>true</skipTests></properties>\n" + "<exclude>a%d</exclude>\n" + "<!-- x -->\n"},
	{"test-discovery", "build.gradle", "test { exclude 'a%d' }\n" + "tasks.test {\n" + "include(\"a\")\n"},
	{"environment-variables", "app/a.py", "import os\n" + "A%d = os.environ['AB%d']\n" + "if not A%d: raise X\n" + "x = os.getenv(\"A\") or\n" + "if 'X%d' in os.environ:\n" + "class S(BaseSettings):\n    a%d: str\n" + "    b%d: str = Field(..., alias=\"B%d\")\n" + "def need%d(n):\n    v = os.environ.get(n)\n    if not v: raise X\n" + "c%d = need1('C%d')\n" + "REQUIRED%d = ['A', 'B']\n" + "with env.prefixed('A'):\n" + "d = os.environ.get(\n"},
	{"environment-variables", "src/a.ts", "const { AB, CD = 1 } = process.env;\n" + "process.env.EF%d ?? (() => { throw 1 })()\n" + "const { A%d,\n" + "import.meta.env.VITE_%d\n" + "z.object({ A: z.string() })\n" + "  B%d: z.string(),\n" + "  C%d: str(),\n" + "cleanEnv(process.env, {\n" + "const need%d = (n: string) => {\n" + "  if (!process.env[n]) throw new Error(n)\n" + "need<string>('D%d')\n" + "if (!process.env.E%d) {\n"},
	{"environment-variables", "a.go", "x, ok := os.LookupEnv(\"AB%d\")\n" + "if !ok { panic(1) }\n" + "os.Getenv(\"A%d\")\n" + "A string `env:\"A,required\"`\n"},
	{"environment-variables", "a.rb", "ENV.fetch('AB%d') { 1 }\n" + "ENV['CD%d'] or raise\n"},
	{"environment-variables", "run.sh", ": ${AB%d:?} ${CD?x}\n" + "export EF%d=1\n" + "[ -z \"$A%d\" ] && exit 1\n" + "cat <<A\n"},
	{"environment-variables", "A.java", "System.getenv(\"A%d\")\n" + "@Value(\"${A%d}\")\n"},
	{"environment-variables", "a.rs", "env::var(\"A%d\").expect(\"x\")\n" + "env!(\"A%d\")\n"},
	{"environment-variables", "A.cs", "Environment.GetEnvironmentVariable(\"A%d\") ?? throw\n"},
	{"environment-variables", "application.yml", "a%d: ${A%d}\n" + "b: ${B:x}\n" + "# ${C%d}\n"},
	{"environment-variables", "infra/a_stack.py", "environment={\"A%d\": b}\n" + "os.environ['A%d']\n"},
	{"environment-variables", "a.php", "getenv('A%d')\n" + "$_ENV['A%d']\n" + "env('A')\n"},
	{"deployment-ports", "Dockerfile", "FROM a AS b%d\n" + "ENV A%d=b C=d\n" + "CMD [\"gunicorn\", \"-b\", \"0.0.0.0:80\"]\n" + "RUN a \\\n" + "EXPOSE 80%d/tcp $P\n" + "COPY --from=a%d x y\n" + "ARG A=${B:-$C}\n" + "RUN <<A\n" + "ENV GUNICORN_CMD_ARGS=\"-b :80%d\"\n" + "ENTRYPOINT a \"$x ${y:-z}\" `q` $(r)\n"},
	{"deployment-ports", "docker-compose.yml", "services:\n" + "  s%d: {image: a, ports: [\"80:80\"], environment: {PORT: 1}}\n" + "a%d: &a%d [*a0]\n" + "---\n" + "  x: {<<: *a}\n"},
	{"deployment-ports", "k8s/a.yaml", "apiVersion: v1\nkind: Service\nspec: {ports: [{port: 80, targetPort: 81}]}\n---\n" + "kind: Deployment\nspec: {template: {spec: {containers: [{name: a%d, ports: [{containerPort: 80}]}]}}}\n---\n" + "{{- if .Values.a%d }}\n" + "a: {{ .Values.b }}\n"},
	{"deployment-ports", "main.tf", "resource \"a\" \"b%d\" {\n" + "  container_port = 80%d\n" + "}\n" + "a = <<A\n" + "x = \"${a}\"\n"},
	{"deployment-ports", "gunicorn_config.py", "bind = '0.0.0.0:' + os.environ.get('PORT', '8081')\n" + "port%d = int(os.environ.get(\"A%d\", 80))\n" + "app.run(port=80%d)\n" + "uvicorn.run(app, port=p%d)\n"},
	{"deployment-ports", "server.js", "app.listen(process.env.PORT || 80%d)\n" + "const p%d = q%d\n" + "const PORT = 80\n" + "const a = process.env.PORT ? +process.env.PORT : 80%d\n" + "const b = process.env.PORT\n" + "  : 80\n" + "app.listen({\n" + "PORT: z.number().default(80)\n" + "app.listen(p%d)\n"},
	{"deployment-ports", "main.go", "http.ListenAndServe(\":80%d\", nil)\n" + "addr%d := \":\" + os.Getenv(\"PORT\")\n" + "var a = flag.String(\"addr\", \":80%d\", \"\")\n" + "const p%d = \"80\"\n" + "r := gin.New()\n" + "r.Run()\n" + "  = \"80\"\n"},
	{"deployment-ports", "fly.toml", "[http_service]\n" + "internal_port = 80%d\n" + "[[services]]\n"},
	{"deployment-ports", "web.env", "PORT=80%d\n" + "A%d=b\n"},
	{"deployment-ports", "start.sh", "exec gunicorn -b 0.0.0.0:${PORT:-80%d} a:b\n" + "A%d=b c \\\n" + "if [ a ]; then\n" + "PORT=80%d\n"},
	{"deployment-ports", "Procfile", "web: gunicorn -b 0.0.0.0:$PORT a%d\n" + "w%d: a\n"},
	{"reversibility", "db/migrations/1.sql", "drop table a%d;\n" + "-- +goose Up\n" + "-- +goose Down\n" + "/* x\n" + "alter table a\n" + "alter table a%d drop column b\n" + "alter table a alter column b type c\n" + "truncate a%d;\n" + "delete from a\n" + "'\n" + "drop materialized view a\n" + "alter table a drop b,\n"},
	{"reversibility", "db/migrations/1.py", "def downgrade():\n    pass\n" + "op.drop_table('a%d')\n" + "migrations.RunPython(a,\n" + "migrations.RunSQL(\"\"\"\n" + "def downgrade(x\n" + "op.execute('alter table a drop\n" + "# x\n"},
	{"reversibility", "db/migrate/1.rb", "def down\n" + "drop_table :a%d\n" + "def self.down; end; def up\n" + "remove_column :a, :b\n" + "execute 'truncate table a'\n"},
	{"reversibility", "db/migrations/1.js", "exports.down = (k) => k\n" + "down(\n" + ".dropTable('a%d')\n" + "up = (\n" + "/* x\n" + "// alter table a drop column b\n"},
	{"reversibility", "db/migrations/1.php", "public function down()\n" + "Schema::drop('a%d');\n" + "$t->dropColumn('a');\n" + "function up\n"},
	{"reversibility", "Migrations/1.cs", "void Up(MigrationBuilder m) {}\n" + "void Down(\n" + "m.DropTable(\"a%d\");\n" + "m.AlterColumn<string>(type: \"a(%d)\", oldType: \"a(2)\");\n" + "Delete.Table(\"a\")\n" + "m.Sql(@\"delete from a\n"},
	{"reversibility", "db/changelog/1.xml", "<databaseChangeLog>\n" + "<changeSet id=\"%d\" author=\"a\"><dropTable tableName=\"a%d\"/></changeSet>\n" + "<changeSet id=\"%d\"><sql>drop table a;\n" + "</sql><rollback/></changeSet>\n" + "<!-- a -->\n" + "<![CDATA[ a ]]>\n"},
	{"reversibility", "db/changelog/1.yaml", "databaseChangeLog:\n" + "- changeSet: {id: %d, author: a, changes: [{dropTable: {tableName: a}}]}\n" + "- changeSet: {changes: [{sql: drop table a%d}]}\n"},
	{"reversibility", "api/a.proto", "package a;\n" + "message A%d { string b = 1; reserved 2; }\n" + "service S { rpc A%d(B) returns (C); }\n" + "enum E { A%d = 1; }\n" + "// a\n" + "/* a\n"},
	{"reversibility", "api/a.graphql", "type A%d @b(c: \"d\") { e(f: G = H): I! }\n" + "enum E { A%d }\n" + "union U = A%d | B\n" + "\"\"\"a\n" + "# a\n" + "query { a }\n"},
	{"reversibility", "openapi.yaml", "paths:\n" + "  /a%d/{b}: {get: {}}\n" + "components: {schemas: {A%d: {properties: {b: {}}}}}\n"},
	{"reversibility", "openapi.json", "{\"paths\": {\"/a%d\": {\"get\": {}}}}\n"},
	{"reversibility", "store/a.go", "package a\n" + "func A%d() {}\n" + "type A%d struct {\n" + "\tB%d, C int\n" + "const (\n" + "func (a *A%d) B() {}\n"},
	{"reversibility", "lib/__init__.py", "__all__ = [\"a%d\", 'b']\n" + "from .a import b%d, c as d\n" + "from .a import (\n"},
	{"reversibility", "src/index.ts", "export { a%d, b as c } from './d';\n" + "export * from './a%d';\n" + "export const a%d = 1;\n" + "module.exports.a%d = 1\n" + "export {\n"},
	{"guard-integrity", "AGENTS.md", "Do a%d.\n"},
	{"guard-integrity", ".claude/settings.json", "{\"hooks\": {\"a%d\": []}}\n"},
	{"guard-integrity", ".github/CODEOWNERS", "* @a%d\n"},
	{"guard-integrity", ".gitattributes", "*.a%d linguist-generated\n"},
	{"checklist", bodyText, "- [ ] a%d\n" + "## Test plan\n" + "> - [ ] a\n" + "```\n" + "<!-- a -->\n" + "    - [ ] a\n" + "a\n---\n" + "**a**\n"},
	{"declared-scope", bodyText, "docs: a%d\n" + "## Files changed\n- `a%d.py`\n" + "| `a%d` | b |\n" + "Only comments; no code changes. a%d.py\n" + "- a/b%d.py: x\n" + "```\n" + "<details>\n"},
	{"declared-scope", commitText, "docs: a%d\n\nOnly words.\n" + "\nSession-Mode: a%d\n"},
	{"limits", bodyText, "Session-Mode: analysis-only\n" + "Co-authored-by: a%d <a%d@b.c>\n" + "> a: b\n" + "Closes #%d, a/b#%d, A-%d\n" + "https://github.com/a/b/issues/%d\n"},
	{"limits", commitText, "Session-Mode: analysis-only\n" + "Claude-Session: https://claude.ai/code/session_%d\n" + "Co-Authored-By: Claude <noreply@anthropic.com>\n"},
}

// pieces are bytes and openers of many notations.
var pieces = []string{
	"\x00", "\n", "\r\n", " ", "\t", "a", "0", "#", ";", `"`, "'", "`", `\`, ",", ":", "=", "@", "/", "*", "&", "[", "{", "(", "<", "-", "- ", "? ", ": ", "a: ", "a.", "<a>", `{"a":`, "a={", "//", "/*", "<!--",
	"\u00e9", "$", "${", "${{", "$(", "&a [*a,", "*a ", "!", "|", ">", "%", "'''", `"""`, "<<A ", "r#\"", "a\n ", "\\\n", "if ", "[[", "{{", "--", "a(", ")", "})", "a b=",
}

// hostileTexts are texts of about a size for one reader: bytes and openers, its
// own lines again and again, as they are, with a number in them, on one line, and
// one of them before bytes without an end.
func hostileTexts(r read, size int) map[string]string {
	texts := make(map[string]string)
	again := func(what string, each string) {
		var b bytes.Buffer
		for i := 0; b.Len() < size; i++ {
			if n := strings.Count(each, "%d"); n > 0 {
				fmt.Fprintf(&b, each, slices.Repeat([]any{i}, n)...)
			} else {
				b.WriteString(strings.Repeat(each, max(1, (size-b.Len())/len(each))))
			}
		}
		texts[what] = b.String()
	}
	for _, p := range pieces {
		texts[fmt.Sprintf("only %q", p)] = strings.Repeat(p, size/len(p))
	}
	lines := slices.DeleteFunc(strings.SplitAfter(r.lines, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
	same := strings.ReplaceAll(strings.Join(lines, ""), "%d", "1")
	for i, line := range lines {
		again(fmt.Sprintf("line %d again", i+1), strings.ReplaceAll(line, "%d", "1"))
		if strings.Contains(line, "%d") {
			again(fmt.Sprintf("line %d counted", i+1), line)
		}
		again(fmt.Sprintf("line %d longer", i+1), strings.TrimSpace(strings.ReplaceAll(line, "%d", "1"))+" ")
		for _, p := range []string{" ", "a", "(", "\"", "$", "\n ", "a, "} {
			texts[fmt.Sprintf("line %d then %q", i+1, p)] = same + strings.TrimSpace(strings.ReplaceAll(line, "%d", "1")) + strings.Repeat(p, size/len(p))
		}
	}
	again("whole", strings.Join(lines, ""))
	return texts
}

// hostileChange brings a text, where there was another of the same kind.
func hostileChange(r read, text string) *change.Change {
	path := r.path
	if path == bodyText || path == commitText {
		path = "a.py"
	}
	before, after := map[string]string{"README.md": "x\n"}, map[string]string{"README.md": "y\n"}
	if path != r.path {
		before[path], after[path] = "x = 1\n", "x = 2\n"
	} else {
		before[path] = strings.ReplaceAll(r.lines, "%d", "1")
		after[path] = text
	}
	if r.kind == "reversibility" && (strings.Contains(path, "migrat") || strings.Contains(path, "changelog")) {
		delete(before, path)
	}
	if path == "src/index.ts" {
		before["package.json"] = "{\"name\": \"a\"}\n"
		after["package.json"] = before["package.json"]
	}
	if r.kind == "test-discovery" {
		const ci = ".github/workflows/ci.yml"
		before[ci] = "on: push\njobs: {a: {steps: [{run: \"pytest; make test; npm test; tox; go test ./...; npx jest; cargo test; mvn test; gradle test; rspec; phpunit; dotnet test\"}]}}\n"
		after[ci] = before[ci]
		for _, m := range []map[string]string{before, after} {
			m["tests/test_z.py"], m["src/z.test.ts"], m["z_test.go"] = "def test_z(): assert 1\n", "it('z', () => {})\n", "package z\n"
		}
	}
	c := changetest.New(changetest.Text(before), changetest.Text(after))
	c.Source = cachedLines{c.Source, make([]change.Lines, len(c.Files))}
	c.Title, c.Body = "docs: words", "Words."
	c.Commits = []change.Commit{{ID: strings.Repeat("a", 40), Message: "docs: words\n"}}
	switch r.path {
	case bodyText:
		c.Body = text
	case commitText:
		c.Commits[0].Message = "docs: words\n\n" + text
	}
	c.Evidence = &change.Recorded{}
	return c
}

func readersPolicy(tb testing.TB, kind string) *policy.Policy {
	tb.Helper()
	text := "version: 1\nsessions: {analysis-only: {declared-by: {trailers: [\"Session-Mode: analysis-only\"]}, may-change: [\"**\"], max-commits: 9}}\nrules:\n  guard-integrity: {uses: guard-integrity, level: off}\n  r: {uses: " + kind
	if kind == "limits" {
		text += ", with: {files: 99}"
	}
	if kind == "guard-integrity" {
		text = strings.Replace(text, ", level: off", "", 1)
		text = text[:strings.Index(text, "\n  r:")] + "\n"
	} else {
		text += "}\n"
	}
	p, problems := policy.Load([]byte(text), policy.Source{Name: policy.Path}, catalogue.Kinds())
	if problems != nil {
		tb.Fatalf("%v\n%s", problems, text)
	}
	return p
}

func judgeHostile(tb testing.TB, p *policy.Policy, r read, text string) {
	tb.Helper()
	v, err := verdict.Judge(context.Background(), verdict.Input{Change: hostileChange(r, text), Layers: []verdict.Layer{{Name: verdict.RepositoryLayer, Policy: p}}, Kinds: catalogue.Kinds(), Engine: "bench"})
	if err != nil || v.Outcome == "" {
		tb.Fatalf("%v, %v", v, err)
	}
}

// TestReadersHostile: every reader of the rules answers to all of it.
func TestReadersHostile(t *testing.T) {
	t.Parallel()
	for _, r := range reads {
		t.Run(r.kind+"/"+r.path, func(t *testing.T) {
			t.Parallel()
			p := readersPolicy(t, r.kind)
			for _, text := range hostileTexts(r, 1<<11) {
				judgeHostile(t, p, r, text)
			}
		})
	}
}

// BenchmarkReadersHostile judges a change that brings 1 MiB of each, and one that
// brings a quarter of it: 4 times as long is linear.
func BenchmarkReadersHostile(b *testing.B) {
	const size = 1 << 20
	for _, r := range reads {
		p := readersPolicy(b, r.kind)
		quarter := hostileTexts(r, size/4)
		whole := hostileTexts(r, size)
		for _, shape := range slices.Sorted(maps.Keys(whole)) {
			b.Run(r.kind+"/"+strings.ReplaceAll(r.path, "/", "_")+"/"+shape, func(b *testing.B) {
				b.SetBytes(int64(len(whole[shape])))
				var took [2]time.Duration
				for b.Loop() {
					for i, text := range []string{quarter[shape], whole[shape]} {
						start := cpu()
						judgeHostile(b, p, r, text)
						took[i] += cpu() - start
					}
				}
				b.ReportMetric(float64(took[1].Milliseconds())/float64(b.N), "cpu-ms/MiB")
				b.ReportMetric(float64(took[1])/float64(took[0]), "4/1")
			})
		}
	}
}
