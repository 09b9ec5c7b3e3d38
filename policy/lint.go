package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/rules"
)

// Lint finds what is valid and probably not meant: guards that are off, rules
// that can never fire, limits that limit nothing. Messages begin with
// "warning: ", or with "note: " where nothing needs to change. Paths are the
// files of the policy's repository, nil when they are not known.
func Lint(p *Policy, paths []string) Problems {
	l := &linter{policy: p}
	if p.Mode == Observe {
		l.note("mode", "the policy observes: it shows what it would stop and stops nothing; remove mode: observe to enforce it")
	}
	for i := range p.Sessions {
		l.session(&p.Sessions[i])
	}
	for i := range p.Rules {
		l.rule(&p.Rules[i])
	}
	for _, c := range p.written.compared {
		l.mode(c)
	}
	l.approvers("approvals", p.Approvals)
	l.globs()
	l.classes()
	l.folders(paths)
	return l.found.sorted(len(l.found))
}

type linter struct {
	policy *Policy
	found  Problems
}

func (l *linter) add(at place, prefix, format string, args ...any) {
	l.found = append(l.found, Problem{l.policy.Source.Name, max(1, at.line), max(1, at.col), prefix + fmt.Sprintf(format, args...)})
}

// warn warns of what stands under a key, named as in messages of Load.
func (l *linter) warn(where, format string, args ...any) {
	l.add(l.policy.written.places[where], "warning: ", format, args...)
}

func (l *linter) note(where, format string, args ...any) {
	l.add(l.policy.written.places[where], "note: ", format, args...)
}

func (l *linter) rule(r *Rule) {
	where := join("rules", r.Name)
	if r.Implicit {
		return
	}
	switch {
	case r.Kind.Name == guardIntegrity && r.Level == Off:
		l.warn(where+".level", "guard-integrity is off: a change may rewrite this policy, the code owners and the agents' instructions unseen")
	case r.Level == Off:
		l.warn(where+".level", "rule %s is off; it judges nothing", r.Name)
	}
	if r.If != nil {
		switch holds, constant := r.If.Constant(); {
		case constant && !holds:
			l.warn(where+".if", "rule %s can never fire: its condition is false for every change", r.Name)
		case !constant && r.Kind.Name == guardIntegrity && !l.alwaysGuarded():
			l.warn(where+".if", "guard-integrity judges only where this holds: any other change may rewrite this policy, the code owners and the agents' instructions unseen")
		}
	}
	if r.Approvals != nil && r.Level != Approve {
		l.warn(where+".approvals", "rule %s asks for approvals, but its level is %s; only level approve can be lifted by them", r.Name, r.Level)
	} else if r.Approvals != nil {
		l.approvers(where+".approvals", *r.Approvals)
	}
	if l.policy.Session(r.Name) != nil {
		l.warn(where, "rule %s has the name of a session; their findings are told apart by the kind alone", r.Name)
	}
	l.options(r, where)
}

// alwaysGuarded reports whether guard-integrity judges every change.
func (l *linter) alwaysGuarded() bool {
	return slices.ContainsFunc(l.policy.Rules, func(r Rule) bool {
		return r.Kind.Name == guardIntegrity && r.Level != Off && r.If == nil
	})
}

// options looks into the options of a rule, whatever its kind.
func (l *linter) options(r *Rule, where string) {
	v := reflect.ValueOf(r.Options).Elem()
	for i := range v.NumField() {
		name := where + ".with." + v.Type().Field(i).Tag.Get("yaml")
		switch o := v.Field(i).Interface().(type) {
		case *condition.Program:
			if o == nil {
				continue
			}
			if holds, constant := o.Constant(); constant {
				l.warn(name, "this is %t for every change", holds)
			}
		case rules.Globs:
			if r.Kind.Name == guardIntegrity && slices.ContainsFunc(o.Patterns, func(g string) bool { return covers(g, "**") }) {
				l.warn(name, "guard-integrity ignores every file: a change may rewrite this policy, the code owners and the agents' instructions unseen")
			}
		}
	}
}

// mode checks a text that a condition compares with session.mode.
func (l *linter) mode(c writtenLiteral) {
	var names []string
	for _, s := range l.policy.Sessions {
		names = append(names, s.Name)
	}
	if c.Text == "" || slices.Contains(names, c.Text) {
		return
	}
	hint := ""
	if meant := nearest.Of(c.Text, names); meant != "" {
		hint = fmt.Sprintf("; did you mean %q?", meant)
	}
	l.add(c.place, "warning: ", "session.mode is never %q, because this policy has no such session%s", clip(c.Text), hint)
}

// approvers warns of approvals that cannot come together.
func (l *linter) approvers(where string, a Approvals) {
	for _, who := range a.From {
		if strings.ContainsAny(who, "@:") {
			return // a team or a role may have any number of people
		}
	}
	if people := slices.Compact(slices.Sorted(slices.Values(a.From))); a.Count > len(people) {
		l.warn(where, "%d approvals are asked for, but only %s may give one", a.Count, strings.Join(people, " and "))
	}
}

func (l *linter) session(s *Session) {
	where := join("sessions", s.Name)
	switch {
	case s.Level == Off:
		l.warn(where+".level", "session %s has level off; declaring it limits nothing", s.Name)
	case !s.Restricts && s.MaxCommits == 0:
		l.warn(where, "session %s has neither may-change nor max-commits; declaring it limits nothing", s.Name)
	case permitsAll(s.MayChange) && s.MaxCommits == 0:
		l.warn(where+".may-change", "session %s may change every file; declaring it limits nothing", s.Name)
	}
	for i, p := range s.MayChange {
		if i > 0 && p.Negated && covers(strings.TrimPrefix(p.Text, "!"), "**") {
			l.warn(where+".may-change", "%s takes back everything that stands before it", p.Text)
		}
	}
	for _, t := range s.Titles {
		if strings.Trim(t, "*") == "" {
			l.warn(where+".declared-by.titles", "session %s is declared by every title", s.Name)
		}
	}
}

// permitsAll reports whether the last item that has a say permits every file.
func permitsAll(items []Permit) bool {
	for _, p := range slices.Backward(items) {
		if p.Negated {
			return false
		}
		if p.Class == "" && covers(p.Text, "**") {
			return true
		}
	}
	return false
}
