package ghfake

import "slices"

// ancestors are the commits reachable from one, itself included.
func (o *store) ancestors(id string) map[string]bool {
	seen := make(map[string]bool)
	todo := []string{id}
	for len(todo) > 0 {
		last := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[last] || o.commits[last] == nil {
			continue
		}
		seen[last] = true
		todo = append(todo, o.commits[last].parents...)
	}
	return seen
}

// descendants are the commits that one is reachable from, itself included.
func (o *store) descendants(id string) map[string]bool {
	seen := make(map[string]bool)
	todo := []string{id}
	for len(todo) > 0 {
		last := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !seen[last] {
			seen[last] = true
			todo = append(todo, o.after[last]...)
		}
	}
	return seen
}

// mergeBase is a common ancestor that no other common ancestor descends from,
// and "" without any. Of several it is the youngest, as git's first one is.
func (o *store) mergeBase(a, b string) string {
	return remembered(o.bases, [2]string{a, b}, func() string { return o.findMergeBase(a, b) })
}

// kept is how many results of each kind are remembered.
const kept = 1024

// remembered computes once.
func remembered[T any](known map[[2]string]T, key [2]string, compute func() T) T {
	v, ok := known[key]
	if ok {
		return v
	}
	if len(known) >= kept {
		clear(known)
	}
	v = compute()
	known[key] = v
	return v
}

func (o *store) findMergeBase(a, b string) string {
	candidates := o.frontier(o.ancestors(a), b)
	if len(candidates) > 1 {
		candidates = o.withoutAncestors(candidates)
	}
	slices.SortFunc(candidates, func(x, y *commit) int {
		if c := y.committer.When.Compare(x.committer.When); c != 0 {
			return c
		}
		return slices.Compare([]byte(x.id), []byte(y.id))
	})
	if len(candidates) == 0 {
		return ""
	}
	return candidates[0].id
}

// frontier walks from a commit until it meets known ones, and returns those.
func (o *store) frontier(known map[string]bool, from string) []*commit {
	var met []*commit
	seen := make(map[string]bool)
	todo := []string{from}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		c := o.commits[id]
		if seen[id] || c == nil {
			continue
		}
		seen[id] = true
		if known[id] {
			met = append(met, c)
		} else {
			todo = append(todo, c.parents...)
		}
	}
	return met
}

func (o *store) withoutAncestors(list []*commit) []*commit {
	below := make(map[string]bool)
	for _, c := range list {
		for _, p := range c.parents {
			for id := range o.ancestors(p) {
				below[id] = true
			}
		}
	}
	return slices.DeleteFunc(list, func(c *commit) bool { return below[c.id] })
}

// between lists the commits reachable from head and not from base, parents
// first. An empty base leaves nothing out. The list is not to be changed.
func (o *store) between(base, head string) []*commit {
	return remembered(o.ranges, [2]string{base, head}, func() []*commit { return o.walk(base, head) })
}

func (o *store) walk(base, head string) []*commit {
	done := o.ancestors(base)
	var list []*commit
	todo := []string{head}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		c := o.commits[id]
		if c == nil || done[id] {
			todo = todo[:len(todo)-1]
			continue
		}
		waits := false
		for _, p := range slices.Backward(c.parents) {
			if o.commits[p] != nil && !done[p] {
				todo, waits = append(todo, p), true
			}
		}
		if !waits {
			done[id] = true
			list = append(list, c)
			todo = todo[:len(todo)-1]
		}
	}
	return list
}
