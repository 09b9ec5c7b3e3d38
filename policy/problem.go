package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one mistake in a policy file, with its place.
type Problem struct {
	File      string
	Line, Col int // 1-based, in characters
	Message   string
}

func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Message)
}

// Problems are all mistakes of a file, in the order of their places.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// The bounds of what one broken file can make us keep and others read.
const (
	maxKept     = 1000
	maxProblems = 100
)

// sorted orders the problems by place and cuts them; all is how many there were.
func (ps Problems) sorted(all int) Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	if all > maxProblems {
		last := ps[maxProblems]
		last.Message = fmt.Sprintf("and %d more problems", all-maxProblems)
		ps = append(ps[:maxProblems:maxProblems], last)
	}
	return ps
}
