package ghfake

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// node is an object of the graph: its type's name and its fields.
type node struct {
	kind   string
	fields map[string]func(args obj) any
}

// execution is one query under way.
type execution struct {
	server    *Server
	call      *call
	variables obj
	errors    []obj
}

// maxText is where the text of a blob is cut.
const maxText = 512000

// graphql runs a query: fields, aliases, arguments, variables and inline
// fragments, over the few types that are asked for.
func (s *Server) graphql(c *call) (any, *refuse) {
	var b struct {
		Query     string `json:"query"`
		Variables obj    `json:"variables"`
	}
	if no := c.read(&b); no != nil {
		return nil, no
	}
	doc, err := parser.ParseQuery(&ast.Source{Input: b.Query})
	if err != nil || len(doc.Operations) != 1 {
		return obj{"errors": []obj{{"message": fmt.Sprintf("Parse error: %v", err)}}}, nil
	}
	e := &execution{server: s, call: c, variables: b.Variables}
	data := e.object(node{"Query", map[string]func(obj) any{"repository": e.repository}}, doc.Operations[0].SelectionSet, nil)
	answer := obj{"data": data}
	if len(e.errors) > 0 {
		answer["errors"] = e.errors
	}
	return answer, nil
}

func (e *execution) fail(kind string, path []any, format string, args ...any) {
	e.errors = append(e.errors, obj{"type": kind, "message": fmt.Sprintf(format, args...), "path": path})
}

// object selects fields of a node.
func (e *execution) object(n node, selections ast.SelectionSet, path []any) obj {
	out := make(obj)
	for _, selection := range selections {
		switch x := selection.(type) {
		case *ast.InlineFragment:
			if x.TypeCondition == "" || x.TypeCondition == n.kind {
				for k, v := range e.object(n, x.SelectionSet, path) {
					out[k] = v
				}
			}
		case *ast.Field:
			at := append(append([]any{}, path...), x.Alias)
			if x.Name == "__typename" {
				out[x.Alias] = n.kind
				continue
			}
			resolve, ok := n.fields[x.Name]
			if !ok {
				e.fail("undefinedField", at, "Field '%s' doesn't exist on type '%s'", x.Name, n.kind)
				continue
			}
			value := resolve(e.arguments(x.Arguments))
			if missing, ok := value.(missing); ok {
				e.fail("NOT_FOUND", at, "%s", string(missing))
				value = nil
			}
			out[x.Alias] = e.value(value, x.SelectionSet, at)
		}
	}
	return out
}

// missing is a value that is not there and says so.
type missing string

func (e *execution) value(v any, selections ast.SelectionSet, path []any) any {
	switch x := v.(type) {
	case node:
		return e.object(x, selections, path)
	case *node:
		if x == nil {
			return nil
		}
		return e.object(*x, selections, path)
	case []node:
		list := make([]any, 0, len(x))
		for i, n := range x {
			list = append(list, e.object(n, selections, append(path, i)))
		}
		return list
	default:
		return v
	}
}

func (e *execution) arguments(list ast.ArgumentList) obj {
	args := make(obj, len(list))
	for _, a := range list {
		switch a.Value.Kind {
		case ast.Variable:
			args[a.Name] = e.variables[a.Value.Raw]
		case ast.IntValue:
			n, _ := strconv.ParseFloat(a.Value.Raw, 64)
			args[a.Name] = n
		default:
			args[a.Name] = a.Value.Raw
		}
	}
	return args
}

func (e *execution) repository(args obj) any {
	name := fmt.Sprintf("%v/%v", args["owner"], args["name"])
	r := e.server.repos[strings.ToLower(name)]
	if r == nil || r.installation != e.call.install.id {
		return missing(fmt.Sprintf("Could not resolve to a Repository with the name '%s'.", name))
	}
	return node{"Repository", map[string]func(obj) any{
		"object": func(args obj) any { return r.objectNode(fmt.Sprint(args["oid"])) },
		"pullRequest": func(args obj) any {
			n, _ := args["number"].(float64)
			if p := r.pulls[int(n)]; p != nil {
				return r.pullNode(p)
			}
			return missing(fmt.Sprintf("Could not resolve to a PullRequest with the number of %v.", args["number"]))
		},
		"defaultBranchRef": func(obj) any {
			if id, ok := r.refs["main"]; ok {
				return node{"Ref", map[string]func(obj) any{"name": fixed("main"), "target": func(obj) any { return r.objectNode(id) }}}
			}
			return nil
		},
	}}
}

