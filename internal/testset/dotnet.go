package testset

import (
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var (
	dotnetSDK     = lazyregexp.New(`(?i)Microsoft\.NET\.Test\.Sdk|<IsTestProject>\s*true|MSTest\.Sdk|TUnit`)
	dotnetOff     = lazyregexp.New(`(?i)<IsTestProject>\s*false`)
	dotnetInclude = lazyregexp.New(`(?i)<Compile\s+Include="([^"]+)"`)
	dotnetRemove  = lazyregexp.New(`(?i)<Compile\s+Remove="([^"]+)"`)
)

// dotnet: everything below a project that is one of tests.
func (c *collector) dotnet() (patternRunner, error) {
	r := patternRunner{name: "dotnet", ext: []string{".cs", ".fs", ".vb"}, call: dotnetCall}
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
		if strings.Count(text, "Remove=") > maxPatterns {
			c.opaque(file, 1, tooManyPatterns)
		}
		for _, m := range dotnetRemove.FindAllStringSubmatch(text, maxPatterns) {
			for p := range slices.Values(c.few(file, strings.Split(m[1], ";"))) {
				removed = appendGlob(removed, strings.ReplaceAll(p, `\`, "/"))
			}
		}
		compiled := make(map[string]bool) // F# compiles what is named, in that order
		for _, m := range dotnetInclude.FindAllStringSubmatch(text, -1) {
			compiled[path.Clean(strings.ReplaceAll(m[1], `\`, "/"))] = true
		}
		r.projects = append(r.projects, project{dir, file, func(p string) string {
			switch {
			case !tests:
				return "the project is none of tests"
			case strings.HasSuffix(file, ".fsproj") && !compiled[within(p, dir)]:
				return "the project does not name it"
			case removed.match(within(p, dir)):
				return "the project leaves it out"
			}
			return ""
		}})
	}
	return r, nil
}

// dotnetValued are options whose value is the next word.
var dotnetValued = map[string]bool{
	"--filter": true, "-c": true, "--configuration": true, "-f": true, "--framework": true, "-l": true, "--logger": true, "-o": true, "--output": true, "-r": true, "--runtime": true, "-s": true, "--settings": true,
	"-v": true, "--verbosity": true, "--collect": true, "--results-directory": true, "-a": true, "--arch": true, "--os": true, "-e": true, "--environment": true, "--blame-hang-timeout": true,
}

func dotnetCall(w []string) (run patternCall, ok bool) {
	if !starts(w, "dotnet") || len(w) < 2 || w[1] != "test" && w[1] != "vstest" || flagged(w, "--list-tests", "-t") {
		return run, false
	}
	for i := 2; i < len(w); i++ {
		if dotnetValued[w[i]] {
			i++
		} else if !strings.HasPrefix(w[i], "-") && !strings.HasPrefix(w[i], "/") && !strings.ContainsAny(w[i], "<>") {
			run.paths = append(run.paths, w[i])
		}
	}
	for _, filter := range option(w, "--filter", "--TestCaseFilter") {
		run.text += " --filter " + filter
		if terms := dotnetTerms(filter); terms == nil {
			run.vague = "a filter of dotnet test selects by what is not in the source's names (" + shown([]string{filter}) + ")"
		} else {
			run.keep = func(t Test) bool {
				return slices.ContainsFunc(terms, func(one dotnetTerm) bool { return one.keeps(t) })
			}
		}
	}
	return run, true
}

// A dotnetTerm is one condition on a name.
type dotnetTerm struct{ op, value string }

// dotnetTerms are the alternatives of a filter on names alone; nil for another.
func dotnetTerms(filter string) []dotnetTerm {
	var terms []dotnetTerm
	for part := range strings.SplitSeq(filter, "|") {
		m := dotnetFilter.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			return nil
		}
		terms = append(terms, dotnetTerm{m[1], m[2][strings.LastIndexByte(m[2], '.')+1:]})
	}
	return terms
}

var dotnetFilter = lazyregexp.New(`^(?:(?:FullyQualifiedName|Name|DisplayName|ClassName)(!?[=~]))?([\w.]+)$`)

// keeps looks for the last part of a name, which is a class's or a test's, in the
// name of the file and that of the test.
func (d dotnetTerm) keeps(t Test) bool {
	class := strings.TrimSuffix(path.Base(t.Path), path.Ext(t.Path))
	in := strings.Contains(class, d.value) || strings.Contains(t.Name, d.value)
	return in != strings.HasPrefix(d.op, "!")
}
