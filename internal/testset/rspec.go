package testset

import (
	"slices"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// rspec: spec/**/*_spec.rb, unless .rspec says otherwise.
func (c *collector) rspec() (patternRunner, error) {
	r := patternRunner{name: "rspec", ext: []string{".rb"}, call: rspecCall}
	dirs := make(map[string]bool)
	for _, p := range c.tree.paths {
		if at := strings.Index("/"+p, "/spec/"); at >= 0 && strings.HasSuffix(p, ".rb") && !vendored(p) {
			dirs[strings.TrimSuffix(p[:at], "/")] = true
		}
	}
	if err := c.rspecFilters(); err != nil {
		return r, err
	}
	for dir := range dirs {
		file := strings.TrimPrefix(dir+"/.rspec", "/")
		text, _, err := c.tree.text(file)
		if err != nil {
			return r, err
		}
		include, exclude, home := "**/*_spec.rb", "", "spec"
		words := c.few(file, splitWords(text))
		for i, w := range words {
			name, value, ok := strings.Cut(w, "=")
			if !ok && i+1 < len(words) {
				value = words[i+1]
			}
			switch name {
			case "--pattern", "-P":
				include = value
			case "--exclude-pattern":
				exclude = value
			case "--default-path":
				home = strings.Trim(value, "./")
			}
		}
		if one := rspecSelection(words); one.keep != nil {
			r.standing = one // all folders of a repository mean the same by it
		}
		in, out := glob(strings.TrimPrefix(include, home+"/")), glob(strings.TrimPrefix(exclude, home+"/"))
		r.projects = append(r.projects, project{dir, file, func(p string) string {
			rest := within(p, dir)
			name := strings.TrimPrefix(rest, home+"/")
			switch {
			case rest == name:
				return "RSpec looks in " + home
			case in != nil && !in.MatchString(name):
				return "its name does not match " + include
			case exclude != "" && out != nil && out.MatchString(name):
				return ".rspec excludes it"
			}
			return ""
		}})
	}
	return r, nil
}

// rspecValued are options whose value is the next word.
var rspecValued = map[string]bool{
	"-e": true, "--example": true, "-E": true, "--example-matches": true, "-t": true, "--tag": true, "-f": true, "--format": true, "-o": true, "--out": true, "-r": true, "--require": true,
	"-P": true, "--pattern": true, "--exclude-pattern": true, "-I": true, "--seed": true, "--order": true, "-n": true, "--failure-exit-code": true, "--options": true, "-O": true,
}

func rspecCall(w []string) (run patternCall, ok bool) {
	if starts(w, "rake", "rails") {
		return run, slices.Contains(w, "spec")
	}
	if !starts(w, "rspec", "parallel_rspec") || flagged(w, "--dry-run") {
		return run, false
	}
	run.selection = rspecSelection(w[1:])
	if code := option(w, "--failure-exit-code"); slices.Contains(code, "0") {
		run.soft = "--failure-exit-code 0"
	}
	for i := 1; i < len(w); i++ {
		switch {
		case rspecValued[w[i]]:
			i++
		case !strings.HasPrefix(w[i], "-") && !strings.ContainsAny(w[i], "<>"):
			run.paths = append(run.paths, w[i])
		}
	}
	return run, true
}

// rspecSelection is --tag, --example, and lines that are named.
func rspecSelection(words []string) selection {
	var s selection
	tags, names := option(words, "-t", "--tag"), option(words, "-e", "--example")
	lines := make(map[string][]int)
	for _, w := range words {
		if file, line, ok := strings.Cut(w, ":"); ok && strings.HasSuffix(file, ".rb") {
			if n, err := strconv.Atoi(line); err == nil {
				lines[file] = append(lines[file], n)
				names, s.text = slices.Clip(names), s.text+" "+w
			}
		}
	}
	if len(tags)+len(names)+len(lines) == 0 {
		return s
	}
	s.text += " " + strings.Join(tags, " ") + " -e " + strings.Join(names, " -e ")
	s.keep = func(t Test) bool {
		return rspecTagged(t, tags) && (len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return strings.Contains(t.fullName(), n) })) && rspecLine(t, lines)
	}
	return s
}

func rspecTagged(t Test, tags []string) bool {
	wanted, in := false, false
	for _, tag := range tags {
		name, not := strings.CutPrefix(tag, "~")
		name, _, _ = strings.Cut(name, ":")
		has := slices.Contains(t.Marks, name)
		if not && has {
			return false
		}
		wanted, in = wanted || !not, in || !not && has
	}
	return in || !wanted
}

// rspecLine reports whether a line that is named is one of the test, where any is
// named in its file.
func rspecLine(t Test, lines map[string][]int) bool {
	for file, list := range lines {
		if strings.HasSuffix("/"+t.Path, "/"+strings.TrimPrefix(file, "./")) {
			return slices.ContainsFunc(list, func(n int) bool { return t.Line <= n && n <= t.Line+t.lines })
		}
	}
	return true
}

var rspecFilter = lazyregexp.New(`(?m)^[^#\n]*\b(?:filter_run(?:_including|_excluding)?\b[^\n]*|(?:exclusion_filter|inclusion_filter|filter_manager)\b[^\n]*)`)

// rspecFilters notes what a helper's own code leaves out.
func (c *collector) rspecFilters() error {
	for _, p := range c.tree.named("spec_helper.rb", "rails_helper.rb") {
		text, _, err := c.tree.text(p)
		if err != nil {
			return err
		}
		code := mask(text, ruby)
		for _, at := range rspecFilter.FindAllStringIndex(code, maxDecisions) {
			if line := code[at[0]:at[1]]; !strings.Contains(line, ":focus") {
				c.opaque(p, lineAt(text, at[0]), "a filter leaves out examples ("+shown(strings.Fields(text[at[0]:at[1]]))+")")
			}
		}
	}
	return nil
}
