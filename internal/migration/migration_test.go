package migration_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/migration"
)

func TestIs(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"V2__x.sql": true, "sql/R__view.SQL": true, "U2__x.sql": false, "db/migrations/U2.1__x.sql": false,
		"db/migrations/users__cleanup.sql": true, "db/migrations/update__drop.sql": true, "db/migrations/3.SQL": true,
		"m/1.up.sql": true, "db/migrations/1.down.sql": false, "db/migrations/1.down.up.sql": true, "db/migrations/x.down.y.sql": true, "migrations/a/down.sql": false,
		"app/migrations/0001_a.py": true, "app/migrations/__init__.py": false, "db/migrate/1_a.rb": true, "db/migrations/a.mjs": true, "db/migrations/a.ts": true,
		"Migrations/20250101_A.cs": true, "Migrations/Configuration.cs": false, "Migrations/20250101_A.Designer.cs": false, "Migrations/AppModelSnapshot.cs": false,
		"src/migration/170_A.ts": true, "src/migration/runner.ts": false, "src/migrations/index.ts": false, "src/migrations/1-a.spec.ts": false, "src/migrations/1.d.ts": false, "migrations/env.py": false,
		"db/changelog/1.xml": true, "changelog/1.yaml": false, "db/changelog/db.changelog-master.yaml": true, "src/changelog.json": false, "src/main/resources/liquibase/1.json": true, "docs/changes.xml": false,
		"queries/report.sql": false, "src/down.py": false,
	} {
		if got := migration.Is(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// What is on the way back may take away; what only looks like it may not.
func TestSteps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		lines      []int
	}{
		{"V2__x.sql", "-- rollback: not needed\nDROP TABLE users;\n", []int{2}},
		{"V2__x.sql", "-- +goose Up\n-- +goose Down\nDROP TABLE users;\n", []int{3}},
		{"m/1.up.sql", "-- migrate:up\n-- migrate:down\nDROP TABLE users;\n", []int{3}},
		{"migrations/1.sql", "-- +goose Down\nDROP TABLE users;\n", []int{2}},
		{"migrations/1.sql", "-- +goose Up\nCREATE TABLE a (b int);\n-- +goose Down\nDROP TABLE a;\n", nil},
		{"migrations/1.sql", "-- +goose Down\nDROP TABLE a;\n-- +goose Up\nDROP TABLE b;\n", []int{4}},
		{"changelog/1.sql", "--changeset me:1\nCREATE TABLE a (b int);\n--rollback DROP TABLE a;\n--changeset me:2\nDROP TABLE b;\n", []int{5}},
		{"changelog/1.sql", "SELECT 5\n--rollback; DROP TABLE a;\n", []int{2}},
		{"changelog/1.sql", "--changeset me:1\nCREATE TABLE a (b int);\n-- rollback DROP TABLE a;\n", nil},
		{"V1__a.sql", "INSERT INTO a VALUES ('--'); DROP TABLE users;\n", []int{1}},
		{"V1__a.sql", "INSERT INTO a VALUES ('/*'); DROP TABLE users; INSERT INTO a VALUES ('*/');\n", []int{1}},
		{"V1__a.sql", "INSERT INTO a VALUES ('\n/*\n'); DROP TABLE users;\n-- */\n", []int{3}},
		{"V1__a.sql", "SELECT 5--3; DROP TABLE users;\n", []int{1}},
		{"V1__a.sql", "/*! DROP TABLE users */;\n", []int{1}},
		{"V1__a.sql", "DROP/**/TABLE users;\nDROP -- the\n TABLE roles;\n", []int{1, 2}},
		{"V1__a.sql", "/* was:\n DROP TABLE users\n*/\nSELECT 1; -- drop table c\n", nil},
		{"V1__a.sql", "ALTER TABLE a DROP \"b c\";\n", []int{1}},
		{"V1__a.sql", "ALTER TABLE a DROP CONSTRAINT b;\n", nil},
		{"alembic/versions/a.py", "def downgrade():\n    op.drop_table('b')\n\n\ndef upgrade():\n    op.drop_table('a')\n", []int{6}},
		{"alembic/versions/a.py", "def upgrade():\n    op.create_table('b')\n\n\ndef downgrade():\n    op.drop_table('b')\n", nil},
		{"alembic/versions/a.py", "def upgrade():\n    op.execute('#'); op.drop_table('a')\n    # op.drop_table(b)\n", []int{1, 2}},
		{"alembic/versions/a.py", "def upgrade():\n    op.execute('DROP TABLE users')\n", []int{1, 2}},
		{"db/migrate/1.rb", "class A < ActiveRecord::Migration[7.0]\n  def down\n    drop_table :a\n  end\n\n  def up\n    drop_table :b\n  end\nend\n", []int{7}},
		{"db/migrate/1.rb", "class A < ActiveRecord::Migration[7.0]\n  def down\n    end\n    def up\n      drop_table :b\n    end\nend\n", []int{4, 5}},
		{"db/migrate/1.rb", "class A < ActiveRecord::Migration[7.0]\n  def down; end; def up\n      drop_table :b\n    end\nend\n", []int{3}},
		{"db/migrations/a.js", "exports.down = (knex) => knex.schema\n  .dropTable('a');\nexports.up = (knex) => knex.schema\n  .dropTable('b');\n", []int{4}},
		{"db/migrations/a.js", "exports.up = async (knex) => {\n  await knex.schema.createTable('a');\n};\n\nexports.down = async (knex) =>\n{\n  await knex.schema.dropTable('a');\n};\n", nil},
		{"db/migrations/a.js", "exports.down = 1, exports.up = (knex) => {\n  knex.schema.dropTable('b')\n}\n", []int{2}},
		{"db/migrations/a.mjs", "export const down = (q) => {\n  q.dropTable('a')\n}\nq.dropTable('b')\n", []int{4}},
		{"db/migrations/a.js", "x.split(/[//]/); q.dropTable('b')\n", []int{1}},
		{"db/migrations/a.php", "class A {\n    public function down(): void\n    {\n        Schema::drop('a');\n    }\n    public function up(): void\n    {\n        Schema::drop('b');\n    }\n}\n", []int{8}},
	} {
		var lines []int
		for _, s := range migration.Steps(c.name, c.text) {
			lines = append(lines, s.Line)
		}
		slices.Sort(lines)
		if !slices.Equal(lines, c.lines) {
			t.Errorf("%s: lines %v, want %v:\n%s", c.name, lines, c.lines, c.text)
		}
	}
}

