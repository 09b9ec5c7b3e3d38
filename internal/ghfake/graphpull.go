package ghfake

import (
	"slices"
	"strings"
	"time"
)

// ghost stands for an account that was deleted: the REST API shows it, the graph
// shows null.
const ghost = "ghost"

type pullNode struct {
	*Repo
	p *Pull
}

func (pullNode) kind() string { return "PullRequest" }

// graphState is OPEN, CLOSED or MERGED.
func (p *Pull) graphState() string {
	if p.Merged {
		return "MERGED"
	}
	return strings.ToUpper(p.State)
}

func (n pullNode) field(e *execution, name string, args obj) any {
	p := n.p
	switch name {
	case "number":
		return p.Number
	case "databaseId":
		return p.id
	case "id":
		return nodeID("PR", p.id)
	case "state":
		return p.graphState()
	case "isDraft":
		return p.Draft
	case "title":
		return p.Title
	case "body":
		return p.Body
	case "url":
		return n.html("/pull/" + itoa(p.Number))
	case "merged":
		return p.Merged
	case "closed":
		return p.State == "closed"
	case "createdAt":
		return stamp(p.created)
	case "updatedAt":
		return stamp(p.updated)
	case "lastEditedAt":
		if p.written.IsZero() {
			return nil
		}
		return stamp(p.written)
	case "closedAt":
		return stamp(p.closed)
	case "mergedAt":
		if !p.Merged {
			return nil
		}
		return stamp(p.closed)
	case "maintainerCanModify":
		return p.Fork && !p.NoMaintainerEdits
	case "author":
		if p.Author.Login == ghost {
			return nil
		}
		return accountNode{&p.Author}
	case "authorAssociation":
		return n.association(p.Author.Login)
	}
	return n.ends(e, name, args)
}

// ends answers what the head and the base are.
func (n pullNode) ends(e *execution, name string, args obj) any {
	p := n.p
	switch name {
	case "headRefName":
		return p.headBranch()
	case "headRefOid":
		return p.HeadSHA
	case "baseRefName":
		return p.Base
	case "baseRefOid":
		return p.base(n.Repo)
	case "isCrossRepository":
		return p.Fork
	case "headRepository":
		if p.Fork {
			return nil // forks are not served
		}
		return repoNode{n.Repo}
	case "headRepositoryOwner":
		if p.ForkGone {
			return nil
		}
		return accountNode{n.server.account(p.headOwner(n.Repo))}
	case "mergeCommit":
		if c := n.objects.commits[p.mergeCommit]; c != nil {
			return commitNode{n.Repo, c}
		}
		return nil
	case "potentialMergeCommit":
		if c := n.objects.commits[p.testMerge]; c != nil {
			return commitNode{n.Repo, c}
		}
		return nil
	case "additions", "deletions", "changedFiles":
		return n.size(name)
	}
	return n.lists(e, name, args)
}

func (n pullNode) size(name string) any {
	diff := n.compare(n.p.base(n.Repo), n.p.HeadSHA)
	if name == "changedFiles" {
		return len(diff)
	}
	added, deleted := n.total(diff)
	if name == "additions" {
		return added
	}
	return deleted
}

// lists answers the connections.
func (n pullNode) lists(_ *execution, name string, args obj) any {
	list := []node{}
	switch name {
	case "labels":
		for _, l := range n.p.labels {
			list = append(list, labelNode{n.label(l.name)})
		}
		return connect("LabelConnection", list, args)
	case "comments":
		for _, x := range n.commentsOf(n.p.Number) {
			list = append(list, issueCommentNode{x})
		}
		return connect("IssueCommentConnection", list, args)
	case "commits":
		for _, c := range n.objects.between(n.p.base(n.Repo), n.p.HeadSHA) {
			list = append(list, pullCommitNode{commitNode{n.Repo, c}})
		}
		return connect("PullRequestCommitConnection", list, args)
	case "reviews":
		states := texts(args["states"])
		for _, v := range n.p.reviews {
			if states == nil || states[v.State] {
				list = append(list, reviewNode{n.Repo, v})
			}
		}
		return connect("PullRequestReviewConnection", list, args)
	case "timelineItems":
		kinds := texts(args["itemTypes"])
		for _, v := range n.p.events {
			if kinds == nil || kinds[v.itemType()] {
				list = append(list, eventNode{n.Repo, v})
			}
		}
		return connect("PullRequestTimelineItemsConnection", list, args)
	}
	return unresolved(n, name)
}

type issueCommentNode struct{ *comment }

func (issueCommentNode) kind() string { return "IssueComment" }

func (n issueCommentNode) field(_ *execution, name string, _ obj) any {
	switch name {
	case "id":
		return nodeID("IC", n.id)
	case "databaseId":
		return n.id
	case "body":
		return n.body
	}
	return unresolved(n, name)
}

type labelNode struct{ *repoLabel }

func (labelNode) kind() string { return "Label" }

func (n labelNode) field(_ *execution, name string, _ obj) any {
	switch name {
	case "id":
		return nodeID("LA", n.id)
	case "name":
		return n.name
	}
	return unresolved(n, name)
}

type pullCommitNode struct{ commit commitNode }

func (pullCommitNode) kind() string { return "PullRequestCommit" }

func (n pullCommitNode) field(_ *execution, name string, _ obj) any {
	switch name {
	case "id":
		return nodeID("PRC", n.commit.id) + n.commit.c.id
	case "commit":
		return n.commit
	}
	return unresolved(n, name)
}

type reviewNode struct {
	*Repo
	v *Review
}

func (reviewNode) kind() string { return "PullRequestReview" }

func (n reviewNode) field(_ *execution, name string, _ obj) any {
	switch name {
	case "databaseId":
		return n.v.ID
	case "id":
		return nodeID("PRR", n.v.ID)
	case "state":
		return n.v.State
	case "body":
		return n.v.Body
	case "submittedAt":
		return stamp(n.v.At)
	case "author":
		return accountNode{n.server.account(n.v.By)}
	case "authorAssociation":
		return n.association(n.v.By)
	case "commit":
		if c := n.objects.commits[n.v.Commit]; c != nil {
			return commitNode{n.Repo, c}
		}
		return nil
	}
	return unresolved(n, name)
}

type eventNode struct {
	*Repo
	v labelEvent
}

// itemType is the event's name among the timeline's types.
func (v labelEvent) itemType() string {
	if v.set {
		return "LABELED_EVENT"
	}
	return "UNLABELED_EVENT"
}

func (n eventNode) kind() string {
	if n.v.set {
		return "LabeledEvent"
	}
	return "UnlabeledEvent"
}

func (n eventNode) field(_ *execution, name string, _ obj) any {
	switch name {
	case "id":
		return nodeID("LE", n.v.at.Unix()) + strings.Join(slices.Collect(strings.FieldsSeq(n.v.name)), "")
	case "createdAt":
		return n.v.at.UTC().Format(time.RFC3339)
	case "actor":
		if n.v.by == ghost {
			return nil
		}
		return accountNode{n.server.account(n.v.by)}
	case "label":
		return labelNode{n.label(n.v.name)}
	}
	return unresolved(n, name)
}
