// Package labels is the rule that fails when a pull request lacks a label that
// it must have, or has one that it must not have.
//
// A label is evidence only: whoever may write to the repository can set one. The
// rule says that somebody did, not who.
package labels

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/session"
)

// Options of the rule.
type Options struct {
	Require []string `yaml:"require" desc:"Labels that must be there, each of them. Case is ignored; * and ? stand for any characters and one, so that kind/* asks for one of a family."`
	Forbid  []string `yaml:"forbid" desc:"Labels that must not be there, written likewise."`
	Add     []string `yaml:"add" desc:"Labels that the server sets where the rule applies, by their full names."`
}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	k := rules.Define(rules.Kind{
		Name:  "labels",
		Title: "a label is missing or forbidden",
		Why: "Labels are how teams route changes: what kind it is, which release it belongs to, that it must not be merged yet. Forgotten, they " +
			"are missed when it is too late. A label is a note and no proof, since everybody with write access can set it; who must agree " +
			"is said by the kind reviewers or by approvals. Outside a pull request there are no labels: a push is not judged by this rule, " +
			"and a local check knows those of --event.",
		Bad:  "labels: [do-not-merge]   (with forbid: [\"do-not-merge*\"])",
		Good: "labels: [kind/fix]   (with require: [\"kind/*\"])",
		Remedy: "Set or remove the label: the finding shows the command of GitHub's command line for it. The change is judged again " +
			"when a label changes.",
		Since:   "0.1.0",
		Subject: rules.People,
	}, check, run)
	k.Ask = func(options any) rules.Ask { return rules.Ask{Labels: options.(*Options).Add} }
	return k
}

func check(o *Options) []rules.Problem {
	if len(o.Require)+len(o.Forbid)+len(o.Add) == 0 {
		return []rules.Problem{{Message: "at least one of require, forbid and add is required"}}
	}
	var problems []rules.Problem
	for _, list := range []struct {
		name   string
		labels []string
	}{{"require", o.Require}, {"forbid", o.Forbid}, {"add", o.Add}} {
		for i, label := range list.labels {
			if message := wrong(list.name, label, o); message != "" {
				problems = append(problems, rules.Problem{Path: []any{list.name, i}, Message: message})
			}
		}
	}
	return problems
}

// wrong says what is wrong with one label of a list.
func wrong(list, label string, o *Options) string {
	switch {
	case strings.TrimSpace(label) == "" || label != strings.TrimSpace(label):
		return fmt.Sprintf("%q is no label: it is empty, or begins or ends with a blank", label)
	case list == "add" && strings.ContainsAny(label, "*?"):
		return fmt.Sprintf("%q is a pattern; only a label with its full name can be set", label)
	case list != "forbid" && matches(o.Forbid, label):
		return fmt.Sprintf("%q is forbidden by the same rule", label)
	}
	return ""
}

func matches(patterns []string, label string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return session.MatchTitle(p, label) })
}

func run(_ context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	if in.Change.Event == change.Push {
		return nil, nil // nobody labels a push
	}
	var found []rules.Finding
	for _, pattern := range o.Require {
		if !slices.ContainsFunc(in.Change.Labels, func(l change.Label) bool { return session.MatchTitle(pattern, l.Name) }) {
			found = append(found, rules.Finding{
				Key: "missing " + pattern, Message: missing(pattern), Evidence: listed(in.Change.Labels),
				Remedy: command(in.Change, "--add-label", pattern),
			})
		}
	}
	for _, l := range in.Change.Labels {
		if matches(o.Forbid, l.Name) {
			found = append(found, rules.Finding{
				Key: "forbidden " + l.Name, Message: fmt.Sprintf("The label %q must not be there.", l.Name), Evidence: listed(in.Change.Labels),
				Remedy: command(in.Change, "--remove-label", l.Name),
			})
		}
	}
	return found, nil
}

func missing(pattern string) string {
	if strings.ContainsAny(pattern, "*?") {
		return fmt.Sprintf("A label like %q is missing.", pattern)
	}
	return fmt.Sprintf("The label %q is missing.", pattern)
}

func listed(labels []change.Label) string {
	var names []string
	for _, l := range labels {
		names = append(names, l.Name)
	}
	return "labels: [" + strings.Join(names, ", ") + "]"
}

// command sets or takes a label, where the pull request is known and the label
// is one and no pattern.
func command(c *change.Change, flag, label string) string {
	switch {
	case c.Number == 0:
		return "Change the labels of the pull request; for a local check, hand its event over with --event."
	case flag == "--add-label" && strings.ContainsAny(label, "*?"):
		return "Set a label that fits at the pull request."
	default:
		return fmt.Sprintf("gh pr edit %d %s %s", c.Number, flag, rules.Quote(label))
	}
}