// Many steps on the way back hide none on the way there.
func TestStepsBehindMany(t *testing.T) {
	t.Parallel()
	text := "-- +goose Down\n" + strings.Repeat("DROP TABLE a;\n", 100) + "-- +goose Up\nDROP TABLE b;\n"
	if got := migration.Steps("migrations/1.sql", text); len(got) != 1 || got[0].Line != 103 {
		t.Error(got)
	}
}

// BenchmarkStepsHostile reads 1 MiB of what every sign begins with.
func BenchmarkStepsHostile(b *testing.B) {
	const size = 1 << 20
	bench := func(name, path, piece string) {
		b.Run(name, func(b *testing.B) {
			text := strings.Repeat(piece, size/len(piece))
			start := cpu()
			for b.Loop() {
				migration.Steps(path, text)
				migration.AlteredFields(text)
			}
			b.ReportMetric(float64((cpu()-start).Milliseconds())/float64(b.N), "cpu-ms/MiB")
		})
	}
	for name, piece := range map[string]string{
		"drops": "drop table a;\n", "marks": "-- +goose Up\n-- +goose Down\ndrop table a;\n", "openers": "/* x\n", "openers-and-quotes": "/* x\n'\n", "alters": "alter table a ", "dashes": "-- ",
		"columns": "alter table a drop b c;\n", "in-brackets": "alter table a drop [", "in-quotes": "alter table a drop \"", "types": "alter table a alter ", "drop": "drop ", "ifs": "drop if exists ", "truncate": "truncates ", "delete": "delete ",
		"one-alter": "alter table a;drop ", "slashes": "/", "blanks": "drop                 ", "downs": "-- +goose Down\n", "words": "a_drop ",
	} {
		bench(name, "migrations/1.sql", piece)
	}
	for lang, piece := range map[string]string{
		"py": "def downgrade(): x\n", "js": "down(\n", "rb": "def down\n", "php": "function down\n", "py-open": "def downgrade(\n", "js-steps": "a.dropTable(", "rb-steps": "drop_tables\n", "php-steps": "Schema::drop\n",
		"py-runs": "migrations.RunPython(", "py-sql": "migrations.RunSQL('", "js-up": "down(\n up ", "py-up": "def downgrade():\n def upgrades\n", "rb-alter": "alter table a\n", "js-comments": "// a\n", "php-comments": "#a /*\n", "js-words": "downs ", "php-words": "function downs ",
	} {
		lang, _, _ := strings.Cut(lang, "-")
		bench(lang+" "+piece, "db/migrate/migrations/1."+lang, piece)
	}
	for lang, pieces := range map[string][]string{
		"cs":   {"void Down(", "void Up(){}\n", ".DropTable(", ".AlterColumn(", ".AlterColumn(type: \"a(1)\", oldType: \"a(2)\")\n", "delete.", "/* a\n"},
		"py":   {"op.alter_column(", "op.alter_column(type_=sa.A(1), existing_type=sa.A(2))\n", "def upgrade(", "def upgrade(): pass\n", "def downgrade():\n'''", "migrations.AlterField("},
		"rb":   {"def change\n", "def up\n", "execute 'a'\n", "def change; execute 'a' end\n", "t.remove a\n"},
		"js":   {"up(\n", ".alter(", ".alter({", "exports.up = ", "exports.down = () => {}\n", "down "},
		"php":  {"function up()\n", "->change()\n", "->drop", "->delete()\n"},
		"sql":  {"-- +goose Up\n", "-- migrate:up\n", "alter table a change b c d;\n", "alter table a modify ", "alter table a alter column b c ", "--changeset a:1\n"},
		"xml":  {"<changeSet>", "<changeSet><sql>drop table a;</sql></changeSet>\n", "<a>", "<a/>", "<!--", "<![CDATA[", "&a;", "<a b='", "<dropTable/>"},
		"yaml": {"databaseChangeLog: [", "- changeSet: {changes: [{dropTable: a}]}\n", "a: ", "- "},
	} {
		for _, piece := range pieces {
			bench(lang+" "+piece, "db/changelog/migrations/db/migrate/1."+lang, piece)
		}
	}
}

func TestWaysBack(t *testing.T) {
	t.Parallel()
	for p, want := range map[string][3]string{
		"a/1_b.up.sql":   {"a/1_b.down.sql", "", ""},
		"a/up.sql":       {"a/down.sql", "", ""},
		"a/1_b.down.sql": {"", "a/1_b.up.sql", ""},
		"a/down.sql":     {"", "a/up.sql", ""},
		"a/V1.2__b.sql":  {"", "", "a/U1.2__b.sql"},
		"a/U1.2__b.sql":  {"", "a/V1.2__b.sql", ""},
		"a/R__b.sql":     {"", "", ""},
		"a/b.sql":        {"", "", ""},
	} {
		back, _ := migration.WayBack(p)
		if got := [3]string{back, migration.Forward(p), migration.Undo(p)}; got != want {
			t.Errorf("%s: %q, want %q", p, got, want)
		}
	}
}
