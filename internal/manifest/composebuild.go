package manifest

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// A Build has an image built by a Dockerfile of the tree, with arguments.
type Build struct {
	Name       string // of the service, or of the folder
	Dockerfile string // its path; "" where it is not in the tree, or a variable says where it is
	Somewhere  bool   // another file says which it is, since this one has no context
	Args       map[string]Property
	Line       int

	given string // all the arguments, in one text
}

func newBuild(name string, args map[string]Property, line int) Build {
	var given strings.Builder
	for _, name := range slices.Sorted(maps.Keys(args)) {
		given.WriteString(name + "\x00" + args[name].Value + "\x00")
	}
	return Build{Name: name, Args: args, Line: line, given: given.String()}
}

// built reads what a build gets from elsewhere: contexts, and arguments that name images.
func (m *yamlManifest) built(build *yamlValue) (map[string]Property, error) {
	err := eachPair(build.merged("additional_contexts", 0), func(_, value string, v *yamlValue) error {
		at := *v
		at.text = value
		if image, is := strings.CutPrefix(value, "docker-image://"); is {
			at.text = image
			return m.image(&at, "build")
		}
		return m.context(&at)
	})
	if err != nil {
		return nil, err
	}
	args := make(map[string]Property)
	return args, m.arguments(build.merged("args", 0), args, 0)
}

// arguments reads those of a build and of what is merged into them.
func (m *yamlManifest) arguments(v *yamlValue, args map[string]Property, depth int) error {
	err := eachPair(v, func(name, value string, v *yamlValue) error {
		if _, known := args[name]; known || value == "" { // without a value, whoever builds has it
			return nil
		}
		args[name] = Property{value, v.line}
		if m.args++; m.args > maxAsked {
			return m.fail(v, "more than %d arguments of builds", maxAsked)
		}
		if name != frontend && !namesImage(value) {
			return nil
		}
		at := *v
		at.text = value
		return m.image(&at, "build")
	})
	from := v.child("<<")
	if err != nil || from == nil || depth > maxNesting {
		return err
	}
	sources := []*yamlValue{from}
	if from.kind == yamlSeq {
		sources = from.list
	}
	for _, e := range sources {
		if err := m.arguments(e, args, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// frontend is the argument that names the image that reads the Dockerfile.
const frontend = "BUILDKIT_SYNTAX"

// build remembers from which file of the tree a service is built.
func (m *yamlManifest) build(service string, build *yamlValue, args map[string]Property) error {
	b := newBuild(service, args, build.line)
	context, file := build, (*yamlValue)(nil)
	if build.kind == yamlMap {
		context, file = build.merged("context", 0), build.merged("dockerfile", 0)
	}
	if b.Somewhere = context.isNull(); !b.Somewhere && context.isScalar() {
		name := "Dockerfile"
		if !file.isNull() {
			name = file.text
		}
		b.Dockerfile = inTree(path.Join(path.Dir(m.file.Path), context.text, name))
	}
	m.file.Builds = append(m.file.Builds, b)
	return m.file.count()
}

// inTree is a path, "" where it leaves the tree or a variable is in it.
func inTree(name string) string {
	if strings.ContainsAny(name, "${:") || strings.HasPrefix(name, "/") || name == ".." || strings.HasPrefix(name, "../") {
		return ""
	}
	return name
}

// namesImage tells "name:tag" and "name@digest" from what else an argument may be. A
// version alone is no name.
func namesImage(value string) bool {
	if _, reason := imagePackage(value); reason != "" {
		return false
	}
	name, tag, tagged := cutLast(value, ":")
	if !tagged || tag == "" || strings.Contains(tag, "/") || strings.Contains(value, "://") {
		return false
	}
	return name != "" && strings.ContainsAny(strings.ToLower(name[:1]), "abcdefghijklmnopqrstuvwxyz")
}

// mounted finds the images that are mounted as if they were folders.
func (m *yamlManifest) mounted(volumes *yamlValue) error {
	if volumes == nil || volumes.kind != yamlSeq {
		return nil
	}
	for _, v := range volumes.list {
		if v.kind == yamlMap && v.str("type") == "image" {
			if err := m.image(v.child("source"), "volume"); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachPair calls a function for each "name: value" of a mapping or "name=value" of a
// list; others have none.
func eachPair(v *yamlValue, each func(name, value string, v *yamlValue) error) error {
	if v == nil {
		return nil
	}
	for i, e := range v.list {
		name, value := "", e.text
		if v.kind == yamlMap {
			name = v.keys[i].text
		} else {
			name, value, _ = strings.Cut(e.text, "=")
		}
		if !e.isScalar() {
			continue
		}
		if err := each(name, strings.TrimSpace(value), e); err != nil {
			return err
		}
	}
	return nil
}
