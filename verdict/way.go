package verdict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/session"
)

// Result says how a change fared with one part of a policy.
type Result string

// The results.
const (
	Found    Result = "found"    // it matched
	Clear    Result = "clear"    // it was evaluated and matched nothing
	Skipped  Result = "skipped"  // it does not apply to this change
	Unjudged Result = "unjudged" // it could not be evaluated
)

// A Step is one part of a policy on the way of the change through it: a session
// mode, a rule or the risk level, in the order in which they were laid on it.
type Step struct {
	Layer    string       `json:"layer"`
	Rule     string       `json:"rule"`
	Kind     string       `json:"kind"` // SessionKind for a mode
	Level    policy.Level `json:"level"`
	Result   Result       `json:"result"`
	Why      string       `json:"why"`
	Findings int          `json:"findings,omitempty"`
	Observed bool         `json:"observed,omitempty"` // the layer only observes
}

// The bounds of a way: it is stored with the verdict.
const (
	maxSteps = 500
	maxWhy   = 400 // bytes
)

// step notes one part of the layer.
func (l *laying) step(rule, kind string, level policy.Level, result Result, findings int, why string) {
	if len(l.verdict.Way) < maxSteps {
		l.verdict.Way = append(l.verdict.Way, Step{l.name, rule, kind, level, result, cut(why, maxWhy), findings, l.policy.Mode == policy.Observe})
	}
}

// skipped notes a rule that does not apply.
func (l *laying) skipped(r *policy.Rule, why string) {
	l.step(r.Name, r.Kind.Name, r.Level, Skipped, 0, why)
}

// ran notes a rule that was evaluated.
func (l *laying) ran(r *policy.Rule, found int, err error, seen *watched) {
	switch {
	case err != nil:
		l.step(r.Name, r.Kind.Name, r.Level, Unjudged, found, err.Error())
	case found > 0:
		l.step(r.Name, r.Kind.Name, r.Level, Found, found, condHolds(r))
	default:
		l.step(r.Name, r.Kind.Name, r.Level, Clear, 0, seen.why(condHolds(r)))
	}
}

func condHolds(r *policy.Rule) string {
	if r.If == nil {
		return ""
	}
	return "Its condition holds: " + oneLine(r.If.Source()) + "."
}

// watched are a policy's globs with what was asked of them, so that a rule that
// found nothing can say whether any path concerned it.
type watched struct {
	rules.Matches
	asked map[string]bool // whether a list took the path
}

func (w *watched) note(path string, hit bool) bool {
	if w.asked == nil {
		w.asked = make(map[string]bool)
	}
	w.asked[path] = w.asked[path] || hit
	return hit
}

// Match implements rules.Matches.
func (w *watched) Match(list pathset.List, path string) bool {
	return w.note(path, w.Matches.Match(list, path))
}

// Pattern implements rules.Matches.
func (w *watched) Pattern(list pathset.List, path string) int {
	at := w.Matches.Pattern(list, path)
	w.note(path, at >= 0)
	return at
}

// why says what a rule without findings looked at.
func (w *watched) why(before string) string {
	hits := 0
	for _, hit := range w.asked {
		if hit {
			hits++
		}
	}
	why := "It was evaluated on the whole change and found nothing."
	switch {
	case len(w.asked) == 1 && hits == 0:
		why = "No path is matched by its globs."
	case len(w.asked) > 0 && hits == 0:
		why = fmt.Sprintf("None of the %d paths is matched by its globs.", len(w.asked))
	case hits == 1:
		why = "1 path is matched by its globs, and nothing was found."
	case hits > 1:
		why = fmt.Sprintf("%d paths are matched by its globs, and nothing was found.", hits)
	}
	return strings.TrimSpace(before + " " + why)
}

