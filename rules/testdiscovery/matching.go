package testdiscovery

import (
	"iter"
	"maps"
	"path"
	"slices"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/testset"
)

func mapsKeys(m map[string]bool) iter.Seq[string] { return maps.Keys(m) }

// A matching pairs the tests of the base with those of the head.
type matching struct {
	*pair
	reasons map[string]refusal // files that are collected and cannot be imported
	before  []testset.Test     // of files that are gone or differ
	after   []testset.Test
	unread  []string // files that are gone, beyond what is read
	pairs   [][2]testset.Test
	lostNow []testset.Test
	gained  []testset.Test
}

type refusal struct{ reason, cause string }

// read reads what differs: files that are gone, that came, that were changed, and
// all of them where the runner selects other tests than before.
func (m *matching) read(gone, both, come []string) error {
	selects := m.pair.before.Selects != m.pair.after.Selects
	var base, head []string
	for _, f := range gone {
		if len(base) < maxRead || m.touched(f) {
			base = append(base, f)
		} else {
			m.unread = append(m.unread, f)
		}
	}
	for _, f := range both {
		if _, refused := m.reasons[f]; refused || m.touched(f) || selects && len(base) < 2*maxRead {
			base = append(base, f)
			if !refused {
				head = append(head, f)
			}
		}
	}
	for _, f := range come {
		if _, refused := m.reasons[f]; !refused && !m.pair.before.Files[f] {
			head = append(head, f)
		}
	}
	var err error
	if m.before, err = m.tests(change.AtBase, base, m.pair.before); err != nil {
		return err
	}
	if m.after, err = m.tests(change.AtHead, head, m.pair.after); err != nil || !m.focused() {
		return err
	}
	return m.hidden(both)
}

// focused reports whether a test of the head is marked as the only one that is to
// run, in all files, where none of the base is.
func (m *matching) focused() bool {
	if runner := m.pair.before.Runner; runner != "mocha" && runner != "rspec" {
		return false // the others look for it within a file
	}
	only := func(t testset.Test) bool { return t.Only }
	return slices.ContainsFunc(m.after, only) && !slices.ContainsFunc(m.before, only)
}

// hidden takes in the tests of the other files, which do not run any more.
func (m *matching) hidden(both []string) error {
	others := slices.DeleteFunc(slices.Clone(both), m.touched)
	others = others[:min(len(others), maxRead)]
	before, err := m.tests(change.AtBase, others, m.pair.before)
	if err != nil {
		return err
	}
	m.before = append(m.before, before...)
	for _, t := range before {
		t.Skipped = true
		m.after = append(m.after, t)
	}
	for i := range m.after {
		m.after[i].Skipped = m.after[i].Skipped || !m.after[i].Only
	}
	return nil
}

func (m *matching) touched(f string) bool {
	_, touched := m.d.touched[f]
	return touched
}

// tests reads the tests of files that a collection keeps.
func (m *matching) tests(side change.Side, files []string, of testset.Collection) ([]testset.Test, error) {
	m.d.in.Change.Prefetch(m.d.ctx, side, files)
	var all []testset.Test
	for _, f := range files {
		tests, _, err := m.d.read(side, of, f)
		if err != nil {
			return nil, err
		}
		for _, t := range tests {
			if of.Keeps(t) {
				all = append(all, t)
			}
		}
	}
	return all, nil
}

// maxAlike bounds how many tests are compared with one another by their bodies.
const maxAlike = 300

// How much of a body must be the same, in percent, for a test under another name
// to be the same test: in its file, and in another one.
const (
	alikeHere  = 60
	alikeThere = 90
)

// match pairs tests by file and name, then by name in another file, then by body.
func (m *matching) match() {
	rest := m.after
	m.lostNow = m.before
	for _, key := range []func(testset.Test) string{
		func(t testset.Test) string { return t.Path + "\x00" + t.Name },
		func(t testset.Test) string { return m.d.renamed[t.Path] + "\x00" + t.Name },
		func(t testset.Test) string { return t.Name },
	} {
		m.lostNow, rest = m.pairUp(m.lostNow, rest, key)
	}
	if len(m.lostNow) <= maxAlike && len(rest) <= maxAlike {
		m.lostNow, rest = m.pairAlike(m.lostNow, rest, true)
		m.lostNow, rest = m.pairAlike(m.lostNow, rest, false)
	}
	m.gained = rest
	m.lostNow = slices.DeleteFunc(m.lostNow, m.takenIn)
}

// takenIn reports whether another test makes the assertions of one that is gone,
// as one of its cases.
func (m *matching) takenIn(gone testset.Test) bool {
	if len(m.lostNow) > maxAlike {
		return false
	}
	for _, p := range m.pairs {
		if (p[1].Path == gone.Path || p[1].Path == m.d.renamed[gone.Path]) && p[1].TakesIn(gone, &p[0]) {
			return true
		}
	}
	return slices.ContainsFunc(m.gained, func(t testset.Test) bool { return t.TakesIn(gone, nil) })
}

