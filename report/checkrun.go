package report

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

// GitHub's limits for a check run's output. GitHub counts characters; here are
// bytes, which are never fewer: what fits in them is accepted, whatever the
// alphabet and however a character is counted.
const (
	MaxSummary     = 65535
	MaxAnnotations = 50 // a request; further ones are appended by updates

	summaryRoom        = 1535 // for what is added to a summary, such as other pull requests
	maxTitle           = 250
	maxAnnotationTitle = 255
	maxAnnotationText  = 4000               // far below the 64 KB that are accepted
	maxMarks           = 4 * MaxAnnotations // four requests; the summary says more
)

// A CheckRun is a verdict as GitHub's check run shows it.
type CheckRun struct {
	Conclusion  Conclusion
	Title       string
	Summary     string
	Annotations []Annotation
	Actions     []Action
	ExternalID  string
}

// An Action is a button on a check run. GitHub shows three at most and limits
// each text; see [MaxActions].
type Action struct{ Label, Description, Identifier string }

// MaxActions is how many buttons a check run can have. A label has at most 20
// characters, a description 40, an identifier 20.
const MaxActions = 3

// Recheck is the identifier of the button that asks for a new judgement: of the
// same commit, by the policy and the approvals as they are by then.
const Recheck = "recheck"

// ApproveChange is the identifier of the button that lifts what an approval
// lifts, for whoever may. Who presses it is authorised then: everybody who may
// write sees it.
const ApproveChange = "approve"

// actions are the buttons of a result that stops a change.
func actions(v *verdict.Verdict) []Action {
	if Conclude(v) == Success {
		return nil
	}
	var list []Action
	approvable := func(f verdict.Finding) bool { return f.Level == policy.Approve && f.LiftedBy == nil }
	if slices.ContainsFunc(v.Findings, approvable) {
		list = append(list, Action{Label: "Approve change", Description: "Lift what an approval lifts", Identifier: ApproveChange})
	}
	return append(list, Action{Label: "Check again", Description: "Judge it again, by the policy as it is", Identifier: Recheck})
}

// An Annotation marks lines of a file.
type Annotation struct {
	Path               string
	StartLine, EndLine int    // 1-based
	Level              string // notice, warning or failure
	Title, Message     string
}

// NewCheckRun words the verdict. details is the address of the page that says
// more, or "".
func NewCheckRun(v *verdict.Verdict, details string) CheckRun {
	return NewRankedCheckRun(v, details, Rank{})
}

// NewRankedCheckRun says besides how the change compares with others.
func NewRankedCheckRun(v *verdict.Verdict, details string, rank Rank) CheckRun {
	marks, left := annotations(v)
	after := ""
	if words := rank.String(); words != "" {
		after = "\nRisk: " + words + ".\n"
	}
	if left > 0 {
		after += fmt.Sprintf("\nThe lines of %s are not annotated.\n", plural(left, "more finding"))
	}
	if details != "" {
		after += "\n[Why this verdict](" + details + ")\n"
	}
	return CheckRun{
		Conclusion:  Conclude(v),
		Title:       within(maxTitle, v.Title, Visible),
		Summary:     fit(v, MaxSummary-summaryRoom-len(after)) + after,
		Annotations: marks,
		Actions:     actions(v),
		ExternalID:  v.ID,
	}
}

// annotations marks the worst findings that have a file, and counts the others
// that have one.
func annotations(v *verdict.Verdict) (marks []Annotation, left int) {
	for _, f := range v.Findings {
		switch {
		case f.Path == "" || !utf8.ValidString(f.Path):
		case len(marks) == maxMarks:
			left++
		default:
			marks = append(marks, annotation(v, f))
		}
	}
	return marks, left
}

// annotation marks the first line where a finding names none: GitHub wants one,
// and a file that is gone or empty has no other.
func annotation(v *verdict.Verdict, f verdict.Finding) Annotation {
	a := Annotation{Path: f.Path, StartLine: 1, EndLine: 1, Level: annotationLevel(v, f), Title: within(maxAnnotationTitle, f.Rule, Visible)}
	if f.Line > 0 {
		a.StartLine, a.EndLine = f.Line, max(f.Line, f.EndLine)
	}
	a.Message = within(maxAnnotationText/2, f.Message, Visible)
	switch {
	case f.LiftedBy != nil:
		a.Message += "\nLifted: " + within(maxAnnotationText/4, Lifters(f), Visible)
	case f.Remedy != "" && len(f.Remedy) <= maxAnnotationText/4:
		a.Message += "\nTo undo: " + Visible(f.Remedy)
	}
	return a
}

func annotationLevel(v *verdict.Verdict, f verdict.Finding) string {
	switch {
	case f.LiftedBy != nil, v.Observed, ObservedOnly(v, f):
		return "notice"
	case f.Level == policy.Block:
		return "failure"
	default:
		return "warning"
	}
}
