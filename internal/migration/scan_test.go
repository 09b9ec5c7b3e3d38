package migration

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// expressions say what the scanners of SQL find, in the order of the signs; as
// expressions they take half a second for a hostile MiB.
var expressions = []struct {
	signs []sign
	res   []string
}{
	{sqlSigns, []string{
		`(?i)\bdrop\s+(?:table|schema|database|materialized\s+view)\b[^;]*`,
		`(?i)\balter\s+table\b[^;]*?\bdrop\s+(?:column\b|(?:if\s+exists\s+)?(?:"[^"]+"|\x60[^\x60]+\x60|\[[^\]]+\]|[\w$]+)\s*(?:,|;|$))[^;]*`,
		`(?i)\btruncate\b[^;]*`,
		`(?i)\bdelete\s+from\b[^;]*`,
		`(?i)\balter\s+table\b[^;]*?\b(?:alter|modify)\s+(?:column\s+)?\S+\s+(?:set\s+data\s+)?type\b[^;]*`,
	}},
	{inCode, []string{
		`(?i)\bdrop\s+(?:table|schema|database)\s+(?:if\s+exists\s+)?["\x60\w\[$][^\n]*`,
		`(?i)\balter\s+table\s[^;]*?\bdrop\s+column\s[^\n]*`,
		`(?i)\btruncate\s+table\s[^\n]*`,
	}},
	{codeSigns[".py"], []string{
		`\b\w*op\.drop_(?:table|column)\([^\n]*|\bmigrations\.(?:RemoveField|DeleteModel)\([^\n]*`,
		`\bmigrations\.RunPython\(\s*(?:code\s*=\s*)?[\w.]+\s*,?\s*(?:elidable\s*=\s*\w+\s*,?\s*)?\)|\bmigrations\.RunSQL\(\s*(?:sql\s*=\s*)?(?:"[^"\n]*"|'[^'\n]*'|"""[^"]*""")\s*,?\s*(?:elidable\s*=\s*\w+\s*,?\s*)?\)`,
		`(?m)^def downgrade\([^)]*\)[^\n:]*:\s*(?:(?:"""[^"]*"""\s*|'''[^']*'''\s*|"[^"\n]*"\s*|'[^'\n]*'\s*)?(?:pass\b|raise\b|return[ \t]*(?:None)?[ \t]*(?:\r?\n|\z)|\.\.\.)|(?:"""[^"]*"""|'''[^']*''')\s*(?:\n\S|\z))`,
	}},
	{codeSigns[".rb"], []string{`\b(?:drop_table|remove_columns?|drop_join_table|remove_(?:reference|belongs_to|timestamps))\b[^\n]*|\bt\.remove\b[^\n]*`, `\bIrreversibleMigration\b`}},
	{codeSigns[".php"], []string{`\bSchema::drop(?:IfExists|Columns)?\([^\n]*|->drop(?:Columns?|Timestamps|SoftDeletes|Morphs)\([^\n]*`}},
	{codeSigns[".js"], []string{`\.(?:dropTable|dropTableIfExists|dropColumns?|removeColumn|dropTimestamps|dropSchema|dropSchemaIfExists|dropAllTables)\([^\n]*`}},
}

var soup = strings.Split("drop|DROP|table|Table|schema|database|materialized|view|alter|ALTER table|alter table|column|if|exists|if exists|truncate|truncate table|delete|from|modify|set data|type|type|a|b1|$x|_|é|\"|`|[|]|'|,|;|;|\n|\n|\t| | | | | |(|)|:|pass|raise|...|\"\"\"|def downgrade(|\ndef downgrade(|op.drop_table(|migrations.RunPython(|migrations.RunSQL(|migrations.DeleteModel(|drop_table|remove_columns|IrreversibleMigration|Schema::drop(|Schema::dropIfExists(|->dropColumn(|.dropTable(|.dropTableIfExists(|.dropColumns(|.removeColumn(|x", "|")

// The scanners find what the expressions find, at the same places.
func TestSignsAreTheExpressions(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	found := make(map[string]int)
	for range 4000 {
		var b strings.Builder
		for range 1 + r.IntN(60) {
			b.WriteString(soup[r.IntN(len(soup))])
			if r.IntN(2) == 0 {
				b.WriteByte(' ')
			}
		}
		sameSigns(t, b.String(), found)
	}
	for _, e := range expressions {
		for _, re := range e.res {
			if found[re] < 3 {
				t.Errorf("%s was found %d times", re, found[re])
			}
		}
	}
}

func sameSigns(t *testing.T, text string, found map[string]int) {
	t.Helper()
	for _, e := range expressions {
		for i, re := range e.res {
			want := compiled[re].FindAllStringIndex(text, -1)
			found[re] += len(want)
			var got [][2]int
			for start, end := range e.signs[i].find.all(text, lowered(text)) {
				got = append(got, [2]int{start, end})
			}
			same := len(got) == len(want)
			for j := 0; same && j < len(got); j++ {
				same = got[j][0] == want[j][0] && got[j][1] == want[j][1]
			}
			if !same {
				t.Fatalf("%s in %q:\nis at %v, by the expression at %v", re, text, got, want)
			}
		}
	}
}

var compiled = func() map[string]*regexp.Regexp {
	all := make(map[string]*regexp.Regexp)
	for _, e := range expressions {
		for _, re := range e.res {
			all[re] = regexp.MustCompile(re)
		}
	}
	return all
}()

// FuzzSigns: the same of any text.
func FuzzSigns(f *testing.F) {
	f.Add("alter table a drop if exists \"b\";drop materialized view x; alter table a alter column b set data type c")
	f.Add("drop table if exists `a`\ntruncate table x\nalter table a drop column b")
	f.Add("def downgrAde(0): pass\n")
	f.Add("def downgrade(\n):\n  \"\"\"x\"\"\"\n  pass\nmigrations.RunSQL('a')\nop.drop_table('b')")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\u017f\u212a") || strings.Contains(lowered(text), "default") {
			t.Skip("letters that expressions take for s and k, and databases do not; a word that is no column's name")
		}
		sameSigns(t, text, make(map[string]int))
	})
}

// Comments stand between no two words.
func TestJoined(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{".sql", "a--b\nc/*d\n*/e/*f", "a   \nc   \n  e/*f"},
		{".sql", "/*/ a */b", "        b"},
		{".sql", "a-b/c-", "a-b/c-"},
		{".py", "a # b", "a    "},
		{".php", "a#b//c\nd//e", "a     \nd   "},
		{".js", "a//b\n/*c*/d#", "a   \n     d#"},
	} {
		if got := joined(c[0], c[1]); got != c[2] {
			t.Errorf("%s %q: %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
