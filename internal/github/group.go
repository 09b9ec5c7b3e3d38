package github

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// A Group says which pull requests a merge group puts together.
type Group struct {
	Base    string // the branch that the group is for
	Members []Member
	Unknown string // the commit whose pull request is not known, or ""
}

// A Member is a pull request of a merge group, with the head that went in.
type Member struct {
	Number int
	Head   string
}

// queuePrefix begins the names of the branches of merge queues.
const queuePrefix = "gh-readonly-queue/"

// splitQueue reads "gh-readonly-queue/main/pr-104-<commit>": the branch that the
// group is for, and the pull request that came last.
func splitQueue(ref string) (base string, number int) {
	rest, ok := strings.CutPrefix(ref, queuePrefix)
	i := strings.LastIndexByte(rest, '/')
	if !ok || i < 1 {
		return "", 0
	}
	last, _, _ := strings.Cut(strings.TrimPrefix(rest[i+1:], "pr-"), "-")
	n, err := strconv.Atoi(last)
	if err != nil || n < 1 || !strings.HasPrefix(rest[i+1:], "pr-") {
		return rest[:i], 0
	}
	return rest[:i], n
}

const queueFields = aliasQueue + `:mergeQueue(branch:$queueBase){configuration{mergeMethod} entries(first:100){nodes{headCommit{oid} pullRequest{number headRefOid commits(first:1){totalCount}}}}}`

const lastFields = `last:pullRequest(number:$lastNumber){number headRefOid}`

// groupFields asks for the queue and for the pull request that came last.
func (l *loader) groupFields(q *queryBuilder) {
	base, number := splitQueue(l.in.Queue)
	if base != "" {
		q.bind("queueBase", "String!", base)
		q.fields = append(q.fields, queueFields)
	}
	if number > 0 {
		q.bind("lastNumber", "Int!", number)
		q.fields = append(q.fields, lastFields)
	}
}

// queuedPull is a pull request in a queue.
type queuedPull struct {
	Number     int    `json:"number"`
	HeadRefOid string `json:"headRefOid"`
	Commits    struct {
		TotalCount int `json:"totalCount"`
	} `json:"commits"`
}

// mergeQueue is what a query says of a queue.
type mergeQueue struct {
	Configuration *struct {
		MergeMethod string `json:"mergeMethod"`
	} `json:"configuration"`
	Entries *struct {
		Nodes []struct {
			HeadCommit *struct {
				OID string `json:"oid"`
			} `json:"headCommit"`
			PullRequest *queuedPull `json:"pullRequest"`
		} `json:"nodes"`
	} `json:"entries"`
}

// readGroup finds out whose commits the group holds.
func (l *loader) readGroup(repository map[string]json.RawMessage) error {
	g := &l.loaded.Group
	g.Base, _ = splitQueue(l.in.Queue)
	var queue *mergeQueue
	var last *queuedPull
	for alias, into := range map[string]any{aliasQueue: &queue, "last": &last} {
		if raw := repository[alias]; raw != nil {
			if err := json.Unmarshal(raw, into); err != nil {
				return fmt.Errorf("read the merge queue: %w", err)
			}
		}
	}
	chain, whole := firstParents(l.change)
	if !whole {
		g.Unknown = l.change.Head
		return nil
	}
	g.Members, g.Unknown = members(chain, queue, last)
	return nil
}

// firstParents are the commits from the head back to the base along the first
// parents, which is how a queue stacks pull requests on a branch.
func firstParents(c *change.Change) (chain []change.Commit, whole bool) {
	byID := make(map[string]change.Commit, len(c.Commits))
	for _, commit := range c.Commits {
		byID[commit.ID] = commit
	}
	for id := c.Head; id != c.Base; {
		commit, ok := byID[id]
		if !ok || len(commit.Parents) == 0 || len(chain) > len(c.Commits) {
			return nil, false
		}
		chain = append(chain, commit)
		id = commit.Parents[0]
	}
	return chain, len(chain) > 0
}

// members assigns each commit of the chain, youngest first, to a pull request.
// A merge commit shows by its other parent what was merged; which pull request
// that was is said by the queue, or else by the message, and proved by the head
// of the verdict that is looked for under the number. A commit of a squash is
// told by the queue alone, and where it is the only one by the branch's name. In
// a queue that rebases, the commits of a pull request follow its last one.
func members(chain []change.Commit, queue *mergeQueue, last *queuedPull) (list []Member, unknown string) {
	entries, rebases := queue.byHead()
	left := 0 // commits that may belong to the pull request before
	for i, c := range chain {
		e := entries[c.ID]
		switch {
		case len(c.Parents) == 2:
			m := Member{Number: mergedNumber(c.Message), Head: c.Parents[1]}
			if e != nil {
				m.Number = e.Number
			}
			if m.Number == 0 {
				return nil, c.ID
			}
			list, left = append(list, m), 0
		case len(c.Parents) > 2:
			return nil, c.ID
		case e != nil:
			list, left = append(list, Member{e.Number, e.HeadRefOid}), e.Commits.TotalCount-1
		case i == 0 && len(chain) == 1 && last != nil:
			return []Member{{last.Number, last.HeadRefOid}}, ""
		case rebases && left > 0:
			left--
		default:
			return nil, c.ID
		}
	}
	return list, ""
}

// byHead are the pull requests of the queue by the commits that they ended in.
func (q *mergeQueue) byHead() (entries map[string]*queuedPull, rebases bool) {
	entries = make(map[string]*queuedPull)
	if q == nil || q.Entries == nil {
		return entries, false
	}
	for _, n := range q.Entries.Nodes {
		if n.HeadCommit != nil && n.PullRequest != nil {
			entries[n.HeadCommit.OID] = n.PullRequest
		}
	}
	return entries, q.Configuration != nil && q.Configuration.MergeMethod == "REBASE"
}

// mergedNumber reads "Merge pull request #104 from …".
func mergedNumber(message string) int {
	rest, ok := strings.CutPrefix(message, "Merge pull request #")
	digits, _, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil {
		return 0
	}
	return n
}
