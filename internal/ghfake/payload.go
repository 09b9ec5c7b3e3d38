package ghfake

import (
	"maps"
	"slices"
	"strings"
)

// payload adds what every event of a repository has.
func (r *Repo) payload(sender *Account, body obj) obj {
	body["repository"], body["sender"] = r.json(), sender.json()
	if owner := r.server.account(r.Owner); owner.Type == "Organization" {
		body["organization"] = owner.organization()
	}
	if id := r.firstInstallation(); id != 0 {
		body["installation"] = obj{"id": id, "node_id": nodeID("I", id)}
	}
	return body
}

// firstInstallation is the first App's on the repository, else any.
func (r *Repo) firstInstallation() int64 {
	ids := slices.Sorted(maps.Keys(r.installations))
	for _, id := range ids {
		if i := r.server.installations[id]; i != nil && i.app == r.server.options.AppID {
			return id
		}
	}
	if len(ids) > 0 {
		return ids[0]
	}
	return 0
}

func (a *Account) organization() obj {
	api := apiBase + "/orgs/" + a.Login
	return obj{
		"login": a.Login, "id": a.ID, "node_id": nodeID("O", a.ID), "url": api, "repos_url": api + "/repos", "events_url": api + "/events",
		"hooks_url": api + "/hooks", "issues_url": api + "/issues", "members_url": api + "/members{/member}", "public_members_url": api + "/public_members{/member}",
		"avatar_url": a.json()["avatar_url"], "description": "",
	}
}

// Sender is an account for the sender of a payload.
func (s *Server) Sender(login string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.account(login).json()
}

// PullEvent is the payload of a pull_request event of any action. more adds to
// it, or replaces parts.
func (r *Repo) PullEvent(number int, action string, more map[string]any) map[string]any {
	return locked(r, func() map[string]any {
		p := r.pulls[number]
		body := r.payload(&p.Author, obj{"action": action, "number": number, "pull_request": r.pullJSON(p)})
		switch action {
		case "synchronize":
			body["before"], body["after"] = p.before, p.HeadSHA
		case "labeled", "unlabeled":
			if len(p.events) > 0 {
				last := p.events[len(p.events)-1]
				body["label"], body["sender"] = r.label(last.name).json(r), r.server.account(last.by).json()
			}
		case "edited":
			body["changes"] = obj{}
		case "assigned", "unassigned":
			body["assignee"] = p.Author.json()
		}
		maps.Copy(body, more)
		return body
	})
}

// ReviewEvent is the payload of a pull_request_review event: submitted, edited
// or dismissed.
func (r *Repo) ReviewEvent(number int, review int64, action string) map[string]any {
	return locked(r, func() map[string]any {
		p := r.pulls[number]
		i := slices.IndexFunc(p.reviews, func(v *Review) bool { return v.ID == review })
		v := p.reviews[i]
		shown := r.reviewJSON(p, v)
		shown["state"] = strings.ToLower(v.State) // unlike in the API
		body := r.payload(r.server.account(v.By), obj{"action": action, "pull_request": r.pullBrief(p), "review": shown})
		if action == "edited" {
			body["changes"] = obj{"body": obj{"from": ""}}
		}
		return body
	})
}

// CommentEvent is the payload of an issue_comment event on a pull request.
func (r *Repo) CommentEvent(comment int64, action string) map[string]any {
	return locked(r, func() map[string]any {
		x := r.comments[comment]
		p := r.pulls[x.number]
		body := r.payload(r.server.account(x.by), obj{"action": action, "issue": r.issueJSON(p), "comment": r.commentJSON(x)})
		if action == "edited" {
			body["changes"] = obj{"body": obj{"from": ""}}
		}
		return body
	})
}

