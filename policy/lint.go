package policy

import (
	"fmt"
	"strings"
)

// Lint finds what is valid and probably not meant. The problems are warnings;
// their places are lines of rules where there is one.
func Lint(p *Policy) Problems {
	l := &linter{policy: p}
	l.integrity()
	for _, s := range p.Sessions {
		l.session(s)
	}
	for _, r := range p.Rules {
		if r.Level == Off && r.Kind.Name != guardIntegrity {
			l.warn(r.Line, "rule %s is off; it judges nothing", r.Name)
		}
		if r.Approvals != nil && r.Level != Approve {
			l.warn(r.Line, "rule %s asks for approvals, but its level is %s; only level approve can be lifted by them", r.Name, r.Level)
		}
	}
	if p.Mode == Observe {
		l.warn(1, "the policy observes: it shows what it would stop and stops nothing; remove mode: observe to enforce it")
	}
	return l.found.sorted()
}

type linter struct {
	policy *Policy
	found  Problems
}

func (l *linter) warn(line int, format string, args ...any) {
	l.found = append(l.found, Problem{l.policy.Source.Name, max(1, line), 1, "warning: " + fmt.Sprintf(format, args...)})
}

// integrity warns when the policy itself may be changed by anybody.
func (l *linter) integrity() {
	for _, r := range l.policy.Rules {
		if r.Kind.Name == guardIntegrity && r.Level == Off {
			l.warn(r.Line, "guard-integrity is off: a change may rewrite this policy, the code owners and the agents' instructions unseen")
		}
	}
}

func (l *linter) session(s Session) {
	switch {
	case s.Level == Off:
		l.warn(1, "session %s has level off; declaring it limits nothing", s.Name)
	case !s.Restricts && s.MaxCommits == 0:
		l.warn(1, "session %s has neither may-change nor max-commits; declaring it limits nothing", s.Name)
	}
	if n := len(s.MayChange); n > 0 && s.MayChange[0].Negated {
		l.warn(1, "session %s begins may-change with %s: nothing is allowed yet that it could exclude", s.Name, s.MayChange[0].Text)
	}
	for _, t := range s.Titles {
		if strings.Trim(t, "*") == "" {
			l.warn(1, "session %s is declared by every title", s.Name)
		}
	}
}