func (m *matching) pairUp(before, after []testset.Test, key func(testset.Test) string) (lost, rest []testset.Test) {
	free := make(map[string][]int)
	for i, t := range after {
		k := t.Path + "\x00" + t.Name
		if key(t) == t.Name {
			k = t.Name
		}
		free[k] = append(free[k], i)
	}
	used := make(map[int]bool)
	for _, t := range before {
		k := key(t)
		if len(free[k]) == 0 {
			lost = append(lost, t)
			continue
		}
		i := free[k][0]
		free[k] = free[k][1:]
		used[i] = true
		m.pairs = append(m.pairs, [2]testset.Test{t, after[i]})
	}
	for i, t := range after {
		if !used[i] {
			rest = append(rest, t)
		}
	}
	return lost, rest
}

// pairAlike pairs tests by their bodies, within one file or across files.
func (m *matching) pairAlike(before, after []testset.Test, here bool) (lost, rest []testset.Test) {
	used := make(map[int]bool)
	least := alikeThere
	if here {
		least = alikeHere
	}
	for _, t := range before {
		best, at := least-1, -1
		for i, o := range after {
			if used[i] || here && o.Path != t.Path && o.Path != m.d.renamed[t.Path] {
				continue
			}
			if n := t.Like(o); n > best {
				best, at = n, i
			}
		}
		if at < 0 {
			lost = append(lost, t)
			continue
		}
		used[at] = true
		m.pairs = append(m.pairs, [2]testset.Test{t, after[at]})
	}
	for i, t := range after {
		if !used[i] {
			rest = append(rest, t)
		}
	}
	return lost, rest
}

// found hands over what was found and reports whether anything is lost.
func (m *matching) found() bool {
	n := len(m.d.lost)
	for _, t := range m.lostNow {
		r := m.why(t.Path)
		m.lose(loss{of: m.pair, path: t.Path, name: t.Name, reason: r.reason, cause: r.cause})
	}
	for _, f := range m.unread {
		r := m.why(f)
		m.lose(loss{of: m.pair, path: f, reason: r.reason, cause: r.cause})
	}
	for _, p := range m.pairs {
		if !p[0].Skipped && p[1].Skipped {
			m.lose(loss{of: m.pair, path: p[0].Path, name: p[0].Name, skipped: true, line: p[1].Line, now: p[1].Path, cause: p[1].Path})
		}
	}
	m.weakened()
	return len(m.d.lost) > n
}

func (m *matching) lose(l loss) {
	key := l.path + "\x00" + l.name
	if !m.d.reported[key] {
		m.d.reported[key] = true
		m.d.lost = append(m.d.lost, l)
	}
}

// why says why a file, or a test in it, is not collected.
func (m *matching) why(f string) refusal {
	if r, ok := m.reasons[f]; ok {
		return r
	}
	now := f
	if to := m.d.renamed[f]; to != "" {
		now = to
	}
	switch {
	case m.pair.after.Files[f] && m.pair.before.Selects != m.pair.after.Selects && !m.touched(f):
		return refusal{"the runner selects other tests (" + m.pair.after.Selects + ")", m.changedDecider()}
	case m.pair.after.Files[f]:
		return refusal{"it is not in the file any more", f}
	case !m.d.trees[change.AtHead].Has(now):
		return refusal{"the file was removed", f}
	case m.pair.after.Why == nil && m.pair.before.View == testset.ByCommands:
		return refusal{"no workflow runs it any more", m.changedDecider()}
	case m.pair.after.Why == nil:
		return refusal{"nothing collects it any more", m.changedDecider()}
	}
	reason, cause := m.pair.after.Why(now)
	if now != f && m.pair.before.Why != nil {
		if was, _ := m.pair.before.Why(now); was != "" {
			return refusal{reason, now} // the base would not have collected the new name either
		}
	}
	if !m.touched(cause) {
		if cause = firstOf(m.changedDecider(), m.changedPackage(f)); now != f || cause == "" && m.touched(f) {
			cause = now
		}
	}
	return refusal{reason, cause}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// changedPackage is an __init__.py or conftest.py above a file that the change
// touches.
func (m *matching) changedPackage(f string) string {
	for dir := path.Dir(f); ; dir = path.Dir(dir) {
		for _, name := range []string{"__init__.py", "conftest.py"} {
			if p := path.Join(dir, name); m.touched(p) {
				return p
			}
		}
		if dir == "." || dir == "/" {
			return ""
		}
	}
}

// changedDecider is a file behind either collection that the change touches.
func (m *matching) changedDecider() string {
	for _, list := range [][]string{m.pair.after.By, m.pair.before.By} {
		for _, f := range list {
			if m.touched(f) {
				return f
			}
		}
	}
	return ""
}

// weakened finds tests that assert less, in files that assert less altogether: an
// assertion that only moved to another test of its file is none.
func (m *matching) weakened() {
	weight := make(map[string]int) // by file, after less before
	for _, p := range m.pairs {
		weight[p[1].Path] += p[1].Weight - p[0].Weight
	}
	for _, t := range m.gained {
		weight[t.Path] += t.Weight
	}
	for _, p := range m.pairs {
		emptied := p[0].Weight > 0 && p[1].Weight == 0
		key := "weak\x00" + p[1].Path + "\x00" + p[1].Name
		if p[1].Skipped && !p[0].Skipped || p[1].TakesIn(p[0], &p[0]) || p[1].Weight >= p[0].Weight || weight[p[1].Path] >= 0 && !emptied || m.d.reported[key] {
			continue
		}
		m.d.reported[key] = true
		m.d.fewer = append(m.d.fewer, fewer{p[1].Path, p[1].Name, p[1].Line, p[0], p[1]})
	}
}
