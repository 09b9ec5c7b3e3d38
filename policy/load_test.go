package policy_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/session"
)

func mustLoad(t testing.TB, text string) *policy.Policy {
	t.Helper()
	p, problems := load(text)
	if problems != nil {
		t.Fatal(problems)
	}
	return p
}

// TestTheManualsPolicyLoads reads the policy that the manual shows, with the
// real kinds, and finds everything that it says.
func TestTheManualsPolicyLoads(t *testing.T) {
	t.Parallel()
	data := []byte(wholePolicy(t))
	p, problems := policy.Load(data, policy.Source{Name: policy.Path, Ref: "acme/app@abc"}, catalogue.Kinds())
	if problems != nil {
		t.Fatal(problems)
	}
	if p.Version != 1 || p.Mode != policy.Enforce || p.Digest != policy.Digest(data) || p.Source.Ref != "acme/app@abc" {
		t.Errorf("head: %+v", p)
	}
	a := p.Session("analysis-only")
	if a == nil || !a.Restricts || a.MaxCommits != 20 || a.Level != policy.Block || a.Line != 9 || a.Branches == nil || !a.Branches.Match("analysis/x/y") || a.Branches.Match("feature/x") {
		t.Fatalf("session: %+v", a)
	}
	wantSpec := session.Spec{
		Name: "analysis-only", Labels: []string{"analysis-only"}, Titles: []string{"[analysis]*", "analysis:*"},
		Trailers: []session.Trailer{{Key: "Session-Mode", Value: "analysis-only"}},
	}
	spec := a.Spec
	spec.Branches = nil
	if diff := cmp.Diff(wantSpec, spec); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]policy.Permit{{Text: "docs", Class: change.ClassDocs}, {Text: "cosmetic", Class: change.ClassCosmetic}}, a.MayChange); diff != "" {
		t.Error(diff)
	}
	var names []string
	for _, r := range p.Rules {
		names = append(names, r.Name+" "+r.Kind.Name+" "+string(r.Level))
	}
	if diff := cmp.Diff([]string{"websocket-core protected-paths block", "new-packages dependencies approve", "guard-integrity guard-integrity approve"}, names); diff != "" {
		t.Error(diff)
	}
	core, packages := p.Rules[0], p.Rules[1]
	if core.If == nil || !core.If.Uses("session.mode") || core.Line != 23 || !strings.HasPrefix(core.Message, "The WebSocket core") || core.Approvals != nil {
		t.Errorf("rule: %+v", core)
	}
	if diff := cmp.Diff(&policy.Approvals{Count: 1, From: []string{"@acme/platform", "alice"}}, packages.Approvals); diff != "" {
		t.Error(diff)
	}
	if !p.Rules[2].Implicit || core.Implicit {
		t.Error("guard-integrity alone is implicit")
	}
	if diff := cmp.Diff(policy.Overrides{By: []string{"role:maintain"}, Expire: 168 * time.Hour}, p.Overrides); diff != "" {
		t.Error(diff)
	}
	if !p.Branches.Match("release/1.0") || p.Branches.Match("develop") || len(p.Pushes) != 2 {
		t.Errorf("pushes: %v", p.Pushes)
	}
	if diff := cmp.Diff([]session.Known{{Name: "acme-bot", Logins: []string{"acme-bot[bot]"}, Emails: []string{"bot@acme.example"}}}, p.Agents); diff != "" {
		t.Error(diff)
	}
	if len(p.Risk.Surfaces) != 1 || p.Risk.Surfaces[0].Name != "WebSocket connections" || p.Risk.Surfaces[0].Weight != 30 || p.Risk.ApproveAt != "never" {
		t.Errorf("risk: %+v", p.Risk)
	}
	if diff := cmp.Diff(map[policy.Level][]string{policy.Block: {"slack"}}, p.Notify); diff != "" {
		t.Error(diff)
	}
}

