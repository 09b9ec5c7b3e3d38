package ghfake

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxText is where the text of a blob is cut. The number is not documented, but
// was measured by others.
const maxText = 512000

type rootNode struct{}

func (rootNode) kind() string { return "Query" }

func (rootNode) field(e *execution, name string, args obj) any {
	switch name {
	case "rateLimit":
		if !e.server.counted() {
			return nil
		}
		return limitNode{}
	case "repository":
		owner, repo := args["owner"].(string), args["name"].(string)
		if r := e.server.visible(e.call, owner, repo); r != nil {
			return repoNode{r}
		}
		return missing(fmt.Sprintf("Could not resolve to a Repository with the name '%s/%s'.", owner, repo))
	}
	return unresolved(rootNode{}, name)
}

type limitNode struct{}

func (limitNode) kind() string { return "RateLimit" }

func (limitNode) field(e *execution, name string, _ obj) any {
	w, limit, points := &e.call.install.graph, e.server.options.Limits.GraphQLPoints, e.cost.points()
	switch name {
	case "cost":
		return points
	case "limit":
		return limit
	case "nodeCount":
		return e.cost.nodes
	case "remaining":
		return max(0, limit-w.used-points)
	case "used":
		return w.used + points
	case "resetAt":
		return stamp(w.reset)
	}
	return unresolved(limitNode{}, name)
}

type repoNode struct{ *Repo }

func (repoNode) kind() string { return "Repository" }

func (r repoNode) field(e *execution, name string, args obj) any {
	switch name {
	case "databaseId":
		return r.id
	case "id":
		return nodeID("R", r.id)
	case "isFork":
		return false
	case "isPrivate":
		return r.Private
	case "name":
		return r.Name
	case "nameWithOwner":
		return r.fullName()
	case "owner":
		return accountNode{r.server.account(r.Owner)}
	case "defaultBranchRef", "ref", "object":
		if !e.call.permitted(permission{"contents", "read"}) {
			return forbidden()
		}
		return r.git(name, args)
	case "refs":
		if !e.call.permitted(permission{"contents", "read"}) {
			return forbidden()
		}
		return r.branches(args)
	case "pullRequest", "pullRequests":
		if !e.call.permitted(permission{"pull_requests", "read"}) {
			return forbidden()
		}
		return r.pulled(name, args)
	case "mergeQueue":
		if !e.call.permitted(permission{"merge_queues", "read"}) {
			return forbidden()
		}
		return r.mergeQueue(args)
	}
	return unresolved(r, name)
}

// git answers the fields that need contents.
func (r repoNode) git(name string, args obj) any {
	ref := defaultBranch
	switch name {
	case "object":
		if id, ok := args["oid"].(string); ok {
			return r.object(id)
		}
		text, _ := args["expression"].(string)
		return r.expression(text)
	case "ref":
		text, _ := args["qualifiedName"].(string)
		ref = strings.TrimPrefix(text, "refs/heads/")
	}
	if _, ok := r.refs[ref]; !ok || strings.Contains(ref, ":") {
		return nil
	}
	return refNode{r.Repo, ref, "refs/heads/"}
}

// pulled answers the fields that need pull requests.
func (r repoNode) pulled(name string, args obj) any {
	if name == "pullRequest" {
		n, _ := args["number"].(float64)
		if p := r.pulls[int(n)]; p != nil {
			return pullNode{r.Repo, p}
		}
		return missing(fmt.Sprintf("Could not resolve to a PullRequest with the number of %.0f.", n))
	}
	states := texts(args["states"])
	list := r.numbered(func(p *Pull) bool {
		base, head := args["baseRefName"], args["headRefName"]
		return (states == nil || states[p.graphState()]) && (base == nil || base == p.Base) && (head == nil || head == p.headBranch())
	})
	order, _ := args["orderBy"].(obj)
	switch order["field"] {
	case nil, "CREATED_AT":
	case "UPDATED_AT":
		slices.SortStableFunc(list, func(a, b *Pull) int { return b.updated.Compare(a.updated) })
	default:
		return unresolved(r, name+" by "+fmt.Sprint(order["field"]))
	}
	if order["direction"] != "DESC" {
		slices.Reverse(list) // oldest first
	}
	nodes := make([]node, 0, len(list))
	for _, p := range list {
		nodes = append(nodes, pullNode{r.Repo, p})
	}
	return connect("PullRequestConnection", nodes, args)
}

// texts reads a list of names; a single one is a list of one.
func texts(v any) map[string]bool {
	switch v := v.(type) {
	case string:
		return map[string]bool{v: true}
	case []any:
		set := make(map[string]bool)
		for _, one := range v {
			if s, ok := one.(string); ok {
				set[s] = true
			}
		}
		return set
	}
	return nil
}

