package verdict

import (
	"slices"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
)

// view is a change as one policy sees it: which of its globs match which path,
// and which class each file has. Every path is walked through the policy's
// globs once, whatever the number of rules.
type view struct {
	set     *pathset.Set
	paths   map[string]int // places in asked
	asked   []asked
	next    int // the place that is probably asked for next, since rules go through the files in order
	classes []rules.Classes
}

// asked is a path that was walked.
type asked struct {
	path    string
	matches *pathset.Matches
}

func newView(c *change.Change, p *policy.Policy, builtIn []rules.Classes) *view {
	v := &view{set: p.Set, paths: make(map[string]int, len(c.Files)), classes: slices.Clone(builtIn)}
	if len(p.Classes) == 0 {
		return v
	}
	for i, f := range c.Files {
		if base := f.BasePath(); base != "" {
			v.classes[i].Before = p.Class(v.at(base), f.OldMode, builtIn[i].Before)
		}
		if head := f.HeadPath(); head != "" {
			v.classes[i].After = p.Class(v.at(head), f.Mode, builtIn[i].After)
		}
	}
	return v
}

// builtIn are the classes of a change's files before any policy has a say.
func builtIn(c *change.Change) []rules.Classes {
	classes := make([]rules.Classes, len(c.Files))
	for i, f := range c.Files {
		k := &classes[i]
		if base := f.BasePath(); base != "" {
			k.Before = change.Classify(base, f.OldMode)
		}
		switch head := f.HeadPath(); {
		case head == "":
		case head == f.BasePath() && f.Mode == f.OldMode:
			k.After = k.Before
		default:
			k.After = change.Classify(head, f.Mode)
		}
	}
	return classes
}

// at returns the matches of a path.
func (v *view) at(path string) *pathset.Matches {
	for at := max(v.next-1, 0); at <= v.next && at < len(v.asked); at++ {
		if v.asked[at].path == path {
			v.next = at + 1
			return v.asked[at].matches
		}
	}
	at, known := v.paths[path]
	if !known {
		at = len(v.asked)
		v.paths[path] = at
		v.asked = append(v.asked, asked{path, new(pathset.Matches)})
		v.set.Match(path, v.asked[at].matches)
	}
	v.next = at + 1
	return v.asked[at].matches
}

// Match implements rules.Matches.
func (v *view) Match(list pathset.List, path string) bool { return v.at(path).Has(list) }

// Pattern implements rules.Matches.
func (v *view) Pattern(list pathset.List, path string) int { return v.at(path).Pattern(list) }

// classNames lists the classes that occur, sorted.
func (v *view) classNames() []string {
	var names []string
	for _, c := range v.classes {
		for _, name := range []string{string(c.Before), string(c.After)} {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}
