package testset

import (
	"encoding/xml"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
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
	// call recognises a command; paths are the files and folders that it names.
	call func(words []string) (paths []string, ok bool)
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
	}
	var runs []run
	for _, at := range c.calls {
		paths, ok := r.call(at.words)
		if !ok || len(runs) >= maxRuns {
			continue
		}
		one := run{by: at.by}
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
	named := func(p string) bool {
		return slices.ContainsFunc(runs, func(one run) bool {
			return slices.ContainsFunc(one.dirs, func(dir string) bool { return under(p, dir) })
		})
	}
	for p := range all.Files {
		if named(p) {
			one.Files[p] = true
		}
	}
	one.Why = func(p string) (string, string) {
		if !named(p) {
			return "no command names its folder", runs[0].by
		}
		return all.Why(p)
	}
	one.By = slices.Clone(all.By)
	for _, r := range runs {
		one.By = append(one.By, r.by)
	}
	c.add(one)
}

// starts recognises a command by its name.
func starts(words []string, names ...string) bool {
	return slices.Contains(names, path.Base(words[0]))
}

func plainWords(words []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return strings.HasPrefix(w, "-") })
}

// cargo: everything below src, and the files of tests, unless the manifest says
// otherwise.
func (c *collector) cargo() (patternRunner, error) {
	r := patternRunner{name: "cargo", ext: []string{".rs"}, call: func(w []string) ([]string, bool) {
		at := slices.IndexFunc(w, func(s string) bool { return s == "test" || s == "t" || s == "nextest" || s == "llvm-cov" })
		return nil, starts(w, "cargo", "cross") && at > 0 && !slices.Contains(w, "--no-run")
	}}
	for _, file := range c.tree.named("Cargo.toml") {
		text, ok, err := c.tree.text(file)
		if err != nil {
			return r, err
		}
		tables, bad := tomlTables(text)
		if !ok {
			continue
		}
		if bad != nil {
			c.opaque(file, 1, "a manifest that cannot be read ("+bad.Error()+")")
			continue
		}
		if tables["package"] == nil {
			continue // a workspace alone
		}
		r.projects = append(r.projects, cargoProject(file, tables))
	}
	return r, nil
}

func cargoProject(file string, tables map[string]map[string]tomlValue) project {
	dir := parent(file)
	named := make(map[string]bool) // tests that the manifest lists
	off := make(map[string]bool)
	for name, t := range tables {
		if !strings.HasPrefix(name, "test#") {
			continue
		}
		p := join(dir, firstOf(t["path"].text, "tests/"+t["name"].text+".rs"))
		named[p] = true
		off[p] = t["test"].text == "false"
	}
	auto := tables["package"]["autotests"].text != "false"
	lib := tables["lib"]["test"].text != "false"
	return project{dir, file, func(p string) string {
		rest := within(p, dir)
		switch {
		case off[p], strings.HasPrefix(rest, "src/") && !lib:
			return "the manifest says test = false"
		case strings.HasPrefix(rest, "src/"), named[p]:
			return ""
		case strings.HasPrefix(rest, "tests/") && auto:
			return ""
		case strings.HasPrefix(rest, "tests/"):
			return "autotests is false and the manifest does not name it"
		}
		return "cargo looks in src and tests"
	}}
}

