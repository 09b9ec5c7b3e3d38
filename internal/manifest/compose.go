package manifest

import (
	"fmt"
	"strings"
)

// isCompose knows the names that Docker Compose looks for, and their usual kin.
func isCompose(p place) bool {
	if p.ext != ".yml" && p.ext != ".yaml" {
		return false
	}
	for _, stem := range []string{"compose", "docker-compose"} {
		if rest, ok := strings.CutPrefix(p.base, stem); ok && (rest[0] == '.' || rest[0] == '-' || rest[0] == '_') {
			return true
		}
	}
	return false
}

// A yamlManifest reads one file that is YAML.
type yamlManifest struct {
	file    *File
	seen    map[string]bool
	remarks remarks
	args    int // of all builds
}

func newYAMLManifest(path, ecosystem, format string) *yamlManifest {
	return &yamlManifest{file: &File{Path: path, Ecosystem: ecosystem, Format: format}, seen: make(map[string]bool)}
}

func (m *yamlManifest) fail(v *yamlValue, format string, args ...any) error {
	return &ParseError{Path: m.file.Path, Line: v.line, Reason: fmt.Sprintf(format, args...)}
}

// members calls a function for each member of a mapping; null has none.
func (m *yamlManifest) members(v *yamlValue, what string, each func(k yamlKey, v *yamlValue) error) error {
	if v.isNull() {
		return nil
	}
	if v.kind != yamlMap {
		return m.fail(v, "%s is no mapping", what)
	}
	for i, k := range v.keys {
		if err := each(k, v.list[i]); err != nil {
			return err
		}
	}
	return nil
}

// elements calls a function for each element of a sequence; null has none.
func (m *yamlManifest) elements(v *yamlValue, what string, each func(v *yamlValue) error) error {
	if v.isNull() {
		return nil
	}
	if v.kind != yamlSeq {
		return m.fail(v, "%s is no list", what)
	}
	for _, e := range v.list {
		if err := each(e); err != nil {
			return err
		}
	}
	return nil
}

func (m *yamlManifest) setting(name string, v *yamlValue, line int, kind Kind) {
	m.file.Settings = append(m.file.Settings, Setting{Name: name, Value: v.String(), Gained: kind, Lost: kind, Line: line, EndLine: max(line, v.end)})
}

// image takes in one image.
func (m *yamlManifest) image(v *yamlValue, group string) error {
	if v.isNull() {
		return nil
	}
	if !v.isScalar() {
		return m.fail(v, "an image that is no text")
	}
	p, reason := imagePackage(strings.TrimSpace(v.text))
	if reason != "" {
		return m.fail(v, "%s", reason)
	}
	p.Group, p.Line, p.EndLine = group, v.line, max(v.line, v.end)
	return m.file.addNew(p, m.seen)
}

// parseCompose reads the images of all services; those with "build" are built from
// a file of the tree, and the image is only what the result is called.
func parseCompose(name string, data []byte) (*File, error) {
	doc, err := oneMapping(name, data, true)
	if err != nil {
		return nil, err
	}
	return composeFile(name, doc)
}

func composeFile(name string, doc *yamlValue) (*File, error) {
	m := newYAMLManifest(name, Docker, "compose")
	if doc == nil {
		return m.file, nil
	}
	services := doc.child("services")
	if services == nil && doc.child("version") == nil { // the first version of the format
		services = doc
	}
	if err := m.members(services, "services", func(k yamlKey, s *yamlValue) error { return m.service(k.text, s) }); err != nil {
		return nil, err
	}
	if err := m.members(doc.child("models"), "models", func(_ yamlKey, v *yamlValue) error { return m.image(v.child("model"), "model") }); err != nil {
		return nil, err
	}
	return m.file, m.include(doc.child("include"))
}

func (m *yamlManifest) service(name string, s *yamlValue) error {
	if s.kind != yamlMap {
		return nil
	}
	if p := s.merged("provider", 0); !p.isNull() { // a program that runs in the place of a container
		m.setting("provider", p, p.line, SourceChanged)
	}
	if err := m.mounted(s.merged("volumes", 0)); err != nil {
		return err
	}
	build := s.merged("build", 0)
	if build.isNull() {
		return m.image(s.merged("image", 0), "")
	}
	args := make(map[string]Property)
	if build.kind == yamlMap {
		var err error
		if args, err = m.built(build); err != nil {
			return err
		}
		if inline := build.merged("dockerfile_inline", 0); inline != nil && inline.isScalar() {
			return m.inline(inline, args)
		}
	}
	if err := m.build(name, build, args); err != nil {
		return err
	}
	return m.context(build)
}

// inline reads a Dockerfile that stands in the file itself.
func (m *yamlManifest) inline(v *yamlValue, args map[string]Property) error {
	f, err := dockerfileWith(m.file.Path, []byte(v.text), args)
	if err != nil {
		return m.fail(v, "%s", err.(*ParseError).Reason) //nolint:errorlint,forcetypeassert // a parser returns no other
	}
	for _, p := range f.Packages {
		p.Line, p.EndLine = v.line, max(v.line, v.end)
		if err := m.file.addNew(p, m.seen); err != nil {
			return err
		}
	}
	return nil
}

// context: what is built from elsewhere than the tree comes from there.
func (m *yamlManifest) context(build *yamlValue) error {
	v := build
	if build.kind == yamlMap {
		if v = build.merged("context", 0); v == nil {
			return nil
		}
	}
	if v.isScalar() && (urlScheme(v.text) != "" || strings.HasPrefix(v.text, "git@") || strings.HasPrefix(v.text, "github.com/")) {
		m.setting("build context", v, v.line, SourceChanged)
	}
	return m.file.count()
}

// include: another file, of the tree or from elsewhere.
func (m *yamlManifest) include(v *yamlValue) error {
	if v == nil {
		return nil
	}
	if strings.Contains(v.String(), "://") {
		m.setting("include", v, v.line, SourceChanged)
	}
	return nil
}
