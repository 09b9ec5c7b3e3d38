package github

import (
	"context"
	"errors"
	"time"

	gh "github.com/google/go-github/v60/github"

	"github.com/changeguard/changeguard/report"
)

// A Target is the commit that a check run is published on.
type Target struct {
	Owner, Repo, Head string
	RunID             int64  // an own run that is still in progress, else 0
	Details           string // the address of the page, or ""
	// Doubt says that the run may have been published or started before, by an
	// attempt that did not live to note it. It is looked for first.
	Doubt bool
}

// StartRun publishes a run in progress. When the answer is lost it looks whether
// GitHub has it before it publishes again.
func (c *Client) StartRun(ctx context.Context, t Target, summary string) (int64, error) {
	status := "in_progress"
	if begun, err := c.begun(ctx, t); err != nil || begun != 0 {
		return begun, err
	}
	return c.startOnce(ctx, t, "start the check run", gh.CreateCheckRunOptions{
		Name: c.app.options.CheckName, HeadSHA: t.Head, Status: &status, DetailsURL: optional(t.Details),
		Output: &gh.CheckRunOutput{Title: gh.String("Judging the change"), Summary: &summary},
	})
}

// latestRun is the App's latest run of its name on a commit, nil without one.
func (c *Client) latestRun(ctx context.Context, t Target) (*gh.CheckRun, error) {
	latest := "latest"
	list, _, err := c.rest.Checks.ListCheckRunsForRef(ctx, t.Owner, t.Repo, t.Head, &gh.ListCheckRunsOptions{
		CheckName: &c.app.options.CheckName, AppID: &c.app.options.AppID, Filter: &latest,
	})
	if err != nil || len(list.CheckRuns) == 0 {
		return nil, explain("look for the check run", err)
	}
	return list.CheckRuns[0], nil
}

// begun is a run in progress of an attempt that did not live to note it, 0 for none.
func (c *Client) begun(ctx context.Context, t Target) (int64, error) {
	if !t.Doubt || t.RunID != 0 {
		return t.RunID, nil
	}
	r, err := c.latestRun(ctx, t)
	if err != nil || !unfinished(r) {
		return 0, err
	}
	return r.GetID(), nil
}

func unfinished(r *gh.CheckRun) bool { return r != nil && r.GetStatus() != "completed" }

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// PublishRun publishes a finished run and returns its id. More annotations than
// fit into one request are appended by further ones. With an id and an error
// the run stands, and annotations are missing; publishing again in doubt adds
// those, and nothing twice.
func (c *Client) PublishRun(ctx context.Context, t Target, run report.CheckRun) (int64, error) {
	p := &publication{Client: c, target: t, run: run, marks: annotations(run.Annotations)}
	if t.Doubt {
		if err := p.find(ctx); err != nil {
			return 0, err
		}
	}
	if !p.stands {
		if err := p.conclude(ctx); err != nil {
			return 0, err
		}
	}
	for p.done < len(p.marks) {
		if err := p.more(ctx); err != nil {
			return p.target.RunID, err
		}
	}
	return p.target.RunID, nil
}

// publication is a run on its way to GitHub.
type publication struct {
	*Client
	target Target
	run    report.CheckRun
	marks  []*gh.CheckRunAnnotation
	done   int  // of the marks
	stands bool // the run has its conclusion
}

// find looks for the run among those that GitHub shows for the commit. Only the
// latest counts: an older one is not what people see.
func (p *publication) find(ctx context.Context) error {
	r, err := p.latestRun(ctx, p.target)
	if err != nil {
		return err
	}
	if r.GetExternalID() == p.run.ExternalID && r.GetStatus() == "completed" && r.GetConclusion() == string(p.run.Conclusion) {
		p.target.RunID, p.stands, p.done = r.GetID(), true, r.GetOutput().GetAnnotationsCount()
	} else if p.target.RunID == 0 && unfinished(r) {
		p.target.RunID = r.GetID() // of an attempt that died: the result takes its place
	}
	return nil
}

