package report

import (
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

// Text is the verdict for a terminal. Colour is used only when asked for.
func Text(v *verdict.Verdict, colour bool) string {
	t := &terminal{colour: colour}
	t.line(t.paint(outcomeColour(v), Visible(v.Title)))
	t.line("")
	t.line("  " + Visible(Who(v)) + "; " + Size(v))
	t.risk(v)
	for _, m := range v.Missing {
		t.line("")
		t.line("  " + t.paint(red, "missing") + "  " + Visible(m.What))
		t.remedy(m.Remedy)
	}
	for _, f := range v.Findings {
		t.finding(v, f)
	}
	t.line("")
	t.line("  policy: " + Visible(source(strings.Join(v.Policy.Sources, "; "))))
	t.line("  verdict " + v.ID)
	return t.String()
}

// terminal collects lines.
type terminal struct {
	strings.Builder
	colour bool
}

// The colours of the terminal.
const (
	red    = "31"
	yellow = "33"
	green  = "32"
	faint  = "2"
)

func (t *terminal) line(s string) { t.WriteString(s + "\n") }

func (t *terminal) paint(colour, s string) string {
	if !t.colour {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

func (t *terminal) finding(v *verdict.Verdict, f verdict.Finding) {
	t.line("")
	t.line(fmt.Sprintf("  %s  %s  %s", t.paint(levelColour(f), level(v, f)), Visible(f.Rule), Visible(Place(f))))
	t.line("    " + Visible(f.Message))
	if f.Evidence != "" {
		for _, l := range strings.Split(visibleLines(clip(f.Evidence, maxWhat)), "\n") {
			t.line("    " + t.paint(faint, "| "+l))
		}
	}
	if f.LiftedBy != nil {
		t.line("    lifted: " + Visible(Lifters(f)))
		return
	}
	t.remedy(f.Remedy)
	if f.Level != policy.Warn {
		t.line("    who can lift it: " + Visible(Lifters(f)))
	}
}

// remedy shows commands in a form that can be copied as they are.
func (t *terminal) remedy(remedy string) {
	if remedy != "" {
		t.line("    → " + Visible(remedy))
	}
}

func outcomeColour(v *verdict.Verdict) string {
	switch Conclude(v) {
	case Success:
		return green
	case ActionRequired, Pending:
		return yellow
	default:
		return red
	}
}

func levelColour(f verdict.Finding) string {
	switch {
	case f.LiftedBy != nil:
		return green
	case f.Level == policy.Block:
		return red
	default:
		return yellow
	}
}
