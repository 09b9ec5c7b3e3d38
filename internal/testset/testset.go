// Package testset says, without running anything, which tests the usual runners
// would collect from a repository.
//
// # The model
//
// A [Tree] is the list of a repository's files with a way to read them. [Collect]
// lays each runner on it: pytest, unittest, Go, Jest, Vitest, Mocha, Cargo, JUnit
// by Maven and Gradle, RSpec, PHPUnit and .NET. The answer is a [Collection] per runner and
// view: what the configuration alone collects when the runner is started as its
// manual says, and what the commands of the workflows collect, followed through
// make, package scripts, tox and shell scripts. A collection holds files, told by
// names, folders and configuration; tests within a file are read by [Tests] for
// the few files whose content matters.
//
// What a runner's own code decides (a configuration that is a program, a hook, a
// command made of variables) cannot be told. It is an [Opaque], so that whoever
// compares two trees can say that it came; as far as it goes such a runner is
// taken to collect everything, since a guess must not look like a loss.
//
// Everything comes from a pull request and is hostile: reading is linear, counts
// are limited, and nothing is executed.
package testset

import (
	"slices"
	"strings"
)

// The views of a collection.
const (
	ByConfiguration = "configuration"
	ByCommands      = "commands"
)

// A Collection is what one runner collects in one view.
type Collection struct {
	Runner string
	View   string
	// Files are the test files, by path.
	Files map[string]bool
	// Why says why a file that is in the tree is not collected, and which file
	// decides that; "" for what nobody decided.
	Why func(path string) (reason, cause string)
	// Selects names what leaves out tests within files, such as -m "not slow"; keep
	// applies it. Equal texts select alike.
	Selects string
	keep    func(t Test) bool
	// naming is pytest's for a file; nil for other runners.
	naming func(path string) Naming
	// SearchPath is where a Python file's imports are looked for; nil for others.
	SearchPath func(path string) []string
	By         []string // the configuration and command files behind it, sorted
}

// Tests reads the tests of a file as its runner does.
func (c Collection) Tests(path string, data []byte) []Test {
	if c.naming != nil {
		return PytestTests(path, data, c.naming(path))
	}
	return Tests(c.Runner, path, data)
}

// Keeps reports whether the runner is told to run a test of a file that it
// collects.
func (c Collection) Keeps(t Test) bool { return c.keep == nil || c.keep(t) }

// An Opaque is a decision about tests that only running could tell.
type Opaque struct {
	Path string
	Line int
	What string // "a hook decides in code which tests are collected"
	// MayFail says that tests run, and that nothing stops when they fail: where a
	// command of Runner says so, others of it may still stop the workflow.
	MayFail bool
	Runner  string
}

// A Result is all that is collected from a tree.
type Result struct {
	Collections []Collection // sorted by runner and view
	Opaque      []Opaque
	// Strict counts, by runner, the commands whose failure stops a workflow.
	Strict map[string]int
}

// Collect lays every runner on the tree. differ are the files that another tree,
// with which the result will be compared, has otherwise: where a file's own content decides whether it
// is collected, such as by a build constraint, only those are sure to be read. An
// error means that a file that decides could not be read.
func Collect(t *Tree, differ map[string]bool) (Result, error) {
	c := &collector{tree: t, differ: differ}
	if err := c.commands(); err != nil {
		return Result{}, err
	}
	for _, runner := range []func() error{c.pytest, c.unittest, c.golang, c.javascript, c.byPattern} {
		if err := runner(); err != nil {
			return Result{}, err
		}
	}
	slices.SortStableFunc(c.result.Collections, func(a, b Collection) int {
		return strings.Compare(a.Runner+"\x00"+b.View, b.Runner+"\x00"+a.View)
	})
	return c.result, nil
}

// A collector is one Collect under way.
type collector struct {
	tree   *Tree
	differ map[string]bool
	calls  []call // what the workflows run
	strict map[string]bool
	result Result
}

func (c *collector) add(one Collection) {
	slices.Sort(one.By)
	one.By = slices.Compact(one.By)
	c.result.Collections = append(c.result.Collections, one)
}

// maxOpaque bounds what is said of what cannot be told.
const maxOpaque = 500

func (c *collector) opaque(path string, line int, what string) {
	o := Opaque{Path: path, Line: line, What: what}
	if len(c.result.Opaque) < maxOpaque && !slices.Contains(c.result.Opaque, o) {
		c.result.Opaque = append(c.result.Opaque, o)
	}
}
