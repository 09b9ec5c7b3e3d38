package ghfake

import (
	"slices"
	"strings"
)

// TestMerge makes the commit that merging an open pull request would make, as
// GitHub does to try it, and returns its id.
func (r *Repo) TestMerge(number int) string {
	return locked(r, func() string {
		p := r.pulls[number]
		const ref = "refs/pull/merge"
		r.refs[ref] = r.refs[p.Base]
		p.testMerge = r.merge(ref, p.HeadSHA, "Merge "+p.HeadSHA+" into "+r.refs[p.Base], Signature{Name: "GitHub", Email: "noreply@github.com", When: r.server.now()})
		delete(r.refs, ref)
		return p.testMerge
	})
}

// checks answers what others said of a commit.
func (n commitNode) checks(e *execution, name string, args obj) any {
	if name == "status" {
		if !e.call.permitted(permission{"statuses", "read"}) {
			return forbidden()
		}
		return n.status()
	}
	if !e.call.permitted(permission{"checks", "read"}) {
		return forbidden()
	}
	filter, _ := args["filterBy"].(obj)
	list := []node{}
	for _, v := range n.suitesOf(n.c.id) {
		if app, ok := filter["appId"].(float64); ok && int64(app) != v.app {
			continue
		}
		if named, ok := filter["checkName"].(string); ok && len(n.suiteRuns(v, obj{"checkName": named})) == 0 {
			continue
		}
		list = append(list, suiteNode{n.Repo, v})
	}
	return connect("CheckSuiteConnection", list, args)
}

// status is null without any.
func (n commitNode) status() any {
	v := statusNode{n.Repo, n.c.id, nil}
	seen := make(map[string]bool)
	for _, one := range slices.Backward(n.statuses) {
		if one.sha == n.c.id && !seen[one.context] {
			seen[one.context] = true
			v.latest = append(v.latest, one)
		}
	}
	if v.latest == nil {
		return nil
	}
	return v
}

// suiteRuns are the runs of a suite that a filter wants.
func (r *Repo) suiteRuns(v *suite, filter obj) []*Run {
	latest := make(map[string]*Run)
	var list []*Run
	for _, run := range r.runsAt[v.head] {
		if run.suite != v.id {
			continue
		}
		if named, ok := filter["checkName"].(string); ok && run.Name != named {
			continue
		}
		latest[run.Name] = run
		list = append(list, run)
	}
	if filter["checkType"] == "LATEST" {
		list = slices.DeleteFunc(list, func(run *Run) bool { return latest[run.Name] != run })
	}
	return list
}

type suiteNode struct {
	*Repo
	v *suite
}

func (suiteNode) kind() string { return "CheckSuite" }

func (n suiteNode) field(_ *execution, name string, args obj) any {
	status, _, _ := n.state(n.v)
	switch name {
	case "app":
		if a := n.server.apps[n.v.app]; a != nil {
			return appNode{a.ID, a.Slug}
		}
		return appNode{n.v.app, "app-" + itoa(n.v.app)}
	case "databaseId":
		return n.v.id
	case "id":
		return nodeID("CS", n.v.id)
	case "status":
		return strings.ToUpper(status)
	case "checkRuns":
		filter, _ := args["filterBy"].(obj)
		list := []node{}
		for _, run := range n.suiteRuns(n.v, filter) {
			list = append(list, runNode{run.age(n.server.now())})
		}
		return connect("CheckRunConnection", list, args)
	}
	return unresolved(n, name)
}

type appNode struct {
	id   int64
	slug string
}

func (appNode) kind() string { return "App" }

func (n appNode) field(_ *execution, name string, _ obj) any {
	switch name {
	case "databaseId":
		return n.id
	case "id":
		return nodeID("A", n.id)
	case "name", "slug":
		return n.slug
	}
	return unresolved(n, name)
}

type runNode struct{ *Run }

func (runNode) kind() string { return "CheckRun" }

func (n runNode) field(_ *execution, name string, _ obj) any {
	switch name {
	case "databaseId":
		return n.ID
	case "id":
		return nodeID("CR", n.ID)
	case "name":
		return n.Name
	case "externalId":
		return nullable(n.ExternalID)
	case "status":
		return strings.ToUpper(n.Status)
	case "conclusion":
		return nullable(strings.ToUpper(n.Conclusion))
	}
	return unresolved(n, name)
}

// statusNode sums up the latest statuses of a commit.
type statusNode struct {
	*Repo
	head   string
	latest []*commitStatus
}

func (statusNode) kind() string { return "Status" }

func (n statusNode) field(_ *execution, name string, args obj) any {
	switch name {
	case "id":
		return nodeID("S", 0) + n.head
	case "state":
		worst := "SUCCESS"
		for _, v := range n.latest {
			if v.state != "success" && worst != "FAILURE" {
				worst = map[string]string{"pending": "PENDING", "error": "FAILURE", "failure": "FAILURE"}[v.state]
			}
		}
		return worst
	case "context":
		for _, v := range n.latest {
			if v.context == args["name"] {
				return contextNode{n.Repo, v}
			}
		}
		return nil
	case "contexts":
		list := []node{}
		for _, v := range n.latest {
			list = append(list, contextNode{n.Repo, v})
		}
		return list
	}
	return unresolved(n, name)
}

type contextNode struct {
	*Repo
	v *commitStatus
}

func (contextNode) kind() string { return "StatusContext" }

func (n contextNode) field(_ *execution, name string, _ obj) any {
	switch name {
	case "context":
		return n.v.context
	case "createdAt":
		return stamp(n.v.at)
	case "creator":
		return accountNode{n.server.account(n.v.by)}
	case "description":
		return nullable(n.v.description)
	case "id":
		return nodeID("SC", n.v.id)
	case "state":
		return strings.ToUpper(n.v.state)
	}
	return unresolved(n, name)
}
