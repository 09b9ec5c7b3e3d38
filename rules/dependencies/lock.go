package dependencies

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/manifest"
)

// fixed reports whether something in the change's tree fixes a package that the
// manifest leaves open: a lock file, or the compiled list beside a list of
// pip's sources.
func (j *judging) fixed(ctx context.Context, c candidate, p *manifest.Package) (bool, error) {
	if path.Ext(c.head) == ".in" {
		return j.compiled(ctx, strings.TrimSuffix(c.head, ".in")+".txt", p)
	}
	if notLocked(p.Group) {
		return false, nil
	}
	for dir := path.Dir(c.head); ; dir = path.Dir(dir) {
		fixed, there, err := j.fixedIn(ctx, c, dir, p)
		if err != nil || there {
			return fixed, err
		}
		if dir == "." || dir == "/" {
			return false, nil
		}
	}
}

// direct tells which packages of a lock file the manifest beside it asks for: each
// of them is a finding of its own.
func (j *judging) direct(ctx context.Context, c candidate, before, after *manifest.File) error {
	if !c.format.Lock || before == nil || after == nil {
		return nil
	}
	for _, base := range c.format.Manifests {
		name := path.Join(path.Dir(c.head), base)
		if there, err := j.regular(ctx, name); err != nil || !there {
			if err != nil {
				return err
			}
			continue
		}
		format, _ := manifest.Known(name)
		asking, err := j.parse(ctx, format, name)
		if err != nil {
			return err
		}
		if asking != nil {
			manifest.MarkDirect(before, asking)
			manifest.MarkDirect(after, asking)
		}
	}
	return nil
}

// notLocked are the groups that no lock file holds: what builds the project and
// what installs it.
func notLocked(group string) bool {
	return group == "build-system" || group == "plugin" || group == "packageManager" || group == "volta"
}

// fixedIn asks the lock files of one folder. Which of several an installer reads
// is not known, so each must fix the package.
func (j *judging) fixedIn(ctx context.Context, c candidate, dir string, p *manifest.Package) (fixed, there bool, err error) {
	fixed = true
	for _, base := range c.format.Locks {
		name := path.Join(dir, base)
		yes, err := j.regular(ctx, name)
		if err != nil {
			return false, false, err
		}
		if !yes {
			continue
		}
		there = true
		fixes, err := j.fixer(ctx, c.head, name)
		if err != nil {
			return false, true, err
		}
		fixed = fixed && fixes(p)
	}
	return fixed && there, there, nil
}

// regular reports whether a file is at the head. A link or a submodule of that
// name is none.
func (j *judging) regular(ctx context.Context, name string) (bool, error) {
	e, there, err := j.in.Change.Lookup(ctx, change.AtHead, name)
	return there && (e.Mode == change.Regular || e.Mode == change.Executable), err
}

// fixer makes, once for a manifest and a lock file, the question whether the one
// fixes a package of the other. A lock file without a parser is trusted to be
// what its name says, since a change of it is a finding of its own; one that does
// not parse fixes nothing.
func (j *judging) fixer(ctx context.Context, from, name string) (func(*manifest.Package) bool, error) {
	key := [2]string{from, name}
	if f := j.fixers[key]; f != nil {
		return f, nil
	}
	j.fixers[key] = func(*manifest.Package) bool { return true }
	if format, tier := manifest.Known(name); tier == manifest.Parsed {
		lock, err := j.parse(ctx, format, name)
		if err != nil {
			return nil, err
		}
		j.fixers[key] = manifest.Fixes(from, lock)
	}
	return j.fixers[key], nil
}

// compiled asks the list that pip-compile writes beside its source. It is one
// when it pins all of its packages.
func (j *judging) compiled(ctx context.Context, name string, p *manifest.Package) (bool, error) {
	yes, err := j.regular(ctx, name)
	if err != nil || !yes {
		return false, err
	}
	names, ok := j.pins[name]
	if !ok {
		format, _ := manifest.Known(name)
		if format.Name != "requirements" {
			return false, nil
		}
		list, err := j.parse(ctx, format, name)
		if err != nil {
			return false, err
		}
		names = pinned(list)
		j.pins[name] = names
	}
	return names[p.Name], nil
}

// pinned are the names in a list that pins everything, none of another list.
func pinned(list *manifest.File) map[string]bool {
	names := make(map[string]bool)
	if list == nil || slices.ContainsFunc(list.Packages, func(p manifest.Package) bool { return !p.Pinned }) {
		return names
	}
	for _, p := range list.Packages {
		names[p.Name] = true
	}
	return names
}

// parse reads a file at the head, once. It is nil where the file does not parse or
// is over a limit: the caller decides what a file means that cannot be read.
func (j *judging) parse(ctx context.Context, format manifest.Format, name string) (*manifest.File, error) {
	if f, ok := j.parsed[name]; ok {
		return f, nil
	}
	data, err := j.in.Change.Read(ctx, change.AtHead, name)
	if err != nil && !errors.Is(err, change.ErrTooLarge) {
		return nil, err
	}
	j.parsed[name] = nil
	if err == nil {
		if f, err := format.Parse(name, data); err == nil {
			j.parsed[name] = f
		}
	}
	return j.parsed[name], nil
}
