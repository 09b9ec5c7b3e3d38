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
)

// maxCommitFiles is where GitHub ends the list of a commit's files.
const maxCommitFiles = 3000

// CommitPaths implements change.CommitSource, with a request per commit and
// page of 300 files. What a commit touches never changes, so it is asked once.
func (s *source) CommitPaths(ctx context.Context, ids []string) (map[string][]string, error) {
	found := make(map[string][]string, len(ids))
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = s.key("paths " + id)
	}
	s.client.fetch(ctx, s.client.app.cache, keys...)
	for _, id := range ids {
		key := s.key("paths " + id)
		if data, ok := s.client.app.cache.get(key); ok {
			found[id] = splitPaths(data)
			continue
		}
		paths, err := s.commitPaths(ctx, id)
		if err != nil {
			return nil, err
		}
		data := []byte(strings.Join(paths, "\x00"))
		s.client.app.cache.put(key, data)
		s.client.lay(key, data)
		found[id] = paths
	}
	return found, nil
}

func splitPaths(data []byte) []string {
	if len(data) == 0 {
		return nil
	}
	return strings.Split(string(data), "\x00")
}

func (s *source) commitPaths(ctx context.Context, id string) ([]string, error) {
	var paths []string
	files := 0
	for page := 1; page != 0; {
		commit, resp, err := s.client.rest.Repositories.GetCommit(ctx, s.in.Owner, s.in.Repo, id, &gh.ListOptions{Page: page})
		if err != nil {
			return nil, explain("read commit "+id, err)
		}
		for _, f := range commit.Files {
			paths = append(paths, f.GetFilename())
			if old := f.GetPreviousFilename(); old != "" {
				paths = append(paths, old)
			}
		}
		files += len(commit.Files)
		page = resp.NextPage
	}
	if files >= maxCommitFiles {
		return nil, fmt.Errorf("commit %s touches more files than GitHub lists", id)
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// Protected reports whether a branch is protected. One that is gone is not.
func (c *Client) Protected(ctx context.Context, owner, repo, branch string) (bool, error) {
	req, err := c.rest.NewRequest(http.MethodGet, repoPath(owner, repo)+"branches/"+url.PathEscape(branch), nil)
	if err != nil {
		return false, fmt.Errorf("ask for branch %s: %w", branch, err)
	}
	var b struct {
		Protected bool `json:"protected"`
	}
	_, err = c.rest.Do(ctx, req, &b)
	if err = explain("read branch "+branch, err); errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return b.Protected, err
}
