package policy_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
)

// fill repeats a text up to the size limit.
func fill(head, text, tail string) string {
	return head + strings.Repeat(text, (policy.MaxSize-len(head)-len(tail))/len(text)) + tail
}

func numbered(head, format string) string {
	var b strings.Builder
	b.WriteString(head)
	for i := 0; b.Len() < policy.MaxSize-len(format)-10; i++ {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// hostile are policies of the full size, each made to cost as much as it can.
func hostile() map[string]string {
	return map[string]string{
		"mappings in one line":         fill("", "a: ", ""),
		"open lists":                   fill("", "[", ""),
		"open mappings":                fill("", "{", ""),
		"lists in lists":               fill("", "- ", ""),
		"complex keys":                 fill("", "? ", ""),
		"unknown keys":                 numbered("", "k%d: 1\n"),
		"unknown keys, nested":         numbered("version: 1\nrules:\n a:\n", "  k%d: 1\n"),
		"one key":                      fill("", "k: 1\n", ""),
		"unknown classes":              numbered("version: 1\nclasses:\n", " dosc%d: []\n"),
		"comments":                     fill("", "#\n", ""),
		"documents":                    fill("", "---\n", ""),
		"keys in a second document":    fill("version: 1\n---\n", "a: 1\n", ""),
		"merges in a second document":  fill("version: 1\n---\n", "<<: {}\n", ""),
		"aliases in a second document": fill("version: 1\n---\na: &a {}\nb:\n", "- *a\n", ""),
		"pairs in a list":              fill("[", ":,", ""),
		"pairs in a list in a mapping": fill("a: {b: [", ":,", ""),
		"pairs over lines":             fill("[", ":,\n", ""),
		"keys in a mapping in a line":  fill("{", "a:,", ""),
		"commas":                       fill("{", ",", ""),
		"lists beside each other":      fill("", "[]", ""),
		"quotes beside each other":     fill("", "\"\"", ""),
		"question marks":               fill("", "?\n", ""),
		"colons":                       fill("", ":\n", ""),
		"dashes":                       fill("", "-\n", ""),
		"dashes beside each other":     fill("", "- - -\n", ""),
		"words in a list":              fill("[", "a b,", ""),
		"blanks in a broken glob":      fill("version: 1\nclasses: {docs: [\"", " ", "[\"]}"),
		"anchors":                      fill("", "&a ", ""),
		"aliases":                      fill("a: &a x\nb: [", "*a,", "]"),
		"tags":                         fill("", "!a ", ""),
		"block text":                   fill("version: 1\nrules: {a: {uses: sample}}\nx: |\n", " x\n", ""),
		"folded text":                  fill("version: 1\nx: ", "y\n ", ""),
		"braces":                       fill("version: 1\nclasses: {docs: [", `"{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",`, "]}"),
		"braces in names":              fill("version: 1\nrules: {a: {uses: dependencies, with: {ignore: [", `"pkg:{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",`, "]}}}"),
		"globs":                        numbered("version: 1\nclasses:\n docs:\n", " - a/**/b/**/%d\n"),
		"broken globs":                 fill("version: 1\nclasses: {docs: [", `"[",`, "]}"),
		"rules":                        numbered("version: 1\nrules:\n", " r%d: {uses: guard-integrity}\n"),
		"conditions":                   numbered("version: 1\nrules:\n", " r%d: {uses: guard-integrity, if: session.mode == \"x\"}\n"),
		"broken conditions":            numbered("version: 1\nrules:\n", " r%d: {uses: guard-integrity, if: sesion.mode == \"x\"}\n"),
		"costly conditions":            numbered("version: 1\nrules:\n", " r%d: {uses: guard-integrity, if: \""+strings.Repeat("zz.y||", 600)+"true\"}\n"),
		"costly patterns":              numbered("version: 1\nrules:\n", " r%d: {uses: guard-integrity, if: \"pr.title.matches('"+strings.Repeat("x{1000}", 500)+"')\"}\n"),
		"sessions":                     numbered("version: 1\nsessions:\n", " s%d: {declared-by: {branches: [a]}}\n"),
		"people":                       fill("version: 1\napprovals: {from: [", "x y,", "]}"),
		"quotes in a broken condition": "version: 1\nrules: {r: {uses: guard-integrity, if: \"" + strings.Repeat(`\n`, 4000) + "zz\"}}",
	}
}

// TestHostilePoliciesEnd has no time of its own: a policy that takes more than
// the test's whole time is what fails it. The time is in BenchmarkLoadHostile. In
// memory a policy takes at most some hundred times its size. Not parallel: it
// counts the allocations of the whole program.
func TestHostilePoliciesEnd(t *testing.T) {
	for name, text := range hostile() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p, problems := policy.Load([]byte(text), policy.Source{Name: "p.yml"}, catalogue.Kinds())
		runtime.ReadMemStats(&after)
		if taken := (after.TotalAlloc - before.TotalAlloc) >> 20; taken > 400 {
			t.Errorf("%s: %d MiB", name, taken)
		}
		if (p == nil) == (len(problems) == 0) {
			t.Errorf("%s: neither a policy nor a problem", name)
		}
		if len(problems) > 101 {
			t.Errorf("%s: %d problems", name, len(problems))
		}
	}
}

// The bounds leave room for more than anybody writes: ten thousand globs with
// braces, in a thousand rules.
func TestALargePolicyLoads(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("version: 1\nrules:\n")
	for i := range 999 {
		fmt.Fprintf(&b, "  rule-%d:\n    uses: protected-paths\n    level: approve\n    approvals: {count: 1, from: [\"@acme/team-%d\"]}\n    with:\n      paths: [", i, i)
		for j := range 10 {
			fmt.Fprintf(&b, "\"services/component-%d/%d/**/*.{ts,tsx}\", ", i, j)
		}
		b.WriteString("]\n    message: \"Ask: the team, please.\"\n")
	}
	if b.Len() < policy.MaxSize/2 {
		t.Errorf("only %d bytes", b.Len())
	}
	if _, problems := load(b.String()); problems != nil {
		t.Error(problems[:1])
	}
}

func TestProblemsAreCutAndCounted(t *testing.T) {
	t.Parallel()
	_, problems := load(numbered("", "k%d: 1\n")[:5000])
	last := problems[len(problems)-1]
	if len(problems) != 101 || !strings.HasPrefix(last.Message, "and ") || !strings.HasSuffix(last.Message, " more problems") {
		t.Errorf("%d problems, the last is %v", len(problems), last)
	}
}

// check holds what is true of the result of any Load.
func check(t *testing.T, text string) {
	t.Helper()
	p, problems := load(text)
	if (p == nil) == (len(problems) == 0) {
		t.Fatalf("%q: neither a policy nor a problem", text)
	}
	again, same := load(text)
	if diff := cmp.Diff(problems, same); diff != "" {
		t.Errorf("%q: not the same twice: %s", text, diff)
	}
	lines := strings.Count(strings.ReplaceAll(text, "\r", "\n"), "\n") + 2 // a text that is cut off ends behind the last
	lines += strings.Count(text, "\u2028") + strings.Count(text, "\u2029") + strings.Count(text, "\u0085")
	before := policy.Problem{Line: 1, Col: 1}
	if p != nil {
		if diff := cmp.Diff(policy.Lint(p, nil), policy.Lint(again, nil)); diff != "" {
			t.Errorf("%q: lint is not the same twice: %s", text, diff)
		}
		problems = policy.Lint(p, nil)
	}
	for _, x := range problems {
		if x.Line < before.Line || x.Line == before.Line && x.Col < before.Col || x.Line > lines || x.Message == "" || x.File != "p.yml" {
			t.Errorf("%q: bad place: %+v after %+v", text, x, before)
		}
		if strings.ContainsFunc(x.Message, unicode.IsControl) {
			t.Errorf("%q: a control character in %q", text, x.Message)
		}
		before = x
	}
}
