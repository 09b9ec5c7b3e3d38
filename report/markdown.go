package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/verdict"
)

// Markdown is the verdict as a document: what `check --format markdown` prints
// and what a check run shows as its summary.
func Markdown(v *verdict.Verdict) string {
	d := newDocument(v, math.MaxInt)
	return d.write(len(d.rows))
}

// fit is Markdown within a number of bytes. It leaves out findings from the
// end, which are the mildest, and says how many. Every other part is bounded, so
// that no hostile text can crowd out the rest or cut it off; the limits that call
// for it are more than all of them together.
func fit(v *verdict.Verdict, limit int) string {
	d := newDocument(v, limit)
	n := len(d.rows)
	for {
		text := d.write(n)
		if len(text) <= limit || n == 0 {
			return text
		}
		// The excess tells how many rows are too many; at least one goes.
		n -= max(1, min(n, n*(len(text)-limit)/len(text)))
	}
}

// document is a verdict on its way to Markdown.
type document struct {
	strings.Builder
	v                *verdict.Verdict
	before, after    string   // the findings and what undoes them
	rows             []string // of the findings, as many as could fit
	commands, advice []string
}

func newDocument(v *verdict.Verdict, limit int) *document {
	d := &document{v: v}
	fmt.Fprintf(d, "**%s.** %s\n", Heading(v), within(maxHead, AfterHeading(v), prose))
	d.missing()
	d.before = d.String()
	d.Reset()
	d.session()
	d.risk()
	d.footer()
	d.after = d.String()
	d.commands, d.advice = Remedies(v)
	size := 0
	for _, f := range v.Findings {
		row := findingRow(v, f)
		if size += len(row); size > limit {
			break
		}
		d.rows = append(d.rows, row)
	}
	return d
}

// The bounds of one part of the document: bytes as written, or items.
const (
	maxHead    = 800
	maxWhat    = 600
	maxWhere   = 400
	maxName    = 200
	maxSources = 4
	maxListed  = 12
	maxCommand = 2000 // a longer one is left out: half a command is another command
	maxShown   = 100  // commands
)

// write writes the document with the first n findings.
func (d *document) write(n int) string {
	d.Reset()
	d.WriteString(d.before)
	d.findings(n)
	d.whatToDo(n)
	d.WriteString(d.after)
	return d.String()
}

// AfterHeading is the title without the words that the heading says already.
func AfterHeading(v *verdict.Verdict) string {
	_, rest, ok := strings.Cut(v.Title, ": ")
	if !ok {
		return v.Title
	}
	if strings.HasSuffix(rest, ".") || strings.HasSuffix(rest, "?") || strings.HasSuffix(rest, "!") {
		return upperFirst(rest)
	}
	return upperFirst(rest) + "."
}

func (d *document) missing() {
	if len(d.v.Missing) == 0 {
		return
	}
	d.WriteString("\n### What could not be judged\n\n")
	for _, m := range d.v.Missing[:min(len(d.v.Missing), maxListed)] {
		fmt.Fprintf(d, "- %s", within(maxWhat, m.What, prose))
		switch {
		case IsCommand(m.Remedy) && len(m.Remedy) <= maxWhat:
			d.WriteString(": " + code(m.Remedy, false))
		case m.Remedy != "":
			d.WriteString(": " + within(maxWhat, m.Remedy, prose))
		}
		d.WriteString("\n")
	}
	d.more(len(d.v.Missing)-maxListed, "more gap")
}

// more says what a list leaves out.
func (d *document) more(n int, noun string) {
	if n > 0 {
		fmt.Fprintf(d, "\nAnd %s that %s not fit here; `changeguard check --format json` shows all.\n", plural(n, noun), map[bool]string{true: "does", false: "do"}[n == 1])
	}
}

func (d *document) findings(n int) {
	if len(d.v.Findings) == 0 {
		return
	}
	d.WriteString("\n### Findings\n\n| level | rule | where | what | who can lift it |\n| --- | --- | --- | --- | --- |\n")
	for _, row := range d.rows[:n] {
		d.WriteString(row)
	}
	d.more(len(d.v.Findings)-n, "more finding")
}

