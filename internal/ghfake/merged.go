package ghfake

// MergePullBy merges a pull request by a method, MERGE, SQUASH or REBASE, and
// returns the commit that GitHub names for it.
func (r *Repo) MergePullBy(method string, number int, by string) string {
	if method == "MERGE" {
		return r.MergePull(number, by, Signature{Name: "GitHub", Email: "noreply@github.com", When: r.server.now()})
	}
	return locked(r, func() string {
		p := r.pulls[number]
		before := len(r.queued)
		r.enqueue(p.Base, method, p.Base, p) // writes to the branch what the queue would write to its own
		r.queued = r.queued[:before]
		p.close(r)
		p.Merged, p.mergedBy, p.mergeCommit = true, by, r.refs[p.Base]
		return p.mergeCommit
	})
}

// Reset moves a branch to a commit, as a forced push does.
func (r *Repo) Reset(branch, commit string) {
	locked(r, func() string { return r.moved(branch, commit) })
}
