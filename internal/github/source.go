package github

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // git's object ids
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/changeguard/changeguard/change"
)

// source serves a change's contents from the API.
type source struct {
	client    *Client
	in        Range
	mergeBase string
	lines     map[string]change.Lines // of the comparison, by path
	whole     bool                    // lines has every file
	count     int                     // files of the change
}

var (
	_ change.Source       = (*source)(nil)
	_ change.CommitSource = (*source)(nil)
)

func newSource(l *loader) *source {
	s := &source{client: l.client, in: l.in, mergeBase: l.change.MergeBase, whole: !l.trees, lines: make(map[string]change.Lines), count: len(l.change.Files)}
	for _, f := range l.compared.Files {
		s.noteLines(f)
	}
	return s
}

// noteLines keeps GitHub's count of a file. One that GitHub takes for renamed
// is counted against its old name, which is no count of ours.
func (s *source) noteLines(f *gh.CommitFile) {
	if f.GetStatus() != "renamed" && f.GetStatus() != "copied" {
		s.lines[f.GetFilename()] = change.Lines{Added: f.GetAdditions(), Deleted: f.GetDeletions()}
	}
}

// Entries implements change.Source.
func (s *source) Entries(ctx context.Context, side change.Side, paths []string) (map[string]change.Entry, error) {
	commit := s.in.Head
	if side == change.AtBase {
		commit = s.mergeBase
	}
	found := make(map[string]change.Entry, len(paths))
	for chunk := range slices.Chunk(paths, queryPaths) {
		q := newQuery(s.in.Owner, s.in.Repo)
		q.files("x", commit, chunk)
		var a answer
		if err := s.client.query(ctx, q.text(""), q.variables, &a); err != nil {
			return nil, explain("look up files", err)
		}
		var entries map[string]*treeEntry
		if err := json.Unmarshal(a.Repository["x"], &entries); err != nil || entries == nil {
			return nil, fmt.Errorf("look up files at %s: GitHub's answer cannot be read", commit)
		}
		for i, p := range chunk {
			if e := entries[fmt.Sprintf("f%d", i)]; e != nil && e.Type != "tree" {
				found[p] = change.Entry{Path: p, Mode: mode(e.Mode), Blob: e.OID}
			}
		}
	}
	return found, nil
}

// Blobs implements change.Source: what is cached first, small texts many in a
// query, the rest one by one.
func (s *source) Blobs(ctx context.Context, ids []string, limit change.Limits) (map[string]change.Blob, error) {
	found := make(map[string]change.Blob, len(ids))
	var ask []string
	total := int64(0)
	take := func(id string, data []byte) error {
		found[id] = change.Blob{Data: data, Size: int64(len(data))}
		if int64(len(data)) > limit.File {
			found[id] = change.Blob{Size: int64(len(data)), TooLarge: true}
			return nil
		}
		if total += int64(len(data)); total > limit.Change {
			return fmt.Errorf("%w: more than %d bytes together", change.ErrTooLarge, limit.Change)
		}
		return nil
	}
	for _, id := range ids {
		data, ok := s.client.app.blobs.get(id)
		if !ok {
			ask = append(ask, id)
		} else if err := take(id, data); err != nil {
			return nil, err
		}
	}
	for chunk := range slices.Chunk(ask, blobsPerQuery) {
		texts, sizes, err := s.texts(ctx, chunk)
		if err != nil {
			return nil, err
		}
		for _, id := range chunk {
			data, ok := texts[id]
			if !ok && sizes[id] > limit.File {
				found[id] = change.Blob{Size: sizes[id], TooLarge: true}
				continue
			}
			if !ok {
				b, err := s.client.blob(ctx, s.in.Owner, s.in.Repo, id, limit.File)
				if err != nil {
					return nil, err
				}
				if b.TooLarge {
					found[id] = b
					continue
				}
				data = b.Data
			}
			if err := take(id, data); err != nil {
				return nil, err
			}
			s.client.app.blobs.put(id, data)
		}
	}
	return found, nil
}

const blobsPerQuery = 25

// texts asks for several blobs as text. Only a text whose id can be computed
// again is the content; others are asked for as bytes.
func (s *source) texts(ctx context.Context, ids []string) (texts map[string][]byte, sizes map[string]int64, err error) {
	q := newQuery(s.in.Owner, s.in.Repo)
	for i, id := range ids {
		v := fmt.Sprintf("o%d", i)
		q.bind(v, "GitObjectID!", id)
		q.fields = append(q.fields, fmt.Sprintf("%s:object(oid:$%s){...on Blob{oid byteSize isTruncated text}}", v, v))
	}
	var a struct {
		Repository map[string]*struct {
			OID         string  `json:"oid"`
			ByteSize    int64   `json:"byteSize"`
			IsTruncated bool    `json:"isTruncated"`
			Text        *string `json:"text"`
		} `json:"repository"`
	}
	if err := s.client.query(ctx, q.text(""), q.variables, &a); err != nil {
		return nil, nil, explain("read contents", err)
	}
	texts, sizes = make(map[string][]byte), make(map[string]int64)
	for i, id := range ids {
		b := a.Repository[fmt.Sprintf("o%d", i)]
		if b == nil {
			continue
		}
		sizes[id] = b.ByteSize
		if b.Text != nil && !b.IsTruncated && blobID([]byte(*b.Text), len(id)) == id {
			texts[id] = []byte(*b.Text)
		}
	}
	return texts, sizes, nil
}

