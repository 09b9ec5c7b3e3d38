// Package checklist is the rule that fails while task-list items in the body of a
// pull request are not ticked.
package checklist

import (
	"context"
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
)

// Options of the rule.
type Options struct {
	Section string `yaml:"section" desc:"The heading of the section that counts, such as Test Plan; case and emphasis are ignored. It must be there and have items. Default: the whole body, which may have none."`
}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "checklist",
		Title: "task-list items in the body are unticked",
		Why: "A test plan of empty boxes says that the author knew what to test and did not. It was written, shown, and merged: the work it " +
			"names was left to whoever runs into it. A section that the policy names must be there, so that deleting the list is no way to finish it. " +
			"Items in code blocks, quotes and comments are no items. A push has no body and is not judged by this rule.",
		Bad:  "## Test plan\n- [x] unit tests\n- [ ] container answers on its port",
		Good: "## Test plan\n- [x] unit tests\n- [x] container answers on its port",
		Remedy: "Write the section into the body of the pull request and tick what was done; take out what does not apply and say why. " +
			"An edit of the body is judged at once. A local check takes the body from --event.",
		Since:   "0.1.0",
		Subject: rules.People,
	}, check, run)
}

func check(o *Options) []rules.Problem {
	if o.Section != "" && plain(o.Section) == "" {
		return []rules.Problem{{Path: []any{"section"}, Message: fmt.Sprintf("%q is no heading", o.Section)}}
	}
	return nil
}

// maxShown is how many items are findings of their own; the others are counted.
const maxShown = 50

func run(_ context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	if in.Change.Event == change.Push {
		return nil, nil // nobody describes a push
	}
	list := read(in.Change.Body, o.Section)
	switch {
	case o.Section != "" && !list.section:
		return []rules.Finding{{
			Key: "no section", Message: fmt.Sprintf("The body has no section %q, whose list was to be ticked.", o.Section),
			Remedy: "Write the section into the pull request's body and tick what is done; for a local check, hand the event over with --event.",
		}}, nil
	case o.Section != "" && list.items == 0:
		return []rules.Finding{{
			Key: "no items", Message: fmt.Sprintf("The section %q of the body has no task-list items.", o.Section),
			Remedy: "Write what is to be done as \"- [ ] …\" and tick what is done.",
		}}, nil
	}
	return unticked(list), nil
}

func unticked(list list) []rules.Finding {
	var found []rules.Finding
	for _, item := range list.open[:min(len(list.open), maxShown)] {
		found = append(found, rules.Finding{
			Key: "unticked " + item.text, Message: fmt.Sprintf("Not ticked (line %d of the body): %s", item.line, cut(item.text)),
			Evidence: fmt.Sprintf("%d of %d items are ticked", list.items-len(list.open), list.items),
			Remedy:   "Do it and tick the box in the body, or take the item out and say why.",
		})
	}
	if more := len(list.open) - len(found); more > 0 {
		found = append(found, rules.Finding{
			Key: "more unticked", Message: fmt.Sprintf("%d more items of the body are not ticked.", more), Remedy: "Tick what is done.",
		})
	}
	return found
}

func cut(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
