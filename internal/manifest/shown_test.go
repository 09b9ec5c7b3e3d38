package manifest_test

import (
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/manifest"
)

// What a manual shows of a format is what the format is told by.
func TestShownNames(t *testing.T) {
	t.Parallel()
	for _, f := range manifest.Formats() {
		if len(f.Names()) == 0 {
			t.Errorf("%s has no names to show", f.Name)
		}
		for _, name := range f.Names() {
			name = strings.ReplaceAll(name, "*", "x")
			if known, tier := manifest.Known(name); known.Name != f.Name || tier != manifest.Parsed {
				t.Errorf("Known(%q) = %q, %d, want %s", name, known.Name, tier, f.Name)
			}
		}
	}
	for _, n := range manifest.OnlyNamed() {
		for name := range strings.FieldsSeq(n[1]) {
			if known, tier := manifest.Known(strings.ReplaceAll(name, "*", "x")); tier == manifest.Unknown {
				t.Errorf("Known(%q) = %q, %d", name, known.Name, tier)
			}
		}
	}
}
