package ghfake

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

type commitNode struct {
	*Repo
	c *commit
}

func (commitNode) kind() string { return "Commit" }

func (n commitNode) field(e *execution, name string, args obj) any {
	if v, ok := identity(n.Repo, "C", n.c.id, name); ok {
		return v
	}
	switch name {
	case "message":
		return utf8Name(n.c.message)
	case "messageHeadline":
		head, _, _ := strings.Cut(n.c.message, "\n")
		return utf8Name(head)
	case "messageBody":
		_, body, _ := strings.Cut(n.c.message, "\n")
		return strings.TrimSpace(utf8Name(body))
	case "committedDate":
		return stamp(n.c.committer.When)
	case "authoredDate":
		return stamp(n.c.author.When)
	case "author":
		return signatureNode{n.c.author}
	case "committer":
		return signatureNode{n.c.committer}
	case "tree":
		return treeNode{n.Repo, n.c.tree, ""}
	case "file":
		path, _ := args["path"].(string)
		if found, ok := n.objects.lookup(n.c.tree, strings.TrimSuffix(path, "/")); ok {
			return entryNode{n.Repo, path, found}
		}
		return nil
	}
	return n.related(e, name, args)
}

// related answers what needs other commits or pull requests.
func (n commitNode) related(e *execution, name string, args obj) any {
	switch name {
	case "parents":
		list := []node{}
		for _, id := range n.c.parents {
			if c := n.objects.commits[id]; c != nil {
				list = append(list, commitNode{n.Repo, c})
			}
		}
		return connect("CommitConnection", list, args)
	case "history":
		list := []node{}
		for _, c := range slices.Backward(n.objects.between("", n.c.id)) {
			list = append(list, commitNode{n.Repo, c})
		}
		return connect("CommitHistoryConnection", list, args)
	case "authors":
		return connect("GitActorConnection", n.authors(), args)
	case "associatedPullRequests":
		if !e.call.permitted(permission{"pull_requests", "read"}) {
			return forbidden()
		}
		list := []node{}
		for _, p := range slices.Backward(n.withCommit(n.c.id)) {
			list = append(list, pullNode{n.Repo, p})
		}
		return connect("PullRequestConnection", list, args)
	case "additions", "deletions", "changedFilesIfAvailable":
		return n.size(name)
	case "checkSuites", "status":
		return n.checks(e, name, args)
	}
	return unresolved(n, name)
}

// coAuthor is a trailer that names one.
var coAuthor = lazyregexp.New(`(?im)^co-authored-by:\s*([^<\n]*?)\s*<([^>\n]+)>\s*$`)

// authors are the author and those that the message's trailers name.
func (n commitNode) authors() []node {
	list := []node{signatureNode{n.c.author}}
	for _, found := range coAuthor.FindAllStringSubmatch(n.c.message, -1) {
		list = append(list, signatureNode{Signature{Name: found[1], Email: found[2], When: n.c.author.When}})
	}
	return list
}

// size counts against the first parent.
func (n commitNode) size(name string) any {
	before := ""
	if len(n.c.parents) > 0 {
		before = n.Repo.tree(n.c.parents[0])
	}
	diff := n.objects.diff(before, n.c.tree)
	if name == "changedFilesIfAvailable" {
		return len(diff)
	}
	added, deleted := n.total(diff)
	if name == "additions" {
		return added
	}
	return deleted
}

// total adds up the lines of a comparison.
func (r *Repo) total(diff []*fileDiff) (added, deleted int) {
	for _, d := range diff {
		t := r.objects.compared(d)
		added, deleted = added+t.added, deleted+t.deleted
	}
	return added, deleted
}

type signatureNode struct{ s Signature }

func (signatureNode) kind() string { return "GitActor" }

func (n signatureNode) field(e *execution, name string, _ obj) any {
	switch name {
	case "date":
		return n.s.When.Format("2006-01-02T15:04:05Z07:00")
	case "email":
		return utf8Name(n.s.Email)
	case "name":
		return utf8Name(n.s.Name)
	case "user":
		if a := e.server.byEmail(n.s.Email); a != nil && a.Type == "User" {
			return accountNode{a}
		}
		return nil
	}
	return unresolved(n, name)
}

// accountNode is a User, a Bot or an Organization.
type accountNode struct{ *Account }

func (n accountNode) kind() string { return n.Type }

func (n accountNode) field(_ *execution, name string, _ obj) any {
	switch name {
	case "databaseId":
		return n.ID
	case "id":
		return nodeID("U", n.ID)
	case "login": // unlike everywhere else, without [bot]
		return strings.TrimSuffix(n.Login, "[bot]")
	case "url":
		return n.json()["html_url"]
	}
	return unresolved(n, name)
}
