package ghfake

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// nodeID is an id of the graph. Nothing reads it.
func nodeID(kind string, id int64) string {
	return kind + "_" + base64.RawURLEncoding.EncodeToString([]byte(itoa(id)))
}

// pull finds the pull request of a route's number.
func (c *call) pull(param string) (*Pull, *refusal) {
	n, err := strconv.Atoi(c.r.PathValue(param))
	if p := c.repo.pulls[n]; p != nil && err == nil {
		return p, nil
	}
	return nil, notFound
}

func (s *Server) getPull(c *call) (any, *refusal) {
	p, no := c.pull("pull_number")
	if no != nil {
		return nil, no
	}
	return c.repo.pullJSON(p), nil
}

// pullBrief is a pull request as listings show it.
func (r *Repo) pullBrief(p *Pull) obj {
	n := itoa(p.Number)
	self, page, issue := r.api("/pulls/"+n), r.html("/pull/"+n), r.api("/issues/"+n)
	o := obj{
		"id": p.id, "node_id": nodeID("PR", p.id), "number": p.Number, "state": p.State, "locked": false, "title": p.Title, "body": nullable(p.Body), "draft": p.Draft,
		"user": p.Author.json(), "labels": mapped(p.labels, func(l label) obj { return r.label(l.name).json(r) }), "milestone": nil, "assignee": nil,
		"assignees": []obj{}, "requested_reviewers": r.requested(p)["users"], "requested_teams": r.requested(p)["teams"], "author_association": r.association(p.Author.Login), "auto_merge": nil,
		"active_lock_reason": nil, "created_at": stamp(p.created), "updated_at": stamp(p.updated), "closed_at": stamp(p.closed), "merged_at": nil, "merge_commit_sha": nullable(p.mergeCommit),
		"head": r.headJSON(p), "base": r.end(r.Owner, p.Base, p.base(r)),
		"url": self, "html_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch", "issue_url": issue, "commits_url": self + "/commits",
		"review_comments_url": self + "/comments", "review_comment_url": r.api("/pulls/comments{/number}"), "comments_url": issue + "/comments",
		"statuses_url": r.api("/statuses/" + p.HeadSHA),
	}
	if p.Merged {
		o["merged_at"] = stamp(p.closed)
	}
	links := obj{}
	for name, key := range map[string]string{
		"self": "url", "html": "html_url", "issue": "issue_url", "comments": "comments_url", "review_comments": "review_comments_url",
		"review_comment": "review_comment_url", "commits": "commits_url", "statuses": "statuses_url",
	} {
		links[name] = obj{"href": o[key]}
	}
	o["_links"] = links
	return o
}

// pullJSON is a pull request as the API and webhooks show it in full.
func (r *Repo) pullJSON(p *Pull) obj {
	o := r.pullBrief(p)
	base := p.base(r)
	diff := r.compare(base, p.HeadSHA)
	added, deleted := r.total(diff)
	o["additions"], o["deletions"], o["changed_files"] = added, deleted, len(diff)
	o["commits"] = len(r.objects.between(base, p.HeadSHA))
	o["comments"], o["review_comments"] = len(r.commentsOf(p.Number)), 0
	o["merged"], o["mergeable"], o["mergeable_state"], o["rebaseable"] = p.Merged, nil, "unknown", nil
	o["maintainer_can_modify"] = p.Fork && !p.NoMaintainerEdits
	o["merged_by"] = nil
	if p.mergedBy != "" {
		o["merged_by"] = r.server.account(p.mergedBy).json()
	}
	return o
}

// nullable is null for an empty text.
func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// end is the head or the base of a pull request.
func (r *Repo) end(owner, branch, id string) obj {
	repo := r.json()
	if owner != r.Owner {
		repo = r.jsonAs(owner, r.id+forkOffset)
	}
	return obj{"label": owner + ":" + branch, "ref": branch, "sha": id, "user": r.server.account(owner).json(), "repo": repo}
}

// headJSON is the head; of a fork that was deleted only the commit is left.
func (r *Repo) headJSON(p *Pull) obj {
	o := r.end(p.headOwner(r), p.headBranch(), p.HeadSHA)
	if p.ForkGone {
		o["repo"], o["user"], o["label"] = nil, nil, "unknown repository"
	}
	return o
}

// forkOffset tells a fork's id from its origin's.
const forkOffset = 1 << 40

