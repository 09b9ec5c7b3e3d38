package github

import (
	"context"
	"errors"
	"fmt"
	"time"

	gh "github.com/google/go-github/v60/github"

	"github.com/changeguard/changeguard/report"
)

// A Target is the commit that a check run is published on.
type Target struct {
	Owner, Repo, Head string
	RunID             int64  // an own run that is still in progress, else 0
	Details           string // the address of the page, or ""
}

// StartRun publishes a run in progress.
func (c *Client) StartRun(ctx context.Context, t Target) (int64, error) {
	status := "in_progress"
	run, _, err := c.rest.Checks.CreateCheckRun(ctx, t.Owner, t.Repo, gh.CreateCheckRunOptions{
		Name: c.app.options.CheckName, HeadSHA: t.Head, Status: &status, DetailsURL: optional(t.Details),
		Output: &gh.CheckRunOutput{Title: gh.String("Judging the change"), Summary: gh.String("The change is large; this takes a moment.")},
	})
	return run.GetID(), explain("start the check run", err)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// PublishRun publishes a finished run and returns its id. More annotations than
// fit into one request are appended by further ones.
func (c *Client) PublishRun(ctx context.Context, t Target, run report.CheckRun) (int64, error) {
	first, rest := splitAnnotations(run.Annotations)
	output := &gh.CheckRunOutput{Title: &run.Title, Summary: &run.Summary, Annotations: first}
	conclusion, status := string(run.Conclusion), "completed"
	id := t.RunID
	if id == 0 {
		created, _, err := c.rest.Checks.CreateCheckRun(ctx, t.Owner, t.Repo, gh.CreateCheckRunOptions{
			Name: c.app.options.CheckName, HeadSHA: t.Head, Status: &status, Conclusion: &conclusion, ExternalID: &run.ExternalID,
			CompletedAt: &gh.Timestamp{Time: c.app.options.Now().UTC().Truncate(time.Second)}, DetailsURL: optional(t.Details), Output: output,
		})
		if err != nil {
			return 0, explain("publish the check run", err)
		}
		id = created.GetID()
	} else if err := c.update(ctx, t, id, &conclusion, run.ExternalID, output); err != nil {
		return 0, err
	}
	for len(rest) > 0 {
		first, rest = rest[:min(len(rest), report.MaxAnnotations)], rest[min(len(rest), report.MaxAnnotations):]
		if err := c.update(ctx, t, id, nil, run.ExternalID, &gh.CheckRunOutput{Title: &run.Title, Summary: &run.Summary, Annotations: first}); err != nil {
			return id, err
		}
	}
	return id, nil
}

func (c *Client) update(ctx context.Context, t Target, id int64, conclusion *string, external string, output *gh.CheckRunOutput) error {
	o := gh.UpdateCheckRunOptions{Name: c.app.options.CheckName, ExternalID: &external, DetailsURL: optional(t.Details), Output: output}
	if conclusion != nil {
		o.Status, o.Conclusion = gh.String("completed"), conclusion
	}
	_, _, err := c.rest.Checks.UpdateCheckRun(ctx, t.Owner, t.Repo, id, o)
	return explain("update the check run", err)
}

func splitAnnotations(marks []report.Annotation) (first, rest []*gh.CheckRunAnnotation) {
	var all []*gh.CheckRunAnnotation
	for _, m := range marks {
		all = append(all, &gh.CheckRunAnnotation{
			Path: &m.Path, StartLine: &m.StartLine, EndLine: &m.EndLine, AnnotationLevel: &m.Level, Title: &m.Title, Message: &m.Message,
		})
	}
	n := min(len(all), report.MaxAnnotations)
	return all[:n], all[n:]
}

// PublishComment writes the one comment of a pull request and returns its id.
// One that was deleted meanwhile is written anew.
func (c *Client) PublishComment(ctx context.Context, owner, repo string, number int, id int64, body string) (int64, error) {
	comment := &gh.IssueComment{Body: &body}
	if id != 0 {
		_, _, err := c.rest.Issues.EditComment(ctx, owner, repo, id, comment)
		if err = explain("edit the comment", err); !errors.Is(err, ErrNotFound) {
			return id, err
		}
	}
	created, _, err := c.rest.Issues.CreateComment(ctx, owner, repo, number, comment)
	if err != nil {
		return 0, explain(fmt.Sprintf("comment on #%d", number), err)
	}
	return created.GetID(), nil
}
