package testdiscovery

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/testset"
	"github.com/changeguard/changeguard/rules"
)

// A diff is one run of the rule.
type diff struct {
	ctx      context.Context
	in       *rules.Input
	ignored  func(string) bool // nil for nothing
	trees    [2]*testset.Tree
	results  [2]testset.Result
	renamed  map[string]string      // old names to new ones, of equal content
	touched  map[string]change.File // by both names
	differ   map[string]bool        // the same names
	reported map[string]bool        // tests that were found lost already, by path and name
	lost     []loss
	fewer    []fewer
}

// A loss is a test, or a whole file whose tests were not read, that is not
// collected any more, or not run.
type loss struct {
	of      *pair
	path    string // at the base
	name    string // "" for the whole file
	reason  string
	cause   string // the file that decides, "" for nobody
	skipped bool   // it is there and does not run
	line    int    // at the head, of a skipped one
	now     string // its path at the head, of a skipped one
}

// A fewer is a test that asserts less.
type fewer struct {
	path          string
	name          string
	line          int
	before, after testset.Test
}

// A pair is one runner in one view, before and after.
type pair struct {
	d             *diff
	before, after testset.Collection
	total         int    // tests before, 0 when they were not counted
	unit          string // "tests" or "test files"
}

// The most files that are read for one purpose; a repository may have thousands.
const maxRead = 200

// compare compares every runner and view of the base.
func (d *diff) compare() error {
	for _, before := range d.results[change.AtBase].Collections {
		p := &pair{d: d, before: before}
		for _, after := range d.results[change.AtHead].Collections {
			if after.Runner == before.Runner && after.View == before.View {
				p.after = after
			}
		}
		if err := p.compare(); err != nil {
			return err
		}
	}
	return nil
}

// compare finds what one runner does not collect any more.
func (p *pair) compare() error {
	var gone, both, come []string
	for f := range p.before.Files {
		switch {
		case p.d.ignored != nil && p.d.ignored(f):
		case p.after.Files[f], p.elsewhere(f):
			both = append(both, f)
		case p.after.Files[p.d.renamed[f]]: // moved, and still collected
		default:
			gone = append(gone, f)
		}
	}
	moved := make(map[string]bool) // is collected under both names, and equal
	for from, to := range p.d.renamed {
		moved[to] = p.before.Files[from] && p.after.Files[to]
	}
	for f := range p.after.Files {
		if moved[f] {
			continue
		}
		if _, touched := p.d.touched[f]; touched || !p.before.Files[f] {
			come = append(come, f)
		}
	}
	slices.Sort(gone)
	slices.Sort(both)
	slices.Sort(come)
	unimportable, err := p.unimportable(both)
	if err != nil {
		return err
	}
	m := &matching{pair: p, reasons: unimportable}
	if err := m.read(gone, both, come); err != nil {
		return err
	}
	m.match()
	if m.found() {
		return p.count()
	}
	return nil
}

// elsewhere reports whether another runner collects a file at the head instead.
func (p *pair) elsewhere(f string) bool {
	for _, c := range p.d.results[change.AtHead].Collections {
		if c.View == p.before.View && c.Runner != p.before.Runner && c.Files[f] {
			return true
		}
	}
	return false
}

// read reads a file for its tests. ok is false for one that is not there or is
// no file of the change and too large: it counts as one test.
func (d *diff) read(side change.Side, of testset.Collection, path string) (tests []testset.Test, ok bool, err error) {
	data, err := d.in.Change.Read(d.ctx, side, path)
	_, touched := d.touched[path]
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, change.ErrTooLarge) && !touched:
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	return of.Tests(path, data), true, nil
}

// count counts all tests of the base, where they are few enough to be read; else
// files stand for them.
func (p *pair) count() error {
	p.unit, p.total = "test files", len(p.before.Files)
	if len(p.before.Files) > maxRead {
		return nil
	}
	files := slices.Sorted(mapsKeys(p.before.Files))
	p.d.in.Change.Prefetch(p.d.ctx, change.AtBase, files)
	n := 0
	for _, f := range files {
		tests, ok, err := p.d.read(change.AtBase, p.before, f)
		if err != nil {
			return err
		}
		if !ok {
			n++
		}
		for _, t := range tests {
			if p.before.Keeps(t) {
				n++
			}
		}
	}
	p.unit, p.total = "tests", n
	return nil
}
