package github

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// What two commits differ in never changes, so that an evaluation that is begun
// anew, or comes of a label, does not ask for it again. Which account an address
// belongs to may change, so it is kept for a while only. What an installation
// was shown is never given to another. Little of it is kept in memory: what falls
// out is on the shelf.
const (
	compareCacheBytes = 512 << 10
	maxCachedCompared = 256 << 10
	keptFor           = 10 * time.Minute
)

// key is an id among the contents of one repository, as one installation sees
// it.
func (c *Client) key(repo, id string) string {
	return fmt.Sprintf("%d %s %s", c.id, repo, id)
}

func (c *Client) comparisonKey(r Range, base string) string {
	return c.key(r.path(), base+"..."+r.Head)
}

// likely is the commit to compare with, and whether it is known: the base may be
// a branch, which most of the time is where it was the last time. Whoever uses it
// finds out whether it still is.
func (c *Client) likely(ctx context.Context, r Range) (base string, known bool) {
	switch {
	case r.tip != "":
		return r.tip, true
	case r.At != "":
		return r.At, true
	case isCommitID(r.Base):
		return r.Base, true
	}
	key := c.key(r.path(), "tip "+r.Base)
	c.fetch(ctx, c.app.compared, key)
	tip, known := c.app.compared.fresh(key, c.app.options.Now())
	return string(tip), known
}

// keptComparison is one that was made before, nil when there is none.
func (c *Client) keptComparison(ctx context.Context, r Range) *gh.CommitsComparison {
	base, known := c.likely(ctx, r)
	if !known {
		return nil
	}
	key := c.comparisonKey(r, base)
	c.fetch(ctx, c.app.compared, key)
	data, ok := c.app.compared.fresh(key, c.app.options.Now())
	if !ok {
		return nil
	}
	compared := new(gh.CommitsComparison)
	if json.Unmarshal(data, compared) != nil {
		return nil // it is asked for again
	}
	return compared
}

// keepComparison keeps what a load reads of a comparison.
func (c *Client) keepComparison(r Range, compared *gh.CommitsComparison) {
	data, err := json.Marshal(essence(compared))
	if err != nil {
		return // it is asked for again
	}
	base := compared.GetBaseCommit().GetSHA()
	c.renew(c.comparisonKey(r, base), data)
	if !isCommitID(r.Base) {
		c.renew(c.key(r.path(), "tip "+r.Base), []byte(base))
	}
}

// renew keeps what ages from now on.
func (c *Client) renew(key string, data []byte) {
	data = stamped(data, c.app.options.Now())
	c.app.compared.renew(key, data)
	c.lay(key, data)
}

// forgetComparison makes the next load ask anew, where this one did not go well
// with what it was told.
func (c *Client) forgetComparison(ctx context.Context, r Range) {
	base, known := c.likely(ctx, r)
	if !known {
		return
	}
	c.app.compared.drop(c.comparisonKey(r, base))
	if c.app.options.Shelf != nil {
		c.app.options.Shelf.Drop(ctx, c.tokens.id, c.comparisonKey(r, base))
	}
}

// essence leaves out the patches and addresses, which are nearly all of it.
func essence(from *gh.CommitsComparison) *gh.CommitsComparison {
	to := &gh.CommitsComparison{
		BaseCommit: &gh.RepositoryCommit{SHA: orNone(from.BaseCommit).SHA}, MergeBaseCommit: &gh.RepositoryCommit{SHA: orNone(from.MergeBaseCommit).SHA}, TotalCommits: from.TotalCommits,
	}
	for _, f := range from.Files {
		f = orNone(f)
		to.Files = append(to.Files, &gh.CommitFile{SHA: f.SHA, Filename: f.Filename, PreviousFilename: f.PreviousFilename, Status: f.Status, Additions: f.Additions, Deletions: f.Deletions})
	}
	for _, c := range from.Commits {
		c = orNone(c)
		said := orNone(c.Commit)
		one := &gh.RepositoryCommit{SHA: c.SHA, Author: who(c.Author), Committer: who(c.Committer), Commit: &gh.Commit{Message: said.Message, Author: named(said.Author), Committer: named(said.Committer)}}
		for _, p := range c.Parents {
			one.Parents = append(one.Parents, &gh.Commit{SHA: orNone(p).SHA})
		}
		to.Commits = append(to.Commits, one)
	}
	return to
}

// orNone is something empty in the place of null.
func orNone[T any](p *T) *T {
	if p == nil {
		p = new(T)
	}
	return p
}

func who(u *gh.User) *gh.User {
	if u == nil {
		return nil
	}
	return &gh.User{Login: u.Login, ID: u.ID, Type: u.Type}
}

func named(a *gh.CommitAuthor) *gh.CommitAuthor {
	if a == nil {
		return nil
	}
	return &gh.CommitAuthor{Name: a.Name, Email: a.Email}
}

// stamp is what is kept before a content that ages.
const stamp = 8

// fresh is what was renewed not long ago.
func (c *cache) fresh(id string, now time.Time) ([]byte, bool) {
	data, ok := c.get(id)
	if !ok || len(data) < stamp {
		return nil, false
	}
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(data))) //nolint:gosec // written below
	if age := now.Sub(at); age < 0 || age > keptFor {
		c.drop(id)
		return nil, false
	}
	return data[stamp:], true
}

// stamped is a content with the time from which it ages.
func stamped(data []byte, now time.Time) []byte {
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, stamp+len(data)), uint64(now.UnixMicro())), data...) //nolint:gosec // a time after 1970
}

// renew keeps a stamped content in the place of an older one.
func (c *cache) renew(id string, data []byte) {
	c.drop(id)
	c.put(id, data)
}

func (c *cache) drop(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[id]
	if !ok {
		return
	}
	c.left += c.order.Remove(e).(cached).cost()
	delete(c.items, id)
}
