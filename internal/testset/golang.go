package testset

import (
	"go/build/constraint"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/workflow"
)

// A goRun is "go test" started once.
type goRun struct {
	dirs     []string // patterns: "a/..." or "a"
	tags     []string
	by       string
	all      bool
	selected string // -run and -skip
}

// golang collects the tests of every module. Build constraints are read only
// where a file has one that is no system's.
func (c *collector) golang() error {
	var files []string
	for _, p := range c.tree.paths {
		if strings.HasSuffix(p, "_test.go") && !goIgnored(p) {
			files = append(files, p)
		}
	}
	var runs []goRun
	for _, one := range c.calls {
		if r, ok := goCall(one); ok && len(runs) < maxRuns {
			c.runs("go", one)
			if r.all {
				c.opaque(one.by, one.line, "the command "+shown(one.words)+" is made of variables")
			}
			runs = append(runs, r)
		}
	}
	byDefault := []goRun{{all: true}}
	if len(runs) > 0 {
		if err := c.goCollection(ByCommands, files, runs); err != nil {
			return err
		}
		for _, r := range runs {
			byDefault[0].tags = append(byDefault[0].tags, r.tags...)
			byDefault[0].by = r.by
		}
	}
	return c.goCollection(ByConfiguration, files, byDefault)
}

// goIgnored reports whether the go command leaves a file out by its place or name.
func goIgnored(p string) bool {
	for name := range strings.SplitSeq(p, "/") {
		if name == "testdata" || name == "vendor" || name == "node_modules" || name[:min(1, len(name))] == "_" || name[:min(1, len(name))] == "." {
			return true
		}
	}
	return false
}

func goCall(one call) (r goRun, ok bool) {
	w := one.words
	switch {
	case path.Base(w[0]) == "gotestsum":
		at := slices.Index(w, "--")
		if at < 0 {
			return goRun{dirs: []string{join(one.dir, "") + "/..."}, by: one.by}, one.dir != "?"
		}
		w = append([]string{"go", "test"}, w[at+1:]...)
	case len(w) < 2 || path.Base(w[0]) != "go" || w[1] != "test" || flagged(w, "-c", "-n", "-list") || slices.Contains(option(w, "-count"), "0"):
		return r, false
	}
	r.by, r.all = one.by, one.dir == "?"
	dir := one.dir
	for i := 2; i < len(w); i++ {
		name, value, has := strings.Cut(strings.Replace(w[i], "--", "-", 1), "=")
		if takes := goValued[name]; takes && !has && i+1 < len(w) {
			i++
			value = w[i]
		}
		switch {
		case name == "-tags":
			r.tags = strings.FieldsFunc(value, func(c rune) bool { return c == ',' || c == ' ' })
		case name == "-run" || name == "-skip":
			r.selected += " " + name + " " + value
		case name == "-short":
			r.selected += " -skip -short"
		case name == "-C":
			dir = folder(dir, value)
		case strings.HasPrefix(w[i], "-"), strings.HasPrefix(w[i], ">"), w[i] == "2>":
		case unknown(w[i]):
			r.all = true
		case strings.HasPrefix(w[i], "."):
			r.dirs = append(r.dirs, goPattern(dir, w[i]))
		default:
			r.all = r.all || strings.Contains(w[i], "/") // an import path
		}
	}
	if len(r.dirs) == 0 {
		r.dirs = []string{dir}
	}
	return r, dir != "?"
}

var goValued = map[string]bool{
	"-run": true, "-skip": true, "-tags": true, "-timeout": true, "-count": true, "-p": true, "-parallel": true, "-coverprofile": true, "-covermode": true, "-coverpkg": true,
	"-bench": true, "-benchtime": true, "-cpu": true, "-exec": true, "-o": true, "-C": true, "-mod": true, "-ldflags": true, "-gcflags": true, "-shuffle": true, "-vet": true, "-fuzz": true, "-fuzztime": true, "-list": true,
}

func goPattern(dir, pattern string) string {
	if before, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.TrimPrefix(join(dir, before)+"/...", "/")
	}
	if pattern == "..." {
		return strings.TrimPrefix(dir+"/...", "/")
	}
	return join(dir, pattern)
}

// goModule is the folder of the module that a file is of.
func (c *collector) goModule(p string) (dir string, ok bool) {
	for dir = parent(p); ; dir = parent(dir) {
		if c.tree.Has(strings.TrimPrefix(dir+"/go.mod", "/")) {
			return dir, true
		}
		if dir == "" {
			return "", false
		}
	}
}

