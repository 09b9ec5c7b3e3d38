package ghfake

import (
	"maps"
	"slices"
	"strings"
)

// branches are those whose full names begin with a prefix, by name, which is what
// follows the prefix. Other refs are not served.
func (r repoNode) branches(args obj) any {
	prefix, _ := args["refPrefix"].(string)
	var list []node
	for _, name := range slices.Sorted(maps.Keys(r.refs)) {
		if strings.HasPrefix("refs/heads/"+name, prefix) {
			list = append(list, refNode{r.Repo, name, prefix})
		}
	}
	return connect("RefConnection", list, args)
}
