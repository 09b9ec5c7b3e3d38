package workflows_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/rulestest"
	"github.com/changeguard/changeguard/rules/workflows"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	rulestest.Run(t, "workflows", "testdata")
}

func TestAllowingEverythingIsRefused(t *testing.T) {
	t.Parallel()
	for _, a := range []string{"", "*", "**", "?*"} {
		if problems := workflows.Kind().Check(&workflows.Options{Allow: []string{a}}); len(problems) != 1 {
			t.Errorf("%q: %v", a, problems)
		}
	}
}

// What cannot be read is an error or a finding, never quiet.
func TestWhatCannotBeReadIsNotQuiet(t *testing.T) {
	t.Parallel()
	broken := errors.New("the source is gone")
	c := changetest.New(nil, changetest.Text(map[string]string{".github/workflows/a.yml": "on: push\n"}))
	c.Source.(*changetest.Source).Broken = broken
	if found, err := workflows.Kind().Run(t.Context(), &rules.Input{Change: c}, &workflows.Options{}); !errors.Is(err, broken) || found != nil {
		t.Errorf("%v, %v", found, err)
	}
	c = changetest.New(nil, changetest.Text(map[string]string{".github/workflows/a.yml": strings.Repeat("#", 100)}))
	c.Limits.File = 10
	if found, err := workflows.Kind().Run(t.Context(), &rules.Input{Change: c}, &workflows.Options{}); err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
}

// FuzzWorkflows: any two workflows are compared, and one with itself brings
// nothing.
func FuzzWorkflows(f *testing.F) {
	f.Add("on: pull_request_target\njobs: {a: {steps: [{run: \"${{ github.event.issue.title }}\"}, {uses: a/b@v1}]}}")
	f.Add("on: [push]\npermissions: write-all\njobs: {a: {runs-on: [self-hosted], container: x, secrets: inherit, uses: ./x}}")
	f.Fuzz(func(t *testing.T, text string) {
		const name = ".github/workflows/a.yml"
		for before, most := range map[string]int{"": 200, text: 0} {
			base := changetest.Tree{name: {Content: before}}
			c := changetest.New(base, changetest.Tree{name: {Content: text}})
			if before == text {
				c = changetest.New(base, changetest.Tree{name: {Content: text, Mode: "100755"}})
			}
			found, err := workflows.Kind().Run(t.Context(), &rules.Input{Change: c}, &workflows.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(found) > most && !strings.Contains(found[0].Message, "cannot be judged") {
				t.Errorf("%d findings, first %s", len(found), found[0].Message)
			}
		}
	})
}
