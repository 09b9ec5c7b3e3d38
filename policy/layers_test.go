package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/policy"
)

func ruleNames(p *policy.Policy) []string {
	var names []string
	for _, r := range p.Rules {
		names = append(names, r.Name)
	}
	return names
}

// A repository cannot take a rule of its organisation away by giving its own
// the same name, unless the organisation allows that rule to be replaced.
func TestOnlyOverridableRulesGiveWay(t *testing.T) {
	t.Parallel()
	organisation := mustLoad(t, `version: 1
rules:
  fixed: {uses: sample}
  loose: {uses: sample, overridable: true}
  other: {uses: sample, overridable: true}
`)
	repository := mustLoad(t, `version: 1
rules:
  fixed: {uses: sample, level: off}
  loose: {uses: sample, level: off, overridable: true}
`)
	got := policy.Layers{organisation, repository}.Effective()
	if diff := cmp.Diff([]string{"fixed", "other", "guard-integrity"}, ruleNames(got[0])); diff != "" {
		t.Errorf("organisation: %s", diff)
	}
	if diff := cmp.Diff([]string{"fixed", "loose", "guard-integrity"}, ruleNames(got[1])); diff != "" {
		t.Errorf("repository: %s", diff)
	}
	if len(organisation.Rules) != 4 {
		t.Error("Effective changed the policy that it was given")
	}
}

// A rule that nobody wrote replaces nothing.
func TestImplicitRulesReplaceNothing(t *testing.T) {
	t.Parallel()
	organisation := mustLoad(t, "version: 1\nrules: {guard-integrity: {uses: guard-integrity, level: block, overridable: true}}\n")
	got := policy.Layers{organisation, mustLoad(t, "version: 1\n")}.Effective()
	if diff := cmp.Diff([]string{"guard-integrity"}, ruleNames(got[0])); diff != "" {
		t.Error(diff)
	}
	named := mustLoad(t, "version: 1\nrules: {guard-integrity: {uses: guard-integrity}}\n")
	if got := (policy.Layers{organisation, named}).Effective(); len(got[0].Rules) != 0 {
		t.Errorf("the organisation's rule stays: %v", ruleNames(got[0]))
	}
}