// rspec: spec/**/*_spec.rb, unless .rspec says otherwise.
func (c *collector) rspec() (patternRunner, error) {
	r := patternRunner{name: "rspec", ext: []string{".rb"}, call: func(w []string) ([]string, bool) {
		if starts(w, "rake", "rails") {
			return nil, slices.Contains(w, "spec")
		}
		return plainWords(w[1:]), starts(w, "rspec", "parallel_rspec")
	}}
	dirs := make(map[string]bool)
	for _, p := range c.tree.paths {
		if at := strings.Index("/"+p, "/spec/"); at >= 0 && strings.HasSuffix(p, ".rb") && !vendored(p) {
			dirs[strings.TrimSuffix(p[:at], "/")] = true
		}
	}
	for dir := range dirs {
		file := strings.TrimPrefix(dir+"/.rspec", "/")
		text, _, err := c.tree.text(file)
		if err != nil {
			return r, err
		}
		include, exclude, home := "**/*_spec.rb", "", "spec"
		words := splitWords(text)
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

type phpunitXML struct {
	Suites []struct {
		Directories []struct {
			Text   string `xml:",chardata"`
			Suffix string `xml:"suffix,attr"`
			Prefix string `xml:"prefix,attr"`
		} `xml:"directory"`
		Files   []string `xml:"file"`
		Exclude []string `xml:"exclude"`
	} `xml:"testsuites>testsuite"`
	Alone []struct {
		Directories []struct {
			Text   string `xml:",chardata"`
			Suffix string `xml:"suffix,attr"`
			Prefix string `xml:"prefix,attr"`
		} `xml:"directory"`
		Files   []string `xml:"file"`
		Exclude []string `xml:"exclude"`
	} `xml:"testsuite"`
}

// phpunit: what the suites of phpunit.xml name.
func (c *collector) phpunit() (patternRunner, error) {
	r := patternRunner{name: "phpunit", ext: []string{".php"}, call: func(w []string) ([]string, bool) {
		if starts(w, "php") && len(w) > 1 {
			return nil, path.Base(w[1]) == "artisan" && slices.Contains(w, "test") || path.Base(w[1]) == "phpunit"
		}
		if starts(w, "composer") {
			return nil, slices.Contains(w, "test")
		}
		return plainWords(w[1:]), starts(w, "phpunit", "pest", "paratest", "simple-phpunit")
	}}
	seen := make(map[string]bool)
	for _, name := range []string{"phpunit.xml", "phpunit.dist.xml", "phpunit.xml.dist"} {
		for _, file := range c.tree.named(name) {
			text, ok, err := c.tree.text(file)
			if err != nil {
				return r, err
			}
			if !ok || seen[parent(file)] {
				continue
			}
			seen[parent(file)] = true
			var x phpunitXML
			if xml.Unmarshal([]byte(text), &x) != nil {
				c.opaque(file, 1, "a configuration that cannot be read")
				continue
			}
			r.projects = append(r.projects, phpunitProject(file, x))
		}
	}
	return r, nil
}

func phpunitProject(file string, x phpunitXML) project {
	dir := parent(file)
	return project{dir, file, func(p string) string {
		why := "no test suite names its folder"
		for _, s := range append(x.Suites, x.Alone...) {
			excluded := slices.ContainsFunc(s.Exclude, func(e string) bool { return under(p, join(dir, strings.TrimSpace(e))) })
			for _, f := range s.Files {
				if p == join(dir, strings.TrimSpace(f)) && !excluded {
					return ""
				}
			}
			for _, d := range s.Directories {
				if !under(p, join(dir, strings.TrimSpace(d.Text))) {
					continue
				}
				switch {
				case excluded:
					why = "the test suite excludes it"
				case !strings.HasSuffix(p, firstOf(d.Suffix, "Test.php")) || !strings.HasPrefix(path.Base(p), d.Prefix):
					why = "its name does not end in " + firstOf(d.Suffix, "Test.php")
				default:
					return ""
				}
			}
		}
		return why
	}}
}

var (
	dotnetSDK    = lazyregexp.New(`(?i)Microsoft\.NET\.Test\.Sdk|<IsTestProject>\s*true|MSTest\.Sdk|TUnit`)
	dotnetOff    = lazyregexp.New(`(?i)<IsTestProject>\s*false`)
	dotnetRemove = lazyregexp.New(`(?i)<Compile\s+Remove="([^"]+)"`)
)

// dotnet: everything below a project that is one of tests.
func (c *collector) dotnet() (patternRunner, error) {
	r := patternRunner{name: "dotnet", ext: []string{".cs", ".fs", ".vb"}, call: func(w []string) ([]string, bool) {
		return plainWords(w[min(2, len(w)):]), starts(w, "dotnet") && len(w) > 1 && (w[1] == "test" || w[1] == "vstest")
	}}
	for _, file := range c.tree.paths {
		if ext := path.Ext(file); ext != ".csproj" && ext != ".fsproj" && ext != ".vbproj" {
			continue
		}
		text, ok, err := c.tree.text(file)
		if err != nil {
			return r, err
		}
		if !ok {
			continue
		}
		dir := parent(file)
		tests := dotnetSDK.MatchString(text) && !dotnetOff.MatchString(text)
		var removed globs
		for _, m := range dotnetRemove.FindAllStringSubmatch(text, -1) {
			for p := range strings.SplitSeq(m[1], ";") {
				removed = appendGlob(removed, strings.ReplaceAll(p, `\`, "/"))
			}
		}
		r.projects = append(r.projects, project{dir, file, func(p string) string {
			switch {
			case !tests:
				return "the project is none of tests"
			case removed.match(within(p, dir)):
				return "the project leaves it out"
			}
			return ""
		}})
	}
	return r, nil
}
