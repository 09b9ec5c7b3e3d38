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
	"fmt"
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
)

// Conclude maps a verdict to a conclusion. While observing nothing stops a
// change; an incomplete analysis always does.
func Conclude(v *verdict.Verdict) Conclusion {
	switch {
	case v.Outcome == verdict.Incomplete:
		return Failure
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

// heading is the verdict in two or three words.
func heading(v *verdict.Verdict) string {
	words := map[verdict.Outcome]string{
		verdict.Incomplete: "Analysis incomplete", verdict.Fail: "Blocked",
		verdict.Approve: "Approval needed", verdict.Pass: "Passed",
	}[v.Outcome]
	if v.Observed {
		words += " (observing, nothing is stopped)"
	}
	return words
}

// place is "path:line", with the old name of a renamed file.
func place(f verdict.Finding) string {
	p := f.Path
	if f.PreviousPath != "" {
		p = f.PreviousPath + " → " + f.Path
	}
	if f.Line > 0 {
		p = fmt.Sprintf("%s:%d", p, f.Line)
	}
	if p == "" {
		return "the change as a whole"
	}
	return p
}

// lifters words who can lift a finding, or who did.
func lifters(f verdict.Finding) string {
	if f.LiftedBy != nil {
		return fmt.Sprintf("lifted by %s of %s", f.LiftedBy.Kind, strings.Join(f.LiftedBy.By, ", "))
	}
	if f.Level == policy.Warn {
		return "nobody needs to"
	}
	return f.LiftableBy
}

// Remedies lists the distinct commands in the order of the findings, and apart
// from them the advice that is no command.
func Remedies(v *verdict.Verdict) (commands, advice []string) {
	seen := make(map[string]bool)
	for _, f := range v.Findings {
		if f.LiftedBy != nil || f.Remedy == "" || seen[f.Remedy] {
			continue
		}
		seen[f.Remedy] = true
		if isCommand(f.Remedy) {
			commands = append(commands, f.Remedy)
		} else {
			advice = append(advice, f.Remedy)
		}
	}
	for _, m := range v.Missing {
		if m.Remedy != "" && !seen[m.Remedy] {
			seen[m.Remedy] = true
			if isCommand(m.Remedy) {
				commands = append(commands, m.Remedy)
			} else {
				advice = append(advice, m.Remedy)
			}
		}
	}
	return commands, advice
}

func isCommand(remedy string) bool {
	return strings.HasPrefix(remedy, "git ") || strings.HasPrefix(remedy, "changeguard ")
}

// who words the session: "agent (claude-code), mode analysis-only".
func who(v *verdict.Verdict) string {
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

// size words the change: "19 files, 1 commit, +3963 −70".
func size(v *verdict.Verdict) string {
	s := fmt.Sprintf("%s, %s", plural(v.Change.Files, "file"), plural(v.Change.Commits, "commit"))
	if v.Change.Additions != nil && v.Change.Deletions != nil {
		s += fmt.Sprintf(", +%d −%d", *v.Change.Additions, *v.Change.Deletions)
	}
	return s
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
