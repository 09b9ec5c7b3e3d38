package github

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/changeguard/changeguard/change"
)

const defaultFields = `main:defaultBranchRef{name}`

const identityFields = `repositoryID:databaseId`

// readIdentity reads the repository's number, which stays when its name changes.
func (l *loader) readIdentity(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, &l.loaded.RepositoryID); err != nil {
		return fmt.Errorf("read the repository's number: %w", err)
	}
	return nil
}

// readDefault reads the name of the default branch; an empty repository has none.
func (l *loader) readDefault(raw json.RawMessage) error {
	var ref *struct {
		Name string `json:"name"`
	}
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, &ref); err != nil {
		return fmt.Errorf("read the default branch: %w", err)
	}
	if ref != nil {
		l.loaded.Default = ref.Name
	}
	return nil
}

// Pushed lists the commits between two, with the one where they part, and the names
// and blobs of the files that differ where they are fewer than three hundred. It takes
// a request for each hundred commits.
func (c *Client) Pushed(ctx context.Context, owner, repo, before, after string) (*change.Change, error) {
	r := Range{Owner: owner, Repo: repo, Base: before, Head: after}
	compared, err := c.compare(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("list what was pushed to %s/%s: %w", owner, repo, err)
	}
	pushed := newChange(r, compared)
	if len(compared.Files) < compareFiles { // else some may be left out, and none is better than some
		for _, f := range compared.Files {
			one := change.File{Path: f.GetFilename(), Blob: f.GetSHA()}
			switch f.GetStatus() {
			case "removed":
				one.Blob = ""
			case "renamed":
				one.OldPath = f.GetPreviousFilename()
			}
			pushed.Files = append(pushed.Files, one)
		}
	}
	return pushed, nil
}

// A Merged is a pull request that GitHub says a commit came from.
type Merged struct {
	Number  int
	Head    string // its last commit
	Base    string // branch
	Merge   string // the commit that merging made; "" when it is not merged
	Commits int    // that it had
}

// mergedAtOnce is how many commits one query asks about, and maxMerged how many
// are asked about at all.
const (
	mergedAtOnce = 50
	maxMerged    = 500
)

// MergedBy lists the merged pull requests of commits, with a query for each
// fifty. Of more than five hundred commits it tells those of the first.
func (c *Client) MergedBy(ctx context.Context, owner, repo string, commits []string) (map[string][]Merged, error) {
	found := make(map[string][]Merged)
	for part := range slices.Chunk(commits[:min(len(commits), maxMerged)], mergedAtOnce) {
		q := newQuery(owner, repo)
		for i, id := range part {
			v := fmt.Sprint("c", i)
			q.bind(v, "GitObjectID!", id)
			q.fields = append(q.fields, fmt.Sprintf("%s:object(oid:$%s){...on Commit{associatedPullRequests(first:10){nodes{number state headRefOid baseRefName mergeCommit{oid} commits(first:1){totalCount}}}}}", v, v))
		}
		var a answer
		if err := c.query(ctx, q.text(""), q.variables, &a); err != nil {
			return nil, explain("look for the pull requests of commits", err)
		}
		for i, id := range part {
			list, err := readMerged(a.Repository[fmt.Sprint("c", i)])
			if err != nil {
				return nil, err
			}
			found[id] = list
		}
	}
	return found, nil
}

func readMerged(raw json.RawMessage) (list []Merged, err error) {
	var commit *struct {
		Pulls *struct {
			Nodes []struct {
				Number      int    `json:"number"`
				State       string `json:"state"`
				HeadRefOid  string `json:"headRefOid"`
				BaseRefName string `json:"baseRefName"`
				MergeCommit *struct {
					OID string `json:"oid"`
				} `json:"mergeCommit"`
				Commits struct {
					TotalCount int `json:"totalCount"`
				} `json:"commits"`
			} `json:"nodes"`
		} `json:"associatedPullRequests"`
	}
	if len(raw) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(raw, &commit); err != nil {
		return nil, fmt.Errorf("read the pull requests of a commit: %w", err)
	}
	if commit == nil || commit.Pulls == nil {
		return nil, nil
	}
	for _, p := range commit.Pulls.Nodes {
		if p.State == "MERGED" && p.MergeCommit != nil {
			list = append(list, Merged{p.Number, p.HeadRefOid, p.BaseRefName, p.MergeCommit.OID, p.Commits.TotalCount})
		}
	}
	return list, nil
}
