package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/policy"
)

const organisations = `version: 1
rules:
  a.b:
    uses: sample
    overridable: true
    with: {names: [x]}
  core: {uses: protected-paths, level: approve, with: {paths: ["core/**"]}}
overrides: {by: []}
`

const repositorys = `version: 1
mode: observe
classes: {docs: ["reports/**"]}
sessions:
  quiet: {declared-by: {labels: [quiet]}, may-change: []}
rules:
  a.b: {uses: sample, level: warn, if: "true"}
  core: {uses: protected-paths, with: {paths: ["lib/**"]}}
notify: {block: [ops]}
`

func explained(t *testing.T, texts ...policy.Text) []string {
	t.Helper()
	lines, err := policy.Explain(texts, kinds())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range lines {
		text := fmt.Sprintf("%s: %s = %s", l.From, l.Key, l.Value)
		if l.Line > 0 {
			text += fmt.Sprintf(" (%s:%d)", l.File, l.Line)
		}
		if l.From == policy.FromDefault {
			text = l.Layer + " " + text
		}
		if l.ReplacedBy != "" {
			text += " REPLACED " + l.ReplacedBy
		}
		out = append(out, text)
	}
	return out
}

// Every line says whose it is; a rule that gave way says to which.
func TestExplainSaysWhereEachLineComesFrom(t *testing.T) {
	t.Parallel()
	got := explained(t,
		policy.Text{Layer: "organisation", Data: []byte(organisations), Source: policy.Source{Name: "org.yml"}},
		policy.Text{Layer: "repository", Data: []byte(repositorys), Source: policy.Source{Name: "p.yml"}})
	want := []string{
		"organisation: version = 1 (org.yml:1)",
		"organisation: rules.a.b.uses = sample (org.yml:4) REPLACED p.yml:7, repository",
		"organisation: rules.a.b.overridable = true (org.yml:5) REPLACED p.yml:7, repository",
		"organisation: rules.a.b.with.names = [x] (org.yml:6) REPLACED p.yml:7, repository",
		"organisation: rules.core.uses = protected-paths (org.yml:7)",
		"organisation: rules.core.level = approve (org.yml:7)",
		"organisation: rules.core.with.paths = [core/**] (org.yml:7)",
		"organisation: overrides.by = [] (org.yml:8)",
		"organisation default: mode = enforce",
		"organisation default: rules.a.b.level = block REPLACED p.yml:7, repository",
		"organisation default: rules.guard-integrity.uses = guard-integrity",
		"organisation default: rules.guard-integrity.level = approve",
		"organisation default: approvals.count = 1",
		"organisation default: approvals.from = [role:write]",
		"organisation default: overrides.self = false",
		"organisation default: overrides.expire = 168h",
		"organisation default: risk.approve-at = never",
		"repository: version = 1 (p.yml:1)",
		"repository: mode = observe (p.yml:2)",
		"repository: classes.docs = [reports/**] (p.yml:3)",
		"repository: sessions.quiet.declared-by.labels = [quiet] (p.yml:5)",
		"repository: sessions.quiet.may-change = [] (p.yml:5)",
		"repository: rules.a.b.uses = sample (p.yml:7)",
		"repository: rules.a.b.level = warn (p.yml:7)",
		"repository: rules.a.b.if = true (p.yml:7)",
		"repository: rules.core.uses = protected-paths (p.yml:8)",
		"repository: rules.core.with.paths = [lib/**] (p.yml:8)",
		"repository: notify.block = [ops] (p.yml:9)",
		"repository default: sessions.quiet.level = block",
		"repository default: rules.core.level = block",
		"repository default: rules.guard-integrity.uses = guard-integrity",
		"repository default: rules.guard-integrity.level = approve",
		"repository default: approvals.count = 1",
		"repository default: approvals.from = [role:write]",
		"repository default: overrides.by = [role:maintain]",
		"repository default: overrides.self = false",
		"repository default: overrides.expire = 168h",
		"repository default: risk.approve-at = never",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Of a policy that does not load nothing is in force.
func TestExplainRefusesBrokenPolicies(t *testing.T) {
	t.Parallel()
	_, err := policy.Explain([]policy.Text{{Layer: "repository", Data: []byte("version: 1\nmodes: x\n"), Source: policy.Source{Name: "p.yml"}}}, kinds())
	if err == nil || !strings.Contains(err.Error(), `p.yml:2:1: unknown key "modes"`) {
		t.Errorf("%v", err)
	}
}