// association is how an account stands to the repository.
func (r *Repo) association(login string) string {
	switch {
	case strings.EqualFold(login, r.Owner):
		return "OWNER"
	case r.allowed[strings.ToLower(login)] != "":
		return "COLLABORATOR"
	}
	return "NONE"
}

// numbered lists the pull requests that a function wants, youngest first.
func (r *Repo) numbered(want func(*Pull) bool) []*Pull {
	var list []*Pull
	for n := r.nextNumber; n > 0; n-- {
		if p := r.pulls[n]; p != nil && want(p) {
			list = append(list, p)
		}
	}
	return list
}

func (s *Server) listPulls(c *call) (any, *refusal) {
	q, r := c.r.URL.Query(), c.repo
	state, head, base := q.Get("state"), q.Get("head"), q.Get("base")
	if state == "" {
		state = "open"
	}
	if head != "" && !strings.Contains(head, ":") {
		head = "" // GitHub takes only owner:branch for a filter, unconfirmed
	}
	all := r.numbered(func(p *Pull) bool {
		return (state == "all" || p.State == state) && (base == "" || p.Base == base) &&
			(head == "" || strings.EqualFold(head, p.headOwner(r)+":"+p.headBranch()))
	})
	p, descending := func(p *Pull) time.Time { return p.created }, q.Get("direction") != "asc"
	switch q.Get("sort") {
	case "updated":
		p = func(p *Pull) time.Time { return p.updated }
		descending = q.Get("direction") == "desc" // as documented: only for created it is the default
	case "", "created":
	default:
		return nil, refuse(501, "The stand-in does not sort by %s.", q.Get("sort"))
	}
	slices.SortStableFunc(all, func(a, b *Pull) int { return p(b).Compare(p(a)) })
	if !descending {
		slices.Reverse(all)
	}
	return mapped(paged(c, all), r.pullBrief), nil
}

// withCommit lists the pull requests that a commit belongs to: open ones that
// have it, and the merged one that brought it.
func (r *Repo) withCommit(id string) []*Pull {
	later := r.objects.descendants(id)
	return r.numbered(func(p *Pull) bool {
		switch {
		case p.HeadSHA == id || p.mergeCommit == id:
			return true
		case !later[p.HeadSHA]:
			return false
		}
		for _, x := range r.objects.between(p.base(r), p.HeadSHA) {
			if x.id == id {
				return true
			}
		}
		return false
	})
}

func (s *Server) listCommitPulls(c *call) (any, *refusal) {
	x := c.repo.resolve(c.r.PathValue("commit_sha"))
	if x == nil {
		return nil, refuse(422, "No commit found for SHA: %s", c.r.PathValue("commit_sha"))
	}
	return mapped(paged(c, c.repo.withCommit(x.id)), c.repo.pullBrief), nil
}

func (s *Server) listPullFiles(c *call) (any, *refusal) {
	p, no := c.pull("pull_number")
	if no != nil {
		return nil, no
	}
	all := c.repo.compare(p.base(c.repo), p.HeadSHA)
	size, number := c.page()
	return c.filePage(all[:min(len(all), pullFiles)], p.HeadSHA, size, number), nil
}

func (s *Server) listPullCommits(c *call) (any, *refusal) {
	p, no := c.pull("pull_number")
	if no != nil {
		return nil, no
	}
	all := c.repo.objects.between(p.base(c.repo), p.HeadSHA)
	return mapped(paged(c, all[:min(len(all), pullCommits)]), func(x *commit) obj { return s.commitJSON(c.repo, x) }), nil
}

func (s *Server) listReviews(c *call) (any, *refusal) {
	p, no := c.pull("pull_number")
	if no != nil {
		return nil, no
	}
	return mapped(paged(c, p.reviews), func(v *Review) obj { return c.repo.reviewJSON(p, v) }), nil
}

func (r *Repo) reviewJSON(p *Pull, v *Review) obj {
	page := r.html("/pull/"+itoa(p.Number)) + "#pullrequestreview-" + itoa(v.ID)
	pull := r.api("/pulls/" + itoa(p.Number))
	return obj{
		"id": v.ID, "node_id": nodeID("PRR", v.ID), "user": r.server.account(v.By).json(), "body": v.Body, "state": v.State, "commit_id": v.Commit,
		"submitted_at": stamp(v.At), "html_url": page, "pull_request_url": pull, "author_association": r.association(v.By),
		"_links": obj{"html": obj{"href": page}, "pull_request": obj{"href": pull}},
	}
}