func TestDefaultsOfAPolicyThatSaysNothing(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, "version: 1\n")
	if p.Mode != policy.Enforce || p.Risk.ApproveAt != "never" {
		t.Errorf("%+v", p)
	}
	if diff := cmp.Diff(policy.Approvals{Count: 1, From: []string{"role:write"}}, p.Approvals); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(policy.Overrides{By: []string{"role:maintain"}, Expire: 168 * time.Hour}, p.Overrides); diff != "" {
		t.Error(diff)
	}
	if len(p.Rules) != 1 || p.Rules[0].Name != "guard-integrity" || p.Rules[0].Level != policy.Approve || !p.Rules[0].Implicit {
		t.Errorf("guard-integrity must be on at approve: %+v", p.Rules)
	}
}

func TestGuardIntegrityIsAddedOnlyWhereNoRuleUsesIt(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, "version: 1\nrules:\n  own:\n    uses: guard-integrity\n    level: off\n")
	if len(p.Rules) != 1 || p.Rules[0].Implicit || p.Rules[0].Level != policy.Off {
		t.Errorf("%+v", p.Rules)
	}
}

func TestEveryTypeOfOptionIsDecoded(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, `version: 1
rules:
  a:
    uses: sample
    with:
      on: [added, major]
      how: removed
      names: [x, 1.10, yes]
      title: on
      count: 3
      at-least: 2
      most: 0
      bytes: 10000000
      check: false
      deadline: 1h30m
      require: change.files < 3
      paths: ["src/**", "!src/*.md"]
      ignore: ["src/x"]
`)
	o := p.Rules[0].Options.(*sampleOptions)
	if diff := cmp.Diff([]word{"added", "major"}, o.On); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"x", "1.10", "yes"}, o.Names); diff != "" {
		t.Error(diff)
	}
	if o.How != "removed" || o.Title != "on" || o.Count != 3 || o.AtLeast != 2 || *o.Most != 0 || *o.Bytes != 10_000_000 || *o.Check || o.Deadline != 90*time.Minute {
		t.Errorf("%+v", o)
	}
	if !o.Require.Uses("change.files") || !o.Paths.Set || !o.Ignore.Set {
		t.Errorf("%+v", o)
	}
	left := mustLoad(t, "version: 1\nrules: {a: {uses: sample}}\n").Rules[0].Options.(*sampleOptions)
	left.Paths.List, left.Ignore.List = 0, 0
	if !reflect.DeepEqual(*left, sampleOptions{}) {
		t.Errorf("what is left out has a value: %+v", left)
	}
}

// protect also matches case-folded, permit does not.
func TestGlobsErrOnTheStrictSide(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, "version: 1\nclasses: {docs: [\"Reports/**\"]}\nrules: {a: {uses: sample, with: {paths: [\"Src/**\"], ignore: [\"Src/**\"]}}}\n")
	o := p.Rules[0].Options.(*sampleOptions)
	m := matches(p, "src/x")
	if !m.Has(o.Paths.List) || m.Has(o.Ignore.List) {
		t.Error("src/x must be protected by Src/** and not be ignored by it")
	}
}

// What a list that permits excludes, it excludes in any case of letters.
func TestExclusionsErrOnTheStrictSide(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, "version: 1\nclasses: {docs: [\"reports/**\", \"!reports/code/**\"]}\nrules: {a: {uses: sample, with: {ignore: [\"docs/**\", \"!docs/AGENTS.md\"]}}}\n")
	if got := classify(p, "reports/Code/x.py", change.Regular); got == change.ClassDocs {
		t.Error("reports/Code/x.py is a document")
	}
	if m := matches(p, "docs/agents.md"); m.Has(p.Rules[0].Options.(*sampleOptions).Ignore.List) {
		t.Error("docs/agents.md is ignored")
	}
}