func findingRow(v *verdict.Verdict, f verdict.Finding) string {
	what := within(maxWhat, f.Message, prose)
	if f.Evidence != "" {
		what += " " + within(maxWhere, f.Evidence, cellCode)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", level(v, f), within(maxName, f.Rule, cellCode), where(f), what, within(maxWhere, Lifters(f), prose))
}

// where is the place of a finding in a table.
func where(f verdict.Finding) string {
	if f.Path == "" {
		return Place(f)
	}
	return within(maxWhere, Place(f), cellCode)
}

// level words the level, and why it does not count where it does not.
func level(v *verdict.Verdict, f verdict.Finding) string {
	switch {
	case f.LiftedBy != nil:
		return string(f.Level) + ", lifted"
	case ObservedOnly(v, f):
		return string(f.Level) + ", observing"
	default:
		return string(f.Level)
	}
}

func (d *document) whatToDo(n int) {
	commands, advice := d.commands, d.advice
	if len(commands)+len(advice) == 0 {
		return
	}
	d.WriteString("\n### " + ToDo(d.v) + "\n")
	shown, room := commands[:0:0], maxShown*maxCommand/10
	for _, c := range commands[:min(len(commands), n, maxShown)] {
		if len(c) <= min(maxCommand, room) {
			shown = append(shown, c)
			room -= len(c)
		}
	}
	if len(shown) > 0 {
		d.WriteString("\n" + HowTo(shown) + ":\n\n" + block("sh", strings.Join(shown, "\n")))
	}
	d.more(len(commands)-len(shown), "more command")
	if len(advice) > 0 {
		d.WriteString("\n")
	}
	for _, a := range advice[:min(len(advice), maxListed)] {
		fmt.Fprintf(d, "- %s\n", within(maxWhat, a, prose))
	}
	d.more(len(advice)-maxListed, "more step")
}

// HowTo says where commands are run, which name paths from the root, and what
// then makes the change another one.
func HowTo(commands []string) string {
	where := "In the root folder of a clone of the branch"
	if slices.ContainsFunc(commands, func(c string) bool { return strings.HasPrefix(c, "git ") }) {
		where += ", then commit and push"
	}
	return where
}

func (d *document) session() {
	fmt.Fprintf(d, "\n### Session\n\n%s. %s.\n", within(maxHead, upperFirst(Who(d.v)), prose), Size(d.v))
	if len(d.v.Session.Evidence) == 0 {
		return
	}
	d.WriteString("\n| signal | value | where |\n| --- | --- | --- |\n")
	for _, e := range d.v.Session.Evidence[:min(len(d.v.Session.Evidence), maxListed)] {
		fmt.Fprintf(d, "| %s | %s | %s |\n", within(maxName, e.Signal, prose), within(maxWhere, e.Value, cellCode), within(maxName, e.Where, prose))
	}
	d.more(len(d.v.Session.Evidence)-maxListed, "more signal")
}

func (d *document) risk() {
	fmt.Fprintf(d, "\n### Risk: %s (%d of 100)\n\n| factor | points | why |\n| --- | ---: | --- |\n", d.v.Risk.Level, d.v.Risk.Score)
	fmt.Fprintf(d, "| size and shape | %d | %s |\n", d.v.Risk.Shape/2, within(maxWhere, ShapeWhy(d.v), prose))
	for _, f := range d.v.Risk.Factors[:min(len(d.v.Risk.Factors), maxListed)] {
		fmt.Fprintf(d, "| %s | %d | %s |\n", within(maxName, f.Name, prose), f.Points, within(maxWhere, f.Why, prose))
	}
	d.more(len(d.v.Risk.Factors)-maxListed, "more factor")
	if d.v.Risk.ScoreWhy != "" {
		fmt.Fprintf(d, "\n%s.\n", within(maxWhere, d.v.Risk.ScoreWhy, prose))
	}
}

func (d *document) footer() {
	fmt.Fprintf(d, "\n<sub>%s · verdict %s · merge base %s · head %s", within(maxName, d.v.Engine, prose), code(d.v.ID, false), code(short(d.v.MergeBase), false), code(short(d.v.Head), false))
	for _, s := range d.v.Policy.Sources[:min(len(d.v.Policy.Sources), maxSources)] {
		fmt.Fprintf(d, " · %s", within(maxName, source(s), prose))
	}
	if left := len(d.v.Policy.Sources) - maxSources; left > 0 {
		fmt.Fprintf(d, " · and %s", plural(left, "more layer"))
	}
	d.WriteString("</sub>\n")
}

func short(id string) string { return id[:min(len(id), 12)] }

var digest = lazyregexp.New(`sha256:[0-9a-f]{64}`)

// source shortens the digest of a policy; the JSON has all of it.
func source(s string) string {
	return digest.ReplaceAllStringFunc(s, func(d string) string { return d[:len("sha256:")+12] })
}
