package guard

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/verdict"
)

// keptChange is a change as it is kept to lay another policy on it: all but the
// contents of its files. Names need not be UTF-8, so it is no JSON.
type keptChange struct {
	Event                 change.Event
	Repo                  string
	Number                int
	Base, MergeBase, Head string
	BaseRef, HeadRef      string
	HeadProtected         bool
	Fork, Draft           bool
	Title, Body           string
	Labels                []change.Label
	Author                change.Person
	Files                 []change.File
	Commits               []change.Commit
	Gaps                  []change.Gap
	Lines                 []change.Lines // of each file, where they were counted
	Owner                 string         // of the repository that the head is in
	Layers                []store.Layer  // that judged
}

// The bounds of a kept change in bytes, compressed and not.
const (
	maxKept     = 1 << 20
	maxUnpacked = 64 << 20
)

// kept is what is kept beside a verdict. Of a change that is too large the
// policies alone are.
func (e *evaluation) kept(ctx context.Context, loaded *github.Loaded, v *verdict.Verdict) (*store.Kept, error) {
	c := loaded.Change
	k := keptChange{
		Event: c.Event, Repo: c.Repo, Number: c.Number, Base: c.Base, MergeBase: c.MergeBase, Head: c.Head, BaseRef: c.BaseRef, HeadRef: c.HeadRef,
		HeadProtected: c.HeadProtected, Fork: c.Fork, Draft: c.Draft, Title: c.Title, Body: c.Body, Labels: c.Labels, Author: c.Author,
		Files: c.Files, Commits: c.Commits, Gaps: c.Gaps, Owner: loaded.Owner,
	}
	for _, p := range loaded.Policies {
		name := verdict.RepositoryLayer
		if p.Organisation {
			name = verdict.OrganisationLayer
		}
		k.Layers = append(k.Layers, store.Layer{Name: name, Digest: policy.Digest(p.Data), Mode: string(p.Mode), Text: p.Data})
	}
	if e.Kind != store.Pull {
		return &store.Kept{Layers: k.Layers}, nil
	}
	if v.Change.Additions != nil {
		var err error
		if k.Lines, _, err = c.CountLines(ctx); err != nil { // they were counted
			return nil, err
		}
	}
	texts := k.Layers
	k.Layers = nil
	for _, l := range texts {
		l.Text = nil
		k.Layers = append(k.Layers, l)
	}
	data, err := pack(k)
	if len(data) > maxKept {
		data = nil
	}
	return &store.Kept{Change: data, Layers: texts}, err
}

func pack(k keptChange) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := errors.Join(gob.NewEncoder(z).Encode(k), z.Close()); err != nil {
		return nil, fmt.Errorf("keep the change: %w", err)
	}
	return b.Bytes(), nil
}

func unpack(data []byte) (k keptChange, err error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err == nil {
		err = gob.NewDecoder(io.LimitReader(z, maxUnpacked)).Decode(&k)
	}
	if err != nil {
		return k, fmt.Errorf("read the change that was kept: %w", err)
	}
	return k, nil
}

// change is the change, with contents from a source.
func (k keptChange) change(source change.Source) *change.Change {
	return &change.Change{
		Event: k.Event, Repo: k.Repo, Number: k.Number, Base: k.Base, MergeBase: k.MergeBase, Head: k.Head, BaseRef: k.BaseRef, HeadRef: k.HeadRef,
		HeadProtected: k.HeadProtected, Fork: k.Fork, Draft: k.Draft, Title: k.Title, Body: k.Body, Labels: k.Labels, Author: k.Author,
		Files: k.Files, Commits: k.Commits, Gaps: k.Gaps, Source: source,
	}
}

// contents is a source that knows the lines that were counted.
type contents struct {
	change.TreeSource
	change.CommitSource
	lines []change.Lines
	files int
}

// Lines implements change.Source.
func (s contents) Lines(ctx context.Context, files []change.File) ([]change.Lines, error) {
	if len(s.lines) == len(files) && len(files) == s.files {
		return s.lines, nil
	}
	return s.TreeSource.Lines(ctx, files)
}

// stoppers are the rules that stop a change, once each.
func stoppers(v *verdict.Verdict) (names []string) {
	seen := make(map[string]bool)
	for _, f := range v.Findings {
		if f.LiftedBy == nil && f.Level != policy.Warn && !report.ObservedOnly(v, f) && !seen[f.Rule] {
			seen[f.Rule] = true
			names = append(names, f.Rule)
		}
	}
	return names
}
