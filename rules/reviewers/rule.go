// Package reviewers is the rule that fails until some people have approved.
//
// The rule itself finds that approvals are needed, and says whose; whoever knows
// the reviews lifts the finding with them. So the verdict shows who approved, and
// what an approval is (of the head, by a person, not by the author) is the same
// as for every other finding.
package reviewers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/rules"
)

// Options of the rule.
type Options struct {
	From    []string `yaml:"from" desc:"Who must approve: login, @org/team, or role:write, role:maintain, role:admin. Required."`
	Count   *int     `yaml:"count" min:"1" desc:"How many of them. Default: 1."`
	Request *bool    `yaml:"request" desc:"Request reviews of the logins and teams in from. Default: true."`
}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	k := rules.Define(rules.Kind{
		Name:  "reviewers",
		Title: "certain people have not approved the change",
		Why: "Some changes are only safe when those who know the part have looked: the platform team at connection handling, security at a " +
			"login. Code owners say that by path alone; this rule says it under any condition, such as for agents or at high risk. Only " +
			"approvals of these people lift it, at every level, or an override. An approval counts at the current head, by a person who is neither the author " +
			"nor wrote or committed any of it, and stays valid while the change stays as it is. A push is not judged by this rule.",
		Bad:  "approved by nobody   (with from: [\"@acme/platform\"])",
		Good: "approved by alice, who is of @acme/platform",
		Remedy: "Ask those whom the finding names for a review, by the command that it shows; the change is judged again with each " +
			"review. A push with other content needs them once more.",
		Since:   "0.1.0",
		Subject: rules.People,
	}, check, run)
	k.Ask = func(options any) rules.Ask { return rules.Ask{Reviewers: options.(*Options).requested()} }
	return k
}

var (
	login = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)
	team  = lazyregexp.New(`^@[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$`)
	roles = []string{"write", "maintain", "admin"}
)

func check(o *Options) []rules.Problem {
	if len(o.From) == 0 {
		return []rules.Problem{{Path: []any{"from"}, Message: "from is required and must name somebody"}}
	}
	var problems []rules.Problem
	people := make(map[string]bool)
	for i, who := range o.From {
		if message := wrong(who); message != "" {
			problems = append(problems, rules.Problem{Path: []any{"from", i}, Message: message})
		}
		if people[strings.ToLower(who)] = true; !login.MatchString(who) {
			return problems // a team or a role has any number of people
		}
	}
	if o.count() > len(people) {
		problems = append(problems, rules.Problem{Path: []any{"count"}, Message: fmt.Sprintf("%d must approve, but from names only %d", o.count(), len(people))})
	}
	return problems
}

// wrong says what is wrong with one name.
func wrong(who string) string {
	role, isRole := strings.CutPrefix(who, "role:")
	switch {
	case isRole:
		return nearest.Unknown("role", role, roles)
	case slices.Contains(roles, who):
		return fmt.Sprintf("%q would be a login; did you mean \"role:%s\"?", who, who)
	case strings.HasPrefix(who, "@") && login.MatchString(who[1:]):
		return fmt.Sprintf("a login stands without @, a team with its organisation; did you mean %q?", who[1:])
	case !login.MatchString(who) && !team.MatchString(who):
		return fmt.Sprintf("%.80q is no login, @org/team or role:write|maintain|admin", who)
	}
	return ""
}

func (o *Options) count() int {
	if o.Count == nil {
		return 1
	}
	return *o.Count
}

// requested are those of whom a review can be requested: nobody can be asked by
// role, that would be half the organisation.
func (o *Options) requested() []string {
	if o.Request != nil && !*o.Request {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(o.From), func(who string) bool { return strings.HasPrefix(who, "role:") })
}

func run(_ context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	if in.Change.Event == change.Push {
		return nil, nil // nobody reviews a push
	}
	noun := "approval"
	if o.count() != 1 {
		noun = "approvals"
	}
	who := strings.Join(o.From, " or ")
	return []rules.Finding{{
		Key:       fmt.Sprintf("%d of %s", o.count(), strings.Join(o.From, " ")),
		Message:   fmt.Sprintf("The change needs %d %s by %s.", o.count(), noun, who),
		Remedy:    o.remedy(in.Change, who),
		Files:     in.Change.Paths(), // of the whole change: what is added later was not approved
		Approvals: &rules.Approvals{Count: o.count(), From: o.From},
	}}, nil
}

func (o *Options) remedy(c *change.Change, who string) string {
	var names []string
	for _, name := range o.From {
		if !strings.HasPrefix(name, "role:") {
			names = append(names, strings.TrimPrefix(name, "@"))
		}
	}
	if c.Number == 0 || len(names) == 0 {
		return "Ask " + who + " for a review."
	}
	return fmt.Sprintf("gh pr edit %d --add-reviewer %s", c.Number, rules.Quote(strings.Join(names, ",")))
}
