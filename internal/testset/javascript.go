package testset

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A jsConfig is what one runner of JavaScript collects from one folder.
type jsConfig struct {
	runner   string
	dir      string
	file     string // that says it
	roots    []string
	include  globs
	regexps  []*regexp.Regexp // jest's testRegex
	exclude  []*regexp.Regexp // on the path
	ignore   globs            // vitest's and mocha's exclude
	relative bool             // globs are of the path as seen from dir
	only     *regexp.Regexp   // what the command names; nil for everything
	names    *regexp.Regexp   // of tests; nil for all
	invert   bool
}

var jsDefaults = map[string][]string{
	"jest":   {"**/__tests__/**/*.?([mc])[jt]s?(x)", "**/?(*.)+(spec|test).?([mc])[jt]s?(x)"},
	"vitest": {"**/*.{test,spec}.?(c|m)[jt]s?(x)"},
	"mocha":  {"test/*.{js,cjs,mjs}"},
}

// javascript collects for each runner in each view: by configuration wherever a
// configuration or a package that needs the runner stands; by commands where the
// workflows start it, also through package scripts.
func (c *collector) javascript() error {
	for _, runner := range []string{"jest", "vitest", "mocha"} {
		configs, err := c.jsConfigs(runner)
		if err != nil {
			return err
		}
		c.add(c.jsCollection(runner, ByConfiguration, configs))
		var called []*jsConfig
		for _, one := range c.calls {
			if config, ok := c.jsCall(runner, one, configs); ok && len(called) < maxRuns {
				called = append(called, config)
			}
		}
		if len(called) > 0 {
			c.add(c.jsCollection(runner, ByCommands, called))
		}
	}
	return nil
}

func (c *collector) jsCollection(runner, view string, configs []*jsConfig) Collection {
	one := Collection{Runner: runner, View: view, Files: make(map[string]bool)}
	for _, p := range c.tree.paths {
		if !jsSource(p) {
			continue
		}
		for _, config := range configs {
			if config.refuses(p) == "" {
				one.Files[p] = true
				break
			}
		}
	}
	one.Why = func(p string) (reason, cause string) {
		for _, config := range configs {
			if under(p, config.dir) {
				reason, cause = config.refuses(p), config.file
			}
		}
		if reason == "" {
			reason = "no configuration of " + runner + " is above it"
		}
		return reason, cause
	}
	var selections []selection
	for _, config := range configs {
		one.By = append(one.By, config.file)
		selections = append(selections, config.selection())
	}
	one.Selects, one.keep = unite(selections)
	return one
}

func jsSource(p string) bool {
	switch path.Ext(p) {
	case ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts":
		return !strings.Contains("/"+p, "/node_modules/") && !strings.HasSuffix(p, ".d.ts")
	}
	return false
}

func (j *jsConfig) refuses(p string) string {
	in := false
	for _, root := range j.roots {
		in = in || under(p, root)
	}
	if !in {
		return "it is in none of the folders where " + j.runner + " looks"
	}
	name := p
	if j.relative {
		name = within(p, j.dir)
	}
	switch {
	case len(j.regexps) == 0 && !j.include.match(name):
		return "its name matches none of the patterns of " + j.runner
	case len(j.regexps) > 0 && !slices.ContainsFunc(j.regexps, func(re *regexp.Regexp) bool { return re.MatchString("/" + p) }):
		return "its name matches no testRegex"
	case j.only != nil && !j.only.MatchString("/"+p):
		return "the command does not name it"
	case j.ignore.match(name), slices.ContainsFunc(j.exclude, func(re *regexp.Regexp) bool { return re.MatchString("/" + p) }):
		return j.runner + " is told to leave it out"
	}
	return ""
}

// selection is by the names of tests.
func (j *jsConfig) selection() selection {
	s := selection{covers: func(p string) bool { return j.refuses(p) == "" }}
	if j.names != nil {
		s.text = fmt.Sprint("names ", j.names, " ", j.invert)
		s.keep = func(t Test) bool { return j.names.MatchString(t.fullName()) != j.invert }
	}
	return s
}

