package ghfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// A Run is a check run.
type Run struct {
	ID          int64
	App         int64
	Name        string
	Head        string
	Status      string
	Conclusion  string
	ExternalID  string
	DetailsURL  string
	Title       string
	Summary     string
	Text        string
	Annotations []json.RawMessage
	Actions     []Action
	StartedAt   time.Time
	CompletedAt time.Time

	suite int64
}

// An Action is a button of a check run.
type Action struct {
	Label       string `json:"label"`
	Description string `json:"description"`
	Identifier  string `json:"identifier"`
}

// staleAfter is when GitHub gives up on a run that nobody finishes.
const staleAfter = 14 * 24 * time.Hour

// age ends a run that nobody has finished.
func (r *Run) age(now time.Time) *Run {
	if r.Status != "completed" && !r.StartedAt.IsZero() && now.Sub(r.StartedAt) > staleAfter {
		r.Status, r.Conclusion = "completed", "stale"
	}
	return r
}

// maxRuns is how many runs of one name a suite keeps.
const maxRuns = 1000

// Runs lists the check runs of a commit, oldest first.
func (r *Repo) Runs(head string) []Run {
	return locked(r, func() []Run {
		var list []Run
		for _, run := range r.runsAt[head] {
			one := *run.age(r.server.now())
			one.Annotations = slices.Clone(run.Annotations)
			list = append(list, one)
		}
		return list
	})
}

// AddRun makes a check run as another App does, and returns its id.
func (r *Repo) AddRun(run Run) int64 {
	return locked(r, func() int64 {
		r.keep(&run)
		return run.ID
	})
}

// keep adds a run to its suite.
func (r *Repo) keep(run *Run) {
	run.ID, run.suite = r.server.id(), r.suite(run.App, run.Head).id
	r.runs[run.ID] = run
	r.runsAt[run.Head] = append(r.runsAt[run.Head], run)
	var same []*Run
	for _, x := range r.runsAt[run.Head] {
		if x.suite == run.suite && x.Name == run.Name {
			same = append(same, x)
		}
	}
	if len(same) > maxRuns {
		delete(r.runs, same[0].ID)
		r.runsAt[run.Head] = slices.DeleteFunc(r.runsAt[run.Head], func(x *Run) bool { return x == same[0] })
	}
}

func (s *Server) createRun(c *call) (any, *refusal) {
	var b runBody
	if no := c.read(&b); no != nil {
		return nil, no
	}
	if b.Name == nil || *b.Name == "" || b.HeadSHA == nil {
		return nil, unfit("\"name\" and \"head_sha\" weren't supplied.")
	}
	if no := b.check(); no != nil {
		return nil, no
	}
	if c.repo.objects.commits[*b.HeadSHA] == nil {
		return nil, refuse(http.StatusUnprocessableEntity, "No commit found for SHA: %s", *b.HeadSHA)
	}
	run := &Run{App: c.app.ID, Head: *b.HeadSHA, Status: "queued"}
	run.apply(&b, s.now())
	c.repo.keep(run)
	c.answer.status = http.StatusCreated
	return c.repo.runJSON(run), nil
}

// apply takes over what a request says. A finished run stays as it ended: users
// report that its status cannot be changed, and that its conclusion can is
// unconfirmed. Annotations are only added, never replaced.
func (r *Run) apply(b *runBody, now time.Time) {
	for _, field := range []struct{ to, from *string }{
		{&r.Name, b.Name}, {&r.ExternalID, b.ExternalID}, {&r.DetailsURL, b.DetailsURL},
	} {
		if field.from != nil {
			*field.to = *field.from
		}
	}
	if r.Status != "completed" {
		r.conclude(b)
	}
	if b.StartedAt != nil {
		r.StartedAt = *b.StartedAt
	} else if r.StartedAt.IsZero() {
		r.StartedAt = now
	}
	switch {
	case b.CompletedAt != nil:
		r.CompletedAt = *b.CompletedAt
	case r.Status == "completed" && r.CompletedAt.IsZero():
		r.CompletedAt = now
	}
	if b.Actions != nil {
		r.Actions = b.actions()
	}
	r.applyOutput(b.Output)
}

func (r *Run) conclude(b *runBody) {
	if b.Status != nil {
		r.Status = *b.Status
	}
	if b.Conclusion != nil {
		r.Status, r.Conclusion = "completed", *b.Conclusion
	}
}

func (r *Run) applyOutput(o *outputBody) {
	if o == nil {
		return
	}
	if o.Title != nil {
		r.Title = *o.Title
	}
	if o.Text != nil {
		r.Text = *o.Text
	}
	r.Summary = *o.Summary
	r.Annotations = append(r.Annotations, o.Annotations...)
}

