package ghfake

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// suite groups the runs of one App on one commit.
type suite struct {
	id      int64
	app     int64
	head    string
	created time.Time
}

type suiteKey struct {
	app  int64
	head string
}

// suite finds or makes the suite of an App on a commit.
func (r *Repo) suite(app int64, head string) *suite {
	k := suiteKey{app, head}
	if r.suites[k] == nil {
		r.suites[k] = &suite{r.server.id(), app, head, r.server.now()}
	}
	return r.suites[k]
}

// suitesOf are the suites of a commit: GitHub makes one for each App that may
// write checks, whether or not it reports.
func (r *Repo) suitesOf(head string) []*suite {
	for id := range r.installations {
		if i := r.server.installations[id]; i != nil && allows(i.permissions["checks"], "write") {
			r.suite(i.app, head)
		}
	}
	var list []*suite
	for k, v := range r.suites {
		if k.head == head {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b *suite) int { return int(a.app - b.app) })
	return list
}

// state sums up the latest runs of a suite.
func (r *Repo) state(v *suite) (status, conclusion string, latest int) {
	runs := make(map[string]*Run)
	for _, run := range r.runsAt[v.head] {
		if run.suite == v.id {
			runs[run.Name] = run
		}
	}
	if len(runs) == 0 {
		return "queued", "", 0
	}
	worst := -1
	ranked := []string{"skipped", "neutral", "success", "cancelled", "stale", "timed_out", "failure", "action_required"}
	for _, run := range runs {
		if run.age(r.server.now()).Status != "completed" {
			return "in_progress", "", len(runs)
		}
		worst = max(worst, slices.Index(ranked, run.Conclusion))
	}
	return "completed", ranked[max(0, worst)], len(runs)
}

func (s *Server) listSuites(c *call) (any, *refusal) {
	x := c.repo.resolve(c.r.PathValue("ref"))
	if x == nil {
		return nil, refuse(http.StatusUnprocessableEntity, "No commit found for SHA: %s", c.r.PathValue("ref"))
	}
	q := c.r.URL.Query()
	list := slices.DeleteFunc(c.repo.suitesOf(x.id), func(v *suite) bool {
		if !fits(q.Get("app_id"), itoa(v.app)) {
			return true
		}
		name := q.Get("check_name")
		return name != "" && !slices.ContainsFunc(c.repo.runsAt[v.head], func(run *Run) bool { return run.suite == v.id && run.Name == name })
	})
	return obj{"total_count": len(list), "check_suites": mapped(paged(c, list), c.repo.suiteJSON)}, nil
}

// suiteJSON is a suite as the API shows it.
func (r *Repo) suiteJSON(v *suite) obj {
	o := r.suiteBrief(v)
	_, _, latest := r.state(v)
	o["repository"], o["latest_check_runs_count"] = r.json(), latest
	return o
}

// suiteBrief is a suite as webhooks show it.
func (r *Repo) suiteBrief(v *suite) obj {
	status, conclusion, _ := r.state(v)
	x, self := r.objects.commits[v.head], r.api("/check-suites/"+itoa(v.id))
	var before any
	if len(x.parents) > 0 {
		before = x.parents[0]
	}
	return obj{
		"id": v.id, "node_id": nodeID("CS", v.id), "head_branch": r.branchAt(v.head), "head_sha": v.head, "status": status, "conclusion": nullable(conclusion),
		"url": self, "before": before, "after": v.head, "pull_requests": r.pullsAt(v.head), "app": r.appJSON(v.app), "created_at": stamp(v.created),
		"updated_at": stamp(v.created), "check_runs_url": self + "/check-runs", "head_commit": commitBrief(x), "rerequestable": true, "runs_rerequestable": true,
	}
}

// branchAt is a branch whose tip is a commit, and null for a fork's.
func (r *Repo) branchAt(id string) any {
	for _, name := range r.branches() {
		if r.refs[name] == id {
			return name
		}
	}
	return nil
}

// commitBrief is a commit as suites show it.
func commitBrief(x *commit) obj {
	who := func(p Signature) obj { return obj{"name": utf8Name(p.Name), "email": utf8Name(p.Email)} }
	return obj{
		"id": x.id, "tree_id": x.tree, "message": utf8Name(x.message), "timestamp": stamp(x.committer.When), "author": who(x.author), "committer": who(x.committer),
	}
}

// commitStatus is a status, the older kind of check.
type commitStatus struct {
	id                                           int64
	sha, state, context, description, target, by string
	at                                           time.Time
}

// maxStatus is how many characters describe a status at most.
const maxStatus = 140

func (s *Server) createStatus(c *call) (any, *refusal) {
	var b struct {
		State, Context, Description string
		TargetURL                   string `json:"target_url"`
	}
	if no := c.read(&b); no != nil {
		return nil, no
	}
	sha := c.r.PathValue("sha")
	switch target, err := url.Parse(b.TargetURL); {
	case c.repo.objects.commits[sha] == nil:
		return nil, refuse(http.StatusUnprocessableEntity, "No commit found for SHA: %s", sha)
	case b.TargetURL != "" && (err != nil || target.Scheme != "http" && target.Scheme != "https"):
		return nil, invalid("Status", "target_url", "custom", "target_url must use http(s) scheme")
	case longer(b.Description, maxStatus):
		return nil, invalid("Status", "description", "custom", "description is too long (maximum is 140 characters)")
	case !slices.Contains([]string{"error", "failure", "pending", "success"}, b.State):
		return nil, invalid("Status", "state", "custom", "state is not included in the list")
	}
	if b.Context == "" {
		b.Context = "default"
	}
	v := &commitStatus{s.id(), sha, b.State, b.Context, b.Description, b.TargetURL, s.bot(c.app.ID).Login, s.now()}
	c.repo.statuses = append(c.repo.statuses, v)
	c.answer.status = http.StatusCreated
	return c.repo.statusJSON(v), nil
}

// SetStatus sets a commit's status as somebody else does.
func (r *Repo) SetStatus(sha, context, state, by string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.statuses = append(r.statuses, &commitStatus{r.server.id(), sha, state, context, "", "", by, r.server.now()})
}

func (r *Repo) statusJSON(v *commitStatus) obj {
	user := r.server.account(v.by)
	return obj{
		"id": v.id, "node_id": nodeID("SC", v.id), "url": r.api("/statuses/" + v.sha), "avatar_url": user.json()["avatar_url"], "state": v.state,
		"description": nullable(v.description), "target_url": nullable(v.target), "context": v.context, "created_at": stamp(v.at), "updated_at": stamp(v.at),
		"creator": user.json(),
	}
}

func (s *Server) listStatuses(c *call) (any, *refusal) {
	x := c.repo.resolve(c.r.PathValue("ref"))
	if x == nil {
		return nil, refuse(http.StatusUnprocessableEntity, "No commit found for SHA: %s", c.r.PathValue("ref"))
	}
	var list []*commitStatus
	for _, v := range slices.Backward(c.repo.statuses) {
		if v.sha == x.id {
			list = append(list, v)
		}
	}
	return mapped(paged(c, list), c.repo.statusJSON), nil
}

// number reads a number of the route.
func (c *call) number(param string) int64 {
	n, err := strconv.ParseInt(c.r.PathValue(param), 10, 64)
	if err != nil {
		return 0 // nothing has it
	}
	return n
}
