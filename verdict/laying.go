package verdict

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/session"
)

// SessionKind is the kind of the findings of a session's own limits.
const SessionKind = "session"

// RiskKind is the kind of the finding that asks for an approval of the risk.
const RiskKind = "risk"

const unknownMode = "unknown-mode"

// laying is one policy being laid on the change.
type laying struct {
	*judge
	name    string // of the layer
	policy  *policy.Policy
	session session.Session
	view    *view
	beyond  []offence // what the change did beyond its modes
	vars    *condition.Vars
}

// lay looks at the change as one policy sees it: the classes of its files, its
// session, and what that did beyond its limits.
func (j *judge) lay(ctx context.Context, name string, p *policy.Policy) *laying {
	c := j.in.Change
	l := &laying{judge: j, name: name, policy: p, view: newView(c, p, j.builtIn)}
	l.session = session.Declare(j.known, c, p.Specs(), p.UndeclaredAgent() != nil, j.in.Record)
	l.beyond = l.offences(ctx)
	return l
}

// findAll says what the policy finds, once the risk is known.
func (l *laying) findAll(ctx context.Context) {
	l.showSession(l.session)
	l.vars = l.judge.vars(ctx, l.session, l.view)
	l.unknownModes()
	for _, o := range l.beyond {
		found, missing := len(l.verdict.Findings), len(l.verdict.Missing)
		l.mode(o)
		l.modeStep(o.bound, found, missing)
	}
	l.modeSteps()
	for i := range l.policy.Rules {
		l.rule(ctx, &l.policy.Rules[i])
	}
	l.riskLevel()
}

// found takes a finding of this layer into the verdict.
func (l *laying) found(rule, kind string, level policy.Level, found rules.Finding, liftableBy string) *Finding {
	f := newFinding(l.name, rule, kind, level, found)
	f.Enforced = l.policy.Mode != policy.Observe
	f.LiftableBy = liftableBy
	return l.add(f)
}

// The bounds of texts in a finding, in bytes: a file can have one line of
// megabytes, and a verdict is stored and sent.
const (
	maxMessage  = 2000
	maxEvidence = 1000
)

func newFinding(layer, rule, kind string, level policy.Level, found rules.Finding) Finding {
	f := Finding{
		ID: findingID(layer, rule, kind, found.Path, found.Key), Rule: rule, Kind: kind, Level: level,
		Path: found.Path, PreviousPath: found.PreviousPath, Line: found.Line, EndLine: max(found.EndLine, found.Line),
		Message: cut(found.Message, maxMessage), Evidence: cut(found.Evidence, maxEvidence), Remedy: found.Remedy, Package: found.Package,
		Approvals: found.Approvals, Awaited: found.Await > 0, Await: found.Await, layer: layer,
	}
	f.Files = slices.DeleteFunc(append([]string{found.Path, found.PreviousPath}, found.Files...), func(p string) bool { return p == "" })
	return f
}

// rule runs one rule of the policy, if its condition holds.
func (l *laying) rule(ctx context.Context, r *policy.Rule) {
	switch {
	case r.Level == policy.Off:
		l.skipped(r, "It is switched off (level: off).")
		return
	case l.mergeGroup() && r.Kind.Subject == rules.People:
		l.skipped(r, "It speaks of a pull request's people or text: the members of the merge group were judged by it.")
		return
	}
	if r.If != nil {
		holds, err := r.If.Eval(ctx, l.vars)
		if err != nil {
			err = fmt.Errorf("its condition: %w", err)
			l.missRule(r.Name, err)
			l.ran(r, 0, err, nil)
			return
		}
		if !holds {
			l.skipped(r, unmet(r.If, l.vars))
			return
		}
	}
	seen := &watched{Matches: l.view}
	found, err := l.run(ctx, r, seen)
	if err != nil {
		l.missRule(r.Name, err)
	}
	l.ran(r, len(found), err, seen)
	for _, f := range found {
		if r.Message != "" {
			f.Message = strings.TrimSpace(f.Message + " " + r.Message)
		}
		l.found(r.Name, r.Kind.Name, r.Level, f, l.liftableBy(r, f))
	}
	if r.Kind.Ask != nil && l.policy.Mode != policy.Observe {
		l.ask(r.Kind.Ask(r.Options))
	}
}

// liftableBy words who can lift a finding of a rule.
func (l *laying) liftableBy(r *policy.Rule, f rules.Finding) string {
	if f.Approvals == nil || r.Level == policy.Warn {
		return l.policy.LiftableBy(r.Level, r.Approvals)
	}
	return l.policy.LiftableBy(policy.Approve, &policy.Approvals{Count: f.Approvals.Count, From: f.Approvals.From})
}

