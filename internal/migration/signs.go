package migration

import "github.com/changeguard/changeguard/internal/lazyregexp"

const (
	dropsSome  = "drops a table or a column"
	deletes    = "deletes rows"
	retypes    = "changes a type in place"
	noReverse  = "runs something without its reverse"
	irreversed = "says itself that it is irreversible"
)

var (
	sqlSigns = []sign{
		{find: after(dropped, "drop"), what: "drops a table"},
		{find: altered((*scan).ends, column, "drop"), what: "drops a column"},
		{find: after(restOfStatement, "truncate"), what: "empties a table"},
		{find: after(restOfStatement, "delete", "from"), what: deletes},
		{find: altered((*scan).ends, retyped, "alter", "modify"), what: retypes, why: narrows},
		{find: altered((*scan).ends, defined, "alter"), what: retypes, why: narrows},
		{find: altered((*scan).ends, redefined, "modify"), what: retypes, why: narrows},
		{find: altered((*scan).ends, changed, "change"), what: retypes, why: narrows},
	}
	// inCode are signs of SQL that code hands on.
	inCode = []sign{
		{find: after(droppedByCode, "drop"), what: "drops a table"},
		{find: altered((*scan).spaced, restOfCode, "drop"), what: "drops a column"},
		{find: after(restOfLine, "truncate", "table"), what: "empties a table"},
		{find: after(deletedByCode, "delete", "from"), what: deletes},
		{find: altered((*scan).spaced, retypedByCode, "alter", "modify"), what: retypes, why: narrows},
	}
	codeSigns = map[string][]sign{
		".py": {
			{find: inLines(lazyregexp.New(`\b\w*op\.drop_(?:table|column)\([^\n]*|\bmigrations\.(?:RemoveField|DeleteModel)\([^\n]*`), "op.drop_", "migrations.removefield", "migrations.deletemodel"), what: dropsSome},
			{find: behind("migrations.run", lazyregexp.New(`^migrations\.(?:RunPython\(\s*(?:code\s*=\s*)?[\w.]+\s*,?\s*(?:elidable\s*=\s*\w+\s*,?\s*)?\)|RunSQL\(\s*(?:sql\s*=\s*)?(?:"[^"\n]*"|'[^'\n]*'|"""[^"]*""")\s*,?\s*(?:elidable\s*=\s*\w+\s*,?\s*)?\))`)), what: noReverse, why: leadsBack},
			{find: noDowngrade, what: "has no downgrade", why: leadsBack, anywhere: true},
			{find: called("op.alter_column(", alembicRetypes), what: retypes, why: narrows},
		},
		".rb": {
			{find: inLines(lazyregexp.New(`\b(?:drop_table|remove_columns?|drop_join_table|remove_(?:reference|belongs_to|timestamps))\b[^\n]*|\bt\.remove\b[^\n]*`), "drop_table", "remove_", "drop_join_table", "t.remove"), what: dropsSome},
			{find: inLines(lazyregexp.New(`\bIrreversibleMigration\b`), "irreversiblemigration"), what: irreversed, why: leadsBack, anywhere: true},
			{find: inLines(lazyregexp.New(`\.(?:delete_all|destroy_all)\b[^\n]*`), ".delete_all", ".destroy_all"), what: deletes},
			{find: inLines(lazyregexp.New(`\bchange_column\b[^\n]*|\bt\.change\b[^\n]*`), "change_column", "t.change"), what: retypes, why: narrows},
		},
		".php": {
			{find: inLines(lazyregexp.New(`\bSchema::drop(?:IfExists|Columns)?\([^\n]*|->drop(?:Columns?|Timestamps|SoftDeletes|Morphs)\([^\n]*`), "schema::drop", "->drop"), what: dropsSome},
			{find: inLines(lazyregexp.New(`->(?:delete|truncate)\(\)[^\n]*`), "->delete()", "->truncate()"), what: deletes},
			{find: inLines(lazyregexp.New(`->change\(\)[^\n]*`), "->change()"), what: retypes, why: narrows},
		},
		".js": {
			{find: inLines(lazyregexp.New(`\.(?:dropTable|dropTableIfExists|dropColumns?|removeColumn|dropTimestamps|dropSchema|dropSchemaIfExists|dropAllTables)\([^\n]*`), ".drop", ".removecolumn("), what: dropsSome},
			{find: inLines(lazyregexp.New(`\.(?:bulkDelete|del|truncate|clearTable)\([^\n]*`), ".bulkdelete(", ".del(", ".truncate(", ".cleartable("), what: deletes},
			{find: inLines(lazyregexp.New(`\.(?:changeColumn\([^\n]*|alter\(\s*(?:\{[^\n]*)?\))`), ".changecolumn(", ".alter("), what: retypes, why: narrows},
		},
		".cs": {
			{find: inLines(lazyregexp.New(`\.Drop(?:Table|Column|Schema)\([^\n]*|\bDelete\.(?:Table|Column|Schema)\([^\n]*`), ".drop", "delete."), what: dropsSome},
			{find: inLines(lazyregexp.New(`\.DeleteData\([^\n]*|\bDelete\.FromTable\([^\n]*`), ".deletedata(", "delete.fromtable("), what: deletes},
			{find: called(".altercolumn", entityRetypes), what: retypes, why: narrows},
			{find: inLines(lazyregexp.New(`\bAlter\.Column\([^\n]*`), "alter.column("), what: retypes, why: narrows},
		},
	}
)
