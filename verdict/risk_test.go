package verdict_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/verdict"
)

// factor returns a factor as "points why", or "" when it is not there.
func factor(v *verdict.Verdict, name string) string {
	for _, f := range v.Risk.Factors {
		if f.Name == name {
			return fmt.Sprint(f.Points, " ", f.Why)
		}
	}
	return ""
}

// Each of the policy's own factors, where it is and where it is not.
func TestEachFactor(t *testing.T) {
	t.Parallel()
	const surface = "risk: {surfaces: {payments: {paths: [\"pay/**\"], weight: 40}}}\n"
	type files = map[string]string
	for _, c := range []struct {
		name, policy string
		base, head   files
		want         string // "" for none
	}{
		{"payments", surface, nil, files{"pay/a.go": "x\n"}, "40 1 file: pay/a.go"},
		{"payments", surface, nil, files{"a.go": "x\n"}, ""},
		{"payments", surface, files{"pay/a.go": "x\n"}, files{}, "40 1 file: pay/a.go"},
		{"dependencies", "", nil, files{"go.mod": "module a\n"}, "10 1 file: go.mod"},
		{"dependencies", "", nil, files{"a.go": "x\n"}, ""},
		{"deployment", "", nil, files{"Dockerfile": "FROM x\n"}, "10 1 file: Dockerfile"},
		{"deployment", "", nil, files{"a.go": "x\n"}, ""},
		{"no tests", "", nil, files{"a.go": "x\n"}, "10 1 functional file changed, no test did"},
		{"no tests", "", nil, files{"a.go": "x\n", "a_test.go": "x\n"}, ""},
		{"no tests", "", nil, files{"README.md": "x\n"}, ""},

		{"irreversibility", "", nil, files{"db/migrate/1_a.sql": "alter table a\n  drop column b;\n"}, "20 db/migrate/1_a.sql drops a column in line 1"},
		{"irreversibility", "", nil, files{"db/migrate/1_a.sql": "x;\n", "db/migrate/2_b.sql": "drop table a;\n", "db/migrate/3_c.sql": "delete from a;\n"}, "20 2 files, the first: db/migrate/2_b.sql drops a table in line 1"},
		{"irreversibility", "", nil, files{"app/migrations/0002_x.py": "class Migration:\n  operations = [migrations.DeleteModel('a')]\n"}, "20 app/migrations/0002_x.py drops a table or a column in line 2"},
		{"irreversibility", "", nil, files{"db/migrate/1_a.sql": "create table a (b text); -- drop table c\n"}, ""},
		{"irreversibility", "", nil, files{"queries/report.sql": "delete from a;\n"}, ""},
		{"irreversibility", "", nil, files{"m/1.up.sql": "create table a;\n"}, "20 m/1.up.sql has no way back"},
		{"irreversibility", "", nil, files{"m/1.up.sql": "create table a;\n", "m/1.down.sql": "drop table a;\n"}, ""},
		{"irreversibility", "", files{"db/migrate/1.sql": "create table a;\n"}, files{"db/migrate/1.sql": "create table b;\n"}, "20 db/migrate/1.sql was there before and is modified"},
		{"irreversibility", "", files{"alembic/versions/1.py": "def upgrade():\n  op.a( 1 )\ndef downgrade():\n  op.b()\n"}, files{"alembic/versions/1.py": "def upgrade():\n  op.a(1)\ndef downgrade():\n  op.b()\n"}, ""},
		{"irreversibility", "", files{"db/changelog/1.xml": "<a><changeSet id=\"1\"/></a>\n"}, files{"db/changelog/1.xml": "<a><changeSet id=\"1\"/>\n<changeSet id=\"2\"><dropTable/></changeSet></a>\n"}, "20 db/changelog/1.xml drops a table in line 2"},
		{"irreversibility", "", files{"db/migrate/1.sql": "create table a;\n"}, files{}, "20 db/migrate/1.sql was there before and is removed"},
		{"irreversibility", "", files{"data/users.csv": "a,b\n"}, files{}, "20 data/users.csv removes data"},
		{"irreversibility", "", files{"data/users.csv": "a,b\n"}, files{"data/users.csv": "a,b\nc,d\n"}, ""},
		{"irreversibility", "", nil, files{"db/migrate/1.sql": strings.Repeat("x", 6<<20)}, "20 db/migrate/1.sql is too large to be read"},
	} {
		v := judge(t, changetest.New(changetest.Text(c.base), changetest.Text(c.head)), "rules: {}\n"+c.policy)
		if got := factor(v, c.name); got != c.want {
			t.Errorf("%s of %v: %q, want %q", c.name, c.head, got, c.want)
		}
	}
}

