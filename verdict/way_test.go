package verdict_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

const wayPolicy = `
sessions:
  analysis-only: {declared-by: {labels: [analysis-only]}, may-change: [docs]}
  docs-only: {declared-by: {labels: [docs-only]}, may-change: [docs]}
rules:
  core: {uses: protected-paths, with: {paths: ["core/**"]}}
  elsewhere: {uses: protected-paths, with: {paths: ["other/**"]}}
  agents: {uses: protected-paths, if: 'session.actor == "agent" && change.files > 3', with: {paths: ["**"]}}
  gone: {uses: limits, level: off, with: {files: 1}}
  size: {uses: limits, level: warn, with: {files: 100}}
  tests: {uses: required-evidence, with: {checks: [tests]}}
  guard-integrity: {uses: guard-integrity, level: approve}
risk: {approve-at: critical}
`

// Each rule of the policy says whether it matched, and why not.
func TestWaySaysOfEachRuleWhy(t *testing.T) {
	t.Parallel()
	c := changetest.New(changetest.Text(map[string]string{"core/a.py": "x = 1\n"}), changetest.Text(map[string]string{"core/a.py": "x = 2\n", "docs/x.md": "x\n"}))
	c.Event, c.Labels = change.PullRequest, []change.Label{{Name: "analysis-only"}}
	v := judge(t, c, wayPolicy)
	if v.PolicyBroken {
		t.Fatal(v.Findings)
	}
	got := make(map[string]verdict.Step)
	var order []string
	for _, s := range v.Way {
		got[s.Rule], order = s, append(order, s.Rule)
	}
	for rule, want := range map[string]struct {
		result verdict.Result
		why    string
	}{
		"analysis-only":   {verdict.Found, "Declared by the label analysis-only (pull request). It may change only docs."},
		"docs-only":       {verdict.Skipped, "Nothing declares this mode."},
		"core":            {verdict.Found, ""},
		"elsewhere":       {verdict.Clear, "None of the 2 paths is matched by its globs."},
		"agents":          {verdict.Skipped, `Its condition does not hold: session.actor == "agent" && change.files > 3. Here session.actor is "human", change.files is 2.`},
		"gone":            {verdict.Skipped, "It is switched off (level: off)."},
		"size":            {verdict.Clear, "It was evaluated on the whole change and found nothing."},
		"tests":           {verdict.Unjudged, change.ErrNoEvidence.Error()},
		"guard-integrity": {verdict.Clear, ""},
		"risk":            {verdict.Clear, "The risk is medium; an approval is asked for from critical on."},
	} {
		if s := got[rule]; s.Result != want.result || !strings.Contains(s.Why, want.why) {
			t.Errorf("%s: %s: %q, want %s: %q", rule, s.Result, s.Why, want.result, want.why)
		}
	}
	if len(order) != 10 || order[0] != "analysis-only" || order[2] != "core" {
		t.Errorf("the order: %v", order)
	}
	if got["core"].Findings != 1 || got["core"].Layer != verdict.RepositoryLayer || got["core"].Level != policy.Block || got["core"].Kind != "protected-paths" {
		t.Errorf("%+v", got["core"])
	}

	// What is kept beside the JSON brings it back.
	body, err := v.Aside()
	if err != nil {
		t.Fatal(err)
	}
	again := &verdict.Verdict{Findings: v.Findings}
	again.Recall(body)
	if diff := cmp.Diff(v.Way, again.Way); diff != "" {
		t.Error(diff)
	}
}

// A way is bounded, whatever a policy has and a condition says.
func TestWayIsBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("rules:\n")
	for i := range 600 {
		b.WriteString("  r" + strings.Repeat("x", i%9) + string(rune('a'+i%26)) + strings.Repeat("y", i/9) + `: {uses: limits, if: 'pr.title == "` + strings.Repeat("w", 60) + `"', with: {files: 1}}` + "\n")
	}
	c := changetest.New(nil, changetest.Text(map[string]string{"a.md": "x\n"}))
	c.Event, c.HeadRef = change.PullRequest, strings.Repeat("b", 5000)
	v := judge(t, c, b.String())
	if len(v.Way) > 500 {
		t.Errorf("%d steps", len(v.Way))
	}
	for _, s := range v.Way {
		if len(s.Why) > 410 {
			t.Fatalf("%d bytes: %s", len(s.Why), s.Why)
		}
	}
}
