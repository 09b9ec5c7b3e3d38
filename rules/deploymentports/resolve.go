package deploymentports

import (
	"path"
	"strings"

	"github.com/changeguard/changeguard/internal/deployment"
)

// resolve finds the file that a command names, in the image, in the repository.
func (r *repository) resolve(u unit, d deployment.Dockerfile, ref string) string {
	ref = strings.TrimPrefix(ref, "python:")
	if !strings.Contains(path.Base(ref), ".") && strings.Contains(ref, ".") {
		ref = strings.ReplaceAll(ref, ".", "/") + ".py"
	}
	for _, name := range r.inContext(u, d, ref) {
		for _, candidate := range sources(name) {
			if r.has(candidate) {
				return candidate
			}
		}
	}
	// The only file of that name below the context is it as well.
	only := ""
	for _, name := range r.below(u.dir) {
		if strings.HasSuffix(name, "/"+path.Base(ref)) {
			if only != "" {
				return ""
			}
			only = name
		}
	}
	return only
}

// inContext are the names that a name in the image may have in the repository.
func (r *repository) inContext(u unit, d deployment.Dockerfile, ref string) []string {
	inside := path.Join("/", d.Workdir, ref)
	if path.IsAbs(ref) {
		inside = path.Clean(ref)
	}
	var names []string
	for i := len(d.Copies) - 1; i >= 0; i-- {
		c := d.Copies[i]
		from := path.Join(u.dir, c.From)
		if inside == path.Clean(c.To) {
			names = append(names, from)
		}
		if rest, ok := strings.CutPrefix(inside, strings.TrimSuffix(c.To, "/")+"/"); ok {
			names = append(names, path.Join(from, rest))
			if path.Base(from) == rest {
				names = append(names, from)
			}
		}
	}
	rest := strings.TrimPrefix(inside, path.Join("/", d.Workdir)+"/")
	return append(names, path.Join(u.dir, rest), path.Join(u.dir, strings.TrimPrefix(inside, "/")))
}

// sources are what a built file is built from.
func sources(name string) []string {
	list := []string{name}
	for _, built := range []string{"dist", "build", "out", "lib"} {
		if before, after, ok := strings.Cut(name, built+"/"); ok && strings.HasSuffix(name, ".js") {
			ts := strings.TrimSuffix(after, ".js") + ".ts"
			list = append(list, before+"src/"+ts, before+"src/"+after, before+ts)
		}
	}
	return list
}
