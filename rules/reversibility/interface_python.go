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
	pythonAll     = lazyregexp.New(`(?m)^__all__\s*(?::[^=\n]*)?\+?=\s*[\[(]([^\])]*)[\])]`)
	pythonNamed   = lazyregexp.New(`["'](\w+)["']`)
	pythonComment = lazyregexp.New(`(?m)#.*$`)
	pythonDefined = lazyregexp.New(`(?m)^(?:(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|(\w+)[ \t]*(?::[^=\n]*)?=[^=])`)
	pythonImport  = lazyregexp.New(`(?m)^from\s+[.\w]+\s+import\s+(?:\(([^)]*)\)|([^(\n]*))`)
)

// pythonPromises are the names that a module declares in __all__; without it, those
// that a package's __init__.py imports from its own modules. What it binds besides is
// "open" without __all__, and can be imported in any case.
func pythonPromises(p, text string) ([]string, error) {
	var names []string
	for _, m := range pythonAll.FindAllStringSubmatch(text, 10) {
		for _, n := range pythonNamed.FindAllStringSubmatch(pythonComment.ReplaceAllString(m[1], ""), maxPromises) {
			names = append(names, n[1])
		}
	}
	open := len(names) == 0
	for _, n := range pythonBound(text) {
		names = append(names, "alias "+n)
		if open {
			names = append(names, "open "+n)
		}
	}
	if !open || path.Base(p) != "__init__.py" {
		return names, nil
	}
	for _, m := range pythonImport.FindAllStringSubmatch(text, maxPromises) {
		if strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(m[0], "from")), ".") {
			for _, n := range importedNames(m[1] + m[2]) {
				names = append(names, "import "+n)
			}
		}
	}
	return names, nil
}

// pythonBound are the names that the top of a module binds.
func pythonBound(text string) []string {
	var names []string
	for _, m := range pythonImport.FindAllStringSubmatch(text, maxPromises) {
		names = append(names, importedNames(m[1]+m[2])...)
	}
	for _, m := range pythonDefined.FindAllStringSubmatch(text, maxPromises) {
		names = append(names, m[1]+m[2])
	}
	return names
}

// pythonModule is a module's path without what it ends in: a package has the name of
// the module that it was.
func pythonModule(p string) string {
	return strings.TrimSuffix(strings.TrimSuffix(p, ".py"), "/__init__")
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
