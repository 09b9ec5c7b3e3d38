package policy_test

import (
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/policy"
)

func TestLint(t *testing.T) {
	t.Parallel()
	cases := golden(t, "testdata/lint/lint.txtar", func(text string) string {
		warnings := policy.Lint(mustLoad(t, text))
		if len(warnings) == 0 {
			return ""
		}
		return warnings.Error() + "\n"
	})
	if cases < 10 {
		t.Errorf("only %d cases", cases)
	}
}

// warningsOf is what Lint finds without the notes.
func warningsOf(p *policy.Policy) policy.Problems {
	var warnings policy.Problems
	for _, w := range policy.Lint(p) {
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
