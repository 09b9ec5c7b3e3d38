package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/policy"
)

func TestLint(t *testing.T) {
	t.Parallel()
	cases := golden(t, "testdata/lint/lint.txtar", func(text string) string {
		warnings := policy.Lint(mustLoad(t, text), nil)
		if len(warnings) == 0 {
			return ""
		}
		return warnings.Error() + "\n"
	})
	if cases < 10 {
		t.Errorf("only %d cases", cases)
	}
}

// A glob that names a folder protects nothing in it. That cannot be seen in the
// policy, only in the repository.
func TestLintHoldsGlobsAgainstFiles(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, `version: 1
classes: {docs: [reports, "plans/*"]}
pushes: {branches: [src]}
sessions:
  s: {declared-by: {labels: [s], branches: [src]}, may-change: [docs, "notes/x", "!src/core"]}
rules:
  a: {uses: protected-paths, with: {paths: ["src/*", "src/core", "src/Core/*", "app", "lib/**", "Makefile"]}}
risk: {surfaces: {Core: {paths: ["{src,app}/core"], weight: 1}}}
`)
	want := `p.yml:2:18: warning: reports matches no file here; reports/** would match those of the folder
p.yml:5:82: warning: src/core matches no file here; src/core/** would match those of the folder
p.yml:7:45: warning: src/* matches no file here; src/*/** would match those of the folder
p.yml:7:54: warning: src/core matches no file here; src/core/** would match those of the folder
p.yml:8:34: warning: {src,app}/core matches no file here; {src,app}/core/** would match those of the folder`
	got := policy.Lint(p, []string{"src/core/a.go", "reports/2025/x.md", "plans/a.md", "Makefile/x", "Makefile"})
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got.Error(), "\n")); diff != "" {
		t.Error(diff)
	}
	if got := policy.Lint(p, nil); got != nil {
		t.Errorf("without files: %v", got)
	}
}

// warningsOf is what Lint finds without the notes.
func warningsOf(p *policy.Policy) policy.Problems {
	var warnings policy.Problems
	for _, w := range policy.Lint(p, nil) {
		if !strings.HasPrefix(w.Message, "note: ") {
			warnings = append(warnings, w)
		}
	}
	return warnings
}

func matches(p *policy.Policy, path string) *pathset.Matches {
	var m pathset.Matches
	p.Set.Match(path, &m)
	return &m
}