// called selects by what a command says of names, and notes how it may find
// nothing, or not all.
func (j *jsConfig) called(c *collector, words []string, one call) {
	for _, name := range option(words, "-t", "--testNamePattern", "--grep", "-g", "--fgrep", "-f") {
		if j.runner != "mocha" && flagged(words, "-f", "-g") || unknown(name) {
			continue
		}
		j.names = namesOf(name)
	}
	j.invert = flagged(words, "--invert", "-i") && j.runner == "mocha"
	for _, w := range words {
		switch name, _, _ := strings.Cut(w, "="); name {
		case "--passWithNoTests":
			one.soft = firstOf(one.soft, name)
		case "--shard":
			if !unknown(w) { // a matrix gives one to each job
				c.opaque(one.by, one.line, "the command runs one shard of the tests")
			}
		case "--onlyChanged", "-o", "--changed", "--changedSince", "--findRelatedTests", "--lastCommit":
			if j.runner != "mocha" {
				c.opaque(one.by, one.line, "the command runs what "+name+" finds")
			}
		}
	}
	c.runs(j.runner, one)
}

// namesOf is a pattern for names; one that is no regular expression is a text.
func namesOf(pattern string) *regexp.Regexp {
	if re, err := regexp.Compile(pattern); err == nil {
		return re
	}
	return regexp.MustCompile(regexp.QuoteMeta(pattern))
}

// jsConfigs finds the folders where a runner has a configuration, or where a
// package asks for it.
func (c *collector) jsConfigs(runner string) ([]*jsConfig, error) {
	byDir := make(map[string]*jsConfig)
	var dirs []string
	for _, p := range c.tree.paths {
		if vendored(p) || !jsConfigName(runner, path.Base(p)) || byDir[parent(p)] != nil && path.Base(p) == "package.json" {
			continue
		}
		text, ok, err := c.tree.text(p)
		if err != nil {
			return nil, err
		}
		config, says := c.jsConfig(runner, p, text)
		if !ok || !says || len(byDir) >= 500 {
			continue
		}
		if old := byDir[parent(p)]; old != nil && path.Base(old.file) != "package.json" && strings.HasPrefix(path.Base(p), "vite.") {
			continue // vitest.config is asked before vite.config
		}
		if byDir[parent(p)] == nil {
			dirs = append(dirs, parent(p))
		}
		byDir[parent(p)] = config
	}
	slices.Sort(dirs)
	var list []*jsConfig
	for _, dir := range dirs {
		list = append(list, byDir[dir])
	}
	return list, nil
}

func jsConfigName(runner, base string) bool {
	switch {
	case base == "package.json":
		return true
	case runner == "jest":
		return strings.HasPrefix(base, "jest.config.")
	case runner == "vitest":
		return strings.HasPrefix(base, "vitest.config.") || strings.HasPrefix(base, "vite.config.")
	default:
		return strings.HasPrefix(base, ".mocharc")
	}
}

// jsConfig reads a file; says is false when it does not speak of the runner.
func (c *collector) jsConfig(runner, p, text string) (config *jsConfig, says bool) {
	dir := parent(p)
	var settings map[string][]string
	base := path.Base(p)
	switch {
	case base == "package.json":
		var pkg map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &pkg) != nil {
			return nil, false
		}
		inline := pkg[runner]
		if inline == nil && !jsNeeds(pkg, runner) {
			return nil, false
		}
		settings = jsonStrings(inline)
	case strings.HasSuffix(base, ".json"), base == ".mocharc":
		settings = jsonStrings([]byte(text))
	case strings.HasSuffix(base, ".yml"), strings.HasSuffix(base, ".yaml"):
		settings = yamlStrings(text)
	default:
		if strings.HasPrefix(base, "vite.config.") && !regexp.MustCompile(`\btest\s*:`).MatchString(mask(text, javascript)) {
			return nil, false
		}
		settings = c.jsLiterals(p, text)
	}
	if jsNoTests.MatchString(text) {
		c.mayFail("", p, 1, runner+" passes with no tests (passWithNoTests)")
	}
	for name, list := range settings {
		settings[name] = c.few(p, list)
	}
	return jsFrom(runner, p, dir, settings), true
}

