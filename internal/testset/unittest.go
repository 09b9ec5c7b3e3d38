package testset

import (
	"path"
	"slices"
	"strings"
)

// A unittestRun is "python -m unittest" started once, or Django's test command.
type unittestRun struct {
	start   string // the folder where it looks
	pattern globs
	modules []string // files or folders that are named instead
	words   []string // of -k
	by      string
}

// unittest collects only by commands: nothing says that a repository wants it
// otherwise.
func (c *collector) unittest() error {
	var runs []unittestRun
	for _, one := range c.calls {
		if r, ok := unittestCall(one); ok && len(runs) < maxRuns {
			c.runs("unittest", one)
			runs = append(runs, r)
		}
	}
	if len(runs) == 0 {
		return nil
	}
	all := Collection{Runner: "unittest", View: ByCommands, Files: make(map[string]bool)}
	for _, r := range runs {
		all.By = append(all.By, r.by)
		for _, p := range c.tree.paths {
			if IsPython(p) && c.unittestRefuses(r, p) == "" {
				all.Files[p] = true
			}
		}
	}
	all.Why = func(p string) (string, string) {
		for _, r := range runs {
			if under(p, r.start) {
				return c.unittestRefuses(r, p), r.by
			}
		}
		return "no command names its folder", runs[0].by
	}
	var selections []selection
	for _, r := range runs {
		selections = append(selections, c.unittestSelection(r))
	}
	all.Selects, all.keep = unite(selections)
	c.add(all)
	return nil
}

func unittestCall(one call) (r unittestRun, ok bool) {
	words := one.words
	base := path.Base(words[0])
	at := slices.Index(words, "unittest")
	django := slices.IndexFunc(words, func(w string) bool { return path.Base(w) == "manage.py" })
	r = unittestRun{start: one.dir, by: one.by}
	pattern := "test*.py"
	switch {
	case one.dir == "?":
		return r, false
	case strings.HasPrefix(base, "python") && at > 0 && words[at-1] == "-m":
		words = words[at+1:]
	case django >= 0 && django+1 < len(words) && words[django+1] == "test":
		words = words[django+2:]
		r.start = join(one.dir, parent(one.words[django]))
	default:
		return r, false
	}
	discover, n := false, 0
	for i := 0; i < len(words); i++ {
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		switch w := words[i]; {
		case w == "discover":
			discover = true
		case strings.HasPrefix(w, "--start-directory="):
			r.start = join(one.dir, w[len("--start-directory="):])
		case strings.HasPrefix(w, "--pattern="):
			pattern = w[len("--pattern="):]
		case w == "-s" || w == "--start-directory":
			r.start = join(one.dir, next)
			i++
		case w == "-p" || w == "--pattern":
			pattern = next
			i++
		case w == "-k":
			r.words = append(r.words, next)
			i++
		case w == "-t" || w == "--top-level-directory" || w == "--settings" || w == "--parallel":
			i++
		case strings.HasPrefix(w, "-") || unknown(w):
		case discover && n == 0:
			r.start, n = join(one.dir, w), 1
		case discover && n == 1:
			pattern, n = w, 2
		default:
			r.modules = append(r.modules, join(r.start, strings.ReplaceAll(strings.TrimSuffix(w, ".py"), ".", "/")))
		}
	}
	r.pattern, _ = compileAll([]string{pattern}, fnmatch)
	return r, true
}

// unittestRefuses says why a file is not collected. Folders below the start must
// be packages.
func (c *collector) unittestRefuses(r unittestRun, p string) string {
	if len(r.modules) > 0 {
		name := strings.TrimSuffix(p, ".py")
		for _, m := range r.modules {
			if name == m || under(m, name) || under(p, m) && r.pattern.match(path.Base(p)) {
				return ""
			}
		}
		return "no command names it"
	}
	switch {
	case !under(p, r.start):
		return "it is not in the folder where unittest looks"
	case !r.pattern.match(path.Base(p)):
		return "its name does not match the pattern"
	}
	for dir := parent(p); len(dir) > len(r.start); dir = parent(dir) {
		if !c.tree.Has(dir + "/__init__.py") {
			return dir + " has no __init__.py"
		}
	}
	return ""
}

// unittestSelection is -k, and the classes and tests that are named.
func (c *collector) unittestSelection(r unittestRun) selection {
	var named []string // "tests/test_a.Class.test", as joined
	for _, m := range r.modules {
		if !c.tree.Has(m+".py") && !c.tree.dirs[m] {
			named = append(named, m)
		}
	}
	text := strings.Join(slices.Concat(r.words, named), " ")
	return selection{func(p string) bool { return c.unittestRefuses(r, p) == "" }, text, func(t Test) bool {
		whole := strings.TrimSuffix(t.Path, ".py") + "/" + strings.ReplaceAll(t.Name, ".", "/")
		in := func(m string) bool { return under(whole, m) }
		return (len(r.modules) == 0 || slices.ContainsFunc(r.modules, in)) && (len(r.words) == 0 || slices.ContainsFunc(r.words, func(w string) bool {
			return strings.Contains(whole, w) || strings.ContainsAny(w, "*?") && wildcard(w, strings.ReplaceAll(whole, "/", "."))
		}))
	}}
}
