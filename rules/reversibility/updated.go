package reversibility

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/manifest"
)

// updated splits off manifests and lock files that only bring other versions, where
// no code of the change names one of the packages.
func (m *mix) updated(ctx context.Context) error {
	if m.count(code) == 0 {
		return nil
	}
	var at []int
	packages := make(map[string]bool)
	for i, f := range m.Change.Files {
		if !m.is(i, change.ClassDependencies) {
			continue
		}
		if f.Status != change.Modified {
			return nil // one that comes or goes is part of what comes or goes
		}
		only, err := m.versions(ctx, f, packages)
		if err != nil || !only {
			return err
		}
		at = append(at, i)
	}
	if len(at) == 0 || len(packages) == 0 {
		return nil
	}
	named, err := m.names(ctx, packages)
	if err == nil && !named {
		m.mark(at, dependencies)
	}
	return err
}

// versions reports whether a manifest changes in nothing but versions of packages
// that it had, and gathers their names. One that cannot be read does not tell.
func (m *mix) versions(ctx context.Context, f change.File, packages map[string]bool) (bool, error) {
	format, tier := manifest.Known(f.Path)
	if tier != manifest.Parsed {
		return false, nil
	}
	var sides [2]*manifest.File
	for _, side := range []change.Side{change.AtBase, change.AtHead} {
		data, ok, err := read(ctx, m.Change, side, f.Path)
		if err != nil || !ok {
			return false, err
		}
		parsed, broken := manifest.Parse(f.Path, data)
		if broken != nil {
			return false, nil
		}
		sides[side] = parsed
	}
	for _, one := range manifest.Compare(sides[change.AtBase], sides[change.AtHead]) {
		p := one.Package()
		switch {
		case p == nil:
			return false, nil
		case !format.Lock && (one.Old == nil || one.New == nil):
			return false, nil
		case !p.Transitive:
			packages[p.Name] = true
		}
	}
	return true, nil
}

// names reports whether some code of the change names one of some packages.
func (m *mix) names(ctx context.Context, packages map[string]bool) (bool, error) {
	words := make([][]byte, 0, len(packages))
	for name := range packages {
		words = append(words, folded([]byte(name[strings.LastIndexAny(name, ":")+1:])))
	}
	slices.SortFunc(words, bytes.Compare)
	if len(words) > maxRead {
		return true, nil // an update of everything goes with anything
	}
	var paths []string
	for i, f := range m.Change.Files {
		if m.isCode(i) && f.HeadPath() != "" && regular(f.Mode) {
			paths = append(paths, f.Path)
		}
	}
	if len(paths) > maxRead {
		return true, nil
	}
	m.Change.Prefetch(ctx, change.AtHead, paths)
	for _, p := range paths {
		data, ok, err := read(ctx, m.Change, change.AtHead, p)
		if err != nil {
			return false, err
		}
		if !ok {
			return true, nil
		}
		text := folded(data)
		if slices.ContainsFunc(words, func(w []byte) bool { return bytes.Contains(text, w) }) {
			return true, nil
		}
	}
	return false, nil
}

// folded ignores what names of packages and of their modules differ in.
func folded(text []byte) []byte {
	return bytes.ReplaceAll(bytes.ToLower(text), []byte("-"), []byte("_"))
}

// read is the content of a file, and whether it could be had.
func read(ctx context.Context, c *change.Change, side change.Side, p string) ([]byte, bool, error) {
	data, err := c.Read(ctx, side, p)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, change.ErrTooLarge) {
		return nil, false, nil
	}
	return data, err == nil, err
}
