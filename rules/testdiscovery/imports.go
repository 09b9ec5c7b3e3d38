package testdiscovery

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/testset"
)

// unimportable finds files that are collected at both sides, and whose imports
// were found at the base and are not at the head: a module that moved, a folder
// that is not on the path any more. The runner then collects nothing from them.
func (p *pair) unimportable(both []string) (map[string]refusal, error) {
	found := make(map[string]refusal)
	if p.before.SearchPath == nil || p.after.SearchPath == nil {
		return found, nil
	}
	if p.before.View == testset.ByConfiguration && p.d.commanded(p.before.Runner) {
		return found, nil // the commands say what is on the path
	}
	moved := p.d.modulesGone()
	var suspects []string
	for _, f := range both {
		same := slices.Equal(p.before.SearchPath(f), p.after.SearchPath(f))
		if (!same || moved || p.d.isTouched(f)) && (len(suspects) < maxRead || p.d.isTouched(f)) {
			suspects = append(suspects, f)
		}
	}
	p.d.in.Change.Prefetch(p.d.ctx, change.AtHead, suspects)
	for _, f := range suspects {
		module, err := p.lostImport(f)
		if err != nil {
			return nil, err
		}
		if module != "" {
			found[f] = refusal{"its import of " + module + " is not found any more", p.importCause(module)}
		}
	}
	return found, nil
}

func (d *diff) isTouched(f string) bool {
	_, touched := d.touched[f]
	return touched
}

// commanded reports whether workflows run a runner, at both sides.
func (d *diff) commanded(runner string) bool {
	for _, r := range d.results {
		if !slices.ContainsFunc(r.Collections, func(c testset.Collection) bool { return c.Runner == runner && c.View == testset.ByCommands }) {
			return false
		}
	}
	return true
}

// modulesGone reports whether a Python file is at the head not where it was.
func (d *diff) modulesGone() bool {
	for _, f := range d.in.Change.Files {
		if before := f.BasePath(); before != "" && before != f.HeadPath() && testset.IsPython(before) {
			return true
		}
	}
	return false
}

// lostImport is the first module that the file, or a conftest.py above it,
// imports, and that only the base has.
func (p *pair) lostImport(f string) (string, error) {
	base, head := p.before.SearchPath(f), p.after.SearchPath(f)
	files := []string{f}
	for dir := path.Dir(f); ; dir = path.Dir(dir) {
		files = append(files, path.Join(dir, "conftest.py"))
		if dir == "." || dir == "/" {
			break
		}
	}
	for _, file := range files {
		data, err := p.d.in.Change.Read(p.d.ctx, change.AtHead, file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil && (!errors.Is(err, change.ErrTooLarge) || p.d.isTouched(file)) {
			return "", err
		}
		imports := testset.PythonImports(data)
		for _, module := range imports.Modules {
			if _, found := p.d.trees[change.AtHead].Resolve(module, head); found {
				continue
			}
			if p.hadModule(module, base) {
				return module, nil
			}
		}
		for _, module := range imports.Maybe {
			if p.wasModule(module, base, head) {
				return module, nil
			}
		}
	}
	return "", nil
}

// hadModule reports whether the base found a module, or would have under the path
// of the base: a test that was changed may import what never was there.
func (p *pair) hadModule(module string, base []string) bool {
	_, found := p.d.trees[change.AtBase].Resolve(module, base)
	return found
}

// wasModule reports whether "from a import b" imported the module a.b at the base,
// and there is neither such a module at the head nor an a that could define it.
func (p *pair) wasModule(module string, base, head []string) bool {
	if !p.hadModule(module, base) {
		return false
	}
	if _, found := p.d.trees[change.AtHead].Resolve(module, head); found {
		return false
	}
	of := module[:strings.LastIndexByte(module, '.')]
	name := strings.ReplaceAll(of, ".", "/")
	for _, dir := range head {
		for _, file := range []string{name + ".py", name + "/__init__.py"} {
			file = path.Join(dir, file)
			if data, err := p.d.in.Change.Read(p.d.ctx, change.AtHead, file); err == nil && strings.Contains(string(data), module[len(of)+1:]) {
				return false
			}
		}
	}
	return true
}

// importCause is the file of the change that took a module away: the module
// itself, or what puts folders on the path.
func (p *pair) importCause(module string) string {
	name := strings.ReplaceAll(module, ".", "/")
	for _, f := range p.d.in.Change.Files {
		before := f.BasePath()
		if before != "" && before != f.HeadPath() && (strings.HasSuffix(before, name+".py") || strings.Contains(before, name+"/")) {
			return before
		}
	}
	m := matching{pair: p}
	if by := m.changedDecider(); by != "" {
		return by
	}
	for _, f := range p.d.in.Change.Files {
		if base := path.Base(f.Path); base == "__init__.py" || base == "conftest.py" {
			return f.Path
		}
	}
	return ""
}
