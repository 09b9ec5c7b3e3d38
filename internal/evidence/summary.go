package evidence

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/changeguard/changeguard/change"
)

// The bounds of a summary.
const (
	MaxSuites = 1000
	MaxName   = 200           // bytes
	MaxTests  = 1_000_000_000 // of one report: sums of them fit everywhere
)

// Attachment is what is sent to the server.
type Attachment struct {
	Repository string `json:"repository"` // "owner/repo"
	Commit     string `json:"commit"`
	Suite      string `json:"suite"` // the name of the report
	Tests      int    `json:"tests"` // with those that were skipped
	Failures   int    `json:"failures"`
	Errors     int    `json:"errors"`
	Skipped    int    `json:"skipped"`
	// Suites are the named parts, the first MaxSuites of them.
	Suites []change.Suite `json:"suites,omitempty"`
}

// Report is what is kept of it.
func (a *Attachment) Report() change.Report {
	return change.Report{Name: a.Suite, Tests: a.Tests, Failures: a.Failures, Errors: a.Errors, Skipped: a.Skipped, Suites: a.Suites}
}

// Check says what is wrong with an attachment that came from outside.
func (a *Attachment) Check() error {
	if err := checkName("suite", a.Suite); err != nil {
		return err
	}
	if err := numbers(a.Tests, a.Failures, a.Errors, a.Skipped); err != nil {
		return err
	}
	if len(a.Suites) > MaxSuites {
		return fmt.Errorf("it has %d suites, and at most %d are taken", len(a.Suites), MaxSuites)
	}
	for _, s := range a.Suites {
		if err := checkName("a suite's name", s.Name); err != nil {
			return err
		}
		if err := numbers(s.Tests, s.Failures, s.Errors, s.Skipped); err != nil {
			return fmt.Errorf("suite %q: %w", s.Name, err)
		}
	}
	return nil
}

func checkName(what, name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return fmt.Errorf("%s is empty", what)
	case len(name) > MaxName:
		return fmt.Errorf("%s has more than %d bytes", what, MaxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("%s is no plain text", what)
	}
	return nil
}

// numbers wants counts that can be true: no more failed or skipped than there
// are. One test can both fail and break when it is taken down.
func numbers(tests, failures, errs, skipped int) error {
	for _, n := range []int{tests, failures, errs, skipped} {
		if n < 0 || n > MaxTests {
			return fmt.Errorf("its numbers must be from 0 to %d", MaxTests)
		}
	}
	if skipped > tests || failures > tests || errs > tests {
		return errors.New("more failed or were skipped than there are")
	}
	return nil
}
