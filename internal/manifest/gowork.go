package manifest

import (
	"path"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// goFormats are those beside go.mod and go.sum.
var goFormats = []Format{
	{
		Name: "go-work", Ecosystem: Go, is: named("go.work"), Parse: parseGoWork,
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, SourceChanged},
	},
}

var goCouplings = []coupling{{"go-mod", "go-sum", goSatisfies, func(string, *File) func(*Package) bool { return fixesNothing }}}

// parseGoWork reads go.work: the folders whose modules are used in the place of
// what others ask for, replacements that outrank those of go.mod, and the
// toolchain.
func parseGoWork(path string, data []byte) (*File, error) {
	if err := checkGoText(path, data); err != nil {
		return nil, err
	}
	work, err := modfile.ParseWork(path, data, nil)
	if err != nil {
		return nil, goModError(path, err)
	}
	f := &File{Path: path, Ecosystem: Go, Format: "go-work"}
	for _, u := range work.Use {
		f.Settings = append(f.Settings, Setting{
			Name: "use", Value: u.Path, Gained: SourceChanged, Lost: SourceChanged, Line: u.Syntax.Start.Line, EndLine: u.Syntax.End.Line,
		})
	}
	f.replacements(work.Replace)
	f.goToolchain(&modfile.File{Go: work.Go, Toolchain: work.Toolchain})
	return f, f.count()
}

// goSatisfies holds go.sum against the go.mod beside it: for every version that is
// required it must have a hash, or the build asks for one and stops. What is
// replaced needs that of the replacement; a folder needs none.
func goSatisfies(manifest, lock *File) []Drift {
	if path.Dir(manifest.Path) != path.Dir(lock.Path) {
		return nil
	}
	hashed := make(map[module.Version]bool, len(lock.Packages))
	for i := range lock.Packages {
		hashed[module.Version{Path: lock.Packages[i].Name, Version: lock.Packages[i].Spec}] = true
	}
	replaced := make(map[module.Version]*Package)
	for i := range manifest.Packages {
		if p := &manifest.Packages[i]; p.Group == groupReplace {
			replaced[module.Version{Path: p.Name, Version: p.Marker}] = p
		}
	}
	var drifts []Drift
	for _, p := range manifest.Packages {
		if p.Group != "" {
			continue
		}
		needs, local := goNeeds(&p, replaced)
		if !local && !hashed[needs] {
			drifts = append(drifts, Drift{Package: p, Reason: "go.sum has no hash of this version"})
		}
	}
	return drifts
}

// goNeeds is what is downloaded for a requirement. A version of zeros is that of
// a module which is only in the workspace.
func goNeeds(p *Package, replaced map[module.Version]*Package) (needs module.Version, local bool) {
	r := replaced[module.Version{Path: p.Name, Version: p.Spec}]
	if r == nil {
		r = replaced[module.Version{Path: p.Name}]
	}
	if r != nil {
		return module.Version{Path: r.Source, Version: r.Spec}, strings.HasPrefix(r.Source, "path:")
	}
	return module.Version{Path: p.Name, Version: p.Spec}, strings.HasPrefix(p.Spec, "v0.0.0-00010101000000-") || p.Spec == "v0.0.0"
}