var jsNoTests = lazyregexp.New(`\bpassWithNoTests['"]?\s*:\s*true\b`)

// yamlStrings are the texts and lists of texts of a YAML file, by name, as far as
// they stand on lines of their own.
func yamlStrings(text string) map[string][]string {
	settings := make(map[string][]string)
	name := ""
	for line := range strings.Lines(text) {
		body := strings.TrimSpace(line)
		value, item := strings.CutPrefix(body, "- ")
		switch key, rest, ok := strings.Cut(body, ":"); {
		case body == "" || body[0] == '#':
			continue
		case item:
		case ok && line[0] != ' ' && line[0] != '\t':
			name, value = strings.Trim(key, `"'`), rest
		default:
			continue
		}
		for v := range strings.SplitSeq(strings.Trim(strings.TrimSpace(value), "[]"), ",") {
			if v = strings.Trim(strings.TrimSpace(v), `"'`); v != "" {
				settings[name] = append(settings[name], v)
			}
		}
	}
	return settings
}

func jsNeeds(pkg map[string]json.RawMessage, runner string) bool {
	for _, group := range []string{"dependencies", "devDependencies"} {
		var deps map[string]json.RawMessage
		if json.Unmarshal(pkg[group], &deps) == nil {
			if _, ok := deps[runner]; ok {
				return true
			}
		}
	}
	return false
}

// jsFrom makes the configuration of settings by name.
func jsFrom(runner, file, dir string, settings map[string][]string) *jsConfig {
	j := &jsConfig{runner: runner, dir: dir, file: file, relative: runner != "jest"}
	at := func(s string) string {
		return join(dir, strings.NewReplacer("<rootDir>", ".", "${__dirname}", ".").Replace(s))
	}
	for _, name := range []string{"roots", "dir", "root"} {
		for _, r := range settings[name] {
			j.roots = append(j.roots, at(r))
		}
	}
	if len(j.roots) == 0 {
		for _, r := range settings["rootDir"] {
			j.roots = append(j.roots, at(r))
		}
	}
	if len(j.roots) == 0 {
		j.roots = []string{dir}
	}
	include := settings[map[string]string{"jest": "testMatch", "vitest": "include", "mocha": "spec"}[runner]]
	for _, p := range include {
		p = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(p, "<rootDir>/"), "./"), "/")
		if runner == "jest" && strings.HasPrefix(p, "**") || runner != "jest" {
			j.include = appendGlob(j.include, p)
		} else {
			j.include = appendGlob(j.include, strings.TrimPrefix(dir+"/"+p, "/"))
		}
		if runner == "mocha" && !strings.Contains(path.Base(p), ".") {
			j.include = appendGlob(j.include, strings.TrimSuffix(p, "/")+"/*.{js,cjs,mjs}")
		}
	}
	if include == nil {
		for _, p := range jsDefaults[runner] {
			j.include = appendGlob(j.include, p)
		}
	}
	for _, p := range settings["testRegex"] {
		if re, err := regexp.Compile(p); err == nil {
			j.regexps = append(j.regexps, re)
		}
	}
	for _, p := range settings["testPathIgnorePatterns"] {
		if re, err := regexp.Compile(strings.ReplaceAll(p, "<rootDir>", regexp.QuoteMeta(strings.TrimSuffix("/"+dir, "/")))); err == nil {
			j.exclude = append(j.exclude, re)
		}
	}
	for _, name := range append(settings["grep"], settings["testNamePattern"]...) {
		j.names = namesOf(name)
	}
	for _, name := range []string{"exclude", "ignore"} {
		if runner == "jest" {
			break
		}
		for _, p := range settings[name] {
			j.ignore = appendGlob(j.ignore, strings.TrimPrefix(p, "./"))
		}
	}
	return j
}

func appendGlob(list globs, p string) globs {
	if re := glob(p); re != nil {
		return append(list, re)
	}
	return list
}
