// Package report turns a verdict into what people and tools read: terminal
// text, JSON, Markdown, a GitHub check run and a comment.
//
// # The model
//
// Every report says the same, worst first: what was found, where, why it
// matters, who can lift it, and the exact command that undoes it.
//
// Names, messages and contents of a change are hostile text. Nothing of them
// reaches a report as markup or as terminal control: Markdown gets them as code
// spans or with every special character escaped, terminals get control and
// bidirectional characters in a visible form. No mention, link, table or colour
// can be injected through them.
package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

// Conclusion is what a check run ends with. Only these three are ever used:
// neutral and skipped would let a change through a required check.
type Conclusion string

// The conclusions.
const (
	Success        Conclusion = "success"
	Failure        Conclusion = "failure"
	ActionRequired Conclusion = "action_required"
	// Pending is none yet: the run stays in progress, which lets nothing through.
	Pending Conclusion = ""
)

// Conclude maps a verdict to a conclusion. While observing nothing stops a
// change; an incomplete analysis always does.
func Conclude(v *verdict.Verdict) Conclusion {
	switch {
	case v.Outcome == verdict.Incomplete:
		return Failure
	case v.Waiting:
		return Pending
	case v.Observed || v.Outcome == verdict.Pass:
		return Success
	case v.Outcome == verdict.Approve:
		return ActionRequired
	default:
		return Failure
	}
}

// exit codes of the commands that judge.
const (
	exitPass       = 0
	exitStopped    = 1
	exitPolicy     = 2
	exitIncomplete = 3
)

// ExitCode is the exit code of a command that ends with the verdict.
func ExitCode(v *verdict.Verdict) int {
	switch {
	case v.Outcome == verdict.Incomplete:
		return exitIncomplete
	case v.PolicyBroken && v.Outcome == verdict.Fail:
		return exitPolicy
	case v.Observed || v.Outcome == verdict.Pass:
		return exitPass
	default:
		return exitStopped
	}
}

// Heading is the verdict in a few words.
func Heading(v *verdict.Verdict) string {
	if v.Observed {
		return map[verdict.Outcome]string{
			verdict.Fail: "Observing, would be blocked", verdict.Approve: "Observing, would need an approval", verdict.Pass: "Observing, passed",
		}[v.Outcome]
	}
	if v.Waiting {
		return "Waiting for evidence"
	}
	return map[verdict.Outcome]string{
		verdict.Incomplete: "Analysis incomplete", verdict.Fail: "Blocked",
		verdict.Approve: "Approval needed", verdict.Pass: "Passed",
	}[v.Outcome]
}

// ToDo is the heading of what undoes the findings.
func ToDo(v *verdict.Verdict) string {
	if Conclude(v) == Success {
		return "What would undo it"
	}
	return "What to do"
}

// ObservedOnly reports whether a finding of a layer that only observes stands
// beside others that are enforced. It is not known of a verdict that was read
// from its JSON.
func ObservedOnly(v *verdict.Verdict, f verdict.Finding) bool {
	return !v.Observed && !f.Enforced && f.LiftableBy != ""
}

// Place is "path:line", with the old name of a renamed file.
func Place(f verdict.Finding) string {
	if f.Path == "" {
		return "the change as a whole"
	}
	p := f.Path
	if f.PreviousPath != "" {
		p = f.PreviousPath + " → " + f.Path
	}
	if f.Line > 0 {
		p = fmt.Sprintf("%s:%d", p, f.Line)
	}
	return p
}

// Lifters words who can lift a finding, or who did.
func Lifters(f verdict.Finding) string {
	switch {
	case f.LiftedBy != nil:
		return lifted(f.LiftedBy)
	case f.Level == policy.Warn:
		return "nobody needs to"
	case f.LiftableBy != "":
		return f.LiftableBy
	case f.Level == policy.Approve: // read from its JSON, which does not say
		return "the approvals that the policy asks for, or an override"
	default:
		return "an override, if the policy has any"
	}
}

// lifted words who lifted a finding, why and until when.
func lifted(l *verdict.Lift) string {
	text := fmt.Sprintf("%s by %s", l.Kind, strings.Join(l.By, ", "))
	if l.Until != "" {
		text += ", until " + l.Until
	}
	if l.Reason != "" {
		text += ": " + l.Reason
	}
	return text
}

// Remedies lists the distinct commands that undo what was found and is not
// lifted, and apart from them the advice that is no command. What removes a file
// comes first: it may stand where another was.
func Remedies(v *verdict.Verdict) (commands, advice []string) {
	seen := make(map[string]bool)
	for _, f := range v.Findings {
		if f.LiftedBy != nil || f.Remedy == "" || seen[f.Remedy] {
			continue
		}
		seen[f.Remedy] = true
		if IsCommand(f.Remedy) {
			commands = append(commands, f.Remedy)
		} else {
			advice = append(advice, f.Remedy)
		}
	}
	slices.SortStableFunc(commands, func(a, b string) int { return cmp.Compare(removes(b), removes(a)) })
	return commands, advice
}

func removes(command string) int {
	if strings.HasPrefix(command, "git rm ") {
		return 1
	}
	return 0
}

// IsCommand reports whether a remedy is a command, and not words.
func IsCommand(remedy string) bool {
	return strings.HasPrefix(remedy, "git ") || strings.HasPrefix(remedy, "changeguard ")
}

// Who words the session: "agent (claude-code), mode analysis-only".
func Who(v *verdict.Verdict) string {
	s := string(v.Session.Actor)
	if v.Session.Agent != "" {
		s += " (" + v.Session.Agent + ")"
	}
	if len(v.Session.Modes) > 0 {
		s += ", declared " + strings.Join(v.Session.Modes, ", ")
	} else if v.Session.Mode != "" {
		s += ", " + v.Session.Mode
	}
	return s
}

// Size words the change: "19 files, 1 commit, +3963 −70".
func Size(v *verdict.Verdict) string {
	s := fmt.Sprintf("%s, %s", plural(v.Change.Files, "file"), plural(v.Change.Commits, "commit"))
	if v.Change.Additions != nil && v.Change.Deletions != nil {
		s += fmt.Sprintf(", +%d −%d", *v.Change.Additions, *v.Change.Deletions)
	}
	return s
}