// issueJSON is a pull request as issues show it.
func (r *Repo) issueJSON(p *Pull) obj {
	n := itoa(p.Number)
	self, page := r.api("/issues/"+n), r.html("/pull/"+n)
	rollup := obj{"url": self + "/reactions", "total_count": 0}
	for _, content := range reactionContents {
		rollup[content] = 0
	}
	return obj{
		"url": self, "repository_url": r.api(""), "labels_url": self + "/labels{/name}", "comments_url": self + "/comments", "events_url": self + "/events",
		"html_url": page, "id": p.id, "node_id": nodeID("PR", p.id), "number": p.Number, "title": p.Title, "user": p.Author.json(),
		"labels": mapped(p.labels, func(l label) obj { return r.label(l.name).json(r) }), "state": p.State, "locked": false, "assignee": nil, "assignees": []obj{},
		"milestone": nil, "comments": len(r.commentsOf(p.Number)), "created_at": stamp(p.created), "updated_at": stamp(p.updated), "closed_at": stamp(p.closed),
		"author_association": r.association(p.Author.Login), "active_lock_reason": nil, "draft": p.Draft, "body": nullable(p.Body), "reactions": rollup,
		"timeline_url": self + "/timeline", "state_reason": nil, "performed_via_github_app": nil,
		"pull_request": obj{"url": r.api("/pulls/" + n), "html_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch", "merged_at": nil},
	}
}

// RunEvent is the payload of a check_run event. For requested_action, identifier
// names the action.
func (r *Repo) RunEvent(run int64, action, sender, identifier string) map[string]any {
	return locked(r, func() map[string]any {
		x := r.runs[run]
		shown := r.runJSON(x)
		shown["check_suite"] = r.suiteBrief(r.suite(x.App, x.Head))
		body := r.payload(r.server.account(sender), obj{"action": action, "check_run": shown})
		if identifier != "" {
			body["requested_action"] = obj{"identifier": identifier}
		}
		return body
	})
}

// SuiteEvent is the payload of a check_suite event of the first App.
func (r *Repo) SuiteEvent(head, action, sender string) map[string]any {
	return locked(r, func() map[string]any {
		shown := r.suiteBrief(r.suite(r.server.options.AppID, head))
		_, _, latest := r.state(r.suite(r.server.options.AppID, head))
		shown["latest_check_runs_count"] = latest
		return r.payload(r.server.account(sender), obj{"action": action, "check_suite": shown})
	})
}

// StatusEvent is the payload of a status event about the last status of a
// commit.
func (r *Repo) StatusEvent(sha string) map[string]any {
	return locked(r, func() map[string]any {
		for _, v := range slices.Backward(r.statuses) {
			if v.sha != sha {
				continue
			}
			return r.payload(r.server.account(v.by), obj{
				"id": v.id, "sha": sha, "name": r.fullName(), "target_url": nullable(v.target), "context": v.context, "description": nullable(v.description),
				"state": v.state, "commit": r.server.commitJSON(r, r.objects.commits[sha]), "branches": []obj{}, "created_at": stamp(v.at), "updated_at": stamp(v.at),
				"avatar_url": r.server.account(v.by).json()["avatar_url"],
			})
		}
		panic("ghfake: " + sha + " has no status")
	})
}

// GroupEvent is the payload of a merge_group event for a queue's branch.
func (r *Repo) GroupEvent(base, head string) map[string]any {
	return locked(r, func() map[string]any {
		x := r.objects.commits[r.refs[head]]
		return r.payload(r.server.account("octocat"), obj{"action": "checks_requested", "merge_group": obj{
			"head_sha": x.id, "head_ref": "refs/heads/" + head, "base_sha": r.refs[base], "base_ref": "refs/heads/" + base, "head_commit": commitBrief(x),
		}})
	})
}

// noCommit stands for the missing side of a push.
const noCommit = "0000000000000000000000000000000000000000"

// maxPushed is how many commits a push shows.
const maxPushed = 2048

