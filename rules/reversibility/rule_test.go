package reversibility_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/reversibility"
	"github.com/changeguard/changeguard/rules/rulestest"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	rulestest.Run(t, "reversibility", "testdata")
}

// A migration that cannot be read is an error or a finding, never quiet.
func TestWhatCannotBeReadIsNotQuiet(t *testing.T) {
	t.Parallel()
	broken := errors.New("the source is gone")
	c := changetest.New(nil, changetest.Text(map[string]string{"db/migrate/1.sql": "x"}))
	c.Source.(*changetest.Source).Broken = broken
	in := &rules.Input{Change: c, Classes: make([]rules.Classes, 1)}
	if found, err := reversibility.Kind().Run(t.Context(), in, &reversibility.Options{}); !errors.Is(err, broken) || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
	in.Change = changetest.New(nil, changetest.Text(map[string]string{"db/migrate/1.sql": strings.Repeat("x", 100)}))
	in.Change.Limits.File = 10
	if found, err := reversibility.Kind().Run(t.Context(), in, &reversibility.Options{}); err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
}

// FuzzMigrations: any migration ends, with findings on lines that are there.
func FuzzMigrations(f *testing.F) {
	f.Add("DROP TABLE a; -- x\n/* y */ delete from b", uint8(0))
	f.Add("def upgrade():\n    op.drop_table('a')\ndef downgrade():\n    pass\n", uint8(1))
	f.Add("def change\n  remove_column :a, :b\nend", uint8(2))
	f.Add("void Up(M m) { m.DropTable(\"a\"); }\nvoid Down(M m) {}\n", uint8(5))
	f.Add("<a><changeSet id=\"1\"><sql>drop table a</sql></changeSet></a>", uint8(6))
	f.Add("databaseChangeLog: [{changeSet: {id: 1, changes: [{dropTable: {}}]}}]", uint8(7))
	names := []string{
		"db/migrations/1.sql", "a/migrations/1.py", "db/migrate/1.rb", "a/migrations/1.php", "a/migrations/1.ts", "Migrations/1.cs", "db/changelog/1.xml", "db/changelog/1.yaml",
	}
	f.Fuzz(func(t *testing.T, text string, at uint8) {
		c := changetest.New(nil, changetest.Text(map[string]string{names[int(at)%len(names)]: text}))
		found, err := reversibility.Kind().Run(t.Context(), &rules.Input{Change: c, Classes: make([]rules.Classes, 1)}, &reversibility.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range found {
			if one.Line > strings.Count(text, "\n")+1 {
				t.Errorf("%+v", one)
			}
		}
	})
}

// FuzzInterfaces: any two descriptions are compared, and one with itself loses nothing.
func FuzzInterfaces(f *testing.F) {
	f.Add("package a;\nmessage A { string b = 1; }", "message A {}", uint8(0))
	f.Add("type A { b(c: D): E }\nenum F { G }", "type A {}", uint8(1))
	f.Add("paths: {/a: {get: {}}}", "paths: {}", uint8(2))
	f.Add("package a\n\nfunc A() {}\n\ntype B struct{ C, D int }\n", "package a\n", uint8(3))
	f.Add("__all__ = ['a']\n", "", uint8(4))
	f.Add("export { a, b as c };\nexport default d;\n", "export {};\n", uint8(5))
	names := []string{"a.proto", "a.graphql", "openapi.yaml", "a/a.go", "a/__init__.py", "index.ts"}
	f.Fuzz(func(t *testing.T, before, after string, at uint8) {
		name := names[int(at)%len(names)]
		for _, head := range []changetest.File{{Content: after}, {Content: before, Mode: change.Executable}} {
			manifest := changetest.File{Content: "{\"name\": \"a\"}"}
			c := changetest.New(changetest.Tree{name: {Content: before}, "package.json": manifest}, changetest.Tree{name: head, "package.json": manifest})
			found, err := reversibility.Kind().Run(t.Context(), &rules.Input{Change: c, Classes: make([]rules.Classes, len(c.Files))}, &reversibility.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range found {
				if head.Content == before && one.Key == "broken" {
					t.Errorf("%+v", one)
				}
			}
		}
	})
}
