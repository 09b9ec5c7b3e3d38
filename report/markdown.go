package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/changeguard/changeguard/verdict"
)

// Markdown is the verdict as a document: what `check --format markdown` prints
// and what a check run shows as its summary.
func Markdown(v *verdict.Verdict) string {
	return markdown(v, len(v.Findings))
}

// fit is Markdown within a number of bytes. It leaves out findings from the
// end, which are the mildest, and says how many.
func fit(v *verdict.Verdict, limit int) string {
	n := len(v.Findings)
	for {
		text := markdown(v, n)
		if len(text) <= limit {
			return text
		}
		if n == 0 {
			return clip(text, limit)
		}
		// The excess tells how many rows are too many; at least one goes.
		n -= max(1, min(n, n*(len(text)-limit)/len(text)))
	}
}

// markdown writes the document with the first n findings.
func markdown(v *verdict.Verdict, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s.** %s\n", heading(v), prose(clip(afterHeading(v), maxCell)))
	writeMissing(&b, v)
	writeFindings(&b, v, n)
	writeWhatToDo(&b, v, n)
	writeSession(&b, v)
	writeRisk(&b, v)
	writeFooter(&b, v)
	return b.String()
}

// afterHeading is the title without the words that the heading says already.
func afterHeading(v *verdict.Verdict) string {
	_, rest, ok := strings.Cut(v.Title, ": ")
	if !ok {
		return v.Title
	}
	return upperFirst(rest) + "."
}

func writeMissing(b *strings.Builder, v *verdict.Verdict) {
	if len(v.Missing) == 0 {
		return
	}
	b.WriteString("\n### What could not be judged\n\n")
	for i, m := range v.Missing {
		if i == maxListed {
			fmt.Fprintf(b, "- and %d more\n", len(v.Missing)-maxListed)
			break
		}
		fmt.Fprintf(b, "- %s\n", prose(clip(m.What, maxCell)))
	}
}

// The bounds keep one hostile name from filling the report.
const (
	maxListed = 20
	maxCell   = 600 // bytes
)

func writeFindings(b *strings.Builder, v *verdict.Verdict, n int) {
	if len(v.Findings) == 0 {
		return
	}
	b.WriteString("\n### Findings\n\n| level | rule | where | what | who can lift it |\n| --- | --- | --- | --- | --- |\n")
	for _, f := range v.Findings[:n] {
		what := prose(clip(f.Message, maxCell))
		if f.Evidence != "" {
			what += " " + code(clip(f.Evidence, maxCell), true)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", f.Level, code(f.Rule, true), code(clip(place(f), maxCell), true), what, cell(lifters(f)))
	}
	if left := len(v.Findings) - n; left > 0 {
		fmt.Fprintf(b, "\nand %s that do not fit here; `changeguard check --format json` shows all.\n", plural(left, "more finding"))
	}
}

func writeWhatToDo(b *strings.Builder, v *verdict.Verdict, n int) {
	commands, advice := Remedies(v)
	if len(commands)+len(advice) == 0 {
		return
	}
	b.WriteString("\n### What to do\n\n")
	for _, a := range advice[:min(len(advice), maxListed)] {
		fmt.Fprintf(b, "- %s\n", prose(clip(a, maxCell)))
	}
	if len(commands) == 0 {
		return
	}
	if len(advice) > 0 {
		b.WriteString("\n")
	}
	shown := commands[:min(len(commands), max(n, 1), maxCommands)]
	b.WriteString(block("sh", strings.Join(shown, "\n")))
	if left := len(commands) - len(shown); left > 0 {
		fmt.Fprintf(b, "and %s like these.\n", plural(left, "more command"))
	}
}

const maxCommands = 100

func writeSession(b *strings.Builder, v *verdict.Verdict) {
	fmt.Fprintf(b, "\n### Session\n\n%s. %s.\n", prose(upperFirst(who(v))), size(v))
	if len(v.Session.Evidence) == 0 {
		return
	}
	b.WriteString("\n| signal | value | where |\n| --- | --- | --- |\n")
	for i, e := range v.Session.Evidence {
		if i == maxListed {
			fmt.Fprintf(b, "| … | and %d more | |\n", len(v.Session.Evidence)-maxListed)
			break
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", cell(e.Signal), code(clip(e.Value, 200), true), cell(clip(e.Where, 200)))
	}
}

func writeRisk(b *strings.Builder, v *verdict.Verdict) {
	fmt.Fprintf(b, "\n### Risk: %s (%d of 100)\n\n| factor | points | why |\n| --- | ---: | --- |\n", v.Risk.Level, v.Risk.Score)
	fmt.Fprintf(b, "| size and shape | %d | half of the shape, %d of 100 |\n", v.Risk.Shape/2, v.Risk.Shape)
	for _, f := range v.Risk.Factors {
		fmt.Fprintf(b, "| %s | %d | %s |\n", cell(f.Name), f.Points, cell(clip(f.Why, maxCell)))
	}
}

func writeFooter(b *strings.Builder, v *verdict.Verdict) {
	fmt.Fprintf(b, "\n<sub>%s · verdict %s · merge base %s · head %s", prose(v.Engine), code(v.ID, false), code(short(v.MergeBase), false), code(short(v.Head), false))
	for _, s := range v.Policy.Sources {
		fmt.Fprintf(b, " · %s", prose(s))
	}
	b.WriteString("</sub>\n")
}

func short(id string) string { return id[:min(len(id), 12)] }

func upperFirst(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if first == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(first)) + s[n:]
}
