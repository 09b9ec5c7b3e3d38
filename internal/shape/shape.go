// Package shape gives a change points for its size and shape: an integer table
// over four facts, from 0 to 100.
//
// # The model
//
// Each fact has steps, and the points of the highest step that is reached
// count. About 15 points double the odds that a change will have to be mended
// later. The points rank changes; they are no probability, because how often
// changes are mended differs tenfold between projects while the ranking carries
// over.
//
// The table was fitted on changes of public projects whose later fixes are
// known (the data of "Deep Just-in-Time Defect Prediction: How Far Are We?",
// ISSTA 2021, MIT). The command internal/riskeval computes what it reaches.
// Facts about people are left out on purpose: across projects an author's
// experience adds nothing.
package shape

import (
	"fmt"
	"slices"
)

// Facts of a change.
type Facts struct {
	Added   int // lines
	Files   int
	Deleted int // lines
	// Issue is whether the title, the body or a commit's message names a
	// tracked issue.
	Issue bool
}

// Points of each fact.
type Points struct{ Added, Files, Deleted, Issue int }

// Max is what the highest steps add up to.
const Max = 100

// step gives points from a count on.
type step struct{ from, points int }

var (
	added   = []step{{1, 10}, {2, 25}, {5, 30}, {10, 35}, {20, 45}, {50, 50}, {100, 55}, {200, 60}, {500, 65}}
	files   = []step{{2, 5}, {3, 10}, {5, 15}}
	deleted = []step{{5, 5}}
)

const issue = 15

func reached(table []step, n int) int {
	points := 0
	for _, s := range table {
		if n >= s.from {
			points = s.points
		}
	}
	return points
}

// Of gives each fact its points.
func Of(f Facts) Points {
	p := Points{Added: reached(added, f.Added), Files: reached(files, f.Files), Deleted: reached(deleted, f.Deleted)}
	if f.Issue {
		p.Issue = issue
	}
	return p
}

// Sum is the shape, 0 to [Max].
func (p Points) Sum() int { return p.Added + p.Files + p.Deleted + p.Issue }

// A Part is one fact that has points, and why it has them.
type Part struct {
	Name   string
	Points int // more than 0
	Why    string
}

// Explain says where the points come from: a part for each fact that has some, in
// the order of the facts. Their points add up to the sum of [Of].
func (f Facts) Explain() []Part {
	p := Of(f)
	parts := []Part{
		{"lines added", p.Added, count(f.Added, "line") + " added → " + of(added, p.Added)},
		{"files", p.Files, count(f.Files, "file") + " → " + of(files, p.Files)},
		{"lines deleted", p.Deleted, count(f.Deleted, "line") + " deleted → " + of(deleted, p.Deleted)},
		{"issue", p.Issue, fmt.Sprintf("a tracked issue is named → %d points", p.Issue)},
	}
	return slices.DeleteFunc(parts, func(part Part) bool { return part.Points == 0 })
}

// of words the points of a step beside those of the highest.
func of(table []step, points int) string {
	most := table[len(table)-1].points
	for i, s := range table {
		if s.points == points && i+1 < len(table) {
			return fmt.Sprintf("%d of %d points, %d from %d on", points, most, table[i+1].points, table[i+1].from)
		}
	}
	return fmt.Sprintf("%d points, the most", points)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
