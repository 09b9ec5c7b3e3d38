package dependencies

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/manifest"
	"github.com/changeguard/changeguard/rules"
)

// A candidate is a dependency file of the change with its format. A side on
// which no installer reads the file, because it has another name there or is
// not there, has no name.
type candidate struct {
	file       change.File
	format     manifest.Format
	tier       manifest.Tier
	base, head string
}

// candidates are the files to judge: those with the name of a dependency file,
// those that such a file includes, and those whose content says that they run images
// in a cluster.
func candidates(ctx context.Context, in *rules.Input, o *Options) ([]candidate, error) {
	var list []candidate
	var others, yamls []change.File
	for _, f := range in.Change.Files {
		if !judged(in, o, f) {
			continue
		}
		named := byName(f)
		list = append(list, named...)
		if len(named) == 0 && mayBeIncluded(f) {
			others = append(others, f)
		}
		if len(named) == 0 && (manifest.MayBeCluster(f.Path) || f.OldPath != "" && manifest.MayBeCluster(f.OldPath)) {
			yamls = append(yamls, f)
		}
	}
	included, err := includedFiles(ctx, in.Change, others, list)
	if err != nil {
		return nil, err
	}
	list = append(list, included...)
	inClusters, err := clusters(ctx, in.Change, yamls)
	return append(list, inClusters...), err
}

// byName tells a file by its names. Under a new name of another format, or of
// none, the file that was read is gone, and the one that will be read is new.
func byName(f change.File) []candidate {
	if f.Mode == change.Submodule || f.OldMode == change.Submodule {
		return []candidate{{f, manifest.Format{Name: submodule}, manifest.Named, f.BasePath(), f.HeadPath()}}
	}
	format, tier := manifest.Known(f.Path)
	old, oldTier := format, tier
	if f.OldPath != "" {
		old, oldTier = manifest.Known(f.OldPath)
	}
	if old.Name == format.Name && tier != manifest.Unknown {
		return []candidate{{f, format, tier, f.BasePath(), f.HeadPath()}}
	}
	var list []candidate
	if oldTier != manifest.Unknown {
		list = append(list, candidate{f, old, oldTier, f.BasePath(), ""})
	}
	if tier != manifest.Unknown {
		list = append(list, candidate{f, format, tier, "", f.HeadPath()})
	}
	return list
}

// mayBeIncluded keeps the search to files that people include, so that a change
// of code and documents alone looks nothing up. Under another name a file can be
// included only by a line that was a finding itself when it came.
func mayBeIncluded(f change.File) bool {
	return listName(f.Path) || f.OldPath != "" && listName(f.OldPath)
}

// listName tells the usual endings of lists, and names that speak of requirements
// and have no ending that says what else they are.
func listName(name string) bool {
	name = strings.ToLower(name)
	switch ext := path.Ext(name); ext {
	case ".txt", ".in", ".pip", ".req", ".reqs", ".deps", ".list", ".lst", ".lock", ".cfg":
		return true
	case ".md", ".rst", ".py", ".go", ".js", ".ts", ".html", ".sh":
		return false
	}
	return strings.Contains(name, "requirement") || strings.Contains(name, "constraint")
}

// includedFiles are changed files with names of their own that a requirements
// file or a pyproject.toml includes, before the change or after it.
func includedFiles(ctx context.Context, c *change.Change, files []change.File, known []candidate) ([]candidate, error) {
	if len(files) == 0 {
		return nil, nil
	}
	before, err := included(ctx, c, change.AtBase, includers(files, known, change.AtBase))
	if err != nil {
		return nil, err
	}
	after, err := included(ctx, c, change.AtHead, includers(files, known, change.AtHead))
	if err != nil {
		return nil, err
	}
	requirements, _ := manifest.Known("requirements.txt")
	var list []candidate
	for _, f := range files {
		n := candidate{file: f, format: requirements, tier: manifest.Parsed}
		if before[f.BasePath()] {
			n.base = f.BasePath()
		}
		if after[f.HeadPath()] {
			n.head = f.HeadPath()
		}
		if n.base != "" || n.head != "" {
			list = append(list, n)
		}
	}
	return list, nil
}

// includerNames are the files that others are included from.
var includerNames = []string{"requirements.txt", "requirements.in", "requirements-dev.txt", "dev-requirements.txt", "constraints.txt", "pyproject.toml"}

// includers are the places where a file may be included from: files with the
// usual names beside it and above it, and the dependency files of the change.
func includers(files []change.File, known []candidate, side change.Side) []string {
	dirs := make(map[string]bool)
	var names []string
	for _, f := range files {
		for dir := path.Dir(f.Path); !dirs[dir]; dir = path.Dir(dir) {
			dirs[dir] = true
			for _, base := range includerNames {
				names = append(names, path.Join(dir, base))
			}
		}
	}
	for _, n := range known {
		name := n.head
		if side == change.AtBase {
			name = n.base
		}
		if name != "" && n.tier == manifest.Parsed && n.format.Ecosystem == manifest.PyPI {
			names = append(names, name)
		}
	}
	return names
}

// maxIncluders is how many files that include others are read.
const maxIncluders = 1000

// included are all paths that files include, directly or through others.
func included(ctx context.Context, c *change.Change, side change.Side, todo []string) (map[string]bool, error) {
	c.Prefetch(ctx, side, todo)
	found, seen := make(map[string]bool), make(map[string]bool)
	for read := 0; len(todo) > 0; {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[name] {
			continue
		}
		seen[name] = true
		paths, there, err := includes(ctx, c, side, name)
		if err != nil {
			return nil, err
		}
		if !there {
			continue
		}
		if read++; read > maxIncluders {
			return nil, fmt.Errorf("more than %d requirements files include others", maxIncluders)
		}
		for _, p := range paths {
			found[p] = true
		}
		todo = append(todo, paths...)
	}
	return found, nil
}

// includes are the files that a file includes. Of one that does not parse they are
// what they seem to be.
func includes(ctx context.Context, c *change.Change, side change.Side, name string) (paths []string, there bool, err error) {
	e, there, err := c.Lookup(ctx, side, name)
	if err != nil || !there || e.Mode != change.Regular && e.Mode != change.Executable {
		return nil, false, err
	}
	data, err := c.Read(ctx, side, name)
	if err != nil {
		return nil, false, err
	}
	format, tier := manifest.Known(name)
	if tier != manifest.Parsed || format.Ecosystem != manifest.PyPI {
		format, _ = manifest.Known("requirements.txt")
	}
	file, err := format.Parse(name, data)
	if err != nil {
		return manifest.RoughIncludes(name, data), true, nil //nolint:nilerr // see above
	}
	for _, i := range file.Includes {
		if i.Path != "" {
			paths = append(paths, i.Path)
		}
	}
	return paths, true, nil
}
