package report

import (
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/verdict"
)

// WorkflowCommands are the annotations of a verdict as GitHub Actions reads
// them from a step's output: a line a finding, worst first, and one for
// whatever could not be judged. GitHub shows at most ten errors, warnings and
// notices of each step.
func WorkflowCommands(v *verdict.Verdict) string {
	var b strings.Builder
	for _, m := range v.Missing {
		command(&b, "error", [][2]string{{"title", "analysis incomplete"}}, m.What)
	}
	for _, f := range v.Findings {
		level := annotationLevel(v, f)
		if level == "failure" {
			level = "error"
		}
		properties := [][2]string{{"title", f.Rule}}
		if f.Path != "" {
			properties = append(properties, [2]string{"file", f.Path})
		}
		if f.Line > 0 {
			properties = append(properties, [2]string{"line", fmt.Sprint(f.Line)}, [2]string{"endLine", fmt.Sprint(max(f.Line, f.EndLine))})
		}
		command(&b, level, properties, annotation(v, f).Message)
	}
	return b.String()
}

func command(b *strings.Builder, name string, properties [][2]string, message string) {
	b.WriteString("::" + name)
	for i, p := range properties {
		b.WriteString([]string{" ", ","}[min(i, 1)] + p[0] + "=" + workflowProperty.Replace(Visible(p[1])))
	}
	b.WriteString("::" + workflowData.Replace(message) + "\n")
}

// What ends a command or a property early is escaped as the runner reads it.
var (
	workflowData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	workflowProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
