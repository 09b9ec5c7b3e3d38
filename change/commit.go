package change

import (
	"cmp"
	"slices"
	"strings"
)

// An Identity is what a commit says of a person. It is free text that anybody
// can write; it is evidence, never proof.
type Identity struct {
	Name  string
	Email string
}

// A Commit is one commit of a change.
type Commit struct {
	ID        string
	Parents   []string
	Author    Identity
	Committer Identity
	Message   string // whole
}

// Merge reports whether the commit joins several parents.
func (c Commit) Merge() bool { return len(c.Parents) > 1 }

// Subject is the first line of the message that is not blank, as git and GitHub
// show it.
func (c Commit) Subject() string {
	line, _ := cutLine(strings.TrimLeft(c.Message, " \t\r\n\v\f"))
	return line
}

// SortCommits orders commits so that parents stand before their children and
// that ties are broken by id. The result does not depend on the input's order,
// so a forge's answer and a local clone's agree. No commit is lost: those that
// claim to be their own ancestors, which git cannot make but an answer may hold,
// come last.
func SortCommits(commits []Commit) []Commit {
	byID := make(map[string]int, len(commits))
	for i, c := range commits {
		byID[c.ID] = i
	}
	waiting := make([]int, len(commits)) // parents of commit i not yet placed
	children := make([][]int, len(commits))
	for i, c := range commits {
		for _, p := range c.Parents {
			if at, ok := byID[p]; ok && at != i {
				waiting[i]++
				children[at] = append(children[at], i)
			}
		}
	}
	var ready []int
	for i := range commits {
		if waiting[i] == 0 {
			ready = append(ready, i)
		}
	}
	compare := func(a, b int) int { return cmp.Compare(commits[a].ID, commits[b].ID) }
	slices.SortFunc(ready, compare)
	sorted := make([]Commit, 0, len(commits))
	for len(ready) > 0 {
		next := ready[0]
		ready = ready[1:]
		sorted = append(sorted, commits[next])
		for _, child := range children[next] {
			if waiting[child]--; waiting[child] == 0 {
				at, _ := slices.BinarySearchFunc(ready, child, compare)
				ready = slices.Insert(ready, at, child)
			}
		}
	}
	return append(sorted, circular(commits, waiting, compare)...)
}

// circular are the commits that still wait for a parent.
func circular(commits []Commit, waiting []int, compare func(a, b int) int) []Commit {
	var left []int
	for i := range commits {
		if waiting[i] > 0 {
			left = append(left, i)
		}
	}
	slices.SortFunc(left, compare)
	var last []Commit
	for _, i := range left {
		last = append(last, commits[i])
	}
	return last
}
