package github

import (
	"context"
	"strings"
)

// A Queued is a merge group that waits for its checks, as its branch shows it.
type Queued struct {
	Owner, Repo string
	Ref         string // the group's branch
	Base        string // the commit that it was put on, or else the branch that it is for
	Head        string
}

// queueRefs asks for the branches of merge queues, in the query that is sent
// anyway. A queue builds few groups at once.
const queueRefs = ` refs(refPrefix:"refs/heads/` + queuePrefix + `",first:100){nodes{name target{oid}}}`

// groups are the merge groups of a repository. What is called like one and is
// none is left out.
func (p *openPage) groups(owner, repo string) (list []Queued) {
	if p.Refs == nil {
		return nil
	}
	for _, n := range p.Refs.Nodes {
		ref := n.Name
		if !strings.HasPrefix(ref, queuePrefix) {
			ref = queuePrefix + ref // a name is what follows the prefix that was asked for
		}
		base, number := splitQueue(ref)
		if number == 0 || n.Target.OID == "" {
			continue
		}
		if id := ref[strings.LastIndexByte(ref, '-')+1:]; isCommitID(id) {
			base = id
		}
		list = append(list, Queued{owner, repo, ref, base, n.Target.OID})
	}
	return list
}

// MergeBase is where two commits part, by one small request.
func (c *Client) MergeBase(ctx context.Context, owner, repo, base, head string) (string, error) {
	// Of a later page GitHub leaves out the files.
	compared, err := c.comparePage(ctx, Range{Owner: owner, Repo: repo, Head: head}, base, mergeBasePage, 1)
	return compared.GetMergeBaseCommit().GetSHA(), err
}

const mergeBasePage = 2
