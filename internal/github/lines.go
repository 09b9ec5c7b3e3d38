package github

import (
	"bytes"
	"cmp"
	"context"
	"fmt"

	gh "github.com/google/go-github/v60/github"

	"github.com/changeguard/changeguard/change"
)

// counted is GitHub's count of a file's lines, with the content that it is of.
type counted struct {
	change.Lines
	blob string // at the head; of a removed file at the base
}

// noteLines keeps GitHub's count of a file. One that GitHub takes for renamed
// is counted against its old name, which is no count of ours.
func (s *source) noteLines(f *gh.CommitFile) {
	if f.GetStatus() != "renamed" && f.GetStatus() != "copied" {
		s.lines[f.GetFilename()] = counted{change.Lines{Added: f.GetAdditions(), Deleted: f.GetDeletions()}, f.GetSHA()}
	}
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
		if ok && n.blob != cmp.Or(f.Blob, f.OldBlob) {
			return nil, fmt.Errorf("GitHub counted the lines of %q in another version", f.Path)
		}
		if !ok {
			var err error
			if n.Lines, err = s.oneSided(ctx, f); err != nil {
				return nil, err
			}
		}
		lines[i] = n.Lines
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
	limit := change.Limits{File: change.DefaultChangeLimit, Change: change.DefaultChangeLimit}
	blobs, err := s.Blobs(ctx, []string{id}, limit)
	if err != nil {
		return change.Lines{}, err
	}
	if blobs[id].TooLarge {
		return change.Lines{}, fmt.Errorf("count the lines of %q: %w", f.Path, &change.TooLargeError{Size: blobs[id].Size, Limit: limit.File})
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

// pullFiles pages through the pull request's files for their counts. They are
// those of its present head, which may be another one by now: each count is
// held against the content that it is of.
func (s *source) pullFiles(ctx context.Context) error {
	if s.in.Number == 0 || s.count > change.MaxCountedFiles {
		return change.ErrNotCounted
	}
	clear(s.lines)
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
