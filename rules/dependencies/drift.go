package dependencies

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/changeguard/changeguard/internal/manifest"
)

// The pair that can be held against each other. npm reads the shrinkwrap where
// both locks are there.
const askingName = "package.json"

var lockNames = []string{"npm-shrinkwrap.json", "package-lock.json"}

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
		with, err := j.partner(ctx, c)
		if err != nil {
			return err
		}
		if with.asking == "" || with.lock == "" {
			continue
		}
		if !done[with] {
			done[with] = true
			if err := j.hold(ctx, c, with); err != nil {
				return err
			}
		}
		if c.head == with.lock {
			j.lockAlone(c, with.asking)
		}
	}
	return nil
}

// partner finds the other one of a couple of which one was touched: the lock
// file beside a manifest or above it, the manifest beside a lock file.
func (j *judging) partner(ctx context.Context, c candidate) (couple, error) {
	dir, base := path.Split(c.head)
	switch {
	case c.format.Name == "package-json":
		lock, err := j.lockAbove(ctx, path.Clean(dir))
		return couple{c.head, lock}, err
	case slices.Contains(lockNames, base):
		there, err := j.regular(ctx, dir+askingName)
		if !there {
			return couple{}, err
		}
		return couple{dir + askingName, c.head}, err
	}
	return couple{}, nil
}

// lockAbove is the lock file in a folder or in the nearest one above that has
// one; "" for none.
func (j *judging) lockAbove(ctx context.Context, dir string) (string, error) {
	for ; ; dir = path.Dir(dir) {
		for _, base := range lockNames {
			if there, err := j.regular(ctx, path.Join(dir, base)); err != nil || there {
				return path.Join(dir, base), err
			}
		}
		if dir == "." || dir == "/" {
			return "", nil
		}
	}
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
// workspace did.
func (j *judging) lockAlone(c candidate, asking string) {
	lock := j.parsed[c.head]
	touched := make(map[string]bool, 2*len(j.in.Change.Files))
	for _, f := range j.in.Change.Files {
		touched[f.Path], touched[f.OldPath] = true, true
	}
	member := func(folder string) bool { return touched[path.Join(path.Dir(c.head), folder, askingName)] }
	before := j.before[c.head]
	if before == nil || touched[asking] || slices.ContainsFunc(lock.Members, member) || len(manifest.Compare(before, lock)) == 0 {
		return
	}
	j.drifted(c, "lock alone", fmt.Sprintf("The lock file changed without %s: other packages are installed, and nobody asked for them.", asking), "")
}

func (j *judging) drifted(c candidate, key, message, evidence string) {
	j.report(c, key, []manifest.Kind{manifest.LockfileDrift}, 0, 0, message, evidence, nil)
}
