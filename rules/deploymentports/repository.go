package deploymentports

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/deployment"
)

// repository is what one tree says of ports.
type repository struct {
	*tree
	touched   []string // files of the change that are there
	expects   []expect
	builds    []build
	clashes   []clash
	workloads []workload
	services  []service
	units     []named

	// What was found out already, since many manifests may mean one program.
	found       map[unit][]listen
	dockerfiles map[[2]string]deployment.Dockerfile
	codes       map[string][]listen
	maps        map[string][]map[string]setting // of the cluster, by name
}

// maxExpects bounds what manifests may expect; each is looked up.
const maxExpects = 10_000

// named is a unit with the words that it may be called by.
type named struct {
	unit
	tokens []string
}

// read reads every manifest of a tree.
func read(ctx context.Context, c *change.Change, side change.Side) (*repository, error) {
	t, err := newTree(ctx, c, side)
	if err != nil {
		return nil, err
	}
	r := &repository{tree: t, found: make(map[unit][]listen), dockerfiles: make(map[[2]string]deployment.Dockerfile), codes: make(map[string][]listen), maps: make(map[string][]map[string]setting)}
	for _, f := range c.Files {
		name := f.HeadPath()
		if side == change.AtBase {
			name = f.BasePath()
		}
		if name != "" && t.has(name) {
			r.touched = append(r.touched, name)
		}
	}
	var manifests, first []string
	for _, name := range t.paths {
		if isManifest(name) {
			manifests = append(manifests, name)
		}
		if isManifest(name) || isDockerfile(name) {
			first = append(first, name)
		}
	}
	t.prefetch(first)
	for _, name := range manifests {
		r.readManifest(name)
	}
	r.match()
	r.findUnits()
	if n := max(len(r.expects)+len(r.clashes), len(r.services), len(r.workloads)); n > maxExpects && t.err == nil {
		t.err = fmt.Errorf("%w: the manifests of the repository expect %d ports, the limit is %d", change.ErrTooLarge, n, maxExpects)
	}
	return r, t.err
}

// A pair is an expectation and what listens instead.
type pair struct {
	expect expect
	listen listen
}

// pairs are the mismatches of a tree.
func (r *repository) pairs() ([]pair, error) {
	var found []pair
	for _, c := range r.clashes {
		if !c.strange(r) && !r.answers(c.expect, c.expect.ports) {
			found = append(found, pair{c.expect, c.listen})
		}
	}
	for _, e := range r.expects {
		if l, clash := r.mismatch(e); clash {
			found = append(found, pair{e, l})
		}
	}
	return found, r.err
}

// strange reports whether a probe asks a container that others publish: an image
// may answer at more ports than are declared.
func (c clash) strange(r *repository) bool {
	return c.probe && c.expect.image != "" && !ownImage(c.expect.image) && len(r.link(c.expect)) == 0
}

// answers reports whether the program is known to listen on one of the ports: then
// a declaration that differs is only words.
func (r *repository) answers(e expect, ports []int) bool {
	for _, u := range r.link(e) {
		for _, l := range r.listens(u, e) {
			if slices.Contains(ports, l.port) {
				return true
			}
		}
	}
	return false
}

// mismatch looks for a program that is expected at a port and listens on others.
// What several programs may be meant by is one only when all of them do.
func (r *repository) mismatch(e expect) (listen, bool) {
	var first listen
	for _, u := range r.link(e) {
		found := r.listens(u, e)
		if len(found) == 0 {
			return listen{}, false
		}
		for _, l := range found {
			if e.satisfied(l) {
				return listen{}, false
			}
		}
		if first.port == 0 {
			first = found[0]
		}
	}
	return first, first.port > 0
}

func (e expect) satisfied(l listen) bool {
	switch {
	case slices.Contains(e.ports, l.port), l.port == 0:
		return true
	case l.env != "PORT" || !e.injects:
		return false
	default:
		return e.implicit || l.unwritten // it looks there, and nobody wrote another number
	}
}

// link finds the programs that an expectation means, by what is surest first.
func (r *repository) link(e expect) []unit {
	switch {
	case e.dockerfile == noDockerfile:
		return []unit{{dir: e.context}}
	case e.dockerfile != "" && r.has(e.dockerfile):
		return []unit{{cmp.Or(e.context, path.Dir(e.dockerfile)), e.dockerfile, e.stage}}
	case e.context != "" && r.has(path.Join(e.context, "Dockerfile")):
		return []unit{{e.context, path.Join(e.context, "Dockerfile"), e.stage}}
	case e.context != "" && e.image == "":
		return []unit{{dir: e.context}}
	}
	key := imageKey(e.image)
	for _, units := range [][]unit{r.built(key), r.called(key)} {
		if len(units) > 0 {
			return units
		}
	}
	if key != "" && !ownImage(e.image) {
		return nil
	}
	if units := r.called(e.name); len(units) > 0 {
		return units
	}
	if key != "" && !r.alone(key) {
		return nil
	}
	return r.nearest(e.dir)
}

