package verdict

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/shape"
	"github.com/changeguard/changeguard/policy"
)

// Risk orders attention; it stops nothing unless a policy says so.
//
// Shape is 0 to 100 from size alone: lines added, files and lines deleted, by a
// table of integer points. New files count like changed ones. Documents, vendored
// and generated files are left out, since nobody reviews them line by line. The
// factors are what the policy and the kinds of files add.
// Score = min(100, shape/2 + factors), the half rounded down.
type Risk struct {
	Score int    `json:"score"`
	Level string `json:"level"`
	Shape int    `json:"shape"`
	// ShapeWhy are the facts that Shape comes from; their points add up to it. It
	// is nil in a verdict that was written before there was an explanation.
	ShapeWhy []Factor `json:"shape_why"`
	Factors  []Factor `json:"factors"`
	// ScoreWhy says in words how Score comes about, "" in an old verdict.
	ScoreWhy string `json:"score_why"`
}

// A Factor is one named reason for attention.
type Factor struct {
	Name   string `json:"name"`
	Points int    `json:"points"`
	Why    string `json:"why"`
}

// step gives points from a count on.
type step struct{ from, points int }

func points(table []step, n int) int {
	p := 0
	for _, s := range table {
		if n >= s.from {
			p = s.points
		}
	}
	return p
}

var riskLevels = []step{{0, 0}, {25, 1}, {50, 2}, {75, 3}}

var riskNames = []string{"low", "medium", "high", "critical"}

func riskRank(level string) int { return slices.Index(riskNames, level) }

// countRisk fills the verdict's risk. It looks at the change, at the policies'
// surfaces and at the limits of sessions, never at findings, so that conditions
// can ask for it.
func (j *judge) countRisk(ctx context.Context) {
	r := &j.verdict.Risk
	r.ShapeWhy = j.shape(ctx)
	for _, f := range r.ShapeWhy {
		r.Shape += f.Points
	}
	r.Factors = append(r.Factors, j.surfaces()...)
	r.Factors = append(r.Factors, j.kinds()...)
	r.Factors = append(r.Factors, j.irreversible(ctx)...)
	r.Factors = append(r.Factors, j.violations()...)
	r.score()
}

// score adds up what has points.
func (r *Risk) score() {
	factors := 0
	for _, f := range r.Factors {
		factors += f.Points
	}
	total := r.Shape/2 + factors
	r.Score = max(0, min(maxScore, total))
	r.Level = riskNames[points(riskLevels, r.Score)]
	r.ScoreWhy = fmt.Sprintf("%d for size and shape (half of %d) and %d of factors make %d", r.Shape/2, r.Shape, factors, total)
	if total > maxScore {
		r.ScoreWhy += fmt.Sprintf("; %d is the most", maxScore)
	}
}

const maxScore = 100

// shape explains the points for size and shape. It counts lines only where that
// is affordable; a change of more files is as large as the table can say.
func (j *judge) shape(ctx context.Context) []Factor {
	c := j.in.Change
	if len(c.Files) > change.MaxCountedFiles {
		return uncounted(fmt.Sprintf("%d files: above %d lines are not counted", len(c.Files), change.MaxCountedFiles))
	}
	_, err := j.countLines(ctx)
	if errors.Is(err, change.ErrNotCounted) {
		return uncounted("the change is so large that its lines are not counted")
	}
	if err != nil {
		j.miss(err.Error(), "Run the check again.")
		return uncounted("the lines could not be counted")
	}
	lines, _, _ := c.CountLines(ctx) // counted just now, the error was looked at
	facts := shape.Facts{Issue: namesIssue(c)}
	for i := range c.Files {
		switch j.builtIn[i].Now() {
		case change.ClassDocs, change.ClassVendored, change.ClassGenerated:
			continue
		}
		facts.Files++
		facts.Added += lines[i].Added
		facts.Deleted += lines[i].Deleted
	}
	why := []Factor{}
	for _, p := range facts.Explain() {
		why = append(why, Factor(p))
	}
	return why
}

// uncounted is the shape of what nobody counts.
func uncounted(why string) []Factor { return []Factor{{"size", shape.Max, why}} }

// namesIssue reports whether the author's texts name a tracked issue.
func namesIssue(c *change.Change) bool {
	return shape.NamesIssue(c.Title) || shape.NamesIssue(c.Body) ||
		slices.ContainsFunc(c.Commits, func(commit change.Commit) bool { return shape.NamesIssue(commit.Message) })
}

// surfaces are the policies' own weights, each counted once.
func (j *judge) surfaces() []Factor {
	byName := make(map[string]Factor)
	for _, l := range j.layings {
		for _, s := range l.policy.Risk.Surfaces {
			if f, ok := surfaceFactor(j.in.Change, l.view, s); ok && (byName[s.Name].Name == "" || byName[s.Name].Points < f.Points) {
				byName[s.Name] = f
			}
		}
	}
	var factors []Factor
	for _, f := range byName {
		factors = append(factors, f)
	}
	slices.SortFunc(factors, func(a, b Factor) int {
		return cmp.Or(-cmp.Compare(a.Points, b.Points), cmp.Compare(a.Name, b.Name))
	})
	return factors
}

func surfaceFactor(c *change.Change, v *view, s policy.Surface) (Factor, bool) {
	n, first := 0, ""
	for _, f := range c.Files {
		if v.Match(s.List, f.Path) || f.OldPath != "" && v.Match(s.List, f.OldPath) {
			if n++; n == 1 {
				first = f.Path
			}
		}
	}
	if n == 0 {
		return Factor{}, false
	}
	return Factor{s.Name, s.Weight, filesWhy(n, first)}, true
}

func filesWhy(n int, first string) string {
	if n == 1 {
		return fmt.Sprintf("1 file: %s", first)
	}
	return fmt.Sprintf("%d files, the first is %s", n, first)
}

// The points of the built-in factors: small beside a surface that a team
// weighed itself.
const (
	dependencyPoints = 10
	deploymentPoints = 10
	manyCommits      = 20
	commitPoints     = 5
	untestedPoints   = 10
)

// kinds are the factors that follow from the classes of files and from the
// number of commits.
func (j *judge) kinds() []Factor {
	c := j.in.Change
	files := make(map[change.Class]int)
	first := make(map[change.Class]string)
	for i, f := range c.Files {
		class := j.builtIn[i].Now()
		if files[class]++; files[class] == 1 {
			first[class] = f.Path
		}
	}
	var factors []Factor
	for _, k := range []struct {
		name   string
		class  change.Class
		points int
	}{{"dependencies", change.ClassDependencies, dependencyPoints}, {"deployment", change.ClassDeployment, deploymentPoints}} {
		if n := files[k.class]; n > 0 {
			factors = append(factors, Factor{k.name, k.points, filesWhy(n, first[k.class])})
		}
	}
	if n := files[change.ClassFunctional]; n > 0 && files[change.ClassTests] == 0 {
		factors = append(factors, Factor{"no tests", untestedPoints, count(n, "functional file") + " changed, no test did"})
	}
	if n := len(c.Commits); n > manyCommits {
		factors = append(factors, Factor{"commits", commitPoints, fmt.Sprintf("%d commits are hard to roll back one by one", n)})
	}
	return factors
}
