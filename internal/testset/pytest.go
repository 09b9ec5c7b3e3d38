package testset

import (
	"path"
	"slices"
	"strings"
)

// A pytestRun is pytest started once.
type pytestRun struct {
	c                *collector
	config           *pytestConfig
	cwd              string
	args             []string // files and folders
	all              bool     // what it was told to collect cannot be told
	installed        bool     // the repository's own package was installed before
	module           bool     // python -m pytest: the folder is on the path
	path             []string // PYTHONPATH
	ignored          []string // --ignore
	globs            globs    // --ignore-glob
	selects          []string // -k and -m
	nodes            []string // tests that are named: file::name
	importlib        bool
	rootdir          string
	by               string            // the file that starts it, "" for nobody
	files            globs             // python_files, asked with the base name
	places           globs             // those with a slash, asked with the path
	norecurse, below globs             // likewise norecursedirs
	skipped          map[string]bool   // by folder, once asked
	clashes          map[string]string // files that are another's module again
	conftest         map[string]*conftest
}

// pytest collects in both views.
func (c *collector) pytest() error {
	configs, err := c.pytestConfigs()
	if err != nil {
		return err
	}
	ignores, err := c.conftests()
	if err != nil {
		return err
	}
	p := &pytests{c: c, configs: configs, conftest: ignores}
	c.add(p.collection(ByConfiguration, p.defaults()))
	if runs := p.called(); len(runs) > 0 {
		c.add(p.collection(ByCommands, runs))
	}
	return nil
}

// pytests are the runs of pytest in one tree.
type pytests struct {
	c        *collector
	configs  map[string]*pytestConfig
	conftest map[string]*conftest
}

// maxRuns bounds how often pytest is laid on a tree.
const (
	maxRuns = 60
	tooMany = "there are more runs of pytest than are followed"
)

// add takes a run in unless there is one that is alike.
func (p *pytests) add(runs []*pytestRun, r *pytestRun) []*pytestRun {
	if slices.ContainsFunc(runs, func(o *pytestRun) bool { return o.like(r) }) {
		return runs
	}
	return append(runs, r)
}

func (r *pytestRun) like(o *pytestRun) bool {
	return r.config.file == o.config.file && r.config.dir == o.config.dir && r.cwd == o.cwd && r.all == o.all && r.module == o.module && r.importlib == o.importlib && r.by == o.by &&
		slices.Equal(r.args, o.args) && slices.Equal(r.path, o.path) && slices.Equal(r.ignored, o.ignored) && slices.Equal(r.selects, o.selects) && slices.Equal(r.nodes, o.nodes)
}

