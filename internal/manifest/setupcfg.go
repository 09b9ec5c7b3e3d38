package manifest

import (
	"fmt"
	"strings"
)

// A setupCfg collects one setup.cfg, which many tools keep their settings in: only
// what setuptools installs counts.
type setupCfg struct {
	file *File
	n    int // the line
	seen map[string]bool
}

// An iniValue is one key with the lines of its value.
type iniValue struct {
	section, key string
	lines        []iniLine
}

type iniLine struct {
	text string
	n    int
}

// parseSetupCfg reads the file as Python's configparser does: a value goes on over
// lines that are indented more than its key.
func parseSetupCfg(path string, data []byte) (*File, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	s := &setupCfg{file: &File{Path: path, Ecosystem: PyPI, Format: "setup-cfg"}, seen: make(map[string]bool)}
	values, err := s.read(strings.TrimPrefix(string(data), "\ufeff"))
	if err != nil {
		return nil, err
	}
	for _, v := range values {
		if err := s.value(v); err != nil {
			return nil, err
		}
	}
	return s.file, s.file.count()
}

func (s *setupCfg) fail(line int, format string, args ...any) error {
	return &ParseError{Path: s.file.Path, Line: line, Reason: fmt.Sprintf(format, args...)}
}

// read splits the file into values.
func (s *setupCfg) read(text string) (values []iniValue, err error) {
	section, level := "", 0
	var open *iniValue
	for line := range strings.SplitSeq(text, "\n") {
		s.n++
		line = strings.TrimSuffix(line, "\r")
		if strings.ContainsAny(line, "\r\x00") { // Python takes the one for a line end, even in a comment
			return nil, s.fail(s.n, "a character that no such file has")
		}
		line = strings.TrimRight(line, " \t\f\v")
		body := strings.TrimLeft(line, " \t\f\v")
		indent := len(line) - len(body)
		switch {
		case body == "" || body[0] == '#' || body[0] == ';':
			continue
		case open != nil && indent > level:
			open.lines = append(open.lines, iniLine{body, s.n})
			continue
		case body[0] == '[' && strings.IndexByte(body, ']') > 0:
			section, open = body[1:strings.LastIndexByte(body, ']')], nil
			if s.twice("[" + section) {
				return nil, s.fail(s.n, "the section %s is there twice", quote(section))
			}
			level = indent
			continue
		}
		v, err := s.key(section, body)
		if err != nil {
			return nil, err
		}
		if values = append(values, v); len(values) > maxEntries {
			return nil, s.fail(s.n, "more than %d entries", maxEntries)
		}
		open, level = &values[len(values)-1], indent
	}
	return values, nil
}

func (s *setupCfg) twice(name string) bool {
	if s.seen[name] {
		return true
	}
	s.seen[name] = true
	return false
}

// key reads "key = value" or "key: value". Keys are told apart without case, and
// setuptools takes "-" for "_".
func (s *setupCfg) key(section, body string) (iniValue, error) {
	i := strings.IndexAny(body, "=:")
	if section == "" || i <= 0 {
		return iniValue{}, s.fail(s.n, "neither a section nor a key: %s", quote(body))
	}
	key := strings.ToLower(strings.TrimSpace(body[:i]))
	if section != "options.extras_require" {
		key = strings.ReplaceAll(key, "-", "_")
	}
	if s.twice(section + "\x00" + key) {
		return iniValue{}, s.fail(s.n, "the key %s is there twice", quote(key))
	}
	v := iniValue{section: section, key: key}
	if text := strings.TrimSpace(body[i+1:]); text != "" {
		v.lines = append(v.lines, iniLine{text, s.n})
	} else {
		v.lines = append(v.lines, iniLine{"", s.n})
	}
	return v, nil
}

// value takes in what counts.
func (s *setupCfg) value(v iniValue) error {
	switch {
	case v.section == "options.extras_require":
		return s.requirements(v, "optional:"+pyName(v.key))
	case v.section == "options":
		switch v.key {
		case "install_requires":
			return s.requirements(v, "")
		case "setup_requires":
			return s.requirements(v, "build-system")
		case "tests_require":
			return s.requirements(v, "group:test")
		case "dependency_links":
			s.setting(v, SourceChanged)
		case "cmdclass":
			s.setting(v, LifecycleScript)
		}
	case v.section == "easy_install":
		s.setting(v, SourceChanged)
	case v.section == "global" && (v.key == "command_packages" || v.key == "compiler"), v.section == "build_py" || v.section == "install" || v.section == "develop" || v.section == "build_ext":
		s.setting(v, LifecycleScript)
	case v.section == "metadata" && (v.key == "requires_dist" || v.key == "setup_requires_dist"): // of pbr and d2to1
		return s.requirements(v, "")
	}
	return nil
}

func (v iniValue) text() string {
	var parts []string
	for _, l := range v.lines {
		if l.text != "" {
			parts = append(parts, redact(l.text))
		}
	}
	return strings.Join(parts, ", ")
}

func (s *setupCfg) setting(v iniValue, kind Kind) {
	s.file.Settings = append(s.file.Settings, Setting{
		Name: v.section + "." + v.key, Value: v.text(), Gained: kind, Lost: kind, Line: v.lines[0].n, EndLine: v.lines[len(v.lines)-1].n,
	})
}

// requirements reads a list: "file:" with names, requirements on lines of their
// own, or on one line with semicolons between them.
func (s *setupCfg) requirements(v iniValue, group string) error {
	if first := strings.TrimSpace(v.text()); strings.HasPrefix(first, "file:") {
		for _, l := range v.lines {
			for name := range strings.SplitSeq(strings.TrimPrefix(l.text, "file:"), ",") {
				if name = strings.TrimSpace(name); name != "" {
					s.file.Includes = append(s.file.Includes, Include{Target: name, Path: within(s.file.Path, name), Line: l.n, EndLine: l.n})
				}
			}
		}
		return nil
	}
	if len(v.lines) == 1 {
		for part := range strings.SplitSeq(v.lines[0].text, ";") {
			if err := s.requirement(iniLine{strings.TrimSpace(part), v.lines[0].n}, group); err != nil {
				return err
			}
		}
		return nil
	}
	for _, l := range v.lines {
		if err := s.requirement(l, group); err != nil {
			return err
		}
	}
	return nil
}

// requirement reads one. A comment behind it is none of configparser's, but
// setuptools drops it.
func (s *setupCfg) requirement(l iniLine, group string) error {
	text, _, _ := strings.Cut(l.text, " #")
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	p, reason := parsePEP508(text)
	if reason != "" {
		return s.fail(l.n, "%s", reason)
	}
	p.Group, p.Line, p.EndLine = group, l.n, l.n
	s.file.Packages = append(s.file.Packages, p)
	return s.file.count()
}
