package environmentvariables_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/environmentvariables"
)

func judge(t *testing.T, c *change.Change) ([]rules.Finding, error) {
	t.Helper()
	return environmentvariables.Kind().Run(t.Context(), &rules.Input{Change: c}, &environmentvariables.Options{})
}

const needy = "import os\nk = os.environ[\"API_KEY\"]\n"

// What cannot be read or listed is an error, never silence; code that requires
// nothing new lists no tree.
func TestWhatCannotBeReadIsNotQuiet(t *testing.T) {
	t.Parallel()
	broken := errors.New("the source is gone")
	for name, want := range map[string]error{"a.py": broken, "compose.yaml": broken, "README.md": nil, "tests/a.py": nil} {
		c := changetest.New(changetest.Text(map[string]string{name: "a"}), changetest.Text(map[string]string{name: "b"}))
		c.Source.(*changetest.Source).Broken = broken
		if found, err := judge(t, c); !errors.Is(err, want) || len(found) > 0 {
			t.Errorf("%s: %v, %v; want %v", name, found, err, want)
		}
	}
	c := changetest.New(changetest.Text(map[string]string{"a.py": needy}), changetest.Text(map[string]string{"a.py": needy + "x = 1\n"}))
	if found, err := judge(t, c); err != nil || len(found) > 0 || c.Usage().Listed > 0 {
		t.Errorf("%v %v %+v", found, err, c.Usage())
	}
	c = changetest.New(nil, changetest.Text(map[string]string{"a.py": needy}))
	c.Source = hidden{c.Source}
	if found, err := judge(t, c); err == nil || len(found) > 0 {
		t.Errorf("%v %v", found, err)
	}
}

// hidden is a source that cannot list trees.
type hidden struct{ change.Source }

// Manifests beyond the bound may hold the variable: that is no finding.
func TestTooManyManifests(t *testing.T) {
	t.Parallel()
	base := map[string]string{}
	for i := range 20 {
		base[fmt.Sprintf("k8s/%d.yaml", i)] = strings.Repeat(fmt.Sprintf("k%d: v\n", i), 150_000)
	}
	head := map[string]string{"a.py": needy}
	for name, text := range base {
		head[name] = text
	}
	c := changetest.New(changetest.Text(base), changetest.Text(head))
	if found, err := judge(t, c); !errors.Is(err, change.ErrTooLarge) || len(found) > 0 {
		t.Errorf("%v %v", found, err)
	}
}

// Code that is too large to be searched is a finding.
func TestLargeCode(t *testing.T) {
	t.Parallel()
	c := changetest.New(nil, changetest.Text(map[string]string{"a.py": strings.Repeat("x", 2000)}))
	c.Limits.File = 1000
	found, err := judge(t, c)
	if err != nil || len(found) != 1 || !strings.Contains(found[0].Message, "too large") {
		t.Errorf("%v %v", found, err)
	}
}

// The option takes names with stars, and nothing else.
func TestProvidedOption(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{"API_KEY": true, "API_*": true, "*_KEY": true, "A*I*Y": true, "*": true, "KEY": false, "API_KEY_*": false, "API": false} {
		c := changetest.New(nil, changetest.Text(map[string]string{"a.py": needy}))
		found, err := environmentvariables.Kind().Run(t.Context(), &rules.Input{Change: c}, &environmentvariables.Options{Provided: []string{pattern}})
		if err != nil || (len(found) == 0) != want {
			t.Errorf("%s: %v %v", pattern, found, err)
		}
	}
	for _, bad := range []string{"", "API-KEY", "$X", "a b"} {
		if len(environmentvariables.Kind().Check(&environmentvariables.Options{Provided: []string{bad}})) != 1 {
			t.Errorf("%q was taken", bad)
		}
	}
}
