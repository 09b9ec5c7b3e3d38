package declaredscope

import "testing"

func TestWordsWithSomethingBeside(t *testing.T) {
	t.Parallel()
	for title, words := range map[string]bool{
		"docs: add the audit report and reproduction tests":            false,
		"docs(spec): add learnings and test for state management":      false,
		"docs: add regression analysis and debug verification scripts": false,
		"docs(reports): add audit reports and script updates":          false,
		"docs: complete the migration guide and final fixes":           false,
		"docs: update the guide for unit and integration tests":        true,
		"docs: add test reports and validation documentation":          true,
		"docs: describe fixes and tests":                               true,
		"docs: update indexes with socket and tag tests":               true,
		"docs: add tests": true,
	} {
		if got := Said(title) != ""; got != words {
			t.Errorf("%s: only words: %t", title, got)
		}
	}
}