// A file is in a mild class by its exact name alone, and in a strict one also
// under a name that some machines take for it: prompts/ and Prompts/ are one
// folder there.
func TestClassesErrOnTheStrictSide(t *testing.T) {
	t.Parallel()
	for _, class := range change.Classes() {
		p := mustLoad(t, "version: 1\nclasses: {"+string(class)+": [\"Folder/**\"]}\n")
		folded := classify(p, "folder/x.go", change.Regular) == class
		if classify(p, "Folder/x.go", change.Regular) != class {
			t.Errorf("%s: the exact name does not match", class)
		}
		switch class {
		case change.ClassVendored, change.ClassGenerated, change.ClassDocs, change.ClassTests, change.ClassAssets, change.ClassData, change.ClassConfig:
			if folded {
				t.Errorf("%s: a mild class matches case-folded", class)
			}
		default:
			if !folded {
				t.Errorf("%s: a strict class does not match case-folded", class)
			}
		}
	}
}

// classify is how verdicts ask for the class of a file.
func classify(p *policy.Policy, path string, mode change.Mode) change.Class {
	return p.Class(matches(p, path), mode, change.Classify(path, mode))
}

func TestClassify(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, `version: 1
classes:
  docs: ["reports/**", "!reports/*.py"]
  tests: ["reports/*.py", "**/*.spec"]
  functional: ["prompts/**"]
`)
	for _, c := range []struct {
		path string
		mode change.Mode
		want change.Class
	}{
		{"reports/a/b.bin", change.Regular, change.ClassDocs},
		{"reports/a.py", change.Regular, change.ClassTests},
		{"prompts/x.md", change.Regular, change.ClassFunctional},
		{"README.md", change.Regular, change.ClassDocs},
		{"src/x.py", change.Regular, change.ClassFunctional},
		{"reports/run.bin", change.Executable, change.ClassFunctional},
		{"reports/link.md", change.Symlink, change.ClassFunctional},
		{"reports/sub", change.Submodule, change.ClassDependencies},
	} {
		if got := classify(p, c.path, c.mode); got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.path, c.mode, got, c.want)
		}
	}
	if got := classify(mustLoad(t, "version: 1\n"), "notes/x.md", change.Regular); got != change.ClassDocs {
		t.Errorf("without classes: %s", got)
	}
}

// What a rule leaves out of its approvals comes from the policy's, wherever in
// the file those stand.
func TestApprovalsInherit(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, `version: 1
rules:
  a: {uses: sample, level: approve, approvals: {count: 2}}
  b: {uses: sample, level: approve, approvals: {from: [bob]}}
  c: {uses: sample, level: approve}
approvals: {count: 3, from: ["@acme/leads"]}
`)
	for i, want := range []*policy.Approvals{{Count: 2, From: []string{"@acme/leads"}}, {Count: 3, From: []string{"bob"}}, nil} {
		if diff := cmp.Diff(want, p.Rules[i].Approvals); diff != "" {
			t.Error(diff)
		}
	}
	for i, want := range []string{
		"2 approvals by @acme/leads, or an override by role:maintain",
		"3 approvals by bob, or an override by role:maintain",
		"3 approvals by @acme/leads, or an override by role:maintain",
	} {
		if got := p.LiftableBy(policy.Approve, p.Rules[i].Approvals); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestNobodyMayOverride(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, "version: 1\noverrides: {by: []}\n")
	if len(p.Overrides.By) != 0 || p.LiftableBy(policy.Block, nil) != "no override" || p.LiftableBy(policy.Warn, nil) != "" {
		t.Errorf("%+v, %q", p.Overrides, p.LiftableBy(policy.Block, nil))
	}
}

