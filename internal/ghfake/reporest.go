package ghfake

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// api is an address of the API below the repository.
func (r *Repo) api(rest string) string { return apiBase + "/repos/" + r.fullName() + rest }

// html is an address of the site below the repository.
func (r *Repo) html(rest string) string { return site + "/" + r.fullName() + rest }

// addresses are the parts of a repository that only name other addresses.
var addresses = map[string]string{
	"archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}", "branches_url": "/branches{/branch}",
	"collaborators_url": "/collaborators{/collaborator}", "comments_url": "/comments{/number}", "commits_url": "/commits{/sha}",
	"compare_url": "/compare/{base}...{head}", "contents_url": "/contents/{+path}", "contributors_url": "/contributors", "deployments_url": "/deployments",
	"downloads_url": "/downloads", "events_url": "/events", "forks_url": "/forks", "git_commits_url": "/git/commits{/sha}", "git_refs_url": "/git/refs{/sha}",
	"git_tags_url": "/git/tags{/sha}", "hooks_url": "/hooks", "issue_comment_url": "/issues/comments{/number}", "issue_events_url": "/issues/events{/number}",
	"issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}", "labels_url": "/labels{/name}", "languages_url": "/languages", "merges_url": "/merges",
	"milestones_url": "/milestones{/number}", "notifications_url": "/notifications{?since,all,participating}", "pulls_url": "/pulls{/number}",
	"releases_url": "/releases{/id}", "stargazers_url": "/stargazers", "statuses_url": "/statuses/{sha}", "subscribers_url": "/subscribers",
	"subscription_url": "/subscription", "tags_url": "/tags", "teams_url": "/teams", "trees_url": "/git/trees{/sha}", "url": "",
}

// json is the repository as the API and webhooks show it.
func (r *Repo) json() obj { return r.jsonAs(r.Owner, r.id) }

// jsonAs is the repository, or its fork by another owner.
func (r *Repo) jsonAs(owner string, id int64) obj {
	full := owner + "/" + r.Name
	html, created := site+"/"+full, r.created.Format(time.RFC3339)
	o := obj{
		"id": id, "node_id": nodeID("R", id), "name": r.Name, "full_name": full, "owner": r.server.account(owner).json(), "private": r.Private,
		"html_url": html, "description": nil, "fork": owner != r.Owner, "created_at": created, "updated_at": created, "pushed_at": created,
		"git_url": "git://github.example/" + full + ".git", "ssh_url": "git@github.example:" + full + ".git", "clone_url": html + ".git", "svn_url": html,
		"homepage": nil, "size": 1, "stargazers_count": 0, "watchers_count": 0, "language": nil, "has_issues": true, "has_projects": false,
		"has_downloads": true, "has_wiki": false, "has_pages": false, "has_discussions": false, "forks_count": 0, "mirror_url": nil, "archived": false, "disabled": false,
		"open_issues_count": 0, "license": nil, "allow_forking": true, "is_template": false, "web_commit_signoff_required": false, "topics": []string{},
		"visibility": visibility(r.Private), "forks": 0, "open_issues": 0, "watchers": 0, "default_branch": defaultBranch,
		"custom_properties": obj{},
	}
	for key, rest := range addresses {
		o[key] = apiBase + "/repos/" + full + rest
	}
	return o
}

func visibility(private bool) string {
	if private {
		return "private"
	}
	return "public"
}

func (s *Server) getRepo(c *call) (any, *refusal) {
	o := c.repo.json()
	o["network_count"], o["subscribers_count"] = 0, 0
	return o, nil
}

// ofInstallation lists the repositories that a request may see, by name.
func (s *Server) ofInstallation(c *call) []*Repo {
	var list []*Repo
	for _, r := range s.repos {
		if s.visible(c, r.Owner, r.Name) != nil {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *Repo) int { return strings.Compare(a.fullName(), b.fullName()) })
	return list
}

func (s *Server) listRepos(c *call) (any, *refusal) {
	all := s.ofInstallation(c)
	return obj{"total_count": len(all), "repositories": mapped(paged(c, all), (*Repo).json)}, nil
}

func (s *Server) getApp(c *call) (any, *refusal) { return c.app.json(), nil }

func (s *Server) listInstallations(c *call) (any, *refusal) {
	var list []*installation
	for _, i := range s.installations {
		if i.app == c.app.ID {
			list = append(list, i)
		}
	}
	slices.SortFunc(list, func(a, b *installation) int { return int(a.id - b.id) })
	return mapped(paged(c, list), s.installationJSON), nil
}

