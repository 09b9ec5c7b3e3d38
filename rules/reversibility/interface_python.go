package reversibility

import (
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// isPythonAPI reports whether a module may declare what is public.
func isPythonAPI(p string) bool {
	return strings.HasSuffix(p, ".py") && !slices.ContainsFunc(strings.Split(p, "/"), func(folder string) bool {
		return slices.Contains([]string{"tests", "test", "testing", "migrations", "examples", "docs", "scripts"}, folder) || strings.HasPrefix(folder, "test_") || folder == "conftest.py"
	})
}

var (
	pythonAll    = lazyregexp.New(`(?m)^__all__\s*(?::[^=\n]*)?\+?=\s*[\[(]([^\])]*)[\])]`)
	pythonNamed  = lazyregexp.New(`["'](\w+)["']`)
	pythonImport = lazyregexp.New(`(?m)^from\s+[.\w]+\s+import\s+(?:\(([^)]*)\)|([^(\n]*))`)
)

// pythonPromises are the names that a module declares in __all__; without it, those
// that a package's __init__.py imports from its own modules.
func pythonPromises(p, text string) ([]string, error) {
	var names []string
	for _, m := range pythonAll.FindAllStringSubmatch(text, 10) {
		for _, n := range pythonNamed.FindAllStringSubmatch(m[1], maxPromises) {
			names = append(names, n[1])
		}
	}
	if len(names) > 0 || path.Base(p) != "__init__.py" {
		return names, nil
	}
	for _, m := range pythonImport.FindAllStringSubmatch(text, maxPromises) {
		if strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(m[0], "from")), ".") {
			names = append(names, importedNames(m[1]+m[2])...)
		}
	}
	return names, nil
}

// importedNames are those that an import binds and that are not private.
func importedNames(list string) []string {
	var names []string
	for line := range strings.Lines(list) {
		line, _, _ = strings.Cut(line, "#")
		for one := range strings.SplitSeq(line, ",") {
			words := strings.Fields(strings.Trim(strings.TrimSpace(one), `\`))
			if len(words) > 0 && !strings.HasPrefix(words[len(words)-1], "_") && words[len(words)-1] != "*" {
				names = append(names, words[len(words)-1])
			}
		}
	}
	return names
}