func TestFormsThatEditorsWriteLoad(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"byte order mark": "\ufeffversion: 1\n",
		"carriage return": "version: 1\r\nmode: observe\r\nrules:\r\n  a: {uses: sample}\r\n",
		"document marks":  "---\nversion: 1\n...\n",
		"quoted version":  "version: \"1\"\n",
		"names":           "version: 1\nrules: {Größe_1.x: {uses: sample}, \"1\": {uses: sample}}\n",
		"empty sections":  "version: 1\nrules: {}\nclasses: {}\nsessions: {}\n",
	} {
		if _, problems := load(text); problems != nil {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestBytesThatAreNoTextAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", "p.yml:1:1: the policy is empty; `changeguard policy init` writes one"},
		{" \n\t\n", "p.yml:1:1: the policy is empty; `changeguard policy init` writes one"},
		{"\ufeff", "p.yml:1:1: the policy is empty; `changeguard policy init` writes one"},
		{"\xff\xfev\x00e\x00", "p.yml:1:1: the policy is UTF-16; save it as UTF-8"},
		{"\xfe\xff\x00v", "p.yml:1:1: the policy is UTF-16; save it as UTF-8"},
		{"v\x00e\x00r\x00", "p.yml:1:2: a control character (U+0000) is not allowed"},
		{"version: 1\nmode: é\xe9", "p.yml:2:8: the policy is no valid UTF-8 from here on"},
		{"version: 1\n# \x1b[31m\n", "p.yml:2:3: a control character (U+001B) is not allowed"},
		{"version: 1 # \u009b\n", "p.yml:1:14: a control character (U+009B) is not allowed"},
		{strings.Repeat("#", policy.MaxSize+1), "p.yml:1:1: the policy has 1048577 bytes, the limit is 1048576"},
	} {
		if p, problems := load(c.text); p != nil || problems.Error() != c.want {
			t.Errorf("%.20q: got %v, want %s", c.text, problems, c.want)
		}
	}
}

func TestUnknownKindsAreNamed(t *testing.T) {
	t.Parallel()
	_, problems := policy.Load([]byte("version: 1\nrules: {a: {uses: workflow-permissions}}\n"), policy.Source{Name: "p.yml"}, catalogue.Kinds())
	var names []string
	for _, k := range catalogue.Kinds() {
		names = append(names, k.Name)
	}
	if problems == nil || !strings.HasSuffix(problems.Error(), strings.Join(names, ", ")) {
		t.Errorf("got %v", problems)
	}
}

func TestDefaultPolicy(t *testing.T) {
	t.Parallel()
	p := policy.Default(catalogue.Kinds())
	if p.Mode != policy.Observe || p.Session("analysis-only") == nil || p.Digest != policy.Digest(policy.DefaultYAML()) {
		t.Errorf("%+v", p)
	}
	if len(p.Rules) != 1 || p.Rules[0].Kind.Name != "guard-integrity" || p.Rules[0].Level != policy.Approve {
		t.Errorf("rules: %+v", p.Rules)
	}
	text := policy.DefaultYAML()
	text[0] = 'X'
	if policy.DefaultYAML()[0] == 'X' {
		t.Error("the default can be written to")
	}
	if warnings := warningsOf(p); warnings != nil {
		t.Errorf("lint: %v", warnings)
	}
}

// Options whose type no policy can hold are a mistake of the program.
func TestUnknownOptionTypesPanic(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a float was accepted")
		}
	}()
	type odd struct {
		Share float64 `yaml:"share"`
	}
	policy.Load([]byte("version: 1\nrules: {a: {uses: odd, with: {share: 1}}}\n"), policy.Source{}, []rules.Kind{rules.Define[odd](rules.Kind{Name: "odd"}, nil, nothing)})
}

// A message over several lines is shown in one, without marks of where they ended.
func TestMessagesAreOneLine(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"|\n      Ask the team,\n      please.\n", ">\n      Ask the team,\n      please.\n", "\"Ask the\\tteam,\\n\\n please. \"\n"} {
		p, problems := policy.Load([]byte("version: 1\nrules:\n  a:\n    uses: sample\n    message: "+text), policy.Source{Name: "p.yml"}, kinds())
		if problems != nil || p.Rules[0].Message != "Ask the team, please." {
			t.Errorf("%q: %v, %v", text, p, problems)
		}
	}
}
