package deploymentports

import (
	"maps"
	"slices"
	"testing"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// Every pattern compiles, and none matches where nothing is.
func TestPatternsCompile(t *testing.T) {
	t.Parallel()
	all := []*lazyregexp.Regexp{inCall, nameInCall, pydanticPort, ginRouter, portWord, javaPort}
	for _, languages := range []map[string][]pattern{patterns, byName} {
		for _, list := range languages {
			for _, p := range list {
				all = append(all, p.expression)
			}
		}
	}
	for _, languages := range []map[string]*lazyregexp.Regexp{constants, lookedUp, belowLookup, calls} {
		all = slices.AppendSeq(all, maps.Values(languages))
	}
	for _, e := range all {
		if e.MatchString("") {
			t.Errorf("%s matches nothing at all", e)
		}
	}
}
