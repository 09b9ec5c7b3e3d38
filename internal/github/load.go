package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/changeguard/changeguard/change"
)

// A Range is what to load: a pull request, or two commits of a merge group or
// push.
type Range struct {
	Owner, Repo string
	Number      int    // of a pull request, else 0
	Base        string // a branch of the repository, or a commit id
	Head        string // a commit id
	Queue       string // of a merge group its branch, else ""
	// At is the commit that Base was at, of a pull request that is closed: the
	// branch moved on since, and may be gone. "" means where it is now.
	At string

	tip string // the commit of the branch Base, once it is known
}

// Loaded is a change with what was read beside it.
type Loaded struct {
	Change       *change.Change
	Policies     []PolicyFile // those that are there, the organisation's first
	Organisation Sight
	Siblings     []int // other open pull requests with the same head
	// SiblingsUnknown says that GitHub does not tell them for this head.
	SiblingsUnknown bool
	State           string // OPEN, CLOSED or MERGED; empty without a pull request
	Owner           string // of the repository that the head is in; "" when unknown
	Group           Group  // of a merge group
	Edited          string // when the body was last written anew, as GitHub says it; "" for never
	// Default is the repository's default branch; "" when it is not known.
	Default string
	// RepositoryID is GitHub's number of the repository; 0 when it is not known.
	RepositoryID int64
	// Uncommented says that nobody has commented yet, so that there is no comment of
	// an earlier attempt either.
	Uncommented bool
	// Foreign are the checks of others that carry this App's name, on the head and
	// on the commit that GitHub made to try the merge.
	Foreign []Foreign
	// Approvals are the reviews that approve, of each person the last word.
	Approvals []Review
	// Makers are the accounts that GitHub shows for the authors and committers
	// of the commits.
	Makers []Maker
}

// A Sight is whether the repository of the organisation's policy was seen.
type Sight int

// Whether it was seen: it is its own organisation's, or it is not there or outside
// of the installation, or it was, with a policy or without.
const (
	NotAsked Sight = iota
	Unseen
	Seen
)

// A PolicyFile is a policy as it was found.
type PolicyFile struct {
	ID           string // where it is, its mode and its blob: the same for the same policy
	Organisation bool
	Mode         change.Mode
	Data         []byte
}

// The limits after which GitHub cuts an answer, and those of what we ask for.
const (
	compareFiles = 300
	perPage      = 100
	queryPaths   = 150 // files asked for in one query, on each side
	maxCommits   = 10000
	maxRestarts  = 4
	maxSiblings  = 100
)

// Load loads a change. When the pull request moved on meanwhile it starts
// again with what GitHub says now.
func (c *Client) Load(ctx context.Context, r Range) (*Loaded, error) {
	for range maxRestarts {
		loaded, moved, err := c.load(ctx, &r)
		if errors.Is(err, ErrNotFound) && r.Number > 0 {
			moved, err = c.locate(ctx, &r, err)
		}
		if err != nil {
			if !passes(err) {
				c.forgetComparison(ctx, r)
			}
			return nil, fmt.Errorf("load %s/%s %s: %w", r.Owner, r.Repo, r.subject(), err)
		}
		if !moved {
			return loaded, nil
		}
	}
	return nil, fmt.Errorf("load %s/%s %s: it changes faster than it can be read", r.Owner, r.Repo, r.subject())
}

func (r Range) subject() string {
	if r.Number > 0 {
		return "#" + strconv.Itoa(r.Number)
	}
	return r.Head
}

// load is one attempt; moved means that r was updated and must be loaded again.
func (c *Client) load(ctx context.Context, r *Range) (loaded *Loaded, moved bool, err error) {
	compared, err := c.compare(ctx, *r)
	if err != nil {
		return nil, false, err
	}
	l := &loader{client: c, in: *r, compared: compared, change: newChange(*r, compared), modes: make(map[string]change.File)}
	if moved, err := l.facts(ctx, r); err != nil || moved {
		return nil, moved, err
	}
	if err := l.finish(ctx); err != nil {
		return nil, false, err
	}
	l.loaded.Change, l.loaded.Makers = l.change, makers(compared.Commits)
	return &l.loaded, false, nil
}