// public are registries, and places in them, from which everybody takes images.
var public = strings.Fields(`docker.io/ index.docker.io/ quay.io/ registry.k8s.io/ k8s.gcr.io/ mcr.microsoft.com/ public.ecr.aws/ cgr.dev/ docker.elastic.co/ nvcr.io/ lscr.io/
	gcr.io/cloud-sql-connectors/ gcr.io/cloudsql-docker/ gcr.io/google us-docker.pkg.dev/cloudrun/ registry.gitlab.com/gitlab-org/`)

// ownImage leaves out images that others publish: without a registry in its name,
// or from a public one, an image is not made of what stands beside the manifest.
func ownImage(image string) bool {
	host, _, ok := strings.Cut(image, "/")
	return ok && strings.ContainsAny(host, ".:$") && !hasPrefix(image, public)
}

// alone reports whether the manifests name no other image that may be made here:
// only then is it the one of the only Dockerfile.
func (r *repository) alone(key string) bool {
	for _, e := range r.expects {
		if other := imageKey(e.image); other != "" && other != key && ownImage(e.image) {
			return false
		}
	}
	return true
}

func (r *repository) built(key string) []unit {
	var units []unit
	for _, b := range r.builds {
		if key != "" && b.image == key && !slices.Contains(units, b.unit) {
			units = append(units, b.unit)
		}
	}
	return units
}

// noise are words of names that tell no program from another.
var noise = words(`service svc app application server staging stage prod production dev development test alpine deployment deploy image docker the latest cloud run gcp
	main container backend-only dockerfile containerfile dockerfiles build infra ops`)

func tokens(name string) []string {
	var list []string
	for _, w := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune("-_./ ", r) }) {
		if !noise[w] && !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	return list
}

// called are the units whose words a name ends in, those with the most: before
// them stands who they belong to, as in "acme-auth-service".
func (r *repository) called(name string) []unit {
	has := tokens(name)
	best := 0
	var units []unit
	for _, n := range r.units {
		if len(n.tokens) == 0 || len(n.tokens) < best || len(n.tokens) > len(has) || !slices.Equal(n.tokens, has[len(has)-len(n.tokens):]) {
			continue
		}
		if len(n.tokens) > best {
			best, units = len(n.tokens), nil
		}
		units = append(units, n.unit)
	}
	if slices.ContainsFunc(units, func(u unit) bool { return u.dockerfile != "" }) {
		units = slices.DeleteFunc(units, func(u unit) bool { return u.dockerfile == "" })
	}
	return units
}

// nearest is the only Dockerfile of the closest folder above that has one; at the
// top it counts only when there is no other in the repository.
func (r *repository) nearest(dir string) []unit {
	for {
		var here []unit
		all := 0
		for _, n := range r.units {
			if n.dockerfile == "" {
				continue
			}
			all++
			if path.Dir(n.dockerfile) == dir {
				here = append(here, n.unit)
			}
		}
		switch {
		case len(here) == 1 && (dir != "." || all == 1):
			return here
		case dir == "." && all == 1:
			for _, n := range r.units {
				if n.dockerfile != "" {
					return []unit{n.unit}
				}
			}
		case dir == "." && all == 0 && len(r.units) == 1:
			return []unit{r.units[0].unit}
		}
		if dir == "." || len(here) > 0 {
			return nil
		}
		dir = path.Dir(dir)
	}
}

// findUnits lists what can be deployed: Dockerfiles, and folders near the top in
// which a program begins.
func (r *repository) findUnits() {
	withFile := make(map[string]bool)
	for _, name := range r.paths {
		if !isDockerfile(name) {
			continue
		}
		u := r.contextOf(name)
		words := tokens(strings.TrimSuffix(path.Base(name), path.Ext(name)) + " " + strings.TrimPrefix(path.Ext(name), "."))
		if withFile[u.dir] = true; len(words) == 0 && path.Dir(name) != "." {
			words = tokens(path.Base(path.Dir(name)))
		}
		r.units = append(r.units, named{u, words})
	}
	for _, name := range r.paths {
		dir := path.Dir(name)
		if !withFile[dir] && strings.Count(name, "/") <= 3 && beginsProgram(lower(name)) {
			withFile[dir] = true
			words := tokens(path.Base(dir))
			if dir == "." {
				words = nil
			}
			r.units = append(r.units, named{unit{dir: dir}, words})
		}
	}
}

func beginsProgram(base string) bool {
	return strings.HasPrefix(base, "gunicorn") || base == "procfile" || slices.Contains(usualNames, base) && base != "index.js" && base != "index.ts"
}

// contextOf is the folder that a Dockerfile is built in: a build says it, or what
// the file copies is found there.
func (r *repository) contextOf(name string) unit {
	for _, b := range r.builds {
		if b.unit.dockerfile == name {
			return b.unit
		}
	}
	d := r.dockerfile(name, "")
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		for _, c := range d.Copies {
			if from := path.Join(dir, c.From); path.Clean(c.From) != "." && (r.has(from) || len(r.below(from)) > 0) {
				return unit{dir: dir, dockerfile: name}
			}
		}
	}
	for _, c := range d.Copies {
		if from := path.Clean(c.From); from != "." && (r.has(from) || len(r.below(from)) > 0) {
			return unit{dir: ".", dockerfile: name}
		}
	}
	return unit{dir: path.Dir(name), dockerfile: name}
}