// PushEvent is the payload of a push event; an empty before means that the
// branch was created.
func (r *Repo) PushEvent(branch, before string) map[string]any {
	return locked(r, func() map[string]any {
		after, created := r.refs[branch], before == "" || before == noCommit
		if created {
			before = noCommit
		}
		deleted := after == ""
		if deleted {
			after = noCommit
		}
		list := r.objects.between(before, after)
		list = list[:min(len(list), maxPushed)]
		pusher := r.server.account("octocat")
		body := r.payload(pusher, obj{
			"ref": "refs/heads/" + branch, "before": before, "after": after, "created": created, "deleted": deleted,
			"forced": !created && !deleted && r.objects.mergeBase(before, after) != before, "base_ref": nil,
			"compare": r.html("/compare/" + before[:12] + "..." + after[:12]), "commits": mapped(list, r.pushedJSON), "head_commit": nil,
			"pusher": obj{"name": pusher.Login, "email": pusher.Login + "@example.com"},
		})
		if x := r.objects.commits[after]; x != nil {
			body["head_commit"] = r.pushedJSON(x)
		}
		repo := body["repository"].(obj)
		for _, key := range []string{"created_at", "pushed_at"} {
			repo[key] = r.created.Unix() // numbers, in this event alone
		}
		repo["master_branch"], repo["stargazers"] = defaultBranch, 0
		owner := repo["owner"].(obj)
		owner["name"], owner["email"] = r.Owner, nil
		return body
	})
}

// maxPushedFiles is how many files a push shows of a commit.
const maxPushedFiles = 3000

// pushedJSON is a commit as pushes show it.
func (r *Repo) pushedJSON(x *commit) obj {
	names := map[string][]string{"added": {}, "removed": {}, "modified": {}}
	before := ""
	if len(x.parents) > 0 {
		before = r.tree(x.parents[0])
	}
	r.objects.differences(before, x.tree, "", func(path string, a, b side) {
		kind := "modified"
		if a.id == "" {
			kind = "added"
		} else if b.id == "" {
			kind = "removed"
		}
		if len(names[kind]) < maxPushedFiles {
			names[kind] = append(names[kind], utf8Name(path))
		}
	})
	o := commitBrief(x)
	for key, p := range map[string]Signature{"author": x.author, "committer": x.committer} {
		if a := r.server.byEmail(p.Email); a != nil {
			o[key].(obj)["username"] = a.Login
		}
	}
	o["distinct"], o["url"] = true, r.html("/commit/"+x.id)
	o["added"], o["removed"], o["modified"] = names["added"], names["removed"], names["modified"]
	return o
}

// InstallationEvent is the payload of an installation event: created, deleted,
// suspend and the others.
func (s *Server) InstallationEvent(id int64, action string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.installations[id]
	return obj{"action": action, "installation": s.installationJSON(i), "repositories": s.installedRepos(i), "requester": nil, "sender": s.account("octocat").json()}
}

// ReposEvent is the payload of an installation_repositories event, with all
// repositories of the installation as those added or removed.
func (s *Server) ReposEvent(id int64, action string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.installations[id]
	body := obj{
		"action": action, "installation": s.installationJSON(i), "repository_selection": "selected", "repositories_added": []obj{},
		"repositories_removed": []obj{}, "requester": nil, "sender": s.account("octocat").json(),
	}
	body["repositories_"+action] = s.installedRepos(i)
	return body
}

func (s *Server) installedRepos(i *installation) []obj {
	var list []*Repo
	for _, r := range s.repos {
		if r.installations[i.id] {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *Repo) int { return int(a.id - b.id) })
	return mapped(list, func(r *Repo) obj {
		return obj{"id": r.id, "node_id": nodeID("R", r.id), "name": r.Name, "full_name": r.fullName(), "private": r.Private}
	})
}

// PingEvent is the payload of the ping that a new App's webhook gets.
func (s *Server) PingEvent(address string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	app := s.apps[s.options.AppID]
	return obj{
		"zen": "Keep it logically awesome.", "hook_id": 1,
		"hook": obj{
			"type": "App", "id": 1, "name": "web", "active": true, "app_id": app.ID, "events": app.Events, "updated_at": epoch, "created_at": epoch,
			"config": obj{"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": address}, "deliveries_url": apiBase + "/app/hook/deliveries",
		},
	}
}
