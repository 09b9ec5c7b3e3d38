package testset

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var pyImport = lazyregexp.New(`^(?:import\s+(.+)|from\s+([\w.]+)\s+import\s+(.+))$`)

// Imports are the modules that a Python file imports whenever it is loaded, as
// dotted names. What stands in a function, a condition or a try is left out:
// there somebody expects it to be missing. With "from a import b" b is a
// candidate "a.b", which may also be a name within a.
type Imports struct {
	Modules []string
	Maybe   []string
}

// PythonImports reads the imports of a file.
func PythonImports(data []byte) Imports {
	var found Imports
	for _, l := range pythonLines(mask(string(data), python)) {
		if l.indent > 0 || !strings.HasPrefix(l.code, "import") && !strings.HasPrefix(l.code, "from") {
			continue
		}
		m := pyImport.FindStringSubmatch(l.code)
		switch {
		case m == nil:
		case m[1] != "":
			for name := range strings.SplitSeq(m[1], ",") {
				if f := strings.Fields(name); len(f) > 0 {
					found.Modules = append(found.Modules, f[0])
				}
			}
		case m[2][0] != '.':
			found.Modules = append(found.Modules, m[2])
			for name := range strings.SplitSeq(strings.Trim(m[3], "()"), ",") {
				if f := strings.Fields(name); len(f) > 0 {
					found.Maybe = append(found.Maybe, m[2]+"."+f[0])
				}
			}
		}
	}
	return found
}

// Resolve finds a module on a search path. known is false when no folder of the
// path has its first name: it comes from elsewhere, or from nowhere.
func (t *Tree) Resolve(module string, searchPath []string) (known, found bool) {
	first, rest, dotted := strings.Cut(module, ".")
	for _, dir := range searchPath {
		base := join(dir, first)
		switch {
		case t.files[base+".py"]:
			return true, !dotted
		case t.files[base+"/__init__.py"], t.dirs[base] && base != "":
			known = true
			if !dotted {
				return true, true
			}
			if below := join(base, strings.ReplaceAll(rest, ".", "/")); t.files[below+".py"] || t.dirs[below] {
				return true, true
			}
		}
	}
	return known, false
}
