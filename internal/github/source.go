package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/changeguard/changeguard/change"
)

// source serves a change's contents from the API.
type source struct {
	client    *Client
	in        Range
	mergeBase string
	lines     map[string]counted // of the comparison, by path
	whole     bool               // lines has every file
	files     int                // of the change
}

var (
	_ change.Source       = (*source)(nil)
	_ change.CommitSource = (*source)(nil)
	_ change.TreeSource   = (*source)(nil)
)

func newSource(l *loader) *source {
	s := &source{client: l.client, in: l.in, mergeBase: l.change.MergeBase, whole: !l.trees, lines: make(map[string]counted), files: len(l.change.Files)}
	for _, f := range l.compared.Files {
		s.noteLines(f)
	}
	return s
}

// inParts does something to a list in parts. One that GitHub finds too costly is
// done in halves.
func inParts(list []string, size int, do func([]string) error) error {
	for part := range slices.Chunk(list, size) {
		err := do(part)
		if errors.Is(err, errTooCostly) && len(part) > 1 {
			err = inParts(part, (len(part)+1)/2, do)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// key is an id in the caches.
func (s *source) key(id string) string { return s.client.key(s.in.path(), id) }

// Entries implements change.Source.
func (s *source) Entries(ctx context.Context, side change.Side, paths []string) (map[string]change.Entry, error) {
	commit := s.in.Head
	if side == change.AtBase {
		commit = s.mergeBase
	}
	found := make(map[string]change.Entry, len(paths))
	return found, inParts(paths, queryPaths, func(part []string) error { return s.entries(ctx, commit, part, found) })
}

func (s *source) entries(ctx context.Context, commit string, paths []string, found map[string]change.Entry) error {
	q := newQuery(s.in.Owner, s.in.Repo)
	q.files("x", commit, paths)
	var a answer
	if err := s.client.query(ctx, q.text(""), q.variables, &a); err != nil {
		return explain("look up files", err)
	}
	var entries map[string]*treeEntry
	if err := json.Unmarshal(a.Repository["x"], &entries); err != nil || entries == nil {
		return fmt.Errorf("look up files at %s: GitHub's answer cannot be read", commit)
	}
	for i, p := range paths {
		if e := entries[fmt.Sprintf("f%d", i)]; e != nil && e.Type != "tree" {
			found[p] = change.Entry{Path: p, Mode: mode(e.Mode), Blob: e.OID}
		}
	}
	return nil
}

// reading is one call of Blobs.
type reading struct {
	*source
	limit change.Limits
	found map[string]change.Blob
	total int64
}

const blobsPerQuery = 25

// Blobs implements change.Source: what is cached first, small texts many in a
// query, the rest one by one.
func (s *source) Blobs(ctx context.Context, ids []string, limit change.Limits) (map[string]change.Blob, error) {
	r := &reading{source: s, limit: limit, found: make(map[string]change.Blob, len(ids))}
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = s.key(id)
	}
	s.client.fetch(ctx, s.client.app.cache, keys...)
	var ask []string
	for _, id := range ids {
		data, ok := s.client.app.cache.get(s.key(id))
		if !ok {
			ask = append(ask, id)
		} else if err := r.take(id, data); err != nil {
			return nil, err
		}
	}
	return r.found, inParts(ask, blobsPerQuery, func(part []string) error { return r.read(ctx, part) })
}

// take accepts a content within the limits.
func (r *reading) take(id string, data []byte) error {
	size := int64(len(data))
	if size > r.limit.File {
		r.found[id] = change.Blob{Size: size, TooLarge: true}
		return nil
	}
	r.found[id] = change.Blob{Data: data, Size: size}
	if r.total += size; r.total > r.limit.Change {
		return fmt.Errorf("%w: more than %d bytes together", change.ErrTooLarge, r.limit.Change)
	}
	return nil
}

func (r *reading) read(ctx context.Context, ids []string) error {
	texts, sizes, err := r.texts(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		data, ok := texts[id]
		if !ok {
			b := change.Blob{Size: sizes[id], TooLarge: true}
			if sizes[id] <= r.limit.File {
				if b, err = r.client.blob(ctx, r.in.Owner, r.in.Repo, id, r.limit.File); err != nil {
					return err
				}
			}
			if b.TooLarge {
				r.found[id] = b
				continue
			}
			data = b.Data
		}
		if err := r.take(id, data); err != nil {
			return err
		}
		r.client.app.cache.put(r.key(id), data)
		r.client.lay(r.key(id), data)
	}
	return nil
}

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
