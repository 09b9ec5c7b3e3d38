package environmentvariables

import "testing"

// Every lookup compiles, and has the group that its name is read from.
func TestLookupsCompile(t *testing.T) {
	t.Parallel()
	for language, list := range lookups {
		for _, l := range list {
			if l.expression.SubexpIndex("name") < 1 {
				t.Errorf("%s: %s names nothing", language, l.expression)
			}
		}
	}
}
