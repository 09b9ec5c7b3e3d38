package change

import (
	"context"
	"errors"
	"time"
)

// ErrNoEvidence says that a change was loaded where nobody knows what others say
// of its head.
var ErrNoEvidence = errors.New("the checks and test reports of a commit are known to the server only, not here")

// Evidence is what others say of a change's head. It is asked for only where a
// rule wants it, since it may cost requests, and answers the same for as long as
// the change is judged.
type Evidence interface {
	// Checks are the check runs and statuses of the head, the newest of each. The
	// names are those that matter, as rules.ParseCheck reads them: whoever answers
	// may stop once each is matched.
	Checks(ctx context.Context, names []string) ([]Check, error)
	// Reports are the test reports attached to the head, and those attached to
	// what the change is compared with.
	Reports(ctx context.Context) (head, base []Report, err error)
	// Waited is how long the head has been waiting for evidence. It is known
	// after the first of the others was asked.
	Waited() time.Duration
}

// StatusApp stands for the App of a commit status, which names none.
const StatusApp = "status"

// A Check is a check run, or a commit status, of somebody else.
type Check struct {
	Name       string `json:"name"`
	App        string `json:"app"`                  // the App's slug, or StatusApp
	Conclusion string `json:"conclusion,omitempty"` // as GitHub words it, "" while it runs
}

// A Report sums up the tests of one suite of one workflow.
type Report struct {
	Name     string  `json:"name"`   // that it was attached under
	Source   string  `json:"source"` // the workflow's path, or the token's name
	Tests    int     `json:"tests"`  // with those that were skipped
	Failures int     `json:"failures,omitempty"`
	Errors   int     `json:"errors,omitempty"`
	Skipped  int     `json:"skipped,omitempty"`
	Suites   []Suite `json:"suites,omitempty"` // that the files name
}

// A Suite is a named part of a report.
type Suite struct {
	Name     string `json:"name"`
	Tests    int    `json:"tests"`
	Failures int    `json:"failures,omitempty"`
	Errors   int    `json:"errors,omitempty"`
	Skipped  int    `json:"skipped,omitempty"`
}

// Recorded is evidence as it was once, to judge by it again.
type Recorded struct {
	HeadChecks  []Check       `json:"checks,omitempty"`
	HeadReports []Report      `json:"reports,omitempty"`
	BaseReports []Report      `json:"base_reports,omitempty"`
	After       time.Duration `json:"waited,omitempty"` // nanoseconds
}

// Checks implements Evidence.
func (r *Recorded) Checks(context.Context, []string) ([]Check, error) { return r.HeadChecks, nil }

// Reports implements Evidence.
func (r *Recorded) Reports(context.Context) (head, base []Report, err error) {
	return r.HeadReports, r.BaseReports, nil
}

// Waited implements Evidence.
func (r *Recorded) Waited() time.Duration { return r.After }
