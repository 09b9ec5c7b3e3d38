package reversibility_test

import (
	"errors"
	"strings"
	"testing"

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
	names := []string{"db/migrations/1.sql", "a/migrations/1.py", "db/migrate/1.rb", "a/migrations/1.php", "a/migrations/1.ts"}
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
