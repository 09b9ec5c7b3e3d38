// Package deploymentports is the rule that fails when a program listens on
// another port than the one at which its platform expects it.
//
// # The model
//
// Manifests expect: Cloud Run, Kubernetes, Compose and others say, or imply, a
// port. Programs listen: a command line, a server's configuration or a fallback
// in the code says where. An expectation is linked to its program by the build
// context, the Dockerfile, the image or the name, and nothing is said where that
// cannot be told. Both trees are read; what was there before the change, in the
// same words, is none of its findings.
package deploymentports

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/rules"
)

// Options of the rule.
type Options struct {
	Ignore rules.Globs `yaml:"ignore" glob:"permit" desc:"Globs of files whose ports are not compared, for instance manifests that only developers use."`
}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "deployment-ports",
		Title: "the port that a container listens on differs from the one that its platform expects",
		Why: "A container that listens elsewhere starts, answers nobody and is taken down again, minutes after the merge. Both numbers look right " +
			"where they stand; only together they are wrong. A service fell back to 8081 in its gunicorn configuration while it was deployed with --port 8080. " +
			"The rule reads what expects (Cloud Run, Knative, gcloud run deploy, Cloud Build, Kubernetes, Compose, literal chart values, Terraform's google_cloud_run*, " +
			"App Engine, Procfile, fly.toml) and what listens (command lines of gunicorn, uvicorn, hypercorn, Flask, Django, Node, Go, Spring and nginx, their configuration, " +
			"fallbacks of PORT, defaults of flags and settings, ENV PORT, EXPOSE), and compares what belongs together. A platform that says its port in PORT satisfies a program that looks there, " +
			"unless somebody wrote two different numbers. What a file or a map that is not in the repository may set is not known, and no finding. Only a mismatch that the change makes, or whose lines it touches, is a finding.",
		Bad:  "+port = os.environ.get('PORT', '8081')   in auth_service/gunicorn_config.py, deployed with --port 8080",
		Good: "+port = os.environ.get('PORT', '8080')   in auth_service/gunicorn_config.py, deployed with --port 8080",
		Remedy: "Write one port in both places that the finding shows, or have the program look up PORT, which the platform sets. A " +
			"file that is no deployment of this program is left out by the option `ignore`.",
		Since:   "0.1.0",
		Subject: rules.Content,
	}, nil, run)
}

func run(ctx context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	relevant, err := concerns(ctx, in.Change)
	if err != nil || !relevant {
		return nil, err
	}
	ignore, err := pathset.Compile(pathset.Permit, o.Ignore.Patterns...)
	if err != nil {
		return nil, fmt.Errorf("the option ignore: %w", err)
	}
	head, after, err := mismatches(ctx, in.Change, change.AtHead)
	if err != nil {
		return nil, err
	}
	found := unreadable(in, head, ignore)
	suspects := head.suspects()
	switch {
	case head.err != nil:
		return nil, head.err
	case len(after)+len(suspects) == 0:
		return found, nil
	}
	base, before, err := mismatches(ctx, in.Change, change.AtBase)
	if err != nil {
		return nil, err
	}
	old := make(map[string]bool)
	for _, p := range before {
		old[base.identity(p)] = true
	}
	for _, p := range append(after, head.moved(base, suspects)...) {
		if id := head.identity(p); !old[id] && !ignore.Match(p.expect.place.path) && !ignore.Match(p.listen.path) {
			old[id] = true
			found = append(found, finding(in.Change, head, p))
		}
	}
	if err := cmp.Or(head.err, base.err); err != nil {
		return nil, err
	}
	return found, nil
}

// concerns reports whether the change touches anything that may say a port, so
// that other changes read nothing beyond their own programs.
func concerns(ctx context.Context, c *change.Change) (bool, error) {
	var programs [2][]string
	for _, f := range c.Files {
		for side, name := range []string{f.BasePath(), f.HeadPath()} {
			switch {
			case name == "" || !interesting(name):
			case isManifest(name) || isDockerfile(name) || isConfig(name):
				return true, nil
			default:
				programs[side] = append(programs[side], name)
			}
		}
	}
	for side, names := range programs {
		c.Prefetch(ctx, change.Side(side), names)
		for _, name := range names {
			data, err := c.Read(ctx, change.Side(side), name)
			if tooLarge(err) {
				continue // no program that a person wrote
			}
			if err != nil {
				return false, err
			}
			if len(codeListens(name, string(data), codeLanguage(name))) > 0 {
				return true, nil
			}
		}
	}
	return false, nil
}

