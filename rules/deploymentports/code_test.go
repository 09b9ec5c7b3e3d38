package deploymentports

import "testing"

// Every pattern compiles, and none matches where nothing is.
func TestPatternsCompile(t *testing.T) {
	t.Parallel()
	for language, list := range patterns {
		for _, p := range list {
			if p.expression.MatchString("") {
				t.Errorf("%s: %s matches nothing at all", language, p.expression)
			}
		}
	}
}
