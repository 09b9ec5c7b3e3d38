package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	gh "github.com/google/go-github/v60/github"
)

// CheckName is the name of the App's check.
func (a *App) CheckName() string { return a.options.CheckName }

// PullURL is the page of a pull request.
func (a *App) PullURL(owner, repo string, number int) string {
	page := "https://github.com"
	if u, err := url.Parse(a.options.BaseURL); err == nil && u.Host != "api.github.com" && u.Host != "" {
		page = u.Scheme + "://" + u.Host
	}
	return fmt.Sprintf("%s/%s/%s/pull/%d", page, url.PathEscape(owner), url.PathEscape(repo), number)
}

// maxReviewPages bounds how many reviews of a pull request are looked at for who
// has reviewed it.
const maxReviewPages = 5

// Reviewers are those who need not be asked for a review: whose review is
// requested already, and who has reviewed, whatever they said. Names are in lower
// case, teams as "@org/team". It takes a request, and one for each hundred reviews.
func (c *Client) Reviewers(ctx context.Context, owner, repo string, number int) (map[string]bool, error) {
	var asked struct {
		Users []struct {
			Login string `json:"login"`
		} `json:"users"`
		Teams []struct {
			Slug string `json:"slug"`
		} `json:"teams"`
	}
	pull := fmt.Sprintf("%spulls/%d/", repoPath(owner, repo), number)
	if err := c.get(ctx, pull+"requested_reviewers", &asked); err != nil {
		return nil, err
	}
	found := make(map[string]bool)
	for _, u := range asked.Users {
		found[strings.ToLower(u.Login)] = true
	}
	for _, t := range asked.Teams { // of the repository's own organisation
		found[strings.ToLower("@"+owner+"/"+t.Slug)] = true
	}
	for page := 1; page <= maxReviewPages; page++ {
		var reviews []struct {
			User *struct {
				Login string `json:"login"`
			} `json:"user"`
		}
		if err := c.get(ctx, fmt.Sprintf("%sreviews?per_page=%d&page=%d", pull, perPage, page), &reviews); err != nil {
			return nil, err
		}
		for _, r := range reviews {
			if r.User != nil {
				found[strings.ToLower(r.User.Login)] = true
			}
		}
		if len(reviews) < perPage {
			break
		}
	}
	return found, nil
}

// RequestReviews requests reviews of people and of teams of the repository's
// organisation, all of them or none.
func (c *Client) RequestReviews(ctx context.Context, owner, repo string, number int, people, teams []string) error {
	_, _, err := c.rest.PullRequests.RequestReviewers(ctx, owner, repo, number, gh.ReviewersRequest{Reviewers: people, TeamReviewers: teams})
	return explain(fmt.Sprintf("request reviews of #%d", number), err)
}

// SetLabels adds labels to those that a pull request has. GitHub makes those that
// the repository does not have.
func (c *Client) SetLabels(ctx context.Context, owner, repo string, number int, names []string) error {
	body := map[string][]string{"labels": names}
	req, err := c.rest.NewRequest(http.MethodPost, fmt.Sprintf("%sissues/%d/labels", repoPath(owner, repo), number), body)
	if err != nil {
		return fmt.Errorf("set labels on #%d: %w", number, err)
	}
	_, err = c.rest.Do(ctx, req, nil)
	return explain(fmt.Sprintf("set labels on #%d", number), err)
}
