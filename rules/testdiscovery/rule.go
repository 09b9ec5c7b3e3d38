// Package testdiscovery is the rule that fails when tests stop being collected,
// are skipped, or say less than they did.
//
// Nothing is run. Package testset says what the runners would collect at the merge
// base and at the head; the two are compared by file, and the files that differ by
// test.
package testdiscovery

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/internal/testset"
	"github.com/changeguard/changeguard/rules"
)

// Options of the rule.
type Options struct {
	MaxLost int         `yaml:"max-lost" desc:"How many tests may be lost or newly skipped in one change. Default: 0."`
	Ignore  rules.Globs `yaml:"ignore" glob:"permit" desc:"Globs of test files that may go, such as tests/experimental/**."`
}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "test-discovery",
		Title: "tests stop being collected, are skipped, or assert less than before",
		Why: "A runner that finds no tests is content: it collected 0 items, nothing failed, and the change was merged. A line of configuration, a " +
			"moved folder, a lost __init__.py or a PYTHONPATH is enough. The rule tells what pytest, unittest, Go, Jest, Vitest, Mocha, Cargo, JUnit (Maven, Gradle), RSpec, PHPUnit and .NET " +
			"would collect before and after, from names, configuration, imports and the commands of the workflows, without running anything. A renamed or moved test that is still " +
			"collected is no finding. What only running could tell, such as a hook that decides in code, is a finding where the change brings it. " +
			"So is a command that may fail: || true behind it, set +e, a pipe into tee without pipefail, continue-on-error, --passWithNoTests, testFailureIgnore; a command " +
			"is none where as many of its runner as before still stop a workflow. Tests that a command or a configuration selects by name, mark or tag (-k, -m, -run, --tests, --filter, --tag) are " +
			"told apart, and what a new selection leaves out counts as lost. Not told: what a workflow's conditions skip (other than if: false), what an action or an image runs, and whether an assertion compares the right thing. " +
			"Counts are of test functions as the source shows them; cases made at run time count once.",
		Bad:  "-testpaths = tests integration\n+testpaths = tests",
		Good: "R tests/test_a.py -> tests/unit/test_a.py",
		Remedy: "Have the tests collected again: give the file back its name or folder, the configuration its patterns, the test its " +
			"assertions. Where tests may go, say why and ask for an override; the finding's command takes the file back.",
		Since:   "0.1.0",
		Subject: rules.Content,
	}, nil, run)
}

func run(ctx context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	if ok, err := matters(ctx, in.Change); !ok || err != nil {
		return nil, err
	}
	ignored, err := pathset.Compile(pathset.Permit, o.Ignore.Patterns...)
	if err != nil {
		return nil, err
	}
	d := &diff{ctx: ctx, in: in, reported: make(map[string]bool), renamed: make(map[string]string), touched: make(map[string]change.File), differ: make(map[string]bool)}
	if len(o.Ignore.Patterns) > 0 {
		d.ignored = ignored.Match
	}
	for _, f := range in.Change.Files {
		d.touched[f.Path], d.differ[f.Path] = f, true
		if f.OldPath != "" {
			d.renamed[f.OldPath] = f.Path
			d.touched[f.OldPath], d.differ[f.OldPath] = f, true
		}
	}
	for _, side := range []change.Side{change.AtBase, change.AtHead} {
		if err := d.collect(side); err != nil {
			return nil, err
		}
	}
	if err := d.compare(); err != nil {
		return nil, err
	}
	return d.findings(o.MaxLost), nil
}

// matters looks at names first. A Python file that goes may be what tests import;
// any other source may be what a configuration calls a test, which shows in what
// it held before.
func matters(ctx context.Context, c *change.Change) (bool, error) {
	var sources []string
	for _, f := range c.Files {
		before := f.BasePath()
		if testset.Matters(f.Path) || testset.Matters(f.OldPath) || before != "" && before != f.HeadPath() && testset.IsPython(before) {
			return true, nil
		}
		if before != "" && testset.Language(before) {
			sources = append(sources, before)
		}
	}
	if len(sources) > maxRead {
		return true, nil
	}
	c.Prefetch(ctx, change.AtBase, sources)
	for _, p := range sources {
		data, err := c.Read(ctx, change.AtBase, p)
		switch {
		case errors.Is(err, change.ErrTooLarge):
			return true, nil // whoever collects it will say so
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return false, fmt.Errorf("read %s for tests: %w", p, err)
		case testset.MayTest(data):
			return true, nil
		}
	}
	return false, nil
}

// collect lays the runners on one tree.
func (d *diff) collect(side change.Side) error {
	entries, err := d.in.Change.Tree(d.ctx, side)
	if err != nil {
		return err
	}
	var paths, deciders []string
	for _, e := range entries {
		if e.Mode != change.Regular && e.Mode != change.Executable {
			continue // no runner is followed through links and submodules
		}
		paths = append(paths, e.Path)
		if testset.Decides(e.Path) {
			deciders = append(deciders, e.Path)
		}
	}
	d.in.Change.Prefetch(d.ctx, side, deciders)
	d.trees[side] = testset.NewTree(paths, func(p string) ([]byte, error) { return d.in.Change.Read(d.ctx, side, p) })
	d.trees[side].Together = func(paths []string) { d.in.Change.Prefetch(d.ctx, side, paths) }
	if d.results[side], err = testset.Collect(d.trees[side], d.differ); err != nil {
		return fmt.Errorf("collect tests at the %s: %w", side, err)
	}
	return nil
}
