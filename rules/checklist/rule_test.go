package checklist_test

import (
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/checklist"
	"github.com/changeguard/changeguard/rules/rulestest"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	rulestest.Run(t, "checklist", "testdata")
}

func TestSectionWithoutLetters(t *testing.T) {
	t.Parallel()
	if problems := checklist.Kind().Check(&checklist.Options{Section: "## **"}); len(problems) != 1 {
		t.Errorf("%v", problems)
	}
}

// A body of any number of items has a bounded number of findings, and none of
// the items is lost to the count.
func TestManyItems(t *testing.T) {
	t.Parallel()
	c := changetest.New(nil, nil)
	c.Body = strings.Repeat("- [ ] item\n", 5000)
	found, err := checklist.Kind().Run(t.Context(), &rules.Input{Change: c}, &checklist.Options{})
	if err != nil || len(found) != 51 || found[50].Message != "4950 more items of the body are not ticked." {
		t.Errorf("%d findings, %v", len(found), err)
	}
}

// FuzzChecklist: any body ends; what is found stands in it.
func FuzzChecklist(f *testing.F) {
	for _, body := range []string{
		"- [ ] a\n- [x] b\n", "## Test plan\n\n* [ ] c\n\n## Else\n", "Test plan\n---\n1. [ ] d\n    - [ ] e\n", "```\n- [ ] code\n```\n",
		"<!-- - [ ] hidden -->- [ ] seen", "    - [ ] code", "> - [ ] quoted", "**Test plan:**\r\n+ [\t] f\r\n", "- [ ]\n- [ ] \n",
	} {
		f.Add(body, "test plan")
		f.Add(body, "")
	}
	f.Fuzz(func(t *testing.T, body, section string) {
		c := changetest.New(nil, nil)
		c.Body = body
		found, err := checklist.Kind().Run(t.Context(), &rules.Input{Change: c}, &checklist.Options{Section: section})
		if err != nil || len(found) > 0 && section == "" && !strings.Contains(body, "]") {
			t.Errorf("%v, %v", found, err)
		}
	})
}
