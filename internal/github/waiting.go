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
	if t.RunID != 0 {
		_, _, err := c.rest.Checks.UpdateCheckRun(ctx, t.Owner, t.Repo, t.RunID, gh.UpdateCheckRunOptions{
			Name: c.app.options.CheckName, Status: &status, ExternalID: &run.ExternalID, DetailsURL: optional(t.Details), Output: output,
		})
		if err = explain("update the waiting check run", err); !errors.Is(err, ErrNotFound) {
			return t.RunID, err
		}
	}
	created, _, err := c.rest.Checks.CreateCheckRun(ctx, t.Owner, t.Repo, gh.CreateCheckRunOptions{
		Name: c.app.options.CheckName, HeadSHA: t.Head, Status: &status, ExternalID: &run.ExternalID, DetailsURL: optional(t.Details), Output: output,
	})
	err = explain("publish the waiting check run", err)
	if doubtful(err) {
		if r, lost := c.latestRun(ctx, t); lost == nil && r.GetStatus() == status && r.GetExternalID() == run.ExternalID {
			return r.GetID(), nil
		}
	}
	return created.GetID(), err
}
