package policytest

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/verdict"
)

// Formats are the ways to print results.
func Formats() []string { return []string{"text", "junit"} }

// Text lists what went wrong, with its place, and a line for each case.
func Text(name string, results []Result) string {
	var b strings.Builder
	failed := 0
	for _, r := range results {
		mark := "ok  "
		if len(r.Wrong) > 0 {
			mark = "FAIL"
			failed++
		}
		fmt.Fprintf(&b, "%s  %s (%s)\n", mark, report.Visible(r.Case.Name), r.Verdict.Outcome)
		for _, w := range r.Wrong {
			fmt.Fprintf(&b, "      %s:%d: %s\n", name, w.Line, report.Visible(oneLine(w.Message)))
		}
		if len(r.Wrong) > 0 {
			for _, line := range came(r.Verdict) {
				fmt.Fprintf(&b, "        %s\n", line)
			}
		}
	}
	fmt.Fprintf(&b, "\n%d of %d cases came out as expected.\n", len(results)-failed, len(results))
	return b.String()
}

// shown is how many findings a failed case lists.
const shown = 10

// came says what came out instead.
func came(v *verdict.Verdict) (lines []string) {
	for _, m := range v.Missing {
		lines = append(lines, "not judged: "+report.Visible(oneLine(m.What)))
	}
	for i, f := range v.Findings {
		if i == shown {
			lines = append(lines, fmt.Sprintf("and %d more findings", len(v.Findings)-shown))
			break
		}
		where := ""
		if f.Path != "" {
			where = f.Path + ": "
		}
		lines = append(lines, report.Visible(oneLine(fmt.Sprintf("found: %s (%s) %s%s", f.Rule, f.Level, where, f.Message))))
	}
	return lines
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// The elements of a JUnit report, as CI services read it.
type (
	suites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Skipped  int      `xml:"skipped,attr"`
		Suite    suite    `xml:"testsuite"`
	}
	suite struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Cases    []testcase `xml:"testcase"`
	}
	testcase struct {
		Name    string   `xml:"name,attr"`
		Class   string   `xml:"classname,attr"`
		File    string   `xml:"file,attr"`
		Line    int      `xml:"line,attr"`
		Failure *failure `xml:"failure"`
		Error   *failure `xml:"error"` // it could not be judged
	}
	failure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit is the report that CI services read.
func JUnit(name string, results []Result) ([]byte, error) {
	s := suite{Name: name, Tests: len(results)}
	for _, r := range results {
		c := testcase{Name: clean(r.Case.Name), Class: name, File: name, Line: r.Case.Line}
		if len(r.Wrong) > 0 {
			var lines []string
			for _, w := range r.Wrong {
				lines = append(lines, fmt.Sprintf("%s:%d: %s", name, w.Line, oneLine(w.Message)))
			}
			lines = append(lines, came(r.Verdict)...)
			what := &failure{clean(oneLine(r.Wrong[0].Message)), "verdict", clean(strings.Join(lines, "\n"))}
			if r.Verdict.Outcome == verdict.Incomplete {
				s.Errors++
				c.Error = what
			} else {
				s.Failures++
				c.Failure = what
			}
		}
		s.Cases = append(s.Cases, c)
	}
	text, err := xml.MarshalIndent(suites{Tests: s.Tests, Failures: s.Failures, Errors: s.Errors, Suite: s}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the report: %w", err)
	}
	return append([]byte(xml.Header), append(text, '\n')...), nil
}

// clean makes text of what XML cannot hold.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return '\ufffd'
		}
		return r
	}, s)
}
