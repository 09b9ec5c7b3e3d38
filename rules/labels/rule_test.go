package labels_test

import (
	"slices"
	"testing"

	"github.com/changeguard/changeguard/rules/labels"
	"github.com/changeguard/changeguard/rules/rulestest"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	rulestest.Run(t, "labels", "testdata")
}

// Options that contradict themselves, or could never hold, are refused where
// they stand.
func TestOptionsThatCannotHold(t *testing.T) {
	t.Parallel()
	for what, o := range map[string]labels.Options{
		"nothing":      {},
		"empty":        {Require: []string{""}},
		"blank":        {Forbid: []string{"a "}},
		"a pattern":    {Add: []string{"kind/*"}},
		"both":         {Require: []string{"Kind/fix"}, Forbid: []string{"kind/*"}},
		"adds a wrong": {Add: []string{"wip"}, Forbid: []string{"WIP"}},
	} {
		if problems := labels.Kind().Check(&o); len(problems) != 1 {
			t.Errorf("%s: %v", what, problems)
		}
	}
	good := labels.Options{Require: []string{"kind/*"}, Forbid: []string{"wip"}, Add: []string{"guarded"}}
	if problems := labels.Kind().Check(&good); problems != nil {
		t.Errorf("%v", problems)
	}
}

// What the server is asked to set is what the policy names.
func TestLabelsAreAskedFor(t *testing.T) {
	t.Parallel()
	if got := labels.Kind().Ask(&labels.Options{Add: []string{"a", "b"}}).Labels; !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%v", got)
	}
}
