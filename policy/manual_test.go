package policy_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
)

// page reads a page of the manual.
func page(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var example = regexp.MustCompile("(?ms)^```ya?ml\n(.*?)^```$")

// examples are the policies that a page shows.
func examples(t testing.TB, name string) []string {
	t.Helper()
	var texts []string
	for _, m := range example.FindAllStringSubmatch(page(t, name), -1) {
		texts = append(texts, m[1])
	}
	if len(texts) == 0 {
		t.Fatalf("%s shows no policy", name)
	}
	return texts
}

// wholePolicy is the first that the manual shows, the one with everything.
func wholePolicy(t testing.TB) string { return examples(t, "docs/policy.md")[0] }

// Whoever copies a policy from the manual has one that loads.
func TestExamplesOfTheManualLoad(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"docs/policy.md", "docs/cookbook.md", "README.md"} {
		for i, text := range examples(t, name) {
			p, problems := policy.Load([]byte(text), policy.Source{Name: name}, catalogue.Kinds())
			if problems != nil {
				t.Errorf("%s, example %d: %v", name, i+1, problems)
				continue
			}
			if warnings := policy.Lint(p, nil); warnings != nil {
				t.Errorf("%s, example %d: %v", name, i+1, warnings)
			}
		}
	}
}

// knownKeys are those that reading a policy knows, by what it says of another.
func knownKeys(t testing.TB) []string {
	t.Helper()
	_, problems := policy.Load([]byte(`version: 1
zzzzzzzzz: 1
sessions: {s: {zzzzzzzzz: 1, declared-by: {zzzzzzzzz: 1}}}
rules: {r: {zzzzzzzzz: 1, uses: guard-integrity, approvals: {zzzzzzzzz: 1}}}
overrides: {zzzzzzzzz: 1}
pushes: {zzzzzzzzz: 1}
agents: {a: {zzzzzzzzz: 1}}
risk: {zzzzzzzzz: 1, surfaces: {s: {zzzzzzzzz: 1}}}
`), policy.Source{Name: "p.yml"}, catalogue.Kinds())
	var keys []string
	mappings := 0
	for _, p := range problems {
		if _, list, ok := strings.Cut(p.Message, "; known are "); ok {
			mappings++
			keys = append(keys, strings.Split(list, ", ")...)
		}
	}
	if mappings != 10 {
		t.Fatalf("%d of 10 mappings say what they know: %v", mappings, problems)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// The manual names everything that can be written.
func TestTheManualNamesEverything(t *testing.T) {
	t.Parallel()
	manual := page(t, "docs/policy.md")
	words := append(knownKeys(t), "enforce", "observe", "block", "approve", "warn", "off", "cosmetic", "undeclared-agent", "unreadable-path", "role:write", "role:maintain", "role:admin", "1 MiB")
	for _, c := range change.Classes() {
		words = append(words, string(c))
	}
	for _, name := range condition.Names() {
		if strings.HasPrefix(name, "touches") {
			name += "("
		}
		words = append(words, name)
	}
	for _, k := range catalogue.Kinds() {
		words = append(words, "rules/"+k.Name+".md")
	}
	for _, w := range words {
		if !regexp.MustCompile("(^|[^a-z-])" + regexp.QuoteMeta(w) + "([^a-z-]|$)").MatchString(manual) {
			t.Errorf("the manual does not name %s", w)
		}
	}
}

// The table of globs says what is so.
func TestTheManualsGlobs(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (`[^|]+`) \\| (`[^|]+`) \\|$")
	rows := row.FindAllStringSubmatch(page(t, "docs/policy.md"), -1)
	if len(rows) < 10 {
		t.Fatalf("only %d globs", len(rows))
	}
	for _, r := range rows {
		m, err := pathset.Compile(pathset.Permit, r[1])
		if err != nil {
			t.Errorf("%s: %v", r[1], err)
			continue
		}
		for i, cell := range r[2:] {
			for path := range strings.SplitSeq(cell, ", ") {
				if path = strings.Trim(path, "`"); m.Match(path) != (i == 0) {
					t.Errorf("%s on %s: the manual is wrong", r[1], path)
				}
			}
		}
	}
}

// The names that expressions see are fixed: policies out there use them.
func TestNamesOfConditionsAreFixed(t *testing.T) {
	t.Parallel()
	for _, name := range strings.Fields(`session.mode session.actor session.agent session.ids author.login author.kind
		pr.title pr.body pr.labels pr.base pr.head pr.draft pr.fork event change.files change.commits change.additions
		change.deletions change.paths risk.score risk.level touches touchesClass`) {
		if !slices.Contains(condition.Names(), name) {
			t.Errorf("%s is not known", name)
		}
	}
}
