package dependencies

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/manifest"
)

// pairs are the manifests whose lock files can be held against them.
var pairs = map[string][]string{"package.json": {"package-lock.json", "npm-shrinkwrap.json"}}

// drift holds manifests and lock files that the change touched against each
// other, and finds lock files that changed alone.
func (j *judging) drift(ctx context.Context, files []candidate) error {
	if !slices.Contains(j.on, manifest.LockfileDrift) {
		return nil
	}
	done := make(map[[2]string]bool)
	for _, c := range files {
		if c.file.HeadPath() == "" || j.parsed[c.file.Path] == nil {
			continue
		}
		m, l, err := j.pair(ctx, c)
		if err != nil {
			return err
		}
		if m == "" || l == "" || done[[2]string{m, l}] {
			continue
		}
		done[[2]string{m, l}] = true
		if err := j.hold(ctx, c, m, l); err != nil {
			return err
		}
	}
	return nil
}

// pair names the manifest and the lock file of which one was touched.
func (j *judging) pair(ctx context.Context, c candidate) (m, l string, err error) {
	dir, base := path.Split(c.file.Path)
	for manifestName, locks := range pairs {
		switch {
		case base == manifestName:
			for up := path.Clean(dir); ; up = path.Dir(up) {
				for _, lock := range locks {
					name := path.Join(up, lock)
					if _, there, err := j.in.Change.Lookup(ctx, change.AtHead, name); err != nil || there {
						return c.file.Path, name, err
					}
				}
				if up == "." || up == "/" {
					return "", "", nil
				}
			}
		case slices.Contains(locks, base):
			name := dir + manifestName
			_, there, err := j.in.Change.Lookup(ctx, change.AtHead, name)
			if err != nil || !there {
				return "", "", err
			}
			return name, c.file.Path, nil
		}
	}
	return "", "", nil
}

// hold compares a manifest with its lock file.
func (j *judging) hold(ctx context.Context, c candidate, m, l string) error {
	format, _ := manifest.Known(m)
	asked, err := j.lock(ctx, format, m)
	if err != nil || asked == nil {
		return err
	}
	format, _ = manifest.Known(l)
	locked, err := j.lock(ctx, format, l)
	if err != nil || locked == nil {
		return err
	}
	kinds := []manifest.Kind{manifest.LockfileDrift}
	for _, d := range manifest.Satisfies(asked, locked) {
		j.report(c, "drift "+m+" "+l+" "+d.Package.Group+" "+d.Package.Name, kinds, 0, 0, fmt.Sprintf("%s does not fit %s: %s.", l, m, d.Reason), d.Package.String(), nil)
	}
	if c.file.Path == l && c.file.Status == change.Modified && !j.changed(m) {
		j.report(c, "lock alone", kinds, 0, 0, fmt.Sprintf("The lock file changed without %s: other versions are installed, and nobody asked for them.", m), "", nil)
	}
	return nil
}

func (j *judging) changed(name string) bool {
	return slices.ContainsFunc(j.in.Change.Files, func(f change.File) bool { return f.Path == name })
}