// ask unites what the rules of all layers would have done.
func (l *laying) ask(a rules.Ask) {
	unite := func(list *[]string, more []string) {
		*list = slices.Compact(slices.Sorted(slices.Values(append(*list, more...))))
	}
	unite(&l.verdict.Ask.Labels, a.Labels)
	unite(&l.verdict.Ask.Reviewers, a.Reviewers)
}

// missRule says that a rule could not be evaluated.
func (l *laying) missRule(name string, err error) {
	remedy := "Run the check again; if it stays, ask whoever operates changeguard."
	switch {
	case errors.Is(err, change.ErrTreeHidden):
		remedy = "Split the repository, or take the rule out of its policy: it needs the list of all files."
	case errors.Is(err, change.ErrTooLarge):
		remedy = "Split the change, or leave the large file out of it."
	case errors.Is(err, change.ErrNoEvidence):
		remedy = "Let the server judge it; check --evidence FILE takes what was recorded, and a rule with if: event != \"local\" is left out of check."
	case errors.Is(err, condition.ErrLimit):
		remedy = "Simplify the condition in the policy."
	}
	l.miss(fmt.Sprintf("rule %s could not be evaluated: %v", name, err), remedy)
}

// run evaluates the rule. A rule that panics has not judged: its findings are
// unknown, and the verdict must not pretend otherwise.
func (l *laying) run(ctx context.Context, r *policy.Rule, matches rules.Matches) (found []rules.Finding, err error) {
	defer func() {
		if p := recover(); p != nil {
			found, err = nil, fmt.Errorf("it broke: %v", p)
		}
	}()
	return r.Kind.Run(ctx, &rules.Input{
		Rule: r.Name, Level: string(r.Level), Change: l.in.Change, Session: l.session,
		Matches: matches, Classes: l.view.classes, Vars: l.vars,
	}, r.Options)
}

// unknownModes warns of declarations that nobody understands, since whoever
// wrote them believes to be held to them.
func (l *laying) unknownModes() {
	for _, e := range l.session.Unknown {
		if l.knownElsewhere(e.Value) {
			continue
		}
		l.found(unknownMode, SessionKind, policy.Warn, rules.Finding{
			Key:     "unknown mode " + e.Value,
			Message: fmt.Sprintf("The %s of the %s declares the mode %q, which no policy knows, so it limits nothing.", e.Signal, e.Where, e.Value),
			Remedy:  "Declare one of: " + strings.Join(l.modeNames(), ", "),
		}, "")
	}
}

// modeNames lists the modes of all layers, once each.
func (l *laying) modeNames() []string {
	var names []string
	for _, p := range l.policies {
		for _, s := range p.Sessions {
			if !slices.Contains(names, s.Name) {
				names = append(names, s.Name)
			}
		}
	}
	return names
}

// knownElsewhere reports whether another layer has the mode, or it was warned
// of already.
func (l *laying) knownElsewhere(mode string) bool {
	if slices.Contains(l.modeNames(), mode) {
		return true
	}
	return slices.ContainsFunc(l.verdict.Findings, func(f Finding) bool {
		return f.Rule == unknownMode && f.ID == findingID(f.layer, unknownMode, SessionKind, "", "unknown mode "+mode)
	})
}

// riskLevel applies risk.approve-at.
func (l *laying) riskLevel() {
	at := l.policy.Risk.ApproveAt
	if at == "" || at == "never" {
		return
	}
	if riskRank(l.verdict.Risk.Level) < riskRank(string(at)) {
		l.step(RiskKind, RiskKind, policy.Approve, Clear, 0, fmt.Sprintf("The risk is %s; an approval is asked for from %s on.", l.verdict.Risk.Level, at))
		return
	}
	l.step(RiskKind, RiskKind, policy.Approve, Found, 1, fmt.Sprintf("The risk is %s; an approval is asked for from %s on.", l.verdict.Risk.Level, at))
	l.found(RiskKind, RiskKind, policy.Approve, rules.Finding{
		Key:     "risk " + l.verdict.Risk.Level,
		Message: fmt.Sprintf("The risk is %s (score %d), and the policy asks for an approval from %s on.", l.verdict.Risk.Level, l.verdict.Risk.Score, at),
		Remedy:  "Split the change, or ask for an approval.",
	}, l.policy.LiftableBy(policy.Approve, nil))
}