// defaults are the runs without arguments: at the root and wherever a
// configuration stands.
func (p *pytests) defaults() []*pytestRun {
	dirs := []string{""}
	for dir := range p.configs {
		if dir != "" {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	var runs []*pytestRun
	for _, dir := range dirs {
		if len(runs) == maxRuns {
			p.c.opaque(p.configs[dir].file, 1, tooMany)
			break
		}
		if config := p.configs[dir]; config != nil || dir == "" {
			runs = p.add(runs, p.run(call{words: []string{"pytest"}, dir: dir}, nil))
		}
	}
	return runs
}

// called are the runs of the workflows.
func (p *pytests) called() []*pytestRun {
	var runs []*pytestRun
	seen := make(map[string]bool)
	for _, one := range p.c.calls {
		args, module, ok := pytestArgs(one.words)
		key := strings.Join(slices.Concat(one.words, one.pythonPath, []string{one.dir, one.by}), "\x00")
		switch {
		case !ok || flagged(args, "--collect-only", "--co", "--fixtures", "--version", "--help"):
		case seen[key]:
			p.c.runs("pytest", one)
		case len(runs) == maxRuns:
			p.c.opaque(one.by, one.line, tooMany)
			return runs
		default:
			seen[key] = true
			p.c.runs("pytest", one)
			r := p.run(one, args)
			if flagged(args, "--lf", "--last-failed", "--sw", "--stepwise") {
				p.c.opaque(one.by, one.line, "the command "+shown(one.words)+" takes only what failed before")
			}
			if r.all {
				p.c.opaque(one.by, one.line, "the command "+shown(one.words)+" is made of variables")
			}
			r.module, r.installed = module, *one.installs
			runs = p.add(runs, r)
		}
	}
	return runs
}

// pytestArgs recognises a call of pytest and returns its arguments.
func pytestArgs(words []string) (args []string, module, ok bool) {
	base := path.Base(words[0])
	if base == "pytest" || base == "py.test" {
		return words[1:], false, true
	}
	if !strings.HasPrefix(base, "python") && base != "py" {
		return nil, false, false
	}
	for i := 1; i+1 < len(words); i++ {
		switch {
		case words[i] == "-m" && words[i+1] == "pytest":
			return words[i+2:], true, true
		case words[i] == "-m" && words[i+1] == "coverage":
			return nil, false, slices.Contains(words, "pytest")
		case !strings.HasPrefix(words[i], "-"):
			return nil, false, false
		}
	}
	return nil, false, false
}

// valued are options of pytest whose value is the next word.
var valued = map[string]bool{
	"-k": true, "-m": true, "-c": true, "-p": true, "-o": true, "-n": true, "-W": true, "-r": true, "--ignore": true, "--ignore-glob": true, "--deselect": true,
	"--rootdir": true, "--confcutdir": true, "--maxfail": true, "--tb": true, "--durations": true, "--junitxml": true, "--junit-xml": true, "--cov": false,
	"--cov-report": true, "--cov-config": true, "--import-mode": true, "--override-ini": true, "--config-file": true, "--basetemp": true, "--timeout": true,
	"--dist": true, "--log-level": true, "--color": true, "--capture": true, "--reruns": true, "--html": true, "--cov-fail-under": true, "--splits": true, "--group": true, "--numprocesses": true,
}

// run makes a run of its arguments and of what the configuration adds to them.
func (p *pytests) run(one call, args []string) *pytestRun {
	r := &pytestRun{c: p.c, cwd: one.dir, path: one.pythonPath, by: one.by, conftest: p.conftest}
	if r.cwd == "?" {
		r.cwd, r.all = "", true
	}
	file := r.options(args, r.cwd)
	r.configure(p.configs, file)
	r.options(r.config.addopts, r.config.dir)
	r.norecurse, r.below = nameOrPath(r.config.norecurse, pytestNorecurse)
	r.files, r.places = nameOrPath(r.config.pythonFiles, pytestFiles)
	if len(r.args) == 0 && !r.all && r.cwd == r.config.dir {
		for _, t := range r.config.testpaths {
			r.args = append(r.args, join(r.config.dir, t))
		}
	}
	if len(r.args) == 0 {
		r.args = []string{r.cwd}
	}
	r.findClashes()
	return r
}

// configure finds the configuration as pytest does: in the folder that all
// arguments have in common, and upwards from there.
func (r *pytestRun) configure(configs map[string]*pytestConfig, file string) {
	if file != "" {
		if config, err := r.c.pytestConfig(file); err == nil && config != nil {
			r.config = config
			return
		}
	}
	common := r.cwd
	for i, a := range r.args {
		if r.c.tree.Has(a) {
			a = parent(a)
		}
		for ; i > 0 && !under(a, common); common = parent(common) {
		}
		if i == 0 {
			common = a
		}
	}
	for dir := common; ; dir = parent(dir) {
		if configs[dir] != nil {
			r.config = configs[dir]
			return
		}
		if dir == "" {
			break
		}
	}
	r.config = &pytestConfig{dir: common}
	if len(r.args) == 0 {
		r.config.dir = r.cwd
	}
}

// decider names the file that says what this run collects.
func (r *pytestRun) decider() string {
	return firstOf(r.config.file, r.by)
}

// refuses says why the run does not collect a Python file, "" when it does.
func (r *pytestRun) refuses(p string) (reason, cause string) {
	arg, ok := r.argOf(p)
	switch {
	case !ok && r.by != "":
		return "the command in " + r.by + " does not name its folder", r.by
	case !ok:
		return "testpaths do not name its folder", r.config.file
	case arg == p:
		return "", ""
	}
	if reason, cause := r.ignores(p); reason != "" {
		return reason, cause
	}
	for dir := parent(p); len(dir) > len(arg); dir = parent(dir) {
		if r.skips(dir) {
			return "norecursedirs leaves out its folder", r.config.file
		}
	}
	if !r.named(p) {
		return "its name matches none of python_files", r.config.file
	}
	if other := r.clashes[p]; other != "" {
		return "it has the same module name as " + other + ", and a folder without __init__.py", ""
	}
	return "", ""
}

// argOf is the argument that leads to a file.
func (r *pytestRun) argOf(p string) (string, bool) {
	if r.all {
		return "", true
	}
	best, found := "", false
	for _, a := range r.args {
		if under(p, a) && (!found || len(a) > len(best)) {
			best, found = a, true
		}
	}
	return best, found
}

func (r *pytestRun) ignores(p string) (reason, cause string) {
	for _, i := range r.ignored {
		if under(p, i) {
			return "--ignore=" + i, r.decider()
		}
	}
	if r.globs.match(p) {
		return "--ignore-glob", r.decider()
	}
	for dir := parent(p); ; dir = parent(dir) {
		if f := r.conftest[dir]; f != nil && f.ignores(within(p, dir)) {
			return "collect_ignore in " + f.path, f.path
		}
		if dir == "" {
			return "", ""
		}
	}
}

// nameOrPath compiles patterns as pytest reads them: one with a slash is of the
// whole path, at any place of it.
func nameOrPath(patterns, otherwise []string) (names, paths globs) {
	if patterns == nil {
		patterns = otherwise
	}
	for _, p := range patterns {
		if !strings.Contains(p, "/") {
			if re := fnmatch(p); re != nil {
				names = append(names, re)
			}
		} else if re := fnmatch("*" + strings.TrimPrefix(p, "*")); re != nil {
			paths = append(paths, re)
		}
	}
	return names, paths
}

func (r *pytestRun) skips(dir string) bool {
	skipped, known := r.skipped[dir]
	if !known {
		skipped = r.norecurse.match(path.Base(dir)) || r.below.match("/"+dir) || r.c.tree.Has(dir+"/pyvenv.cfg")
		if r.skipped == nil {
			r.skipped = make(map[string]bool)
		}
		r.skipped[dir] = skipped
	}
	return skipped
}

func (r *pytestRun) named(p string) bool { return r.files.match(path.Base(p)) || r.places.match("/"+p) }

// basedir is the first folder upwards that is no package: what pytest puts on
// the path before it imports a file.
func (c *collector) basedir(p string) string {
	dir := parent(p)
	for dir != "" && c.tree.Has(dir+"/__init__.py") {
		dir = parent(dir)
	}
	return dir
}

// findClashes finds files that would be imported under one name: pytest refuses
// the second. Two names in one folder without __init__.py are never the same.
func (r *pytestRun) findClashes() {
	if r.importlib {
		return
	}
	first := make(map[string]string)
	r.clashes = make(map[string]string)
	for _, p := range r.c.tree.paths {
		if !strings.HasSuffix(p, ".py") || !r.named(p) {
			continue
		}
		if reason, _ := r.refuses(p); reason != "" {
			continue
		}
		module := within(p, r.c.basedir(p))
		if other, twice := first[module]; twice {
			r.clashes[p] = other
		} else {
			first[module] = p
		}
	}
}

// searchPath is where imports of a file are looked for.
func (r *pytestRun) searchPath(p string) []string {
	var dirs []string
	dirs = append(dirs, r.config.pythonpath...)
	dirs = append(dirs, r.path...)
	if r.installed {
		dirs = append(dirs, "", "src", r.cwd, strings.TrimPrefix(r.cwd+"/src", "/"))
	}
	if r.module {
		dirs = append(dirs, r.cwd)
	}
	if !r.importlib {
		dirs = append(dirs, r.c.basedir(p))
		for dir := parent(p); ; dir = parent(dir) {
			if r.c.tree.Has(strings.TrimPrefix(dir+"/conftest.py", "/")) {
				dirs = append(dirs, r.c.basedir(strings.TrimPrefix(dir+"/conftest.py", "/")))
			}
			if dir == "" {
				break
			}
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// collection unites runs.
func (p *pytests) collection(view string, runs []*pytestRun) Collection {
	one := Collection{Runner: "pytest", View: view, Files: make(map[string]bool)}
	byFile := make(map[string][]*pytestRun)
	for _, path := range p.c.tree.paths {
		if !strings.HasSuffix(path, ".py") {
			continue
		}
		for _, r := range runs {
			if reason, _ := r.refuses(path); reason == "" && r.mayHold(path) {
				one.Files[path] = true
				byFile[path] = append(byFile[path], r)
			}
		}
	}
	one.Why = func(path string) (string, string) { return nearestRefusal(runs, path) }
	one.SearchPath = func(path string) []string {
		var dirs []string
		for _, r := range byFile[path] {
			dirs = append(dirs, r.searchPath(path)...)
		}
		slices.Sort(dirs)
		return slices.Compact(dirs)
	}
	one.naming = func(path string) Naming {
		if runs := byFile[path]; len(runs) > 0 {
			return runs[0].config.naming()
		}
		return usualNames
	}
	for _, r := range runs {
		one.By = append(one.By, r.by, r.config.file)
	}
	one.By = slices.DeleteFunc(one.By, func(s string) bool { return s == "" })
	var selections []selection
	for _, r := range runs {
		selections = append(selections, r.selection())
	}
	one.Selects, one.keep = unite(selections)
	return one
}

// mayHold leaves out conftest.py and __init__.py, which no one takes for tests
// even where a pattern such as *.py matches them.
func (r *pytestRun) mayHold(p string) bool {
	base := path.Base(p)
	return base != "conftest.py" && base != "__init__.py" && base != "setup.py"
}

// nearestRefusal is that of the run whose configuration is nearest.
func nearestRefusal(runs []*pytestRun, p string) (reason, cause string) {
	best := -1
	for _, r := range runs {
		why, by := r.refuses(p)
		if why == "" || !under(p, r.config.dir) && best >= 0 {
			continue
		}
		depth := len(r.config.dir)
		if _, ok := r.argOf(p); ok {
			depth += 1 << 20 // it looked there, and left the file out
		}
		if depth > best {
			best, reason, cause = depth, why, by
		}
	}
	return reason, cause
}
