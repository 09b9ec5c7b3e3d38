package testset

import (
	"maps"
	"slices"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// envSelects are the variables that runners take options from, with those of them
// that leave out tests.
var envSelects = map[string]*lazyregexp.Regexp{
	"PYTEST_ADDOPTS": lazyregexp.New(`(?:^|\s)(?:-k|-m|--ignore|--deselect|--co|--collect-only|--lf|--last-failed|--sw)\b`),
	"GOFLAGS":        lazyregexp.New(`(?:^|\s)--?(?:run|skip|short|list|exec|count=0)\b`),
	"MAVEN_ARGS":     lazyregexp.New(`-D(?:skipTests|maven\.test|test\b|groups|excludedGroups)|(?:^|\s)(?:-fn|--fail-never)\b`),
}

// envNames are those variables in order.
var envNames = slices.Sorted(maps.Keys(envSelects))

// environment notes a variable by which a runner leaves out tests.
func (c *collector) environment(name, value, by string, line int) {
	if re := envSelects[name]; re != nil && re.MatchString(value) {
		c.opaque(by, line, name+" selects tests ("+shown([]string{value})+")")
	}
}
