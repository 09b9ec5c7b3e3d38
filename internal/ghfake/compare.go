package ghfake

import (
	"net/http"
	"slices"
	"strings"
)

// Where GitHub cuts.
const (
	compareFiles   = 300
	compareCommits = 250 // without paging
	pullFiles      = 3000
	pullCommits    = 250
	commitFiles    = 3000
	commitPage     = 300 // files of a commit, without paging

	// Patches are left out of larger files, and behind this much of a whole
	// comparison. These are the site's limits; the API's are not documented.
	patchLines, patchBytes = 20000, 500 << 10
	diffLines, diffBytes   = 20000, 1 << 20
)

// patchBudget is what may still be shown of a comparison.
type patchBudget struct{ lines, bytes int }

// fileJSON is one file of a comparison.
func (r *Repo) fileJSON(d *fileDiff, head string, budget *patchBudget) obj {
	t, id := r.objects.compared(d), d.after.id
	ref := head
	if id == "" {
		id = d.before.id
	}
	name := escapePath(d.path)
	f := obj{
		"sha": id, "filename": utf8Name(d.path), "status": d.status, "additions": t.added, "deletions": t.deleted, "changes": t.added + t.deleted,
		"blob_url": r.html("/blob/" + ref + "/" + name), "raw_url": r.html("/raw/" + ref + "/" + name), "contents_url": r.api("/contents/" + name + "?ref=" + ref),
	}
	if d.previous != "" {
		f["previous_filename"] = utf8Name(d.previous)
	}
	if t.patch == "" || t.lines > patchLines || len(t.patch) > patchBytes {
		return f
	}
	if budget.lines, budget.bytes = budget.lines-t.lines, budget.bytes-len(t.patch); budget.lines >= 0 && budget.bytes >= 0 {
		f["patch"] = utf8Name(t.patch)
	}
	return f
}

// filesJSON shows the asked part of a comparison. What came before counts
// against the patches too.
func (r *Repo) filesJSON(all []*fileDiff, from, to int, head string) []obj {
	budget := patchBudget{diffLines, diffBytes}
	for _, d := range all[:from] {
		t := r.objects.compared(d)
		budget.lines, budget.bytes = budget.lines-t.lines, budget.bytes-len(t.patch)
	}
	return mapped(all[from:to], func(d *fileDiff) obj { return r.fileJSON(d, head, &budget) })
}

// filePage is filesJSON for a page.
func (c *call) filePage(all []*fileDiff, head string, size, number int) []obj {
	from, to := min(len(all), (number-1)*size), min(len(all), number*size)
	pagedBy(c, all, size, number) // for its links
	return c.repo.filesJSON(all, from, to, head)
}

// splitRange reads BASE...HEAD. Branches may hold dots, but not two in a row.
func splitRange(text string) (from, to string, ok bool) { return strings.Cut(text, "...") }

func (s *Server) getComparison(c *call) (any, *refusal) {
	from, to, ok := splitRange(c.r.PathValue("basehead"))
	base, head := c.repo.resolve(from), c.repo.resolve(to)
	if !ok || base == nil || head == nil {
		return nil, notFound
	}
	o := c.repo.objects
	fork := o.commits[o.mergeBase(base.id, head.id)]
	if fork == nil {
		return nil, refuse(http.StatusNotFound, "No common ancestor between %s and %s.", from, to)
	}
	ahead, behind := o.between(base.id, head.id), o.between(head.id, base.id)
	commits, first := ahead[:min(len(ahead), compareCommits)], true
	if q := c.r.URL.Query(); q.Has("page") || q.Has("per_page") {
		_, number := c.page()
		commits, first = paged(c, ahead), number == 1
	}
	files := []obj{}
	if first {
		diff := c.repo.compare(base.id, head.id)
		files = c.repo.filesJSON(diff, 0, min(len(diff), compareFiles), head.id)
	}
	name := escapePath(from) + "..." + escapePath(to)
	return obj{
		"url": c.repo.api("/compare/" + name), "html_url": c.repo.html("/compare/" + name), "diff_url": c.repo.html("/compare/" + name + ".diff"),
		"patch_url": c.repo.html("/compare/" + name + ".patch"), "permalink_url": c.repo.html("/compare/" + base.id[:7] + "..." + head.id[:7]),
		"status": relation(len(ahead), len(behind)), "ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead),
		"base_commit": s.commitJSON(c.repo, base), "merge_base_commit": s.commitJSON(c.repo, fork),
		"commits": mapped(commits, func(x *commit) obj { return s.commitJSON(c.repo, x) }), "files": files,
	}, nil
}

// relation is how the head of a comparison stands to its base.
func relation(ahead, behind int) string {
	switch {
	case ahead > 0 && behind > 0:
		return "diverged"
	case ahead > 0:
		return "ahead"
	case behind > 0:
		return "behind"
	}
	return "identical"
}

// person is what a commit says of its author.
func person(p Signature) obj {
	return obj{"name": utf8Name(p.Name), "email": utf8Name(p.Email), "date": stamp(p.When)}
}

// accountOf is the account behind a signature, and null without one.
func (s *Server) accountOf(p Signature) any {
	if a := s.byEmail(p.Email); a != nil {
		return a.json()
	}
	return nil
}

// commitJSON is a commit as most of the API shows it.
func (s *Server) commitJSON(r *Repo, x *commit) obj {
	self := r.api("/commits/" + x.id)
	return obj{
		"sha": x.id, "node_id": nodeID("C", r.id) + x.id, "url": self, "html_url": r.html("/commit/" + x.id), "comments_url": self + "/comments",
		"author": s.accountOf(x.author), "committer": s.accountOf(x.committer),
		"parents": mapped(x.parents, func(id string) obj {
			return obj{"sha": id, "url": r.api("/commits/" + id), "html_url": r.html("/commit/" + id)}
		}),
		"commit": obj{
			"message": utf8Name(x.message), "author": person(x.author), "committer": person(x.committer), "comment_count": 0,
			"url": r.api("/git/commits/" + x.id), "tree": obj{"sha": x.tree, "url": r.api("/git/trees/" + x.tree)},
			"verification": obj{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil},
		},
	}
}

func (s *Server) getCommit(c *call) (any, *refusal) {
	x := c.repo.resolve(c.r.PathValue("ref"))
	if x == nil {
		return nil, refuse(http.StatusUnprocessableEntity, "No commit found for SHA: %s", c.r.PathValue("ref"))
	}
	before := ""
	if len(x.parents) > 0 {
		before = c.repo.tree(x.parents[0])
	}
	diff := c.repo.objects.diff(before, x.tree)
	size, number := c.page()
	if !c.r.URL.Query().Has("per_page") {
		size = commitPage
	}
	body := s.commitJSON(c.repo, x)
	body["files"] = c.filePage(diff[:min(len(diff), commitFiles)], x.id, size, number)
	added, deleted := c.repo.total(diff)
	body["stats"] = obj{"additions": added, "deletions": deleted, "total": added + deleted}
	return body, nil
}

// listCommits lists history, youngest first.
func (s *Server) listCommits(c *call) (any, *refusal) {
	rev := c.r.URL.Query().Get("sha")
	if rev == "" {
		rev = defaultBranch
	}
	x := c.repo.resolve(rev)
	switch {
	case len(c.repo.refs) == 0:
		return nil, refuse(http.StatusConflict, "Git Repository is empty.")
	case x == nil:
		return nil, notFound
	}
	all := slices.Clone(c.repo.objects.between("", x.id))
	slices.Reverse(all)
	return mapped(paged(c, all), func(x *commit) obj { return s.commitJSON(c.repo, x) }), nil
}
