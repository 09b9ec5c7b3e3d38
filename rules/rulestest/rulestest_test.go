package rulestest

import "testing"

func TestActionable(t *testing.T) {
	t.Parallel()
	for remedy, want := range map[string]bool{
		"git rm -- a.txt":                                 true,
		"gh pr edit 7 --add-label x":                      true,
		"Name the commit: uses: acme/new@<40 digits>":     true,
		"Split it in two:\n1. the migration\n2. the rest": true,
		"":           false,
		"Mend.":      false,
		"git ":       false,
		"it is bad.": false,
		"Do it,":     false,
	} {
		if got := actionable(remedy); got != want {
			t.Errorf("%q: %t", remedy, got)
		}
	}
}
