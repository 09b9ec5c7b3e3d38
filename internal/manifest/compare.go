package manifest

import (
	"slices"
	"strings"
)

// A Change is one difference between two versions of a file. Exactly one of
// the pairs is used; its old side is nil for what came, its new side for what
// went.
type Change struct {
	Kinds []Kind // in the policy's order, never empty

	Old, New               *Package
	OldSetting, NewSetting *Setting
	OldScript, NewScript   *Script
}

// Package is the package that changed: as it is now, or as it was; nil when the
// change is about something else.
func (c *Change) Package() *Package {
	if c.New != nil {
		return c.New
	}
	return c.Old
}

// Lines are the lines at the head; 0 for what is gone.
func (c *Change) Lines() (first, last int) {
	switch {
	case c.New != nil:
		return c.New.Line, c.New.EndLine
	case c.NewSetting != nil:
		return c.NewSetting.Line, c.NewSetting.EndLine
	case c.NewScript != nil:
		return c.NewScript.Line, c.NewScript.EndLine
	}
	return 0, 0
}

// Compare says what changed between two versions of a file. Either may be nil
// for a file that is not there. The changes come in the order of the lines
// after the change; what was removed comes last, in its old order. The settings
// of a file that is gone concern nobody any more.
func Compare(before, after *File) []Change {
	if before == nil {
		before = &File{}
	}
	gone := after == nil
	if gone {
		after = &File{Format: before.Format}
	}
	changes := comparePackages(before.Packages, after.Packages)
	atRuntime(before, after, changes)
	if !gone {
		changes = append(changes, compareAnswers(before, after, changes)...)
		changes = append(changes, compareSettings(before.settings(), after.settings())...)
	}
	changes = append(changes, compareScripts(before.Scripts, after.Scripts)...)
	changes = occurring(changes, after.Format)
	slices.SortStableFunc(changes, byLine)
	return changes
}

// byLine puts what is gone last.
func byLine(a, b Change) int {
	la, _ := a.Lines()
	lb, _ := b.Lines()
	if (la == 0) != (lb == 0) {
		return lb - la
	}
	return la - lb
}

// occurring drops the kinds that mean nothing in a format.
func occurring(changes []Change, format string) []Change {
	known := conditions(format)
	kept := changes[:0]
	for _, c := range changes {
		c.Kinds = slices.DeleteFunc(inOrder(c.Kinds), func(k Kind) bool { return !slices.Contains(known, k) })
		if len(c.Kinds) > 0 {
			kept = append(kept, c)
		}
	}
	return kept
}

// pair matches the items of two lists. Equal items match first, then those
// that the looser comparisons call alike, then whatever is left, in order. It
// returns the pairs that are not equal; one side is -1 where an item has no
// partner. A key tells items that may match at all.
func pair[T any](old, new []T, key func(*T) string, alike ...func(*T) string) [][2]int {
	olds, order := group(old, key)
	var pairs [][2]int
	seen := make(map[string]bool, len(new))
	news, newOrder := group(new, key)
	for _, k := range newOrder {
		seen[k] = true
		pairs = append(pairs, match(old, new, olds[k], news[k], alike)...)
	}
	for _, k := range order {
		if !seen[k] {
			for _, i := range olds[k] {
				pairs = append(pairs, [2]int{i, -1})
			}
		}
	}
	return pairs
}

// group lists the items of each key, and the keys in the order in which they
// first appear: the order of a map must never show in a result.
func group[T any](items []T, key func(*T) string) (members map[string][]int, order []string) {
	members = make(map[string][]int, len(items))
	for i := range items {
		k := key(&items[i])
		if members[k] == nil {
			order = append(order, k)
		}
		members[k] = append(members[k], i)
	}
	return members, order
}

// match pairs the items of one key. The first comparison is equality.
func match[T any](old, new []T, olds, news []int, alike []func(*T) string) [][2]int {
	if len(olds) == 1 && len(news) == 1 && len(alike) > 0 { // most are: equal, or each other's only partner
		if alike[0](&old[olds[0]]) == alike[0](&new[news[0]]) {
			return nil
		}
		return [][2]int{{olds[0], news[0]}}
	}
	var pairs [][2]int
	for n, same := range alike {
		if len(olds) == 0 || len(news) == 0 {
			break
		}
		waiting := make(map[string][]int, len(olds))
		for _, i := range olds {
			k := same(&old[i])
			waiting[k] = append(waiting[k], i)
		}
		taken := make(map[int]bool)
		rest := news[:0:0]
		for _, j := range news {
			k := same(&new[j])
			w := waiting[k]
			if len(w) == 0 {
				rest = append(rest, j)
				continue
			}
			taken[w[0]], waiting[k] = true, w[1:]
			if n > 0 {
				pairs = append(pairs, [2]int{w[0], j})
			}
		}
		news = rest
		olds = slices.DeleteFunc(slices.Clone(olds), func(i int) bool { return taken[i] })
	}
	return append(pairs, leftover(olds, news)...)
}

// leftover pairs what no comparison called alike, one with one, so that a plain
// change of a line is one change and not a removal beside an addition.
func leftover(olds, news []int) [][2]int {
	var pairs [][2]int
	for n := range max(len(olds), len(news)) {
		p := [2]int{-1, -1}
		if n < len(olds) {
			p[0] = olds[n]
		}
		if n < len(news) {
			p[1] = news[n]
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// pick is the item at an index, nil for -1.
func pick[T any](items []T, i int) *T {
	if i < 0 {
		return nil
	}
	return &items[i]
}

// settings are the file's settings and, as such, its includes. Without an included
// list its packages go, without its constraints any version is accepted.
func (f *File) settings() []Setting {
	all := slices.Clone(f.Settings)
	for _, i := range f.Includes {
		name, lost := "requirement", Removed
		if i.Constraint {
			name, lost = "constraint", Loosened
		}
		all = append(all, Setting{Name: name, Value: i.Target, Gained: SourceChanged, Lost: lost, Line: i.Line, EndLine: i.EndLine})
	}
	return all
}

// compareSettings reports a value that changed as one change of both its ends: a
// lost value and a gained one may mean different things.
func compareSettings(old, new []Setting) []Change {
	name := func(s *Setting) string { return s.Name }
	value := func(s *Setting) string { return s.Value }
	var changes []Change
	for _, p := range pair(old, new, name, value) {
		c := Change{OldSetting: pick(old, p[0]), NewSetting: pick(new, p[1])}
		if c.OldSetting != nil && c.OldSetting.Lost != "" {
			c.Kinds = append(c.Kinds, c.OldSetting.Lost)
		}
		if c.NewSetting != nil && c.NewSetting.Gained != "" {
			c.Kinds = append(c.Kinds, c.NewSetting.Gained)
		}
		changes = append(changes, c)
	}
	return changes
}

// compareScripts reports hooks that came or changed. One that went runs
// nothing any more.
func compareScripts(old, new []Script) []Change {
	name := func(s *Script) string { return s.Name }
	command := func(s *Script) string { return strings.TrimSpace(s.Command) }
	var changes []Change
	for _, p := range pair(old, new, name, command) {
		if p[1] >= 0 {
			changes = append(changes, Change{Kinds: []Kind{LifecycleScript}, OldScript: pick(old, p[0]), NewScript: pick(new, p[1])})
		}
	}
	return changes
}
