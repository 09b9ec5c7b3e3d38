package dependencies

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/manifest"
)

// A couple is a manifest and the lock file that should fit it.
type couple struct{ asking, lock string }

// drift holds manifests and lock files that the change touched against each
// other, and finds lock files that changed alone.
func (j *judging) drift(ctx context.Context, files []candidate) error {
	if !slices.Contains(j.on, manifest.LockfileDrift) {
		return nil
	}
	done := make(map[couple]bool)
	for _, c := range files {
		if j.parsed[c.head] == nil {
			continue // not there, not parsed, or a finding of its own
		}
		couples, err := j.couples(ctx, c)
		if err != nil {
			return err
		}
		for _, with := range couples {
			if done[with] {
				continue
			}
			done[with] = true
			if err := j.hold(ctx, c, with); err != nil {
				return err
			}
		}
		if c.format.Lock && (len(couples) > 0 || anyName(c.format)) {
			j.lockAlone(c, couples)
		}
	}
	return nil
}

// couples finds the others of which one was touched: the lock files beside a
// manifest or above it, the manifests beside a lock file.
func (j *judging) couples(ctx context.Context, c candidate) ([]couple, error) {
	dir := path.Dir(c.head)
	if in, err := j.inGoWorkspace(ctx, c, dir); err != nil || in {
		return nil, err
	}
	if !c.format.Lock {
		return j.locksAbove(ctx, c, dir)
	}
	var list []couple
	for _, base := range c.format.Manifests {
		there, err := j.regular(ctx, path.Join(dir, base))
		if err != nil {
			return nil, err
		}
		if there {
			list = append(list, couple{path.Join(dir, base), c.head})
		}
	}
	named, err := j.namedByLock(ctx, c, dir)
	return append(list, named...), err
}

// maxDescribers is how many descriptions of gems one lock file is held against, where
// they did not change themselves.
const maxDescribers = 16

// namedByLock are the manifests that a lock file names, and those of its kind in the
// nearest folder above.
func (j *judging) namedByLock(ctx context.Context, c candidate, dir string) (list []couple, err error) {
	for _, name := range j.parsed[c.head].Describers(maxDescribers) {
		there, err := j.regular(ctx, name)
		if err != nil {
			return nil, err
		}
		if there {
			list = append(list, couple{name, c.head})
		}
	}
	for _, base := range c.format.Above {
		for at := dir; ; at = path.Dir(at) {
			name := path.Join(at, base)
			there, err := j.regular(ctx, name)
			if err != nil {
				return nil, err
			}
			if there {
				list = append(list, couple{name, c.head})
			}
			if there || at == "." || at == "/" {
				break
			}
		}
	}
	return list, nil
}

// goWorkspace is the file that makes Go modules members of one: they take each
// other from their folders, and of those go.sum has no hashes.
const goWorkspace = "go.work"

// inGoWorkspace looks for that file in a folder and those above.
func (j *judging) inGoWorkspace(ctx context.Context, c candidate, dir string) (bool, error) {
	if c.format.Ecosystem != manifest.Go {
		return false, nil
	}
	for ; ; dir = path.Dir(dir) {
		if there, err := j.regular(ctx, path.Join(dir, goWorkspace)); err != nil || there {
			return there, err
		}
		if dir == "." || dir == "/" {
			return false, nil
		}
	}
}

// locksAbove are the lock files in a folder or in the nearest one above that has
// some. npm reads the shrinkwrap where both of its locks are there.
func (j *judging) locksAbove(ctx context.Context, c candidate, dir string) ([]couple, error) {
	for ; len(c.format.Locks) > 0; dir = path.Dir(dir) {
		var list []couple
		shrinkwrap := false
		for _, base := range locksOf(c.format) {
			there, err := j.regular(ctx, path.Join(dir, base))
			if err != nil {
				return nil, err
			}
			if there && (!shrinkwrap || base != "package-lock.json") {
				list = append(list, couple{c.head, path.Join(dir, base)})
			}
			shrinkwrap = shrinkwrap || there && base == "npm-shrinkwrap.json"
		}
		if len(list) > 0 || dir == "." || dir == "/" {
			return list, nil
		}
	}
	return nil, nil
}