func (c *collector) goCollection(view string, files []string, runs []goRun) error {
	one := Collection{Runner: "go", View: view, Files: make(map[string]bool)}
	needs, err := c.goConstraints(files)
	if err != nil {
		return err
	}
	refuses := func(r goRun, p string) string {
		module, ok := c.goModule(p)
		if !ok {
			return "no go.mod is above it"
		}
		if !r.all && !slices.ContainsFunc(r.dirs, func(pattern string) bool { return c.goMatches(pattern, p, module) }) {
			return "no command names its package"
		}
		if expr := needs[p]; expr != nil && !expr.Eval(func(tag string) bool { return goSystem(tag) || slices.Contains(r.tags, tag) }) {
			return "its build constraint is " + expr.String()
		}
		return ""
	}
	for _, p := range files {
		one.Files[p] = slices.ContainsFunc(runs, func(r goRun) bool { return refuses(r, p) == "" })
		if !one.Files[p] {
			delete(one.Files, p)
		}
	}
	one.Why = func(p string) (string, string) {
		if !slices.Contains(files, p) {
			return "its name or folder is one that go test leaves out", ""
		}
		why := ""
		for _, r := range runs {
			why = refuses(r, p)
		}
		return why, runs[len(runs)-1].by
	}
	var selections []selection
	for _, r := range runs {
		one.By = append(one.By, r.by)
		selections = append(selections, selection{func(p string) bool { return refuses(r, p) == "" }, strings.TrimSpace(r.selected), goKeep(r.selected)})
	}
	one.By = slices.DeleteFunc(one.By, func(s string) bool { return s == "" })
	one.Selects, one.keep = unite(selections)
	c.add(one)
	return nil
}

// goMatches reports whether a pattern names the package of a file; ./... does not
// go into other modules.
func (c *collector) goMatches(pattern, p, module string) bool {
	before, below := strings.CutSuffix(pattern, "...")
	before = strings.TrimSuffix(before, "/")
	if !below {
		return parent(p) == pattern
	}
	home, _ := c.goModule(strings.TrimPrefix(before+"/x.go", "/"))
	return under(p, before) && home == module
}

// goKeep applies -run, -skip and -short to the names of tests, as far as subtests
// go.
func goKeep(selected string) func(Test) bool {
	var run, skip *regexp.Regexp
	short := false
	words := strings.Fields(selected)
	for i := 0; i+1 < len(words); i += 2 {
		name, _, _ := strings.Cut(words[i+1], "/")
		re, err := regexp.Compile(name)
		switch {
		case words[i+1] == "-short":
			short = true
		case err != nil:
		case words[i] == "-run":
			run = re
		case !strings.Contains(words[i+1], "/"):
			skip = re
		}
	}
	return func(t Test) bool {
		return (run == nil || run.MatchString(t.Name)) && (skip == nil || !skip.MatchString(t.Name)) && !(short && slices.Contains(t.Marks, goShort))
	}
}

// maxConstraints is how many files are read for their build constraints.
const maxConstraints = 400

// goConstraints reads the build constraints of the test files that differ, and of
// all where a command may: its tags decide then.
func (c *collector) goConstraints(files []string) (map[string]constraint.Expr, error) {
	commands := false
	for p := range c.differ {
		base := strings.ToLower(path.Base(p))
		commands = commands || workflow.Is(p) || strings.HasSuffix(base, "makefile") || strings.HasSuffix(base, ".sh")
	}
	var ask []string
	for i, p := range files {
		if c.differ[p] || commands && i < maxConstraints {
			ask = append(ask, p)
		}
	}
	if c.tree.Together != nil && len(ask) > 0 {
		c.tree.Together(ask)
	}
	found := make(map[string]constraint.Expr)
	for _, p := range ask {
		text, ok, err := c.tree.text(p)
		if err != nil {
			return nil, err
		}
		if expr := goConstraint(text); ok && expr != nil {
			found[p] = expr
		}
	}
	return found, nil
}

func goConstraint(text string) constraint.Expr {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if constraint.IsGoBuild(line) {
			expr, err := constraint.Parse(line)
			if err != nil {
				return nil
			}
			return expr
		}
		if line != "" && !strings.HasPrefix(line, "//") {
			return nil
		}
	}
	return nil
}

// goSystem reports whether a tag is one of a system, a machine or a version: some
// machine has it.
func goSystem(tag string) bool {
	switch tag {
	case "linux", "darwin", "windows", "unix", "freebsd", "openbsd", "netbsd", "amd64", "arm64", "386", "arm", "cgo", "gc", "race", "js", "wasm", "wasip1", "plan9", "solaris", "android", "ios":
		return true
	}
	return strings.HasPrefix(tag, "go1")
}
