package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/changeguard/changeguard/policy"
)

// errNoToken says that there is nothing to sign requests with.
var errNoToken = errors.New("there is no token")

// WithToken is a client that signs with a token that somebody has: a personal one,
// or that of a workflow. Of the options it needs no App and no key. It asks nothing
// of GitHub yet.
func WithToken(o Options, token string) (*Client, error) {
	base, err := o.complete()
	if err != nil {
		return nil, err
	}
	if token == "" {
		return nil, errNoToken
	}
	return newApp(o, base).client(0, bearer{o.Transport, base.Host, token}, "token"), nil
}

// bearer signs requests with a token, those to its own host alone.
type bearer struct {
	next        http.RoundTripper
	host, token string
}

// RoundTrip implements http.RoundTripper.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == b.host {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.next.RoundTrip(r)
}

// A Closed is a pull request of the past.
type Closed struct {
	Range  // with At
	Merged bool
	Opened time.Time
	Closed time.Time
}

const closedPage = `pullRequests(states:[MERGED,CLOSED],first:$first,after:$after,orderBy:{field:CREATED_AT,direction:DESC}){pageInfo{hasNextPage endCursor} ` +
	`nodes{number headRefOid baseRefName baseRefOid createdAt closedAt merged mergeCommit{oid parents(first:1){nodes{oid}}}}}`

// pastPull is a closed pull request in an answer.
type pastPull struct {
	Number    int       `json:"number"`
	Head      string    `json:"headRefOid"`
	Base      string    `json:"baseRefName"`
	BaseOID   string    `json:"baseRefOid"`
	CreatedAt time.Time `json:"createdAt"`
	ClosedAt  time.Time `json:"closedAt"`
	Merged    bool      `json:"merged"`
	Merge     *struct {
		OID     string `json:"oid"`
		Parents struct {
			Nodes []struct {
				OID string `json:"oid"`
			} `json:"nodes"`
		} `json:"parents"`
	} `json:"mergeCommit"`
}

// at is what the pull request was to be merged into, at the last. A commit that
// merged, squashed or was rebased stands on it, or on another of the same pull
// request; GitHub's own word may be older.
func (p pastPull) at() string {
	if m := p.Merge; p.Merged && m != nil && m.OID != p.Head && len(m.Parents.Nodes) > 0 {
		return m.Parents.Nodes[0].OID
	}
	return p.BaseOID
}

// Closed lists the pull requests that are closed, merged or not, the youngest first:
// at most so many, and none that was opened before a time. It takes a query for each
// hundred.
func (c *Client) Closed(ctx context.Context, owner, repo string, most int, since time.Time) ([]Closed, error) {
	var list []Closed
	var after *string
	for page := 0; len(list) < most && page < maxPages; page++ {
		q := newQuery(owner, repo)
		q.bind("first", "Int!", min(perPage, most-len(list)))
		q.bind("after", "String", after)
		q.fields = append(q.fields, closedPage)
		var a answer
		if err := c.query(ctx, q.text(""), q.variables, &a); err != nil {
			return nil, explain("list the pull requests", err)
		}
		if a.Repository == nil {
			return nil, fmt.Errorf("list the pull requests of %s/%s: %w", owner, repo, ErrNotFound)
		}
		some, next, err := readClosed(a.Repository["pullRequests"], Range{Owner: owner, Repo: repo})
		if err != nil {
			return nil, err
		}
		for _, p := range some {
			if p.Opened.Before(since) {
				return list, nil
			}
			list = append(list, p)
		}
		if next == nil {
			break
		}
		after = next
	}
	return list, nil
}

// readClosed reads a page; next is nil on the last.
func readClosed(raw json.RawMessage, in Range) (list []Closed, next *string, err error) {
	var p *struct {
		PageInfo struct {
			HasNextPage bool   `json:"hasNextPage"`
			EndCursor   string `json:"endCursor"`
		} `json:"pageInfo"`
		Nodes []pastPull `json:"nodes"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, nil, fmt.Errorf("list the pull requests: %w", err)
	}
	if p == nil {
		return nil, nil, fmt.Errorf("list the pull requests: %w", ErrForbidden)
	}
	for _, n := range p.Nodes {
		in.Number, in.Head, in.Base, in.At = n.Number, n.Head, n.Base, n.at()
		list = append(list, Closed{Range: in, Merged: n.Merged, Opened: n.CreatedAt, Closed: n.ClosedAt})
	}
	if p.PageInfo.HasNextPage && len(p.Nodes) > 0 {
		next = &p.PageInfo.EndCursor
	}
	return list, next, nil
}

const currentPolicy = `main:defaultBranchRef{target{oid ...on Commit{` + policyFile + `}}}`

// Policies reads the policies in force at a repository's default branch, the
// organisation's first, and the commit that the branch is at, "" for an empty
// repository. It takes one query.
func (c *Client) Policies(ctx context.Context, owner, repo string) (list []PolicyFile, tip string, err error) {
	l := &loader{client: c, in: Range{Owner: owner, Repo: repo}}
	q := newQuery(owner, repo)
	q.bind("policy", "String!", policy.Path)
	q.fields = append(q.fields, currentPolicy)
	var a answer
	if err := c.query(ctx, q.text(organisationFields), q.variables, &a); err != nil {
		return nil, "", explain("read the policies", err)
	}
	if a.Repository == nil {
		return nil, "", fmt.Errorf("read the repository %s/%s: %w", owner, repo, ErrNotFound)
	}
	if err := l.organisationPolicy(ctx, a); err != nil {
		return nil, "", err
	}
	var main *struct {
		Target struct {
			OID  string      `json:"oid"`
			File *policyBlob `json:"file"`
		} `json:"target"`
	}
	if err := json.Unmarshal(a.Repository["main"], &main); err != nil {
		return nil, "", fmt.Errorf("read the policy: %w", err)
	}
	if main == nil {
		return l.loaded.Policies, "", nil
	}
	err = l.addPolicy(ctx, repo, main.Target.File, false)
	return l.loaded.Policies, main.Target.OID, err
}