// object finds a git object by its id.
func (r *Repo) object(id string) any {
	o := r.objects
	if c := o.commits[id]; c != nil {
		return commitNode{r, c}
	}
	if data, ok := o.blobs[id]; ok {
		return blobNode{r, id, data}
	}
	if _, ok := o.trees[id]; ok {
		return treeNode{r, id, ""}
	}
	return nil
}

// expression finds an object as git's revisions name it: REV or REV:PATH.
func (r *Repo) expression(text string) any {
	rev, path, inside := strings.Cut(text, ":")
	c := r.resolve(rev)
	switch {
	case c == nil:
		return nil
	case !inside:
		return commitNode{r, c}
	case path == "":
		return treeNode{r, c.tree, ""}
	}
	if e, ok := r.objects.lookup(c.tree, path); ok {
		return r.object(e.id)
	}
	return nil
}

type refNode struct {
	*Repo
	name   string // of the branch
	prefix string // that it was asked for by
}

func (refNode) kind() string { return "Ref" }

func (r refNode) field(_ *execution, name string, _ obj) any {
	switch name {
	case "id":
		return nodeID("REF", r.id) + r.name
	case "name":
		return strings.TrimPrefix("refs/heads/"+r.name, r.prefix)
	case "prefix":
		return r.prefix
	case "target":
		return r.object(r.refs[r.name])
	}
	return unresolved(r, name)
}

// identity answers what all objects of git have.
func identity(r *Repo, kind, id, name string) (any, bool) {
	switch name {
	case "oid":
		return id, true
	case "abbreviatedOid":
		return id[:7], true
	case "id":
		return nodeID(kind, r.id) + id, true
	}
	return nil, false
}

type blobNode struct {
	*Repo
	oid  string
	data []byte
}

func (blobNode) kind() string { return "Blob" }

func (b blobNode) field(_ *execution, name string, _ obj) any {
	if v, ok := identity(b.Repo, "B", b.oid, name); ok {
		return v
	}
	// GitHub calls binary what is no text in an encoding that it knows; here
	// only UTF-8 is known.
	isBinary := binary(b.data) || !utf8.Valid(b.data)
	switch name {
	case "byteSize":
		return len(b.data)
	case "isBinary":
		return isBinary
	case "isTruncated":
		return len(b.data) > maxText
	case "text":
		if isBinary {
			return nil
		}
		return utf8Name(string(b.data[:min(len(b.data), maxText)]))
	}
	return unresolved(b, name)
}

type treeNode struct {
	*Repo
	oid, prefix string
}

func (treeNode) kind() string { return "Tree" }

func (t treeNode) field(_ *execution, name string, _ obj) any {
	if v, ok := identity(t.Repo, "T", t.oid, name); ok {
		return v
	}
	if name != "entries" {
		return unresolved(t, name)
	}
	list := []node{}
	for _, e := range t.objects.trees[t.oid] {
		list = append(list, entryNode{t.Repo, t.prefix + e.name, e})
	}
	return list
}

type entryNode struct {
	*Repo
	path string
	entry
}

func (entryNode) kind() string { return "TreeEntry" }

func (n entryNode) field(_ *execution, name string, _ obj) any {
	switch name {
	case "mode": // as a decimal number: 33188 is 0100644
		mode, err := strconv.ParseInt(n.mode, 8, 32)
		if err != nil {
			panic("ghfake: " + n.mode + " is no mode") // trees are written by this package or by git
		}
		return mode
	case "name":
		return utf8Name(n.entry.name)
	case "oid":
		return n.entry.id
	case "path":
		return utf8Name(n.path)
	case "size":
		return len(n.objects.blobs[n.entry.id])
	case "type":
		return n.entry.kind()
	case "object":
		if n.mode == modeTree {
			return treeNode{n.Repo, n.entry.id, n.path + "/"}
		}
		if n.mode == modeModule {
			return nil // the commit is in another repository
		}
		return n.object(n.entry.id)
	case "submodule":
		if n.mode == modeModule {
			return moduleNode{n}
		}
		return nil
	}
	return unresolved(n, name)
}

type moduleNode struct{ entryNode }

func (moduleNode) kind() string { return "Submodule" }

func (m moduleNode) field(_ *execution, name string, _ obj) any {
	switch name {
	case "gitUrl":
		return site + "/some/module.git"
	case "name", "path":
		return utf8Name(m.path)
	case "subprojectCommitOid":
		return m.entry.id
	}
	return unresolved(m, name)
}
