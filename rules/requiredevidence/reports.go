package requiredevidence

import (
	"fmt"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
)

const attach = "Attach it in CI: changeguard evidence attach --junit FILE"

// tally sums up tests.
type tally struct{ tests, skipped, bad int }

func (t tally) ran() int { return max(0, t.tests-t.skipped) }

func (t *tally) add(tests, skipped, bad int) {
	t.tests += tests
	t.skipped += skipped
	t.bad += bad
}

func sum(reports []change.Report) (t tally) {
	for _, r := range reports {
		t.add(r.Tests, r.Skipped, r.Failures+r.Errors)
	}
	return t
}

// reports judges what is attached. Tests are counted once all named suites are
// there.
func (j *judging) reports(head, base []change.Report) {
	if len(head) == 0 {
		j.miss("report", "No test report is attached to "+short(j.in.Change.Head), attach)
		return
	}
	all := sum(head)
	if all.bad > 0 {
		j.add(rules.Finding{
			Key: fmt.Sprintf("%d failed tests", all.bad), Message: fmt.Sprintf("%d of %s failed.", all.bad, count(all.ran(), "test")), Remedy: "Mend the tests or what they test.",
		})
	}
	missing := false
	for _, name := range j.Suites {
		missing = j.suite(name, head) || missing
	}
	switch {
	case missing:
	case all.ran() == 0:
		j.add(rules.Finding{
			Key: "no tests", Message: fmt.Sprintf("No test ran: %s attached, %s in them, %d skipped.", count(len(head), "report"), count(all.tests, "test"), all.skipped),
			Remedy: "See what the runner collects: a moved folder, a wrong pattern or a filter leaves nothing.",
		})
	default:
		j.enough(all.ran())
		j.share(all.ran(), base)
	}
}

// suite asks for a named suite, and reports whether it is missing.
func (j *judging) suite(pattern string, head []change.Report) (missing bool) {
	var t tally
	there := false
	for _, r := range head {
		if rules.MatchName(pattern, r.Name) {
			t.add(r.Tests, r.Skipped, 0)
			there = true
			continue // its suites are part of it
		}
		for _, s := range r.Suites {
			if rules.MatchName(pattern, s.Name) {
				t.add(s.Tests, s.Skipped, 0)
				there = true
			}
		}
	}
	switch {
	case !there:
		j.miss("suite "+pattern, "Suite "+named(pattern)+" is in no attached test report", attach+" --suite NAME")
	case t.ran() == 0:
		j.add(rules.Finding{
			Key: "empty suite " + pattern, Message: fmt.Sprintf("No test of suite %s ran: it has %s, %d skipped.", named(pattern), count(t.tests, "test"), t.skipped),
			Remedy: "See what the runner collects for it.",
		})
	}
	return !there
}

func (j *judging) enough(ran int) {
	if j.TestsAtLeast == nil || ran >= *j.TestsAtLeast {
		return
	}
	j.add(rules.Finding{
		Key: fmt.Sprintf("%d tests", ran), Message: fmt.Sprintf("%s ran, and at least %d must.", count(ran, "test"), *j.TestsAtLeast), Remedy: "Bring the missing tests back.",
	})
}

// share compares with the base. Without a report of the base nobody can tell.
func (j *judging) share(ran int, base []change.Report) {
	if j.ShareOfBase == nil {
		return
	}
	before := sum(base).ran()
	switch {
	case len(base) == 0:
		j.miss("base report", "No test report is attached to the base "+short(j.in.Change.MergeBase)+", to compare with", "Attach reports on pushes to the base branch as well.")
	case int64(ran)*100 < int64(before)*int64(*j.ShareOfBase):
		j.add(rules.Finding{
			Key: fmt.Sprintf("%d of the base's %d tests", ran, before), Message: fmt.Sprintf("%s ran, the base had %d: less than %d %% of them.", count(ran, "test"), before, *j.ShareOfBase),
			Remedy: "Bring the missing tests back.",
		})
	}
}

func short(commit string) string {
	if len(commit) > 12 {
		commit = commit[:12]
	}
	return commit
}
