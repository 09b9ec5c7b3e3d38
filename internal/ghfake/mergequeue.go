package ghfake

// queueEntry is one pull request of a branch's merge queue.
type queueEntry struct {
	id           int64
	number       int
	base, head   string // the commits that it was put on, and that came of it
	queue        string // the branch that the queue is for
	mergeMethod  string
	enqueued, by string
}

// Enqueue puts pull requests into one merge group, in their order, by a method:
// MERGE, SQUASH or REBASE. It returns the group's branch.
func (r *Repo) Enqueue(base, method string, numbers ...int) string {
	return locked(r, func() string {
		name := "gh-readonly-queue/" + base + "/pr-" + itoa(numbers[len(numbers)-1]) + "-" + r.refs[base]
		r.refs[name] = r.refs[base]
		for _, n := range numbers {
			r.enqueue(base, method, name, r.pulls[n])
		}
		return name
	})
}

func (r *Repo) enqueue(base, method, branch string, p *Pull) {
	e := queueEntry{
		id: r.server.id(), number: p.Number, base: r.refs[branch], queue: base, mergeMethod: method, enqueued: r.server.now().Format("2006-01-02T15:04:05Z"), by: p.Author.Login,
	}
	by := Signature{Name: "GitHub", Email: "noreply@github.com", When: r.server.now()}
	switch method {
	case "MERGE":
		r.merge(branch, p.HeadSHA, "Merge pull request #"+itoa(p.Number)+" from "+r.Owner+"/"+p.headBranch(), by)
	case "SQUASH":
		r.apply(branch, r.objects.mergeBase(r.refs[base], p.HeadSHA), p.HeadSHA, commit{author: by, committer: by, message: p.Title + " (#" + itoa(p.Number) + ")"})
	case "REBASE":
		for _, c := range r.objects.between(r.refs[base], p.HeadSHA) {
			if len(c.parents) == 1 {
				r.apply(branch, c.parents[0], c.id, commit{author: c.author, committer: by, message: c.message})
			}
		}
	default:
		panic("ghfake: " + method + " is no way to merge")
	}
	e.head = r.refs[branch]
	r.queued = append(r.queued, e)
}

// apply writes a commit to a branch that does there what led from one commit to
// another.
func (r *Repo) apply(branch, from, to string, c commit) {
	c.parents = []string{r.refs[branch]}
	c.tree = r.objects.merge(r.tree(from), r.tree(r.refs[branch]), r.tree(to))
	r.moved(branch, r.objects.putCommit(c))
}

// Dequeue empties a branch's merge queue.
func (r *Repo) Dequeue(base string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.queued = without(r.queued, func(e queueEntry) bool { return e.queue == base })
}

func without[T any](list []T, gone func(T) bool) []T {
	var kept []T
	for _, v := range list {
		if !gone(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// mergeQueue is the queue of a branch. One that never had a pull request in it
// is not there.
func (r repoNode) mergeQueue(args obj) any {
	branch, ok := args["branch"].(string)
	if !ok {
		branch = defaultBranch
	}
	list := without(r.queued, func(e queueEntry) bool { return e.queue != branch })
	if len(list) == 0 {
		return nil
	}
	return queueNode{r.Repo, list}
}

type queueNode struct {
	*Repo
	entries []queueEntry
}

func (queueNode) kind() string { return "MergeQueue" }

func (n queueNode) field(_ *execution, name string, args obj) any {
	switch name {
	case "id":
		return nodeID("MQ", n.id)
	case "configuration":
		return queueSettings{n.entries[0].mergeMethod}
	case "entries":
		var list []node
		for i, e := range n.entries {
			list = append(list, entryOfQueue{n.Repo, e, i + 1})
		}
		return connect("MergeQueueEntryConnection", list, args)
	}
	return unresolved(n, name)
}

type queueSettings struct{ method string }

func (queueSettings) kind() string { return "MergeQueueConfiguration" }

func (n queueSettings) field(_ *execution, name string, _ obj) any {
	if name == "mergeMethod" {
		return n.method
	}
	return unresolved(n, name)
}

type entryOfQueue struct {
	*Repo
	e     queueEntry
	place int
}

func (entryOfQueue) kind() string { return "MergeQueueEntry" }

func (n entryOfQueue) field(_ *execution, name string, _ obj) any {
	switch name {
	case "id":
		return nodeID("MQE", n.e.id)
	case "position":
		return n.place
	case "state":
		return "AWAITING_CHECKS"
	case "enqueuedAt":
		return n.e.enqueued
	case "enqueuer":
		return accountNode{n.server.account(n.e.by)}
	case "baseCommit":
		return commitNode{n.Repo, n.objects.commits[n.e.base]}
	case "headCommit":
		return commitNode{n.Repo, n.objects.commits[n.e.head]}
	case "pullRequest":
		if p := n.pulls[n.e.number]; p != nil {
			return pullNode{n.Repo, p}
		}
		return nil
	}
	return unresolved(n, name)
}
