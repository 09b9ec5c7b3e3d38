package policy_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
)

// corpus are all policies of the tests.
func corpus(t testing.TB) []string {
	texts := []string{string(policy.DefaultYAML())}
	texts = append(texts, examples(t, "docs/policy.md")...)
	archives, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if strings.HasSuffix(f.Name, ".yml") {
				texts = append(texts, string(f.Data))
			}
		}
	}
	return texts
}

func FuzzLoad(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add(text)
	}
	f.Fuzz(check)
}

// Every policy of the tests, cut off or with a piece put in anywhere, loads or
// has a problem with a place, and the same twice.
func TestMangledPolicies(t *testing.T) {
	t.Parallel()
	texts := corpus(t)
	pieces := []string{"", " ", "\n", "\t", "[", "}", "\"", "'", "&a ", "*a", "!x ", "|\n", ">\n ", ": ", "- ", "~", "\u2028", "\r", "?", "\x00", "\xff", "é", "{a,b}", "!"}
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.SampledFrom(texts).Draw(rt, "text")
		from := rapid.IntRange(0, len(text)).Draw(rt, "from")
		to := rapid.IntRange(from, min(len(text), from+5)).Draw(rt, "to")
		check(t, text[:from]+rapid.SampledFrom(pieces).Draw(rt, "piece")+text[to:])
	})
}

// rules200 is a policy of 200 rules.
func rules200() []byte {
	var b strings.Builder
	b.WriteString("version: 1\nrules:\n")
	for i := range 200 {
		fmt.Fprintf(&b, "  rule-%d:\n    uses: protected-paths\n    level: approve\n    approvals: {count: 1, from: [\"@acme/team-%d\"]}\n    with:\n      paths: [\"services/component-%d/**\", \"!**/*.md\"]\n    message: Ask the team of component %d.\n", i, i, i, i)
		if i%4 == 0 {
			b.WriteString("    if: session.mode == \"\" && session.actor == \"agent\"\n")
		}
	}
	return []byte(b.String())
}

func BenchmarkLoad200Rules(b *testing.B) {
	data, kinds := rules200(), catalogue.Kinds()
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := policy.Load(data, policy.Source{Name: "p.yml"}, kinds); problems != nil {
			b.Fatal(problems)
		}
	}
}

func BenchmarkLint200Rules(b *testing.B) {
	p, problems := policy.Load(rules200(), policy.Source{Name: "p.yml"}, catalogue.Kinds())
	if problems != nil {
		b.Fatal(problems)
	}
	for b.Loop() {
		policy.Lint(p, nil)
	}
}

// BenchmarkLoadHostile is the worst that a head can make us spend on its
// policy: files of the full size.
func BenchmarkLoadHostile(b *testing.B) {
	for name, text := range hostile() {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			for b.Loop() {
				policy.Load([]byte(text), policy.Source{Name: "p.yml"}, catalogue.Kinds())
			}
		})
	}
}
