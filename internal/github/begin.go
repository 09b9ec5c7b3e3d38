package github

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	gh "github.com/google/go-github/v60/github"
)

// DefaultBranch is the name of a repository's default branch.
func (c *Client) DefaultBranch(ctx context.Context, owner, repo string) (string, error) {
	r, _, err := c.rest.Repositories.Get(ctx, owner, repo)
	if err != nil {
		return "", explain("read the repository", err)
	}
	return r.GetDefaultBranch(), nil
}

// Required says whether a branch requires a check, and whether from this App
// alone. Branch protection of the older kind is not seen: that needs a permission
// that the App does not ask for.
func (c *Client) Required(ctx context.Context, owner, repo, branch, check string) (required, pinned bool, err error) {
	found, _, err := c.rest.Repositories.GetRulesForBranch(ctx, owner, repo, branch)
	if err != nil {
		return false, false, explain("read the branch's rules", err)
	}
	for _, r := range found {
		if r.Type != "required_status_checks" || r.Parameters == nil {
			continue
		}
		var p gh.RequiredStatusChecksRuleParameters
		if err := json.Unmarshal(*r.Parameters, &p); err != nil {
			return false, false, fmt.Errorf("read the branch's rules: %w", err)
		}
		for _, s := range p.RequiredStatusChecks {
			if s.Context == check {
				required = true
				pinned = pinned || s.IntegrationID != nil && *s.IntegrationID == c.app.options.AppID
			}
		}
	}
	return required, pinned, nil
}

// Require makes a ruleset by which the default branch requires a check from this
// App and from no other. It answers with ErrForbidden where the App was not
// granted the administration of the repository, and else with the ruleset's number.
func (c *Client) Require(ctx context.Context, owner, repo, check string) (ruleset int64, err error) {
	app, target := c.app.options.AppID, "branch"
	made, _, err := c.rest.Repositories.CreateRuleset(ctx, owner, repo, &gh.Ruleset{
		Name: "Require " + check, Target: &target, Enforcement: "active",
		Conditions: &gh.RulesetConditions{RefName: &gh.RulesetRefConditionParameters{Include: []string{"~DEFAULT_BRANCH"}, Exclude: []string{}}},
		Rules: []*gh.RepositoryRule{gh.NewRequiredStatusChecksRule(&gh.RequiredStatusChecksRuleParameters{
			RequiredStatusChecks: []gh.RuleRequiredStatusChecks{{Context: check, IntegrationID: &app}},
		})},
	})
	return made.GetID(), explain("require the check", err)
}

// Paths lists the files of a branch, as far as one answer of GitHub goes.
func (c *Client) Paths(ctx context.Context, owner, repo, branch string) ([]string, error) {
	tree, _, err := c.rest.Git.GetTree(ctx, owner, repo, branch, true)
	if err != nil {
		return nil, explain("list the files", err)
	}
	var paths []string
	for _, e := range tree.Entries {
		if e.GetType() == "blob" {
			paths = append(paths, e.GetPath())
		}
	}
	return paths, nil
}

// File reads a small file of a branch; found is false where there is none.
func (c *Client) File(ctx context.Context, owner, repo, branch, path string) (data []byte, found bool, err error) {
	var a struct {
		Type, Encoding, Content string
	}
	err = c.get(ctx, fmt.Sprintf("repos/%s/%s/contents/%s?ref=%s", url.PathEscape(owner), url.PathEscape(repo), (&url.URL{Path: path}).EscapedPath(), url.QueryEscape(branch)), &a)
	if errors.Is(err, ErrNotFound) {
		return nil, false, nil
	} else if err != nil {
		return nil, false, explain("read "+path, err)
	}
	if a.Type != "file" || a.Encoding != "base64" {
		return nil, false, nil
	}
	data, err = base64.StdEncoding.DecodeString(a.Content)
	return data, err == nil, err
}
