package ghfake

import (
	"maps"
	"slices"
	"strings"
)

// branches are those whose full names begin with a prefix, and have a text in what
// follows it, by name, which is that. Other refs are not served.
func (r repoNode) branches(args obj) any {
	prefix, _ := args["refPrefix"].(string)
	words, _ := args["query"].(string)
	var list []node
	for _, name := range slices.Sorted(maps.Keys(r.refs)) {
		if after, ok := strings.CutPrefix("refs/heads/"+name, prefix); ok && strings.Contains(after, words) {
			list = append(list, refNode{r.Repo, name, prefix})
		}
	}
	return connect("RefConnection", list, args)
}
