package github

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/changeguard/changeguard/change"
)

// counted is GitHub's count of a file's lines, with the content that it is of.
type counted struct {
	change.Lines
	status string
	blob   string // at the head; of a removed file at the base
}

// noteLines keeps GitHub's count of a file. One that GitHub takes for renamed
// is counted against its old name, which is no count of ours. A file that
// became something else may come as one that was removed and one that was added.
func (s *source) noteLines(f *gh.CommitFile) {
	if f.GetStatus() == "renamed" || f.GetStatus() == "copied" {
		return
	}
	n := counted{change.Lines{Added: f.GetAdditions(), Deleted: f.GetDeletions()}, f.GetStatus(), f.GetSHA()}
	switch old := s.lines[f.GetFilename()]; {
	case old.status == "removed" && n.status == "added":
		n.Deleted += old.Deleted
	case old.status == "added" && n.status == "removed":
		n.Added, n.status, n.blob = n.Added+old.Added, old.status, old.blob
	}
	s.lines[f.GetFilename()] = n
}

// Lines implements change.Source. GitHub's counts are taken where they are of
// these very contents. The others are counted here: of files that GitHub takes
// for renamed, and of those that it shows without a line although they changed,
// since attributes in the repository make it do that.
func (s *source) Lines(ctx context.Context, files []change.File) ([]change.Lines, error) {
	if !s.whole {
		if err := s.pullFiles(ctx); err != nil {
			return nil, err
		}
	}
	lines := make([]change.Lines, len(files))
	var ours []int
	for i, f := range files {
		if f.Status == change.Renamed || f.Mode == change.Submodule || f.OldMode == change.Submodule || f.OldBlob == f.Blob {
			continue
		}
		n, ok := s.lines[f.Path]
		if ok && n.blob != cmp.Or(f.Blob, f.OldBlob) {
			return nil, fmt.Errorf("GitHub counted the lines of %q in another version", f.Path)
		}
		lines[i] = n.Lines
		if !ok || n.Lines == (change.Lines{}) && !isBinaryName(f.Path) {
			ours = append(ours, i)
		}
	}
	return lines, s.count(ctx, files, ours, lines)
}

// binaryNames are endings of files that have no lines, by git's reckoning as by
// GitHub's.
var binaryNames = strings.Fields(".png .jpg .jpeg .gif .webp .avif .ico .bmp .tif .tiff .pdf .zip .gz .tgz .bz2 .xz .zst .7z .jar .war .woff .woff2 .ttf .otf .eot .mp3 .mp4 .m4a .mov .webm .ogg .wav .flac .exe .dll .so .dylib .class .pyc .wasm .parquet .sqlite .npy .xlsx .docx .pptx")

func isBinaryName(name string) bool {
	return slices.Contains(binaryNames, strings.ToLower(path.Ext(name)))
}

// count counts some files' lines by their contents.
func (s *source) count(ctx context.Context, files []change.File, which []int, lines []change.Lines) error {
	if len(which) == 0 {
		return nil
	}
	var ids []string
	for _, i := range which {
		for _, id := range []string{files[i].OldBlob, files[i].Blob} {
			if id != "" {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	ids, err := s.withoutBinaries(ctx, slices.Compact(ids))
	if err != nil {
		return err
	}
	limit := change.Limits{File: change.DefaultChangeLimit, Change: change.DefaultChangeLimit}
	blobs, err := s.Blobs(ctx, ids, limit)
	if err != nil {
		return fmt.Errorf("count lines: %w", err)
	}
	for _, i := range which {
		f := files[i]
		before, after := blobs[f.OldBlob], blobs[f.Blob]
		if before.TooLarge || after.TooLarge {
			return fmt.Errorf("count the lines of %q: %w", f.Path, &change.TooLargeError{Size: max(before.Size, after.Size), Limit: limit.File})
		}
		binary := f.OldBlob != "" && !slices.Contains(ids, f.OldBlob) || f.Blob != "" && !slices.Contains(ids, f.Blob)
		if !binary {
			lines[i] = countLines(before.Data, after.Data)
		}
	}
	return nil
}

const sizesPerQuery = 100

// withoutBinaries leaves out what GitHub knows to be no text, which is not worth
// fetching.
func (s *source) withoutBinaries(ctx context.Context, ids []string) (texts []string, err error) {
	return texts, inParts(ids, sizesPerQuery, func(part []string) error {
		q := newQuery(s.in.Owner, s.in.Repo)
		for i, id := range part {
			v := fmt.Sprintf("o%d", i)
			q.bind(v, "GitObjectID!", id)
			q.fields = append(q.fields, fmt.Sprintf("%s:object(oid:$%s){...on Blob{isBinary}}", v, v))
		}
		var a answer
		if err := s.client.query(ctx, q.text(""), q.variables, &a); err != nil {
			return explain("look for binary files", err)
		}
		for i, id := range part {
			var b struct {
				IsBinary bool `json:"isBinary"`
			}
			if raw := a.Repository[fmt.Sprintf("o%d", i)]; raw != nil {
				if err := json.Unmarshal(raw, &b); err != nil {
					return fmt.Errorf("look for binary files: %w", err)
				}
			}
			if !b.IsBinary {
				texts = append(texts, id)
			}
		}
		return nil
	})
}

// pullFiles pages through the pull request's files for their counts. They are
// those of its present head, which may be another one by now: each count is
// held against the content that it is of.
func (s *source) pullFiles(ctx context.Context) error {
	if s.in.Number == 0 || s.files > change.MaxCountedFiles {
		return change.ErrNotCounted
	}
	clear(s.lines)
	for page := 1; page <= change.MaxCountedFiles/perPage; page++ {
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
	return change.ErrNotCounted
}
