package testset

import (
	"encoding/xml"
	"path"
	"slices"
	"strings"
)

type phpunitXML struct {
	Excluded []string       `xml:"groups>exclude>group"`
	Included []string       `xml:"groups>include>group"`
	Suites   []phpunitSuite `xml:"testsuites>testsuite"`
	Alone    []phpunitSuite `xml:"testsuite"`
}

type phpunitSuite struct {
	Name        string `xml:"name,attr"`
	Directories []struct {
		Text   string `xml:",chardata"`
		Suffix string `xml:"suffix,attr"`
		Prefix string `xml:"prefix,attr"`
	} `xml:"directory"`
	Files   []string `xml:"file"`
	Exclude []string `xml:"exclude"`
}

// phpunit: what the suites of phpunit.xml name.
func (c *collector) phpunit() (patternRunner, error) {
	r := patternRunner{name: "phpunit", ext: []string{".php"}, call: phpunitCall}
	seen := make(map[string]bool)
	suites := make(map[string][]func(string) string)
	plain := r.call
	r.call = func(w []string) (patternCall, bool) {
		run, ok := plain(w)
		if names := option(w, "--testsuite"); len(names) > 0 {
			run.covers = func(p string) bool {
				return slices.ContainsFunc(strings.Split(strings.Join(names, ","), ","), func(name string) bool {
					return len(suites[name]) == 0 || slices.ContainsFunc(suites[name], func(refuses func(string) string) bool { return refuses(p) == "" })
				})
			}
		}
		return run, ok
	}
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
			if len(x.Excluded)+len(x.Included) > 0 {
				r.standing = groupSelection(c.few(file, x.Included), c.few(file, x.Excluded))
			}
			for _, s := range append(x.Suites, x.Alone...) {
				only := x
				only.Suites, only.Alone = slices.Clip(x.Suites[:0:0]), x.Alone[:0:0]
				only.Suites = append(only.Suites, s)
				suites[s.Name] = append(suites[s.Name], phpunitProject(file, only).refuses)
			}
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

// phpunitValued are options whose value is the next word.
var phpunitValued = map[string]bool{
	"--filter": true, "--exclude-filter": true, "--group": true, "--exclude-group": true, "--testsuite": true, "--exclude-testsuite": true, "-c": true, "--configuration": true, "--coverage-clover": true,
	"--coverage-html": true, "--coverage-xml": true, "--log-junit": true, "--bootstrap": true, "-d": true, "--order-by": true, "--coverage-cobertura": true, "--processes": true, "-p": true, "--log-teamcity": true,
}

func phpunitCall(w []string) (run patternCall, ok bool) {
	switch {
	case flagged(w, "--list-tests", "--list-groups", "--list-suites", "--version"):
		return run, false
	case starts(w, "php") && len(w) > 1:
		if ok = path.Base(w[1]) == "artisan" && slices.Contains(w, "test") || path.Base(w[1]) == "phpunit"; !ok {
			return run, false
		}
		w = w[1:]
	case starts(w, "composer"):
		return run, slices.Contains(w, "test")
	case !starts(w, "phpunit", "pest", "paratest", "simple-phpunit"):
		return run, false
	}
	for i := 1; i < len(w); i++ {
		switch {
		case phpunitValued[w[i]]:
			i++
		case !strings.HasPrefix(w[i], "-") && !strings.ContainsAny(w[i], "<>") && w[i] != "test":
			run.paths = append(run.paths, w[i])
		}
	}
	run.selection = phpunitSelection(w)
	return run, true
}

// phpunitSelection is --filter and the groups.
func phpunitSelection(w []string) selection {
	s := groupSelection(option(w, "--group"), option(w, "--exclude-group"))
	for _, filter := range option(w, "--filter") {
		re, groups := namesOf(strings.Trim(filter, "/")), s.keep
		s.text += " --filter " + filter
		s.keep = func(t Test) bool {
			class := strings.TrimSuffix(path.Base(t.Path), ".php")
			return re.MatchString(class+"::"+t.Name) && (groups == nil || groups(t))
		}
	}
	return s
}

// groupSelection is by groups, of which several stand in one word.
func groupSelection(in, out []string) (s selection) {
	in, out = strings.FieldsFunc(strings.Join(in, ","), isComma), strings.FieldsFunc(strings.Join(out, ","), isComma)
	if len(in)+len(out) == 0 {
		return s
	}
	s.text = "--group " + strings.Join(in, ",") + " --exclude-group " + strings.Join(out, ",")
	s.keep = func(t Test) bool {
		has := func(group string) bool { return slices.Contains(t.Marks, strings.TrimSpace(group)) }
		return (len(in) == 0 || slices.ContainsFunc(in, has)) && !slices.ContainsFunc(out, has)
	}
	return s
}

func isComma(c rune) bool { return c == ',' }
