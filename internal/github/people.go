package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/changeguard/changeguard/change"
)

// A Review is one that approves.
type Review struct {
	By     change.Person
	Commit string // that was looked at; "" when it is gone
}

// A Maker is an account behind an address in a commit.
type Maker struct {
	Email  string
	Person change.Person
}

type reviewFact struct {
	State  string   `json:"state"`
	Author *account `json:"author"`
	Commit *struct {
		OID string `json:"oid"`
	} `json:"commit"`
}

// approvals are those of people; the last word of each counts, also where it
// was dismissed.
func approvals(list []reviewFact) []Review {
	last := make(map[string]int, len(list))
	for i, r := range list {
		last[strings.ToLower(r.Author.person().Login)] = i
	}
	var found []Review
	for i, r := range list {
		by := r.Author.person()
		if r.State != "APPROVED" || last[strings.ToLower(by.Login)] != i || by.Kind != change.User || by.Login == "" {
			continue
		}
		review := Review{By: by}
		if r.Commit != nil {
			review.Commit = r.Commit.OID
		}
		found = append(found, review)
	}
	return found
}

// makers are the accounts of commits' authors and committers, once each.
func makers(commits []*gh.RepositoryCommit) []Maker {
	seen := make(map[Maker]bool)
	var list []Maker
	add := func(u *gh.User, email string) {
		if u.GetLogin() == "" {
			return
		}
		m := Maker{email, change.Person{Login: u.GetLogin(), ID: u.GetID(), Kind: change.AccountKind(u.GetType())}}
		if !seen[m] {
			seen[m] = true
			list = append(list, m)
		}
	}
	for _, c := range commits {
		add(c.GetAuthor(), c.GetCommit().GetAuthor().GetEmail())
		add(c.GetCommitter(), c.GetCommit().GetCommitter().GetEmail())
	}
	return list
}

// The bounds of what is asked about authors.
const (
	authorsPerCommit = 20
	authorsPerQuery  = 50 // commits
)

// ErrTooMany says that a commit names more authors than are looked at.
var ErrTooMany = errors.New("a commit has more authors than can be looked at")

// Authors are the accounts behind the authors and co-authors of commits, as far
// as an address leads to one.
func (c *Client) Authors(ctx context.Context, owner, repo string, commits []string) ([]change.Person, error) {
	var people []change.Person
	for some := range slices.Chunk(commits, authorsPerQuery) {
		q := newQuery(owner, repo)
		for i, id := range some {
			name := fmt.Sprintf("c%d", i)
			q.bind(name, "GitObjectID!", id)
			q.fields = append(q.fields, fmt.Sprintf("%s:object(oid:$%s){...on Commit{authors(first:%d){totalCount nodes{user{__typename login databaseId}}}}}", name, name, authorsPerCommit))
		}
		var answer struct {
			Repository map[string]*struct {
				Authors struct {
					TotalCount int `json:"totalCount"`
					Nodes      []struct {
						User *account `json:"user"`
					} `json:"nodes"`
				} `json:"authors"`
			} `json:"repository"`
		}
		if err := c.query(ctx, q.text(""), q.variables, &answer); err != nil {
			return nil, explain("ask for the authors of commits", err)
		}
		for _, commit := range answer.Repository {
			if commit == nil {
				continue // of a fork, and not shown here; its trailers are read as well
			}
			if commit.Authors.TotalCount > authorsPerCommit {
				return nil, ErrTooMany
			}
			for _, a := range commit.Authors.Nodes {
				if a.User != nil {
					people = append(people, a.User.person())
				}
			}
		}
	}
	return people, nil
}

// Role is what somebody may do in a repository: none, read, triage, write,
// maintain or admin. A role of the organisation's own making counts as what it
// is made from. kind is the account's; nobody of that name has no role.
func (c *Client) Role(ctx context.Context, owner, repo, login string) (role string, id int64, kind change.AccountKind, err error) {
	var answer struct {
		Permission string `json:"permission"`
		RoleName   string `json:"role_name"`
		User       *struct {
			ID   int64  `json:"id"`
			Type string `json:"type"`
		} `json:"user"`
	}
	err = c.get(ctx, repoPath(owner, repo)+"collaborators/"+url.PathEscape(login)+"/permission", &answer)
	if errors.Is(err, ErrNotFound) {
		return "none", 0, "", nil
	}
	if err != nil || answer.User == nil {
		return "none", 0, "", err
	}
	role = answer.Permission
	switch answer.RoleName {
	case "triage", "maintain": // the older field knows neither
		role = answer.RoleName
	}
	return role, answer.User.ID, change.AccountKind(answer.User.Type), nil
}

// TeamMember reports whether somebody is an active member of a team.
func (c *Client) TeamMember(ctx context.Context, org, team, login string) (bool, error) {
	var answer struct {
		State string `json:"state"`
	}
	err := c.get(ctx, fmt.Sprintf("orgs/%s/teams/%s/memberships/%s", url.PathEscape(org), url.PathEscape(team), url.PathEscape(login)), &answer)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && answer.State == "active", err
}

func (c *Client) get(ctx context.Context, path string, into any) error {
	req, err := c.rest.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return fmt.Errorf("ask for %s: %w", path, err)
	}
	_, err = c.rest.Do(ctx, req, into)
	return explain("ask for "+path, err)
}

// React answers a comment with a reaction, such as "+1" or "confused". Doing it
// again does nothing.
func (c *Client) React(ctx context.Context, owner, repo string, comment int64, reaction string) error {
	_, _, err := c.rest.Reactions.CreateIssueCommentReaction(ctx, owner, repo, comment, reaction)
	return explain("react to a comment", err)
}

// Reply writes a comment. Where it is not known whether GitHub took it, it is
// not written again: an answer too few is better than the same one many times.
func (c *Client) Reply(ctx context.Context, owner, repo string, number int, body string) error {
	_, _, err := c.rest.Issues.CreateComment(ctx, owner, repo, number, &gh.IssueComment{Body: &body})
	if err = explain(fmt.Sprintf("answer on #%d", number), err); doubtful(err) {
		return nil
	}
	return err
}