func mismatches(ctx context.Context, c *change.Change, side change.Side) (*repository, []pair, error) {
	r, err := read(ctx, c, side)
	if err != nil {
		return nil, nil, err
	}
	list, err := r.pairs()
	slices.SortFunc(list, func(a, b pair) int {
		return cmp.Or(comparePlaces(a.listen.place, b.listen.place), comparePlaces(a.expect.place, b.expect.place))
	})
	return r, list, err
}

// identity is a mismatch without its line numbers: the same words at the same
// paths are the same mismatch.
func (r *repository) identity(p pair) string {
	return fmt.Sprintf("%q %q %v %q %q %d", p.expect.place.path, r.line(p.expect.place.path, p.expect.line), p.expect.ports, p.listen.path, r.line(p.listen.path, p.listen.line), p.listen.port)
}

// finding shows both places; it stands at the one that the change touches.
func finding(c *change.Change, r *repository, p pair) rules.Finding {
	at, other := p.listen.place, p.expect.place
	if !slices.Contains(r.touched, at.path) && slices.Contains(r.touched, other.path) {
		at, other = other, at
	}
	expected := ports(p.expect.ports)
	f := rules.Finding{
		Key: fmt.Sprintf("listens on %d, expected %s at %s", p.listen.port, expected, other.path), Path: at.path, Line: at.line, EndLine: at.line,
		Message: fmt.Sprintf("%s:%d %s %d, but %s:%d %s %s.", p.listen.path, p.listen.line, p.listen.how, p.listen.port,
			p.expect.place.path, p.expect.line, p.expect.how, expected),
		Evidence: r.line(at.path, at.line),
		Remedy:   fmt.Sprintf("Write one port in both places: %s in %s:%d, or %d in %s:%d.", expected, p.listen.path, p.listen.line, p.listen.port, p.expect.place.path, p.expect.line),
		Files:    []string{other.path},
	}
	switch {
	case len(p.expect.ports) == 0 && p.expect.injects:
		f.Message = fmt.Sprintf("%s:%d %s %d, but %s:%d %s and says it in PORT.", p.listen.path, p.listen.line, p.listen.how, p.listen.port, p.expect.place.path, p.expect.line, p.expect.how)
		f.Remedy = "Have the program look PORT up and listen there."
	case len(p.expect.ports) == 0:
		f.Message = fmt.Sprintf("%s:%d %s %s:%d declares %d.", p.expect.place.path, p.expect.line, p.expect.how, p.listen.path, p.listen.line, p.listen.port)
		f.Remedy = fmt.Sprintf("Name the port in %s:%d, or write its number in %s:%d.", p.listen.path, p.listen.line, p.expect.place.path, p.expect.line)
	}
	if other.path == at.path {
		f.Files = nil
	}
	for _, file := range c.Files {
		if file.HeadPath() == at.path {
			f.PreviousPath = file.OldPath
		}
	}
	return f
}

func ports(list []int) string {
	var texts []string
	for _, p := range unique(list) {
		texts = append(texts, strconv.Itoa(p))
	}
	return strings.Join(texts, " or ")
}

// unreadable are the manifests that the change leaves unreadable: what they
// expect is not known, and must not look like nothing.
func unreadable(in *rules.Input, r *repository, ignore *pathset.Matcher) []rules.Finding {
	var found []rules.Finding
	for _, f := range in.Change.Files {
		reason, broken := r.broken[f.HeadPath()]
		if !broken || ignore.Match(f.Path) {
			continue
		}
		found = append(found, rules.Finding{
			Key: "unreadable", Path: f.Path, PreviousPath: f.OldPath, Message: "What this file says of ports cannot be read: " + reason + ".",
			Evidence: string(f.Status) + " " + f.Path, Remedy: rules.Undo(in.Change, f),
		})
	}
	return found
}