// conclude publishes the conclusion. When the answer is lost it looks whether
// GitHub has it, and publishes again where it has not. Annotations that GitHub
// does not take are left out; the summary says the same.
func (p *publication) conclude(ctx context.Context) error {
	for try := 1; ; try++ {
		err := p.attempt(ctx)
		if !doubtful(err) {
			return err
		}
		if p.target.RunID == 0 || len(p.marks) > 0 { // else doing it again changes nothing
			if lost := p.find(ctx); lost != nil || p.stands {
				return unless(p.stands, errors.Join(err, lost))
			}
		}
		if try == writeTries || !pause(ctx, try) {
			return err
		}
	}
}

// unless is the error, or none where it does not matter any more.
func unless(done bool, err error) error {
	if done {
		return nil
	}
	return err
}

// attempt writes the conclusion in the forms that GitHub may take.
func (p *publication) attempt(ctx context.Context) error {
	err := p.write(ctx)
	if errors.Is(err, ErrNotFound) && p.target.RunID != 0 {
		p.target.RunID = 0 // the run in progress is gone
		err = p.write(ctx)
	}
	if errors.Is(err, ErrInvalid) && len(p.marks) > 0 {
		p.marks = nil
		err = p.write(ctx)
	}
	return err
}

// write sends the conclusion with the first annotations.
func (p *publication) write(ctx context.Context) error {
	next := p.next()
	output := p.output(next)
	conclusion, status := string(p.run.Conclusion), "completed"
	id := p.target.RunID
	if id == 0 {
		created, _, err := p.rest.Checks.CreateCheckRun(ctx, p.target.Owner, p.target.Repo, gh.CreateCheckRunOptions{
			Name: p.app.options.CheckName, HeadSHA: p.target.Head, Status: &status, Conclusion: &conclusion, ExternalID: &p.run.ExternalID,
			CompletedAt: &gh.Timestamp{Time: p.app.options.Now().UTC().Truncate(time.Second)}, DetailsURL: optional(p.target.Details), Output: output,
			Actions: p.actions(),
		})
		if err != nil {
			return explain("publish the check run", err)
		}
		id = created.GetID()
	} else if err := p.update(ctx, &conclusion, output); err != nil {
		return err
	}
	p.target.RunID, p.stands, p.done = id, true, p.done+len(next)
	return nil
}

func (p *publication) update(ctx context.Context, conclusion *string, output *gh.CheckRunOutput) error {
	o := gh.UpdateCheckRunOptions{Name: p.app.options.CheckName, ExternalID: &p.run.ExternalID, DetailsURL: optional(p.target.Details), Output: output, Actions: p.actions()}
	if conclusion != nil {
		o.Status, o.Conclusion = gh.String("completed"), conclusion
	}
	_, _, err := p.rest.Checks.UpdateCheckRun(ctx, p.target.Owner, p.target.Repo, p.target.RunID, o)
	return explain("update the check run", err)
}

func (p *publication) actions() []*gh.CheckRunAction {
	var list []*gh.CheckRunAction
	for _, a := range p.run.Actions[:min(len(p.run.Actions), report.MaxActions)] {
		list = append(list, &gh.CheckRunAction{Label: a.Label, Description: a.Description, Identifier: a.Identifier})
	}
	return list
}

// next are the annotations of the next request.
func (p *publication) next() []*gh.CheckRunAnnotation {
	rest := p.marks[min(p.done, len(p.marks)):]
	return rest[:min(len(rest), report.MaxAnnotations)]
}

func (p *publication) output(marks []*gh.CheckRunAnnotation) *gh.CheckRunOutput {
	return &gh.CheckRunOutput{Title: &p.run.Title, Summary: &p.run.Summary, Annotations: marks}
}

// more appends annotations. Those that GitHub does not take are passed over.
func (p *publication) more(ctx context.Context) error {
	next := p.next()
	if err := p.update(ctx, nil, p.output(next)); err != nil && !errors.Is(err, ErrInvalid) {
		return err
	}
	p.done += len(next)
	return nil
}

func annotations(marks []report.Annotation) []*gh.CheckRunAnnotation {
	var all []*gh.CheckRunAnnotation
	for _, m := range marks {
		all = append(all, &gh.CheckRunAnnotation{
			Path: &m.Path, StartLine: &m.StartLine, EndLine: &m.EndLine, AnnotationLevel: &m.Level, Title: &m.Title, Message: &m.Message,
		})
	}
	return all
}