// modeSteps notes the modes of the layer that nobody declared.
func (l *laying) modeSteps() {
	for i := range l.policy.Sessions {
		spec := &l.policy.Sessions[i]
		bound := slices.ContainsFunc(l.session.Modes, func(b session.Bound) bool { return b.Name == spec.Name })
		switch {
		case l.mergeGroup():
			l.step(spec.Name, SessionKind, spec.Level, Skipped, 0, "A merge group's members were held to it each.")
		case !bound && spec.Name == policy.UndeclaredAgent:
			l.step(spec.Name, SessionKind, spec.Level, Skipped, 0, "No agent without a declared mode was recognised.")
		case !bound:
			l.step(spec.Name, SessionKind, spec.Level, Skipped, 0, "Nothing declares this mode.")
		}
	}
}

// modeStep notes a mode that applied. before and missing are how many findings
// and gaps there were before it.
func (l *laying) modeStep(bound session.Bound, before, missing int) {
	spec := l.policy.Session(bound.Name)
	if spec == nil {
		return
	}
	found := len(l.verdict.Findings) - before
	why := "Every changed file is one that it may change (" + permitted(spec) + ")."
	if !spec.Restricts && len(spec.MayChange) == 0 {
		why = "It limits no files."
	}
	declared := "It applies to the change."
	if len(bound.Evidence) > 0 {
		e := bound.Evidence[0]
		declared = fmt.Sprintf("Declared by the %s %s (%s).", e.Signal, oneLine(e.Value), e.Where)
	}
	switch {
	case spec.Level == policy.Off:
		l.step(spec.Name, SessionKind, spec.Level, Skipped, 0, "It is switched off (level: off).")
	case len(l.verdict.Missing) > missing:
		l.step(spec.Name, SessionKind, spec.Level, Unjudged, found, l.verdict.Missing[len(l.verdict.Missing)-1].What)
	case found > 0:
		l.step(spec.Name, SessionKind, spec.Level, Found, found, declared+" It may change only "+permitted(spec)+".")
	default:
		l.step(spec.Name, SessionKind, spec.Level, Clear, 0, declared+" "+why)
	}
}

// unmet says of a condition that does not hold what it says, and what the change
// has instead.
func unmet(p *condition.Program, v *condition.Vars) string {
	var have []string
	for _, name := range shownVars {
		if p.Uses(name.name) {
			have = append(have, name.name+" is "+name.value(v))
		}
	}
	why := "Its condition does not hold: " + oneLine(p.Source()) + "."
	if len(have) > 0 {
		why += " Here " + strings.Join(have, ", ") + "."
	}
	return why
}

// shownVars are the variables that fit on a line.
var shownVars = []struct {
	name  string
	value func(*condition.Vars) string
}{
	{"event", func(v *condition.Vars) string { return quote(v.Event) }},
	{"session.mode", func(v *condition.Vars) string { return quote(v.Session.Mode) }},
	{"session.actor", func(v *condition.Vars) string { return quote(v.Session.Actor) }},
	{"session.agent", func(v *condition.Vars) string { return quote(v.Session.Agent) }},
	{"author.login", func(v *condition.Vars) string { return quote(v.Author.Login) }},
	{"author.kind", func(v *condition.Vars) string { return quote(v.Author.Kind) }},
	{"pr.base", func(v *condition.Vars) string { return quote(v.PR.Base) }},
	{"pr.head", func(v *condition.Vars) string { return quote(v.PR.Head) }},
	{"pr.draft", func(v *condition.Vars) string { return fmt.Sprint(v.PR.Draft) }},
	{"pr.fork", func(v *condition.Vars) string { return fmt.Sprint(v.PR.Fork) }},
	{"pr.labels", func(v *condition.Vars) string { return cut("["+strings.Join(v.PR.Labels, ", ")+"]", maxWhy/4) }},
	{"change.files", func(v *condition.Vars) string { return fmt.Sprint(v.Change.Files) }},
	{"change.commits", func(v *condition.Vars) string { return fmt.Sprint(v.Change.Commits) }},
	{"risk.score", func(v *condition.Vars) string { return fmt.Sprint(v.Risk.Score) }},
	{"risk.level", func(v *condition.Vars) string { return quote(v.Risk.Level) }},
}

func quote(s string) string { return `"` + cut(oneLine(s), maxWhy/4) + `"` }
