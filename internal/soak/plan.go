package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// A plan is what happens: repositories with pull requests, and what is done to
// them. The same seed makes the same plan, here and in the stand-in's process.
type plan struct {
	repos []plannedRepo
	pulls []plannedPull
	steps []step // in the order in which they happen
}

type plannedRepo struct{ owner, name string }

// plannedPull is a pull request of one repository.
type plannedPull struct {
	repo   int
	branch string
	base   string
	pushes []push // the first is there when it is opened
	twin   bool   // a second pull request from the head of the one before
}

// push is one commit; an empty content removes a file.
type push struct {
	message string
	files   map[string]string
}

// step is one event: what is done, and the delivery that tells of it.
type step struct {
	at     float64 // of the time that all take, from 0 to 1
	pull   int
	action string
	push   int // of a synchronize
}

const policyPath = ".github/changeguard.yml"

// policies are those of the base branches. A change is judged by both where two
// pull requests share a head.
var policies = map[string]string{
	"main": `version: 1
sessions:
  analysis-only:
    declared-by: {labels: [analysis-only]}
    may-change: [docs, cosmetic]
rules:
  core:
    uses: protected-paths
    with: {paths: ["core/**"]}
  packages:
    uses: dependencies
    level: approve
`,
	"release": `version: 1
rules:
  frozen:
    uses: protected-paths
    with: {paths: ["src/**", "core/**"]}
`,
}

const sources = 450 // files that a change of many can touch

// baseFiles are those of main; release differs in its policy.
func baseFiles() map[string]string {
	files := map[string]string{
		policyPath: policies["main"], "README.md": "# A project\n", "core/engine.py": "limit = 1\n", "requirements.txt": "requests==2.31.0\n",
	}
	for i := range sources {
		files[source(i)] = fmt.Sprintf("def f%d():\n    return %d\n", i, i)
	}
	return files
}

func source(i int) string { return fmt.Sprintf("src/part%d/f%03d.py", i%9, i) }

// newPlan plans deliveries over pull requests over installations.
func newPlan(seed uint64, installations, pulls, deliveries int) *plan {
	chance := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // the same plan every time
	p := &plan{}
	for i := range installations {
		p.repos = append(p.repos, plannedRepo{fmt.Sprintf("org%02d", i), "app"})
	}
	for i := range pulls {
		p.addPull(chance, i)
	}
	opened := make([]float64, pulls)
	for i := range pulls {
		opened[i] = 0.7 * chance.Float64()
		p.steps = append(p.steps, step{at: opened[i], pull: i, action: "opened"})
	}
	for len(p.steps) < deliveries {
		i := chance.IntN(pulls)
		p.addStep(chance, i, opened[i]+(1-opened[i])*chance.Float64())
	}
	slices.SortStableFunc(p.steps, func(a, b step) int {
		if a.at < b.at {
			return -1
		}
		return 1
	})
	p.number()
	return p
}

// addPull plans a pull request. One in twelve is a second one of the head
// before, against another base.
func (p *plan) addPull(chance *rand.Rand, i int) {
	repo, branch := i%len(p.repos), fmt.Sprintf("change-%04d", i)
	if n := i - len(p.repos); i%12 == 11 && n >= 0 && !p.pulls[n].twin {
		p.pulls = append(p.pulls, plannedPull{repo: repo, branch: p.pulls[n].branch, base: "release", twin: true})
		return
	}
	p.pulls = append(p.pulls, plannedPull{repo: repo, branch: branch, base: "main", pushes: []push{{"Change " + branch, contents(chance, i, 0)}}})
}

// addStep plans an event of a pull request.
func (p *plan) addStep(chance *rand.Rand, pull int, at float64) {
	s := step{at: at, pull: pull, action: "edited"}
	one := &p.pulls[pull]
	switch n := chance.IntN(10); {
	case n < 4 && !one.twin:
		s.action = "synchronize"
		one.pushes = append(one.pushes, push{fmt.Sprintf("More of %s", one.branch), contents(chance, pull, len(one.pushes))})
	case n == 4 && pull%4 == 0:
		s.action = "labeled"
	case n == 5:
		s.action = "closed"
	case n == 6:
		s.action = "ready_for_review"
	}
	p.steps = append(p.steps, s)
}

// number gives each push its place in the order of events.
func (p *plan) number() {
	next := make([]int, len(p.pulls))
	for i := range p.steps {
		s := &p.steps[i]
		if s.action == "synchronize" {
			next[s.pull]++
			s.push = next[s.pull]
		}
	}
}

// contents are the files of a push: of mixed size and kind.
func contents(chance *rand.Rand, pull, push int) map[string]string {
	files := make(map[string]string)
	text := fmt.Sprintf("# %d.%d\nlimit = %d\n", pull, push, chance.IntN(1000)+2)
	touch := func(n int) {
		from := chance.IntN(sources)
		for i := range n {
			files[source((from+i)%sources)] = fmt.Sprintf("def g():\n    return %q\n", fmt.Sprint(text, i))
		}
	}
	switch kind := chance.IntN(50); {
	case kind < 12:
		files["docs/notes.md"] = text
	case kind < 20:
		files["core/engine.py"] = text
	case kind < 24:
		files["core/engine.py"] = baseFiles()["core/engine.py"] // as it was: green again
		files["docs/notes.md"] = text
	case kind < 30:
		files["requirements.txt"] = fmt.Sprintf("requests==2.31.%d\nextra==%d.0\n", chance.IntN(9), pull)
	case kind == 30:
		touch(400) // more than a comparison lists
	case kind < 36:
		touch(60)
	default:
		touch(1 + chance.IntN(8))
	}
	return files
}

// when is the time of a commit: the same in both processes.
func when(n int) time.Time { return time.Unix(1_760_000_000+int64(n), 0).UTC() }

func sorted(files map[string]string) []string { return slices.Sorted(maps.Keys(files)) }
