package environmentvariables

import (
	"context"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
)

// Every need has a name that stands on its line.
func FuzzNeeds(f *testing.F) {
	f.Add("import os\nA = os.environ['AB']\nif not A: raise X\n", "python")
	f.Add("const { AB, CD = 1 } = process.env;\nprocess.env.EF ?? (() => { throw 1 })()", "javascript")
	f.Add("x, ok := os.LookupEnv(\"AB\")\nif !ok { panic(1) }", "go")
	f.Add("ENV.fetch('AB') { 1 }\nENV['CD'] or raise", "ruby")
	f.Add(": ${AB:?} ${CD?x}\nexport EF=1", "shell")
	f.Fuzz(func(t *testing.T, text, language string) {
		lines := strings.Split(text, "\n")
		seen := make(map[string]bool)
		list, _ := needs(text, language, map[string]bool{"f": true})
		for _, n := range list {
			line := ""
			if n.line > 0 && n.line <= len(lines) {
				line = strings.ToUpper(strings.Join(lines[max(0, n.line-5):min(n.line+1, len(lines))], " "))
			}
			last := n.name[strings.LastIndexByte(n.name, '_')+1:] // before it a prefix may stand
			if seen[n.name] || !strings.Contains(line, last) {
				t.Fatalf("%+v", n)
			}
			seen[n.name] = true
		}
	})
}

// A name that is provided stands in the text, and was asked for.
func FuzzProvided(f *testing.F) {
	f.Add("compose.yaml", "environment:\n  AB: $CD\n  # EF\n")
	f.Add(".env.example", "# AB=\nCD=1")
	f.Add("x.sh", "AB=1 CD")
	f.Fuzz(func(t *testing.T, name, text string) {
		asked := map[string]bool{"AB": true, "CD": true}
		for n := range provided(name, text, asked) {
			if !asked[n] || !strings.Contains(text, n) {
				t.Fatal(n)
			}
		}
	})
}

// Linear on lines of any one kind; the test's own time-out is the bound.
func TestHostilePrograms(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"x", "os.environ['AB'] ", "process.env.AB || ", "x = os.Getenv(\"AB\")\nif ", "{ AB, ", "/*\n", "\"\"\"\n", "${AB", "'", "\\", "ENV.fetch('AB'", "(", "if "} {
		text := strings.Repeat(unit, (1<<18)/len(unit))
		for _, name := range []string{"a.py", "a.ts", "a.go", "a.kt", "a.rb", "a.php", "a.rs", "a.cs", "a.sh", "compose.yaml"} {
			c := changetest.New(changetest.Text(map[string]string{name: text + "AB"}), changetest.Text(map[string]string{name: text}))
			if _, err := run(context.Background(), &rules.Input{Change: c}, &Options{}); err != nil {
				t.Errorf("%q in %s: %v", unit, name, err)
			}
		}
	}
}

// A file with more lookups than people write is a finding, and costs no more than
// the reading of those.
func TestManyVariables(t *testing.T) {
	t.Parallel()
	for lines, want := range map[int]string{maxLookups: "requires VAAAA", maxLookups + 1: "too many"} {
		var b strings.Builder
		for i := range lines {
			b.WriteString("x = os.environ['V" + string(rune('A'+i%26)) + string(rune('A'+i/26%26)) + string(rune('A'+i/676%26)) + string(rune('A'+i/17576)) + "']\n")
		}
		c := changetest.New(nil, changetest.Text(map[string]string{"a.py": b.String()}))
		found, err := run(context.Background(), &rules.Input{Change: c}, &Options{})
		if err != nil || len(found) == 0 || found[0].Key != want || found[0].Remedy == "" {
			t.Errorf("%d lines: %d findings, %v", lines, len(found), err)
		}
	}
}
