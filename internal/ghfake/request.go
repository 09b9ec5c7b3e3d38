package ghfake

import (
	"net/http"
	"slices"
	"strings"
)

// Requested lists those whose reviews of a pull request are requested: logins,
// and teams as org/slug.
func (r *Repo) Requested(number int) []string {
	return locked(r, func() []string { return slices.Clone(r.pulls[number].asked) })
}

// Request requests a review as somebody else does.
func (r *Repo) Request(number int, who string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pulls[number]
	p.ask(who)
}

// Unrequest takes the request for a review back.
func (r *Repo) Unrequest(number int, who string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pulls[number]
	p.asked = slices.DeleteFunc(p.asked, func(x string) bool { return strings.EqualFold(x, who) })
}

func (p *Pull) ask(who string) {
	if !slices.ContainsFunc(p.asked, func(x string) bool { return strings.EqualFold(x, who) }) {
		p.asked = append(p.asked, who)
	}
}

// Labels lists the labels of a pull request.
func (r *Repo) Labels(number int) []string {
	return locked(r, func() []string {
		var list []string
		for _, l := range r.pulls[number].labels {
			list = append(list, l.name)
		}
		return list
	})
}

func (s *Server) listRequested(c *call) (any, *refusal) {
	p, no := c.pull("pull_number")
	if no != nil {
		return nil, no
	}
	return c.repo.requested(p), nil
}

func (r *Repo) requested(p *Pull) obj {
	users, teams := []obj{}, []obj{}
	for _, who := range p.asked {
		if org, slug, ok := strings.Cut(who, "/"); ok {
			teams = append(teams, r.server.teamJSON(org, slug))
		} else {
			users = append(users, r.server.account(who).json())
		}
	}
	return obj{"users": users, "teams": teams}
}

func (s *Server) teamJSON(org, slug string) obj {
	self := apiBase + "/orgs/" + org + "/teams/" + slug
	return obj{
		"id": int64(1), "node_id": nodeID("T", 1), "url": self, "html_url": site + "/orgs/" + org + "/teams/" + slug, "name": slug, "slug": slug, "description": nil,
		"privacy": "closed", "notification_setting": "notifications_enabled", "permission": "push", "type": "organization", "organization_id": s.account(org).ID, "members_url": self + "/members{/member}",
		"repositories_url": self + "/repos", "parent": nil,
	}
}

// requestReviewers takes all of a request or nothing: who is no collaborator, or
// the author, refuses the others as well.
func (s *Server) requestReviewers(c *call) (any, *refusal) {
	p, no := c.pull("pull_number")
	if no != nil {
		return nil, no
	}
	var b struct {
		Reviewers []string
		Teams     []string `json:"team_reviewers"`
	}
	if no := c.read(&b); no != nil {
		return nil, no
	}
	for _, login := range b.Reviewers {
		switch {
		case strings.EqualFold(login, p.Author.Login):
			return nil, refuse(http.StatusUnprocessableEntity, "Review cannot be requested from pull request author.")
		case !strings.EqualFold(login, c.repo.Owner) && c.repo.allowed[strings.ToLower(login)] == "":
			return nil, refuse(http.StatusUnprocessableEntity, "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the %s repository.", c.repo.fullName())
		}
	}
	for _, slug := range b.Teams {
		if s.teams[strings.ToLower(c.repo.Owner+"/"+slug)] == nil {
			return nil, refuse(http.StatusUnprocessableEntity, "Could not resolve to a node with the global id of '%s'.", slug)
		}
	}
	for _, login := range b.Reviewers {
		p.ask(login)
	}
	for _, slug := range b.Teams {
		p.ask(c.repo.Owner + "/" + slug)
	}
	p.updated = s.now()
	c.answer.status = http.StatusCreated
	return c.repo.pullBrief(p), nil
}
