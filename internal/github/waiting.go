package github

import (
	"cmp"
	"context"
	"errors"

	gh "github.com/google/go-github/v60/github"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/report"
)

func compareChecks(a, b change.Check) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.App, b.App), cmp.Compare(a.Conclusion, b.Conclusion))
}

// PublishWaiting publishes a run that stays in progress, and returns its id. It
// has no annotations: they are only ever added to, and the result will have its
// own. When the answer is lost it looks whether GitHub has it.
func (c *Client) PublishWaiting(ctx context.Context, t Target, run report.CheckRun) (int64, error) {
	status := "in_progress"
	output := &gh.CheckRunOutput{Title: &run.Title, Summary: &run.Summary}
	var err error
	if t.RunID, err = c.begun(ctx, t); err != nil {
		return 0, err
	}
	if t.RunID != 0 {
		err := persist(ctx, func() error {
			_, _, err := c.rest.Checks.UpdateCheckRun(ctx, t.Owner, t.Repo, t.RunID, gh.UpdateCheckRunOptions{
				Name: c.app.options.CheckName, Status: &status, ExternalID: &run.ExternalID, DetailsURL: optional(t.Details), Output: output,
			})
			return explain("update the waiting check run", err)
		})
		if !errors.Is(err, ErrNotFound) {
			return t.RunID, err
		}
	}
	return c.startOnce(ctx, t, "publish the waiting check run", gh.CreateCheckRunOptions{
		Name: c.app.options.CheckName, HeadSHA: t.Head, Status: &status, ExternalID: &run.ExternalID, DetailsURL: optional(t.Details), Output: output,
	})
}

// startOnce creates a run that stays in progress. Where it is in doubt whether
// GitHub has it, it is looked for before it is sent again.
func (c *Client) startOnce(ctx context.Context, t Target, what string, o gh.CreateCheckRunOptions) (int64, error) {
	for try := 1; ; try++ {
		created, _, err := c.rest.Checks.CreateCheckRun(ctx, t.Owner, t.Repo, o)
		if err = explain(what, err); !doubtful(err) {
			return created.GetID(), err
		}
		r, lost := c.latestRun(ctx, t)
		if lost == nil && r.GetStatus() == *o.Status && (o.ExternalID == nil || r.GetExternalID() == *o.ExternalID) {
			return r.GetID(), nil
		}
		if lost != nil || try == writeTries || !pause(ctx, try) {
			return 0, err
		}
	}
}
