package guardintegrity_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/guardintegrity"
)

// nothing is ignored.
type nothing struct{}

func (nothing) Match(pathset.List, string) bool  { return false }
func (nothing) Pattern(pathset.List, string) int { return -1 }

// A workflow that cannot be read is an error; one that is too large to be read
// may run the guard, so a person decides. Names alone need no reading.
func TestWhatCannotBeReadIsNotQuiet(t *testing.T) {
	t.Parallel()
	broken := errors.New("the source is gone")
	for name, want := range map[string]error{".github/workflows/ci.yml": broken, ".husky/pre-push": broken, "CLAUDE.md": nil, "main.go": nil} {
		c := changetest.New(nil, changetest.Text(map[string]string{name: "x"}))
		c.Source.(*changetest.Source).Broken = broken
		found, err := guardintegrity.Kind().Run(t.Context(), &rules.Input{Change: c, Matches: nothing{}}, &guardintegrity.Options{})
		if !errors.Is(err, want) || (len(found) == 1) != (name == "CLAUDE.md") {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	c := changetest.New(nil, changetest.Text(map[string]string{".github/workflows/ci.yml": strings.Repeat("#", 100)}))
	c.Limits.File = 10
	if found, err := guardintegrity.Kind().Run(t.Context(), &rules.Input{Change: c, Matches: nothing{}}, &guardintegrity.Options{}); err != nil || len(found) != 1 {
		t.Errorf("too large: %v, %v", found, err)
	}
}