func (s *Server) updateRun(c *call) (any, *refusal) {
	run, no := c.run()
	if no != nil {
		return nil, no
	}
	var b runBody
	if no := c.read(&b); no != nil {
		return nil, no
	}
	if run.App != c.app.ID {
		return nil, refuse(http.StatusForbidden, "Invalid app_id `%d` - check run can only be modified by the GitHub App that created it.", c.app.ID)
	}
	if no := b.check(); no != nil {
		return nil, no
	}
	run.apply(&b, s.now())
	return c.repo.runJSON(run), nil
}

// run finds the check run of the route.
func (c *call) run() (*Run, *refusal) {
	id, err := strconv.ParseInt(c.r.PathValue("check_run_id"), 10, 64)
	if run := c.repo.runs[id]; run != nil && err == nil {
		return run.age(c.repo.server.now()), nil
	}
	return nil, notFound
}

func (s *Server) getRun(c *call) (any, *refusal) {
	run, no := c.run()
	if no != nil {
		return nil, no
	}
	return c.repo.runJSON(run), nil
}

// runJSON is a run as the API and webhooks show it.
func (r *Repo) runJSON(run *Run) obj {
	self := r.api("/check-runs/" + itoa(run.ID))
	page := r.html("/runs/" + itoa(run.ID))
	details := run.DetailsURL
	if details == "" {
		details = page
	}
	return obj{
		"id": run.ID, "node_id": nodeID("CR", run.ID), "name": run.Name, "head_sha": run.Head, "status": run.Status, "conclusion": nullable(run.Conclusion),
		"external_id": run.ExternalID, "details_url": details, "url": self, "html_url": page, "started_at": stamp(run.StartedAt), "completed_at": stamp(run.CompletedAt),
		"output": obj{
			"title": nullable(run.Title), "summary": nullable(run.Summary), "text": nullable(run.Text), "annotations_count": len(run.Annotations),
			"annotations_url": self + "/annotations",
		},
		"check_suite": obj{"id": run.suite}, "app": r.appJSON(run.App), "pull_requests": r.pullsAt(run.Head),
	}
}

func (r *Repo) appJSON(id int64) any {
	if a := r.server.apps[id]; a != nil {
		return a.json()
	}
	return nil
}

// pullsAt are the open pull requests of a head. Those of forks are never shown.
func (r *Repo) pullsAt(head string) []obj {
	list := r.numbered(func(p *Pull) bool { return p.State == "open" && p.HeadSHA == head && !p.Fork })
	end := func(branch, id string) obj {
		return obj{"ref": branch, "sha": id, "repo": obj{"id": r.id, "url": r.api(""), "name": r.Name}}
	}
	return mapped(list, func(p *Pull) obj {
		return obj{
			"id": p.id, "number": p.Number, "url": r.api("/pulls/" + itoa(p.Number)), "head": end(p.headBranch(), p.HeadSHA), "base": end(p.Base, p.base(r)),
		}
	})
}

// listRuns lists the runs of a commit, youngest first; by default only the
// latest of each name.
func (s *Server) listRuns(c *call) (any, *refusal) {
	x := c.repo.resolve(c.r.PathValue("ref"))
	if x == nil {
		return nil, refuse(http.StatusUnprocessableEntity, "No commit found for SHA: %s", c.r.PathValue("ref"))
	}
	q := c.r.URL.Query()
	type key struct {
		suite int64
		name  string
	}
	seen := make(map[key]bool)
	var list []*Run
	for _, run := range slices.Backward(c.repo.runsAt[x.id]) {
		k := key{run.age(s.now()).suite, run.Name}
		old := seen[k] && q.Get("filter") != "all"
		if !old && fits(q.Get("check_name"), run.Name) && fits(q.Get("app_id"), itoa(run.App)) {
			seen[k] = true
			if fits(q.Get("status"), run.Status) {
				list = append(list, run)
			}
		}
	}
	return obj{"total_count": len(list), "check_runs": mapped(paged(c, list), c.repo.runJSON)}, nil
}

// fits is a filter that lets all through when it is empty.
func fits(wanted, have string) bool { return wanted == "" || wanted == have }

func (s *Server) listAnnotations(c *call) (any, *refusal) {
	run, no := c.run()
	if no != nil {
		return nil, no
	}
	return mapped(paged(c, run.Annotations), func(raw json.RawMessage) obj {
		var a annotationBody
		if err := json.Unmarshal(raw, &a); err != nil {
			panic(err) // it was read before it was kept
		}
		return obj{
			"path": a.Path, "blob_href": c.repo.api("/git/blobs/" + run.Head + ":" + escapePath(*a.Path)), "start_line": a.Start, "end_line": a.End,
			"start_column": a.StartColumn, "end_column": a.EndColumn, "annotation_level": a.Level, "title": a.Title, "message": a.Message, "raw_details": a.Details,
		}
	}), nil
}