// locksOf are the lock files that can be held against a manifest.
func locksOf(f manifest.Format) []string {
	return slices.DeleteFunc(slices.Clone(f.Locks), func(base string) bool {
		_, tier := manifest.Known(base)
		return tier != manifest.Parsed
	})
}

// hold compares a manifest with its lock file. Where one of them cannot be read,
// nobody can say that they fit.
func (j *judging) hold(ctx context.Context, c candidate, with couple) error {
	var files [2]*manifest.File
	for i, name := range []string{with.asking, with.lock} {
		format, _ := manifest.Known(name)
		f, err := j.parse(ctx, format, name)
		if err != nil {
			return err
		}
		if f == nil {
			j.drifted(c, "drift unreadable "+name, fmt.Sprintf("%s cannot be read, so whether %s fits %s cannot be told.", name, with.lock, with.asking), name)
			return nil
		}
		files[i] = f
	}
	for _, d := range manifest.Satisfies(files[0], files[1]) {
		if !j.ignored(&d.Package, false) {
			j.drifted(c, "drift "+with.asking+" "+with.lock+" "+d.Package.Group+" "+d.Package.Name,
				fmt.Sprintf("%s does not fit %s: %s.", with.lock, with.asking, d.Reason), d.Package.String())
		}
	}
	return nil
}

// lockAlone finds a lock file whose packages changed while no manifest of its
// workspace did. In a format in which that is no drift it means nothing: a hash
// more in go.sum installs nothing.
func (j *judging) lockAlone(c candidate, couples []couple) {
	lock, before := j.parsed[c.head], j.before[c.head]
	if before == nil || !slices.Contains(c.format.Conditions, manifest.LockfileDrift) {
		return
	}
	touched := make(map[string]bool, 2*len(j.in.Change.Files))
	for _, f := range j.in.Change.Files {
		touched[f.Path], touched[f.OldPath] = true, true
	}
	for _, folder := range append([]string{""}, lock.Members...) {
		for _, base := range c.format.Manifests {
			if touched[path.Join(path.Dir(c.head), folder, base)] {
				return
			}
		}
	}
	for name := range touched { // a manifest of any name beside it
		if path.Dir(name) == path.Dir(c.head) && slices.ContainsFunc(c.format.Manifests, func(base string) bool { return manifest.SameName(base, name) }) {
			return
		}
	}
	dir := path.Dir(c.head)
	if anyName(c.format) { // a list for all projects may lie above
		dir = "."
	}
	if c.format.Below && j.touchedBelow(dir, c.format.Manifests) || len(manifest.Compare(before, lock)) == 0 {
		return
	}
	var asking []string
	for _, with := range couples {
		asking = append(asking, with.asking)
	}
	if len(asking) == 0 {
		asking = c.format.Manifests
	}
	j.drifted(c, "lock alone", fmt.Sprintf("The lock file changed without %s: other packages are installed, and nobody asked for them.", strings.Join(asking, " or ")), "")
}

// anyName reports whether the manifests of a lock file have no fixed names.
func anyName(f manifest.Format) bool {
	return f.Below && slices.ContainsFunc(f.Manifests, func(base string) bool { return strings.HasPrefix(base, "*") })
}

// touchedBelow reports whether the change touches a manifest in a folder or below.
func (j *judging) touchedBelow(dir string, bases []string) bool {
	return slices.ContainsFunc(j.in.Change.Files, func(f change.File) bool {
		for _, name := range []string{f.Path, f.OldPath} {
			if (dir == "." || strings.HasPrefix(name, dir+"/")) && slices.ContainsFunc(bases, func(base string) bool { return manifest.SameName(base, name) }) {
				return true
			}
		}
		return false
	})
}

func (j *judging) drifted(c candidate, key, message, evidence string) {
	j.report(c, key, []manifest.Kind{manifest.LockfileDrift}, 0, 0, message, evidence, nil)
}