// installationJSON is an installation, on the owner of its first repository.
func (s *Server) installationJSON(i *installation) obj {
	owner := ""
	for _, r := range s.repos {
		if r.installations[i.id] && (owner == "" || r.Owner < owner) {
			owner = r.Owner
		}
	}
	if owner == "" {
		owner = "nobody"
	}
	account, app := s.account(owner), s.apps[i.app]
	o := obj{
		"id": i.id, "account": account.json(), "repository_selection": "selected", "access_tokens_url": apiBase + "/app/installations/" + itoa(i.id) + "/access_tokens",
		"repositories_url": apiBase + "/installation/repositories", "html_url": site + "/organizations/" + owner + "/settings/installations/" + itoa(i.id),
		"app_id": i.app, "app_slug": app.Slug, "target_id": account.ID, "target_type": account.Type, "permissions": i.permissions, "events": app.Events,
		"created_at": epoch, "updated_at": epoch, "single_file_name": nil, "has_multiple_single_files": false, "single_file_paths": []string{},
		"suspended_by": nil, "suspended_at": nil,
	}
	if i.suspended {
		o["suspended_by"], o["suspended_at"] = account.json(), epoch
	}
	return o
}

func (s *Server) repoInstallation(c *call) (any, *refusal) {
	r := s.repos[strings.ToLower(c.r.PathValue("owner")+"/"+c.r.PathValue("repo"))]
	if r == nil {
		return nil, notFound
	}
	for _, i := range s.installations {
		if i.app == c.app.ID && r.installations[i.id] {
			return s.installationJSON(i), nil
		}
	}
	return nil, notFound
}

func (s *Server) getPermission(c *call) (any, *refusal) {
	a, known := s.users[strings.ToLower(c.r.PathValue("username"))]
	if !known {
		return nil, refuse(http.StatusNotFound, "%s is not a user", c.r.PathValue("username"))
	}
	role := c.repo.allowed[strings.ToLower(a.Login)]
	if role == "" && !c.repo.Private {
		role = "read" // everybody may read what is public
	} else if role == "" {
		role = "none"
	}
	user := a.json()
	user["role_name"] = role
	user["permissions"] = obj{
		"pull": role != "none", "triage": role != "none" && role != "read", "push": role == "write" || role == "maintain" || role == "admin",
		"maintain": role == "maintain" || role == "admin", "admin": role == "admin",
	}
	// The older field knows four levels only.
	permission := map[string]string{"maintain": "write", "triage": "read"}[role]
	if permission == "" {
		permission = role
	}
	return obj{"permission": permission, "role_name": role, "user": user}, nil
}

func (s *Server) getMembership(c *call) (any, *refusal) {
	team := strings.ToLower(c.r.PathValue("org") + "/" + c.r.PathValue("team_slug"))
	role, ok := s.teams[team][strings.ToLower(c.r.PathValue("username"))]
	if !ok {
		return nil, notFound
	}
	return obj{"url": apiBase + "/teams/" + team + "/memberships/" + c.r.PathValue("username"), "role": role, "state": "active"}, nil
}

// branches lists the repository's own branches by name.
func (r *Repo) branches() []string {
	var names []string
	for name := range r.refs {
		if !strings.Contains(name, ":") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (s *Server) listBranches(c *call) (any, *refusal) {
	names := c.repo.branches()
	if wanted := c.r.URL.Query().Get("protected"); wanted != "" {
		names = slices.DeleteFunc(names, func(n string) bool { return c.repo.protected[n] != (wanted == "true") })
	}
	return mapped(paged(c, names), func(name string) obj {
		id := c.repo.refs[name]
		return obj{"name": name, "commit": obj{"sha": id, "url": c.repo.api("/commits/" + id)}, "protected": c.repo.protected[name]}
	}), nil
}

func (s *Server) getBranch(c *call) (any, *refusal) {
	name := c.r.PathValue("branch")
	id, ok := c.repo.refs[name]
	if !ok || strings.Contains(name, ":") {
		return nil, refuse(http.StatusNotFound, "Branch not found")
	}
	self := c.repo.api("/branches/" + escapePath(name))
	return obj{
		"name": name, "commit": s.commitJSON(c.repo, c.repo.objects.commits[id]), "protected": c.repo.protected[name], "protection_url": self + "/protection",
		"_links": obj{"self": self, "html": c.repo.html("/tree/" + escapePath(name))}, "protection": c.repo.protectionJSON(name),
	}, nil
}
