package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/shape"
)

// measures of one score on one project.
type measures struct{ auc, recall, equal float64 }

// scored is a change with the points that a score gives it.
type scored struct {
	points int
	bug    bool
	size   int // lines added
}

// scores are what is compared: the table, and sorting by lines added.
var scores = []func(shape.Facts) int{
	func(f shape.Facts) int { return shape.Of(f).Sum() },
	func(f shape.Facts) int { return f.Added },
}

func measure(rows []row, score func(shape.Facts) int) measures {
	all := make([]scored, len(rows))
	for i, r := range rows {
		all[i] = scored{score(r.facts), r.bug, r.facts.Added}
	}
	above, pairs := order(all)
	m := measures{auc: above / pairs, recall: recall(all)}
	above, pairs = 0, 0
	for _, same := range deciles(all) {
		a, p := order(same)
		above, pairs = above+a, pairs+p
	}
	m.equal = above / pairs
	return m
}

// order counts the pairs of a mended change and another, and those in which the
// mended one has more points; a tie counts half.
func order(all []scored) (above, pairs float64) {
	all = slices.SortedFunc(slices.Values(all), func(a, b scored) int { return cmp.Compare(a.points, b.points) })
	clean, bugs := 0.0, 0.0 // so far
	for i := 0; i < len(all); {
		tiedClean, tiedBugs := 0.0, 0.0
		for points := all[i].points; i < len(all) && all[i].points == points; i++ {
			if all[i].bug {
				tiedBugs++
			} else {
				tiedClean++
			}
		}
		above += tiedBugs * (clean + tiedClean/2)
		clean, bugs = clean+tiedClean, bugs+tiedBugs
	}
	return above, clean * bugs
}

// recall is the share of mended changes among the fifth with the most points.
func recall(all []scored) float64 {
	all = slices.SortedFunc(slices.Values(all), func(a, b scored) int { return cmp.Compare(b.points, a.points) })
	room, found, bugs := float64(len(all))/5, 0.0, 0.0
	for i := 0; i < len(all); {
		tied, tiedBugs := 0.0, 0.0
		for points := all[i].points; i < len(all) && all[i].points == points; i++ {
			tied++
			if all[i].bug {
				tiedBugs++
			}
		}
		taken := min(tied, room)
		found += tiedBugs * taken / tied
		room, bugs = room-taken, bugs+tiedBugs
	}
	return found / bugs
}

// deciles groups changes by the decile of their size; equal sizes stay
// together.
func deciles(all []scored) [][]scored {
	all = slices.SortedFunc(slices.Values(all), func(a, b scored) int { return cmp.Compare(a.size, b.size) })
	var groups [][]scored
	for start, k := 0, 1; start < len(all); k++ {
		end := max(start, len(all)*k/10)
		for end > start && end < len(all) && all[end].size == all[end-1].size {
			end++
		}
		if end > start {
			groups = append(groups, all[start:end])
		}
		start = end
	}
	return groups
}

// table is the whole answer, in Markdown.
func table(projects []project) string {
	var b strings.Builder
	b.WriteString("| project | changes | mended | AUC | by size | recall | by size | equal size | by size |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	var sum [2]measures
	for _, p := range projects {
		bugs := 0
		for _, r := range p.rows {
			if r.bug {
				bugs++
			}
		}
		var m [2]measures
		for i, score := range scores {
			m[i] = measure(p.rows, score)
			sum[i].auc, sum[i].recall, sum[i].equal = sum[i].auc+m[i].auc, sum[i].recall+m[i].recall, sum[i].equal+m[i].equal
		}
		line(&b, p.name, fmt.Sprintf("%d | %.1f %%", len(p.rows), 100*float64(bugs)/float64(len(p.rows))), m)
	}
	for i := range sum {
		n := float64(len(projects))
		sum[i] = measures{sum[i].auc / n, sum[i].recall / n, sum[i].equal / n}
	}
	line(&b, "mean", " | ", sum)
	return b.String()
}

func line(b *strings.Builder, name, facts string, m [2]measures) {
	fmt.Fprintf(b, "| %s | %s | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f |\n", name, facts, m[0].auc, m[1].auc, m[0].recall, m[1].recall, m[0].equal, m[1].equal)
}