// What a session did beyond its limits counts once, whatever the level, and not
// where nobody holds the change to a mode.
func TestSessionViolations(t *testing.T) {
	t.Parallel()
	const limits = "sessions:\n  analysis-only: {declared-by: {labels: [analysis-only]}, may-change: [docs], level: %s}\n" +
		"  short: {declared-by: {labels: [short]}, max-commits: 1}\nrules: {}\n"
	for _, c := range []struct {
		name, level, path string
		labels            []string
		event             change.Event
		want              string
	}{
		{"two files", "block", "src/a.py", []string{"analysis-only"}, "", "20 analysis-only: 1 file: src/a.py, not allowed"},
		{"a warning", "warn", "src/a.py", []string{"analysis-only"}, "", "20 analysis-only: 1 file: src/a.py, not allowed"},
		{"switched off", "off", "src/a.py", []string{"analysis-only"}, "", ""},
		{"within the limits", "block", "docs/a.md", []string{"analysis-only"}, "", ""},
		{"not declared", "block", "src/a.py", nil, "", ""},
		{"commits", "block", "src/a.py", []string{"short"}, "", "20 short: 2 commits, 1 allowed"},
		{"both", "block", "src/a.py", []string{"short", "analysis-only"}, "", "20 analysis-only: 1 file: src/a.py, not allowed; short: 2 commits, 1 allowed"},
		{"a merge group", "block", "src/a.py", []string{"analysis-only"}, change.MergeGroup, ""},
	} {
		in := edit(c.path)
		in.Commits = []change.Commit{{ID: strings.Repeat("a", 40)}, {ID: strings.Repeat("b", 40)}}
		if c.event != "" {
			in.Event = c.event
		}
		for _, l := range c.labels {
			in.Labels = append(in.Labels, change.Label{Name: l})
		}
		v := judge(t, in, fmt.Sprintf(limits, c.level))
		if got := factor(v, "session violations"); got != c.want {
			t.Errorf("%s: %q, want %q\n%s", c.name, got, c.want, short(v))
		}
	}
}

// A condition sees the factors that come from sessions and from migrations.
func TestConditionsSeeEveryFactor(t *testing.T) {
	t.Parallel()
	policy := "sessions: {analysis-only: {declared-by: {labels: [analysis-only]}, may-change: [docs], level: warn}}\n" +
		"rules: {l: {uses: limits, if: 'risk.score >= 40', with: {files: 0}}}\n"
	c := changetest.New(nil, changetest.Text(map[string]string{"db/migrate/1.sql": "drop table a;\n"}))
	c.Labels = []change.Label{{Name: "analysis-only"}}
	if v := judge(t, c, policy); v.Risk.Score < 40 || !strings.Contains(strings.Join(short(v), " "), "block l ") {
		t.Errorf("%+v\n%s", v.Risk, short(v))
	}
}

// What cannot be read is no reason to call a change safe.
func TestUnreadMigrationsAreMissing(t *testing.T) {
	t.Parallel()
	c := changetest.New(nil, changetest.Text(map[string]string{"db/migrate/1.sql": "x\n"}))
	c.Source.(*changetest.Source).Broken = errors.New("the source is gone")
	v := judge(t, c, "rules: {}\n")
	if v.Outcome != verdict.Incomplete || !strings.Contains(fmt.Sprint(v.Missing), "whether the change can be taken back") {
		t.Errorf("%s %v", v.Outcome, v.Missing)
	}
	many := make(map[string]string)
	for i := range 300 {
		many[fmt.Sprintf("db/migrate/%03d.sql", i)] = "create table a;\n"
	}
	v = judge(t, changetest.New(nil, changetest.Text(many)), "rules: {}\n")
	if got, want := factor(v, "irreversibility"), "20 100 files, the first: db/migrate/200.sql is one of too many migrations to be read"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Every point of every change is explained: the parts add up to the shape, and
// half of it with the factors to the score.
func TestEveryPointIsExplained(t *testing.T) {
	t.Parallel()
	names := rapid.SampledFrom([]string{"a.go", "a_test.go", "go.mod", "Dockerfile", "db/migrate/1.sql", "README.md", "data/a.csv", "pay/b.py", "vendor/x/y.go", "c.txt"})
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.Repeat(rapid.SampledFrom([]string{"x\n", "drop table a;\n"}).Draw(t, "line"), rapid.IntRange(1, 600).Draw(t, "lines"))
	})
	rapid.Check(t, func(rt *rapid.T) {
		c := changetest.New(changetest.Text(rapid.MapOfN(names, text, 0, 5).Draw(rt, "base")), changetest.Text(rapid.MapOfN(names, text, 0, 8).Draw(rt, "head")))
		c.Title = rapid.SampledFrom([]string{"", "Mend #12"}).Draw(rt, "title")
		c.Labels = []change.Label{{Name: rapid.SampledFrom([]string{"none", "docs-only"}).Draw(rt, "label")}}
		v := judge(t, c, "sessions: {docs-only: {declared-by: {labels: [docs-only]}, may-change: [docs]}}\nrisk: {surfaces: {pay: {paths: [\"pay/**\"], weight: 60}}}\nrules: {}\n")
		explained := func(fs []verdict.Factor) (sum int) {
			for _, f := range fs {
				if sum += f.Points; f.Name == "" || f.Points <= 0 || f.Why == "" {
					rt.Fatalf("%+v explains nothing", f)
				}
			}
			return sum
		}
		shape, factors := explained(v.Risk.ShapeWhy), explained(v.Risk.Factors)
		if shape != v.Risk.Shape || min(100, shape/2+factors) != v.Risk.Score {
			rt.Fatalf("%d and %d are explained: %+v", shape, factors, v.Risk)
		}
		if !strings.HasPrefix(v.Risk.ScoreWhy, fmt.Sprintf("%d for size and shape (half of %d) and %d of factors make %d", shape/2, shape, factors, shape/2+factors)) {
			rt.Fatal(v.Risk.ScoreWhy)
		}
	})
}
