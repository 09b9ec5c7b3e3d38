package github

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/changeguard/changeguard/change"
)

// maxCheckPages bounds how many pages of check runs, and of statuses, are read.
const maxCheckPages = 20

// ErrManyChecks says that a commit has more checks than are looked at.
var ErrManyChecks = fmt.Errorf("the commit has more than %d checks", maxCheckPages*perPage)

// CheckRuns are the latest check runs of a commit, without those of this App.
func (c *Client) CheckRuns(ctx context.Context, owner, repo, head string) ([]change.Check, error) {
	var all []change.Check
	for page := 1; ; page++ {
		var answer struct {
			Total int `json:"total_count"`
			Runs  []struct {
				Name       string `json:"name"`
				Status     string `json:"status"`
				Conclusion string `json:"conclusion"`
				App        *struct {
					ID   int64  `json:"id"`
					Slug string `json:"slug"`
				} `json:"app"`
			} `json:"check_runs"`
		}
		path := fmt.Sprintf("%scommits/%s/check-runs?filter=latest&per_page=%d&page=%d", repoPath(owner, repo), url.PathEscape(head), perPage, page)
		if err := c.get(ctx, path, &answer); err != nil {
			return nil, err
		}
		for _, r := range answer.Runs {
			check := change.Check{Name: r.Name, Conclusion: r.Conclusion}
			if r.App != nil {
				if r.App.ID == c.app.options.AppID {
					continue
				}
				check.App = r.App.Slug
			}
			if r.Status != "completed" {
				check.Conclusion = ""
			} else if check.Conclusion == "" {
				check.Conclusion = "nothing" // which is no success
			}
			all = append(all, check)
		}
		switch {
		case len(answer.Runs) < perPage || page*perPage >= answer.Total:
			return sorted(all), nil
		case page == maxCheckPages:
			return nil, ErrManyChecks
		}
	}
}

// Statuses are the latest commit statuses of each context.
func (c *Client) Statuses(ctx context.Context, owner, repo, head string) ([]change.Check, error) {
	var all []change.Check
	seen := make(map[string]bool)
	for page := 1; ; page++ {
		var answer []struct {
			State   string `json:"state"`
			Context string `json:"context"`
		}
		path := fmt.Sprintf("%scommits/%s/statuses?per_page=%d&page=%d", repoPath(owner, repo), url.PathEscape(head), perPage, page)
		if err := c.get(ctx, path, &answer); err != nil {
			return nil, err
		}
		for _, s := range answer { // the newest first
			if seen[s.Context] {
				continue
			}
			seen[s.Context] = true
			check := change.Check{Name: s.Context, App: change.StatusApp, Conclusion: s.State}
			if s.State == "pending" {
				check.Conclusion = ""
			}
			all = append(all, check)
		}
		switch {
		case len(answer) < perPage:
			return sorted(all), nil
		case page == maxCheckPages:
			return nil, ErrManyChecks
		}
	}
}

// sorted makes the order the same whoever was first.
func sorted(all []change.Check) []change.Check {
	slices.SortFunc(all, compareChecks)
	return all
}

// Parents are the parents of a commit, in their order.
func (c *Client) Parents(ctx context.Context, owner, repo, commit string) ([]string, error) {
	var answer struct {
		Parents []struct {
			SHA string `json:"sha"`
		} `json:"parents"`
	}
	if err := c.get(ctx, repoPath(owner, repo)+"commits/"+url.PathEscape(commit)+"?per_page=1", &answer); err != nil {
		return nil, err
	}
	var list []string
	for _, p := range answer.Parents {
		list = append(list, p.SHA)
	}
	return list, nil
}
