package guard

import (
	"context"
	"maps"

	"github.com/changeguard/changeguard/session"
)

// sticks is what a verdict was given under of what sticks to its pull request, as
// the next evaluation finds it. Another pull request may add to it, with which this
// one shares commits or the branch, and no event tells of that.
type sticks struct {
	Scopes []string `json:"scopes,omitempty"`
	// Record is the digest of their records, or [overtaken]; "" where nothing was judged.
	Record string `json:"record,omitempty"`
}

// overtaken is no digest: something was added while the change was judged.
const overtaken = "overtaken"

func (s *sticks) set(scopes []string, record session.Record) error {
	digest, err := record.Digest()
	*s = sticks{scopes, digest}
	return err
}

// expect is set for what there will be with what the evaluation itself adds to what
// it found, unless that is not any more what it judged with.
func (s *sticks) expect(scopes []string, judged session.Record, found, added map[string][]byte) error {
	before, err := merged(found, scopes)
	if err != nil {
		return err
	}
	if err := s.set(scopes, before); err != nil {
		return err
	}
	if digest, err := judged.Digest(); err != nil || digest != s.Record {
		s.Record = overtaken
		return err
	}
	all := maps.Clone(found)
	maps.Copy(all, added)
	after, err := merged(all, scopes)
	if err != nil {
		return err
	}
	return s.set(scopes, after)
}

// moved reports whether a re-evaluation would find something else.
func (g *Guard) moved(ctx context.Context, s sticks) (bool, error) {
	if s.Record == "" {
		return false, nil // of an older version, or nothing was judged
	}
	stored, err := g.Store.Records(ctx, s.Scopes)
	if err != nil {
		return false, err
	}
	record, err := merged(stored, s.Scopes)
	if err != nil {
		return true, nil // the evaluation says what is wrong, and the others are looked at
	}
	digest, err := record.Digest()
	return digest != s.Record, err
}