// locate finds out why something of a pull request is not there: it is gone, or
// it has another head or base than was thought, or it will be there soon.
func (c *Client) locate(ctx context.Context, r *Range, missing error) (moved bool, err error) {
	pull, _, err := c.rest.PullRequests.Get(ctx, r.Owner, r.Repo, r.Number)
	if err = explain("read the pull request", err); errors.Is(err, ErrNotFound) {
		return false, ErrGone
	}
	if err != nil {
		return false, err
	}
	now := *r
	now.Base, now.Head, now.tip = pull.GetBase().GetRef(), pull.GetHead().GetSHA(), ""
	if now == *r {
		return false, missing
	}
	*r = now
	return true, nil
}

// compare is the comparison of what is to be loaded.
func (c *Client) compare(ctx context.Context, r Range) (*gh.CommitsComparison, error) {
	if kept := c.keptComparison(ctx, r); kept != nil {
		return kept, nil
	}
	compared, err := c.askComparison(ctx, r)
	if err == nil {
		c.keepComparison(r, compared)
	}
	return compared, err
}

// askComparison asks for the first page of the comparison, which has all files that
// GitHub shows in one, and for the other commits.
func (c *Client) askComparison(ctx context.Context, r Range) (*gh.CommitsComparison, error) {
	base := cmp.Or(r.tip, r.At, r.Base)
	compared, err := c.comparePage(ctx, r, base, 1, perPage)
	if err != nil {
		return nil, err
	}
	base = compared.GetBaseCommit().GetSHA() // the branch may move between the pages
	if base == "" || compared.GetMergeBaseCommit().GetSHA() == "" {
		return nil, ErrNoMergeBase
	}
	for page := 2; (page-1)*perPage < compared.GetTotalCommits() && compared.GetTotalCommits() <= maxCommits; page++ {
		next, err := c.comparePage(ctx, r, base, page, perPage)
		if err != nil {
			return nil, err
		}
		if len(next.Commits) == 0 {
			break
		}
		compared.Commits = append(compared.Commits, next.Commits...)
	}
	return compared, nil
}

func (c *Client) comparePage(ctx context.Context, r Range, base string, page, size int) (*gh.CommitsComparison, error) {
	path := fmt.Sprintf("%scompare/%s...%s?per_page=%d&page=%d", r.path(), url.PathEscape(base), url.PathEscape(r.Head), size, page)
	req, err := c.rest.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	compared := new(gh.CommitsComparison)
	if _, err := c.rest.Do(ctx, req, compared); err != nil {
		if strings.Contains(err.Error(), "No common ancestor") {
			return nil, ErrNoMergeBase
		}
		return nil, explain("compare "+base+" with "+r.Head, err)
	}
	return compared, nil
}

// path is the repository's part of an address.
func (r Range) path() string { return repoPath(r.Owner, r.Repo) }

func repoPath(owner, repo string) string {
	return "repos/" + url.PathEscape(owner) + "/" + url.PathEscape(repo) + "/"
}

func newChange(r Range, compared *gh.CommitsComparison) *change.Change {
	c := &change.Change{
		Repo: r.Owner + "/" + r.Repo, Number: r.Number,
		Base: compared.GetBaseCommit().GetSHA(), MergeBase: compared.GetMergeBaseCommit().GetSHA(), Head: r.Head,
	}
	for _, commit := range compared.Commits {
		c.Commits = append(c.Commits, newCommit(commit))
	}
	if n := compared.GetTotalCommits(); n != len(c.Commits) {
		c.Gaps = append(c.Gaps, change.Gap{What: fmt.Sprintf("only %d of %d commits could be read", len(c.Commits), n), Remedy: splitIt})
	}
	return c
}

// splitIt is the remedy for what is too large.
const splitIt = "Split the change into smaller ones."

func newCommit(c *gh.RepositoryCommit) change.Commit {
	commit := change.Commit{ID: c.GetSHA(), Message: c.GetCommit().GetMessage()}
	for _, p := range c.Parents {
		commit.Parents = append(commit.Parents, p.GetSHA())
	}
	author, committer := c.GetCommit().GetAuthor(), c.GetCommit().GetCommitter()
	commit.Author = change.Identity{Name: author.GetName(), Email: author.GetEmail()}
	commit.Committer = change.Identity{Name: committer.GetName(), Email: committer.GetEmail()}
	return commit
}

// mode turns GraphQL's number into git's six octal digits.
func mode(n int) change.Mode { return regular(change.Mode(fmt.Sprintf("%06o", n))) }

// regular takes old permissions of a file for those that git writes now.
func regular(m change.Mode) change.Mode {
	if strings.HasPrefix(string(m), "1006") {
		return change.Regular
	}
	return m
}
