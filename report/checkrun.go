package report

import (
	"fmt"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

// GitHub's limits for a check run's output, in bytes here although GitHub
// counts characters: never too long, whatever the alphabet.
const (
	MaxSummary         = 65535
	MaxAnnotations     = 50 // a request; further ones are appended by updates
	maxAnnotationTitle = 255
	maxAnnotationText  = 64 << 10
	maxTotal           = 4 * MaxAnnotations // four requests; all findings are in the summary or the page
)

// A CheckRun is a verdict as GitHub's check run shows it.
type CheckRun struct {
	Conclusion  Conclusion
	Title       string
	Summary     string
	Annotations []Annotation
	ExternalID  string
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
	link := ""
	if details != "" {
		link = "\n[Why this verdict](" + details + ")\n"
	}
	return CheckRun{
		Conclusion:  Conclude(v),
		Title:       Visible(v.Title),
		Summary:     fit(v, MaxSummary-len(link)) + link,
		Annotations: annotations(v),
		ExternalID:  v.ID,
	}
}

func annotations(v *verdict.Verdict) []Annotation {
	var marks []Annotation
	for _, f := range v.Findings {
		if f.Path == "" || len(marks) == maxTotal {
			continue
		}
		marks = append(marks, Annotation{
			Path:      f.Path,
			StartLine: max(1, f.Line),
			EndLine:   max(1, f.Line, f.EndLine),
			Level:     annotationLevel(v, f),
			Title:     clip(Visible(f.Rule), maxAnnotationTitle),
			Message:   clip(annotationText(f), maxAnnotationText),
		})
	}
	return marks
}

func annotationText(f verdict.Finding) string {
	text := Visible(f.Message)
	if f.LiftedBy != nil {
		return text + "\n" + Visible(lifters(f))
	}
	if f.Remedy != "" {
		text += fmt.Sprintf("\nTo undo: %s", Visible(f.Remedy))
	}
	return text
}

func annotationLevel(v *verdict.Verdict, f verdict.Finding) string {
	switch {
	case f.LiftedBy != nil, v.Observed:
		return "notice"
	case f.Level == policy.Block:
		return "failure"
	default:
		return "warning"
	}
}
