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
		{"lines added", p.Added, give(f.Added, "line", " added") + of(added, p.Added, "lines")},
		{"files", p.Files, give(f.Files, "file", "") + of(files, p.Files, "files")},
		{"lines deleted", p.Deleted, give(f.Deleted, "line", " deleted") + of(deleted, p.Deleted, "lines")},
		{"issue", p.Issue, fmt.Sprintf("naming a tracked issue gives %d points", p.Issue)},
	}
	return slices.DeleteFunc(parts, func(part Part) bool { return part.Points == 0 })
}

// of words the points of a step, and in brackets the next step and the highest.
func of(table []step, points int, noun string) string {
	last := len(table) - 1
	for i, s := range table[:last] {
		if s.points == points {
			return fmt.Sprintf(" %d points (%d from %d %s on, %d at most)", points, table[i+1].points, table[i+1].from, noun, table[last].points)
		}
	}
	return fmt.Sprintf(" %d points (the most)", points)
}

// give is the beginning of a sentence: 1 line added gives, 2 files give.
func give(n int, noun, done string) string {
	if n == 1 {
		return "1 " + noun + done + " gives"
	}
	return fmt.Sprintf("%d %ss%s give", n, noun, done)
}
