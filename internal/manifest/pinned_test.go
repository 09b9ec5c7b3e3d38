package manifest

import (
	"os"
	"strings"
	"testing"
)

// TestPinnedAsTheSets: the short ways to what is pinned agree with the sets, for
// every specification that the installers were asked about.
func TestPinnedAsTheSets(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/accepts.tsv")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for line := range strings.Lines(string(data)) {
		f := strings.Split(line, "\t")
		if len(f) < 3 {
			continue
		}
		for _, spec := range f[1:3] {
			n, okN := parseNpmRange(spec)
			if got := pinnedNpm(spec); got != (okN && n.exact) {
				t.Errorf("npm: %q is pinned: %t", spec, got)
			}
			p, okP := parsePySpec(spec)
			if got := pinnedPy(spec); got != (okP && p.exact) {
				t.Errorf("pypi: %q is pinned: %t", spec, got)
			}
			checked++
		}
	}
	if checked < 800 {
		t.Errorf("only %d specifications", checked)
	}
}
