// Package requiredevidence is the rule that wants to see that others looked.
//
// # The model
//
// Evidence is of two sorts: check runs and statuses of other Apps on the head,
// and test reports that CI attaches to it. What is missed may come yet; such a
// finding is awaited until the deadline, and stands after it. What is there and
// bad is a finding at once. While a suite that the policy names is missing, the
// tests are not counted: they are not all there.
package requiredevidence

import (
	"context"
	"fmt"
	"time"

	"github.com/changeguard/changeguard/rules"
)

// Options of the rule.
type Options struct {
	Checks       []string      `yaml:"checks" example:"[\"unit\", \"build / *\", \"lint@github-actions\"]" desc:"Check runs and commit statuses that must be there and have ended with success: the name, with @ and an App's slug behind it where only that App's counts (\"status\" for a commit status). * and ? stand for any characters; all that match must be green, and at least one must be there."`
	Suites       []string      `yaml:"suites" example:"[unit, \"integration*\"]" desc:"Suites that the attached test reports must hold, each with at least one test that ran. The name that a report was attached under, or of a suite in it; * and ? stand for any characters."`
	TestsAtLeast *int          `yaml:"tests-at-least" min:"1" desc:"How many tests of the attached reports must have run, skipped ones not counted."`
	ShareOfBase  *int          `yaml:"share-of-base" min:"1" example:"95" desc:"How many tests must have run, in percent of those of the base (1 to 100): of the reports attached to the merge base, else to the base's tip, else to the last commit of the base branch that has any."`
	Deadline     time.Duration `yaml:"deadline" example:"30m" desc:"How long the change waits for what is missing before that is a failure, from a minute to 168h. Default: 1h."`
}

// The bounds of the deadline. GitHub gives up on a run after 14 days.
const (
	usualDeadline = time.Hour
	minDeadline   = time.Minute
	maxDeadline   = 168 * time.Hour
)

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "required-evidence",
		Title: "another check or an attached test report is missing, failed or empty",
		Why: "A green tick says that a job ended well, not that it tested anything: the change that loses a test folder runs 0 tests, and passes. " +
			"This rule wants other checks to be there and green (skipped and neutral ones are not), and it counts the tests that CI attaches with changeguard evidence attach. " +
			"Zero tests that ran are a failure, so are failed tests, fewer tests than asked for, and a suite that is not there. What is missing is waited for: the check run " +
			"stays in progress until the deadline, and fails then. A pull request is judged by the evidence for its head, a merge group by that for the group's commit. " +
			"A local check cannot know any of it and says so; the manual's page on evidence tells how to attach it.",
		Bad:  "unit: 0 tests ran   (with suites: [unit])",
		Good: "unit: 214 tests ran, the base had 214",
		Remedy: "Mend what the check or the tests found, and run it again. Where no test ran, see what the runner collects. A report " +
			"that never comes is sent by `changeguard evidence attach` in the workflow; until the deadline the check waits.",
		Since: "0.1.0",
	}, check, run)
}

func check(o *Options) []rules.Problem {
	var problems []rules.Problem
	add := func(message string, path ...any) {
		problems = append(problems, rules.Problem{Path: path, Message: message})
	}
	if len(o.Checks) == 0 && !o.counts() {
		add("checks, suites, tests-at-least or share-of-base must say what is required")
	}
	for i, name := range o.Checks {
		if _, err := rules.ParseCheck(name); err != nil {
			add(err.Error(), "checks", i)
		}
	}
	for i, name := range o.Suites {
		if name == "" {
			add("a suite's name is empty", "suites", i)
		}
	}
	if o.ShareOfBase != nil && *o.ShareOfBase > 100 {
		add(fmt.Sprintf("it is a share in percent, from 1 to 100, not %d", *o.ShareOfBase), "share-of-base")
	}
	if o.Deadline != 0 && (o.Deadline < minDeadline || o.Deadline > maxDeadline) {
		add("a deadline is from 1m to 168h", "deadline")
	}
	return problems
}

// counts reports whether attached reports are wanted.
func (o *Options) counts() bool {
	return len(o.Suites) > 0 || o.TestsAtLeast != nil || o.ShareOfBase != nil
}

func (o *Options) deadline() time.Duration {
	if o.Deadline == 0 {
		return usualDeadline
	}
	return o.Deadline
}

// judging is one run of the rule.
type judging struct {
	*Options
	in    *rules.Input
	late  bool // the deadline is over
	found []rules.Finding
}

func run(ctx context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	evidence := in.Change.Evidence
	if evidence == nil {
		return nil, rules.NoEvidence(o.wanted())
	}
	j := &judging{Options: o, in: in}
	if len(o.Checks) > 0 {
		checks, err := evidence.Checks(ctx, o.Checks)
		if err != nil {
			return nil, err
		}
		j.late = evidence.Waited() >= o.deadline()
		for _, name := range o.Checks {
			if err := j.check(name, checks); err != nil {
				return nil, err
			}
		}
	}
	if o.counts() {
		head, base, err := evidence.Reports(ctx)
		if err != nil {
			return nil, err
		}
		j.late = evidence.Waited() >= o.deadline()
		j.reports(head, base)
	}
	return j.found, nil
}

// add takes a finding. It is about the change as it is: whoever overrides it
// overrides it for these contents.
func (j *judging) add(f rules.Finding) {
	f.Files = j.in.Change.Paths()
	j.found = append(j.found, f)
}

// miss finds what is not there, and may come yet.
func (j *judging) miss(key, what, remedy string) {
	f := rules.Finding{Key: key, Message: what + ".", Remedy: remedy}
	if j.late {
		f.Message = fmt.Sprintf("%s after %s.", what, words(j.deadline()))
	} else {
		f.Await = j.deadline()
		f.Remedy = fmt.Sprintf("Wait; from %s after the first look this is a failure. %s", words(j.deadline()), remedy)
	}
	j.add(f)
}
