package testset

import (
	"path"
	"slices"
	"strings"
)

// A project is a folder with a build file, and what a runner collects in it.
type project struct {
	dir, file string
	refuses   func(p string) string // why a file below dir is not collected
}

// A patternRunner collects by the places and names of files, which projects bound.
type patternRunner struct {
	name     string
	ext      []string
	projects []project
	// call recognises a command.
	call func(words []string) (run patternCall, ok bool)
	// standing is what the configuration selects for every run; the zero for nothing.
	standing selection
}

// A patternCall is what a command names, and what it selects within that.
type patternCall struct {
	paths []string // files and folders; none for its own folder
	selection
	soft  string // an option by which failures stop nothing
	vague string // an option whose effect cannot be told
}

// byPattern lays on the runners that are told by places and names.
func (c *collector) byPattern() error {
	for _, one := range []func() (patternRunner, error){c.cargo, c.maven, c.gradle, c.rspec, c.phpunit, c.dotnet} {
		r, err := one()
		if err != nil {
			return err
		}
		c.lay(r)
	}
	return nil
}

// lay makes the collections of a runner.
func (c *collector) lay(r patternRunner) {
	if len(r.projects) == 0 {
		return
	}
	slices.SortFunc(r.projects, func(a, b project) int { return strings.Compare(b.dir, a.dir) }) // the deepest first
	one := Collection{Runner: r.name, View: ByConfiguration, Files: make(map[string]bool)}
	why := func(p string) (string, string) {
		for _, pr := range r.projects {
			if under(p, pr.dir) {
				return pr.refuses(p), pr.file
			}
		}
		return "no project of " + r.name + " is above it", ""
	}
	for _, p := range c.tree.paths {
		if !slices.Contains(r.ext, path.Ext(p)) || vendored(p) {
			continue
		}
		if reason, _ := why(p); reason == "" {
			one.Files[p] = true
		}
	}
	one.Why = why
	one.Selects, one.keep = r.standing.text, r.standing.keep
	for _, pr := range r.projects {
		one.By = append(one.By, pr.file)
	}
	c.add(one)
	c.layCommands(r, one)
}

func (c *collector) layCommands(r patternRunner, all Collection) {
	type run struct {
		dirs []string
		by   string
		selection
	}
	var runs []run
	for _, at := range c.calls {
		called, ok := r.call(at.words)
		if !ok || len(runs) >= maxRuns {
			continue
		}
		paths := called.paths
		if at.soft = firstOf(at.soft, called.soft); called.vague != "" {
			c.opaque(at.by, at.line, called.vague)
		}
		c.runs(r.name, at)
		one := run{by: at.by, selection: called.selection}
		if at.dir == "?" {
			one.dirs = []string{""}
		}
		for _, p := range paths {
			if at.dir == "?" {
				break
			}
			if unknown(p) {
				c.opaque(at.by, at.line, "the command "+shown(at.words)+" is made of variables")
				one.dirs = []string{""}
				break
			}
			q := join(at.dir, strings.SplitN(p, ":", 2)[0])
			if c.tree.files[q] && (strings.HasSuffix(q, "proj") || strings.HasSuffix(q, ".sln") || strings.HasSuffix(q, ".slnx")) {
				q = parent(q)
			}
			if c.tree.dirs[q] || c.tree.files[q] {
				one.dirs = append(one.dirs, q)
			}
		}
		if len(one.dirs) == 0 {
			one.dirs = []string{at.dir}
		}
		runs = append(runs, one)
	}
	if len(runs) == 0 {
		return
	}
	one := Collection{Runner: r.name, View: ByCommands, Files: make(map[string]bool)}
	names := func(one run, p string) bool {
		return slices.ContainsFunc(one.dirs, func(dir string) bool { return under(p, dir) }) && (one.covers == nil || one.covers(p))
	}
	named := func(p string) bool {
		return slices.ContainsFunc(runs, func(one run) bool { return names(one, p) })
	}
	for p := range all.Files {
		if named(p) {
			one.Files[p] = true
		}
	}
	one.Why = func(p string) (string, string) {
		if !named(p) {
			return "no command names it or its folder", runs[0].by
		}
		return all.Why(p)
	}
	one.By = slices.Clone(all.By)
	selections := make([]selection, 0, len(runs))
	for _, one := range runs {
		s := one.selection
		s.covers = func(p string) bool { return names(one, p) }
		if standing := r.standing; standing.keep != nil {
			own := s.keep
			s.text = strings.TrimSpace(standing.text + " " + s.text)
			s.keep = func(t Test) bool { return standing.keep(t) && (own == nil || own(t)) }
		}
		selections = append(selections, s)
	}
	one.Selects, one.keep = unite(selections)
	for _, r := range runs {
		one.By = append(one.By, r.by)
	}
	c.add(one)
}

// starts recognises a command by its name.
func starts(words []string, names ...string) bool {
	return slices.Contains(names, path.Base(words[0]))
}