// blob reads one content as bytes, at most limit of them.
func (c *Client) blob(ctx context.Context, owner, repo, id string, limit int64) (change.Blob, error) {
	path := fmt.Sprintf("repos/%s/%s/git/blobs/%s", url.PathEscape(owner), url.PathEscape(repo), url.PathEscape(id))
	req, err := c.rest.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return change.Blob{}, fmt.Errorf("ask for a blob: %w", err)
	}
	req.Header.Set("Accept", "application/vnd.github.raw+json")
	resp, err := c.rest.BareDo(ctx, req)
	if err != nil {
		return change.Blob{}, explain("read blob "+id, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return change.Blob{}, fmt.Errorf("read blob %s: %w", id, err)
	}
	if int64(len(data)) > limit {
		return change.Blob{Size: max(resp.ContentLength, int64(len(data))), TooLarge: true}, nil
	}
	if got := blobID(data, len(id)); got != id {
		return change.Blob{}, fmt.Errorf("read blob %s: GitHub sent other bytes (%s)", id, got)
	}
	return change.Blob{Data: data, Size: int64(len(data))}, nil
}

// blobID is git's id of a content; ids of 64 digits are SHA-256.
func blobID(data []byte, digits int) string {
	var h hash.Hash = sha1.New() //nolint:gosec // git's object ids
	if digits == 2*sha256.Size {
		h = sha256.New()
	}
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// Lines implements change.Source.
func (s *source) Lines(ctx context.Context, files []change.File) ([]change.Lines, error) {
	if !s.whole {
		if err := s.pullFiles(ctx); err != nil {
			return nil, err
		}
	}
	lines := make([]change.Lines, len(files))
	for i, f := range files {
		if f.Status == change.Renamed || f.Mode == change.Submodule || f.OldMode == change.Submodule || f.OldBlob == f.Blob {
			continue
		}
		n, ok := s.lines[f.Path]
		if !ok {
			var err error
			if n, err = s.oneSided(ctx, f); err != nil {
				return nil, err
			}
		}
		lines[i] = n
	}
	return lines, nil
}

// oneSided counts the lines of a file that was added or removed, which GitHub
// took for a rename.
func (s *source) oneSided(ctx context.Context, f change.File) (change.Lines, error) {
	id := f.Blob
	switch f.Status {
	case change.Added:
	case change.Removed:
		id = f.OldBlob
	default:
		return change.Lines{}, fmt.Errorf("GitHub counted no lines for %q", f.Path)
	}
	blobs, err := s.Blobs(ctx, []string{id}, change.Limits{File: change.DefaultChangeLimit, Change: change.DefaultChangeLimit})
	if err != nil {
		return change.Lines{}, err
	}
	n := countText(blobs[id].Data)
	if f.Status == change.Added {
		return change.Lines{Added: n}, nil
	}
	return change.Lines{Deleted: n}, nil
}

// countText counts lines as git does; a file with a NUL near its start has none.
func countText(data []byte) int {
	if len(data) == 0 || bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0 {
		return 0
	}
	n := bytes.Count(data, []byte("\n"))
	if data[len(data)-1] != '\n' {
		n++
	}
	return n
}

// pullFiles pages through the pull request's files for their counts.
func (s *source) pullFiles(ctx context.Context) error {
	if s.in.Number == 0 || s.count > change.MaxCountedFiles {
		return change.ErrNotCounted
	}
	for page := 1; ; page++ {
		files, resp, err := s.client.rest.PullRequests.ListFiles(ctx, s.in.Owner, s.in.Repo, s.in.Number, &gh.ListOptions{Page: page, PerPage: perPage})
		if err != nil {
			return explain("list the pull request's files", err)
		}
		for _, f := range files {
			s.noteLines(f)
		}
		if resp.NextPage == 0 {
			s.whole = true
			return nil
		}
	}
}

// CommitPaths implements change.CommitSource, with a request per commit and
// page of 300 files.
func (s *source) CommitPaths(ctx context.Context, ids []string) (map[string][]string, error) {
	found := make(map[string][]string, len(ids))
	for _, id := range ids {
		var paths []string
		for page := 1; page != 0; {
			commit, resp, err := s.client.rest.Repositories.GetCommit(ctx, s.in.Owner, s.in.Repo, id, &gh.ListOptions{Page: page, PerPage: perPage})
			if err != nil {
				return nil, explain("read commit "+id, err)
			}
			for _, f := range commit.Files {
				paths = append(paths, f.GetFilename(), f.GetPreviousFilename())
			}
			page = resp.NextPage
		}
		if len(paths) >= 2*maxCommitFiles {
			return nil, fmt.Errorf("commit %s touches more files than GitHub lists", id)
		}
		slices.Sort(paths)
		found[id] = slices.DeleteFunc(slices.Compact(paths), func(p string) bool { return p == "" })
	}
	return found, nil
}

// maxCommitFiles is where GitHub ends the list of a commit's files.
const maxCommitFiles = 3000

// Protected reports whether a branch is protected.
func (c *Client) Protected(ctx context.Context, owner, repo, branch string) (bool, error) {
	b, _, err := c.rest.Repositories.GetBranch(ctx, owner, repo, branch, 2)
	if err != nil && strings.Contains(err.Error(), "404") {
		return false, nil // the branch is gone
	}
	return b.GetProtected(), explain("read branch "+branch, err)
}
