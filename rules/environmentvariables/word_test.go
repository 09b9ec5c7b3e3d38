package environmentvariables

import "testing"

func TestHasWord(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{"a": true, "if a {": true, "ab a": true, "aa": false, "_a a1 ba": false, "é a": true, "éa": true, "": false, "x.a": true, "aa(a)": true} {
		if hasWord(line, "a") != want {
			t.Errorf("%q: %t", line, !want)
		}
	}
}
