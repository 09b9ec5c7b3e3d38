package github

import (
	"context"
	"errors"
	"fmt"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/changeguard/changeguard/report"
)

// Commented is where the one comment of a pull request is written.
type Commented struct {
	Owner, Repo string
	Number      int
	ID          int64 // of the comment, 0 for one that is not known
	None        bool  // the pull request had no comment when it was loaded
}

// PublishComment writes the one comment of a pull request and returns its id.
// Without an id, or when that comment was deleted, one that is there is looked
// for before a new one is written: an earlier attempt may not have lived to
// note it, or its answer was lost.
func (c *Client) PublishComment(ctx context.Context, at Commented, body string) (int64, error) {
	comment, id := &gh.IssueComment{Body: &body}, at.ID
	owner, repo, number := at.Owner, at.Repo, at.Number
	for try := 1; ; try++ {
		if id == 0 && (try > 1 || !at.None) {
			var err error
			if id, err = c.findComment(ctx, owner, repo, number); err != nil {
				return 0, err
			}
		}
		if id != 0 {
			err := persist(ctx, func() error {
				_, _, err := c.rest.Issues.EditComment(ctx, owner, repo, id, comment)
				return explain("edit the comment", err)
			})
			if !errors.Is(err, ErrNotFound) {
				return id, err
			}
		}
		created, _, err := c.rest.Issues.CreateComment(ctx, owner, repo, number, comment)
		if err == nil {
			return created.GetID(), nil
		}
		if err = explain(fmt.Sprintf("comment on #%d", number), err); !doubtful(err) || try == writeTries || !pause(ctx, try) {
			return 0, err
		}
		id = 0
	}
}

// maxCommentPages bounds the search for a comment that probably is not there.
const maxCommentPages = 3

// findComment looks for the App's comment among the first of a pull request.
func (c *Client) findComment(ctx context.Context, owner, repo string, number int) (int64, error) {
	for page := 1; page <= maxCommentPages; page++ {
		path := fmt.Sprintf("%sissues/%d/comments?per_page=%d&page=%d", repoPath(owner, repo), number, perPage, page)
		req, err := c.rest.NewRequest("GET", path, nil)
		if err != nil {
			return 0, fmt.Errorf("ask for comments: %w", err)
		}
		var list []struct {
			ID   int64  `json:"id"`
			Body string `json:"body"`
			App  *struct {
				ID int64 `json:"id"`
			} `json:"performed_via_github_app"`
		}
		if _, err := c.rest.Do(ctx, req, &list); err != nil {
			return 0, explain(fmt.Sprintf("look for the comment on #%d", number), err)
		}
		for _, one := range list {
			if one.App != nil && one.App.ID == c.app.options.AppID && strings.HasPrefix(one.Body, report.Marker) {
				return one.ID, nil
			}
		}
		if len(list) < perPage {
			return 0, nil
		}
	}
	return 0, nil
}