func fixed(v any) func(obj) any { return func(obj) any { return v } }

func (r *Repo) objectNode(id string) *node {
	if c := r.objects.commits[id]; c != nil {
		return r.commitNode(c)
	}
	if data, ok := r.objects.blobs[id]; ok {
		return blobNode(id, data)
	}
	return nil
}

func (r *Repo) commitNode(c *commit) *node {
	return &node{"Commit", map[string]func(obj) any{
		"oid": fixed(c.id), "message": fixed(c.message),
		"file": func(args obj) any {
			path := fmt.Sprint(args["path"])
			if e, ok := r.objects.lookup(c.tree, path); ok {
				return r.entryNode(path, e)
			}
			return nil
		},
		"associatedPullRequests": func(obj) any {
			var list []node
			for n := 1; n <= r.nextNumber; n++ {
				if p := r.pulls[n]; p != nil && p.HeadSHA == c.id {
					list = append(list, r.pullNode(p))
				}
			}
			return node{"PullRequestConnection", map[string]func(obj) any{"nodes": func(obj) any { return list }, "totalCount": fixed(len(list))}}
		},
	}}
}

func (r *Repo) entryNode(path string, e entry) node {
	mode, _ := strconv.ParseInt(e.mode, 8, 64)
	return node{"TreeEntry", map[string]func(obj) any{
		"mode": fixed(octalDigits(mode)), "oid": fixed(e.id), "type": fixed(e.kind), "path": fixed(path), "name": fixed(e.name),
		"object": func(obj) any { return r.objectNode(e.id) },
	}}
}

// octalDigits is how the graph shows a mode: 0100644 as the number 33188.
func octalDigits(mode int64) int64 { return mode }

func blobNode(id string, data []byte) *node {
	var text any
	cut := len(data) > maxText
	if utf8.Valid(data) && !binary(data) {
		text = string(data[:min(len(data), maxText)])
	}
	return &node{"Blob", map[string]func(obj) any{
		"oid": fixed(id), "byteSize": fixed(len(data)), "isTruncated": fixed(cut), "isBinary": fixed(binary(data)), "text": fixed(text),
	}}
}

func (r *Repo) pullNode(p *Pull) node {
	state := strings.ToUpper(p.State)
	if p.Merged {
		state = "MERGED"
	}
	return node{"PullRequest", map[string]func(obj) any{
		"number": fixed(p.Number), "state": fixed(state), "isDraft": fixed(p.Draft), "title": fixed(p.Title), "body": fixed(p.Body), "headRefName": fixed(p.Head),
		"headRefOid": fixed(p.HeadSHA), "baseRefName": fixed(p.Base), "baseRefOid": fixed(r.refs[p.Base]), "isCrossRepository": fixed(p.Fork),
		"changedFiles": func(obj) any { return len(r.compareDiff(r.refs[p.Base], p.HeadSHA)) },
		"author": func(obj) any {
			return node{p.Author.Type, map[string]func(obj) any{"login": fixed(strings.TrimSuffix(p.Author.Login, "[bot]")), "databaseId": fixed(p.Author.ID)}}
		},
		"labels": func(obj) any {
			var list []node
			for _, l := range p.labels {
				list = append(list, node{"Label", map[string]func(obj) any{"name": fixed(l.name)}})
			}
			return node{"LabelConnection", map[string]func(obj) any{"totalCount": fixed(len(list)), "nodes": func(obj) any { return list }}}
		},
		"timelineItems": func(obj) any {
			var list []node
			for _, l := range p.labels {
				actor := node{"User", map[string]func(obj) any{"login": fixed(l.by)}}
				name := node{"Label", map[string]func(obj) any{"name": fixed(l.name)}}
				list = append(list, node{"LabeledEvent", map[string]func(obj) any{"actor": fixed(actor), "label": fixed(name)}})
			}
			return node{"PullRequestTimelineItemsConnection", map[string]func(obj) any{"nodes": func(obj) any { return list }}}
		},
	}}
}
