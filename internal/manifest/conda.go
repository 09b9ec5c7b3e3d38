package manifest

import (
	"fmt"
	"strings"
)

// isCondaEnvironment knows the names that conda's documents use.
func isCondaEnvironment(p place) bool {
	return (p.ext == ".yml" || p.ext == ".yaml") && strings.HasPrefix(p.base, "environment")
}

// A condaEnvironment collects one environment.yml.
type condaEnvironment struct {
	file *File
}

// parseCondaEnvironment reads an environment. A file of such a name without
// "dependencies" is some other program's, and asks for nothing.
func parseCondaEnvironment(path string, data []byte) (*File, error) {
	c := &condaEnvironment{file: &File{Path: path, Ecosystem: Conda, Format: "conda-environment"}}
	doc, err := oneYAML(path, data)
	if err != nil {
		return nil, err
	}
	if doc == nil {
		return c.file, nil
	}
	for i, k := range doc.keys {
		switch v := doc.list[i]; k.text {
		case "channels":
			c.channels(k, v)
		case "variables": // some tell pip and conda where to look
			if text := v.String(); strings.Contains(text, "PIP_") || strings.Contains(text, "CONDA_") || strings.Contains(text, "UV_") {
				c.channels(k, v)
			}
		case "dependencies":
			if err := c.dependencies(v); err != nil {
				return nil, err
			}
		}
	}
	return c.file, c.file.count()
}

func (c *condaEnvironment) fail(v *yamlValue, format string, args ...any) error {
	return &ParseError{Path: c.file.Path, Line: v.line, Reason: fmt.Sprintf(format, args...)}
}

// channels are one setting: their order decides which one wins.
func (c *condaEnvironment) channels(k yamlKey, v *yamlValue) {
	c.file.Settings = append(c.file.Settings, Setting{
		Name: k.text, Value: v.String(), Gained: SourceChanged, Lost: SourceChanged, Line: k.line, EndLine: max(k.line, v.end),
	})
}

func (c *condaEnvironment) dependencies(v *yamlValue) error {
	if v.isNull() {
		return nil
	}
	if v.kind != yamlSeq {
		return c.fail(v, "dependencies are no list")
	}
	for _, e := range v.list {
		switch {
		case e.isScalar():
			if err := c.spec(e); err != nil {
				return err
			}
		case e.kind == yamlMap:
			if err := c.pip(e); err != nil {
				return err
			}
		case !e.isNull():
			return c.fail(e, "a dependency that is neither a text nor a list of pip's")
		}
	}
	return nil
}

// pip reads the lists of other installers. Only pip's are known.
func (c *condaEnvironment) pip(v *yamlValue) error {
	for i, k := range v.keys {
		list := v.list[i]
		if k.text != "pip" || list.kind != yamlSeq && !list.isNull() {
			return c.fail(v, "a list of an unknown installer: %s", quote(k.text))
		}
		for _, e := range list.list {
			lines, _, reason := logicalLines(e.text)
			if reason != "" || !e.isScalar() {
				return c.fail(e, "no requirement of pip's: %s", quote(e.text))
			}
			for _, l := range lines {
				l.first, l.last = e.line, max(e.line, e.end)
				if reason := c.file.addRequirementLine(l, "pip"); reason != "" {
					return c.fail(e, "%s", reason)
				}
			}
			if err := c.file.count(); err != nil {
				return err
			}
		}
	}
	return nil
}

// spec reads "channel::name version=build" in conda's many spellings.
func (c *condaEnvironment) spec(e *yamlValue) error {
	text := oneLine(e.text)
	if i := strings.Index(text, " #"); i >= 0 {
		text = text[:i]
	}
	p := Package{Ecosystem: Conda, Line: e.line, EndLine: max(e.line, e.end)}
	if urlScheme(text) != "" {
		p.locate(text)
		p.Name, p.PURL = p.Source, "pkg:generic/conda?download_url="+purlEscape(p.Source)
		c.file.Packages = append(c.file.Packages, p)
		return c.file.count()
	}
	if channel, rest, ok := strings.Cut(text, "::"); ok {
		p.Source, text = "index:"+redact(channel), rest
	}
	text, options, _ := strings.Cut(text, "[")
	end := strings.IndexAny(text, " =<>!~")
	if end < 0 {
		end = len(text)
	}
	p.Name = strings.ToLower(text[:end])
	if p.Name == "" || strings.ContainsAny(p.Name, "/\\:;,'\"(){}@&|$\t") {
		return c.fail(e, "no dependency: %s", quote(e.text))
	}
	p.PURL = "pkg:conda/" + purlEscape(p.Name)
	if options != "" {
		p.Options = []string{"[" + options}
	}
	p.condaVersion(strings.TrimSpace(text[end:]))
	c.file.Packages = append(c.file.Packages, p)
	return c.file.count()
}

// condaVersion reads a version and a build. "=1.2" and "1.2" behind a blank mean
// different things: the one is every 1.2.x, the other 1.2 itself. The build is
// what makes one artefact of a version; "==" is as good as pip's.
func (p *Package) condaVersion(text string) {
	words := strings.Fields(text)
	build := ""
	switch {
	case len(words) == 2 && !strings.ContainsAny(words[1], "<>=!~,|"): // "1.2 build"
		text, build = words[0], words[1]
	case strings.HasPrefix(text, "=") && !strings.HasPrefix(text, "=="): // "=1.2=build"
		if version, b, ok := strings.Cut(text[1:], "="); ok && b != "" {
			text, build = version, b
		}
	case strings.HasPrefix(text, "=="):
		if version, b, ok := strings.Cut(text[2:], "="); ok && b != "" {
			text, build = "=="+version, b
		}
	}
	text = strings.ReplaceAll(text, " ", "")
	switch {
	case text == "" || text == "*" || text == "=*":
		p.Spec = ""
	case text[0] >= '0' && text[0] <= '9' && !strings.ContainsAny(text, ",|<>=!~*"):
		p.Spec = "==" + text
	case strings.HasPrefix(text, "=") && !strings.HasPrefix(text, "==") && !strings.ContainsAny(text, ",|*"):
		p.Spec = "==" + text[1:] + ".*"
	default:
		p.Spec = text
	}
	if build != "" && build != "*" {
		p.Options = append(p.Options, "build "+build)
	}
	p.Pinned = strings.HasPrefix(p.Spec, "==") && !strings.ContainsAny(p.Spec, "*,|")
}

// condaSpec is a specification in words that Python's have as well: alternatives
// are separated by "|", versions may end in "*" without a dot.
func condaSpec(spec string) (*pySpec, bool) {
	if len(spec) > maxSpec {
		return nil, false
	}
	var all []string
	for alternative := range strings.SplitSeq(spec, "|") {
		var clauses []string
		for clause := range strings.SplitSeq(alternative, ",") {
			op, version, rest := cutPyClause(clause)
			if rest != "" || op == "^" || op == "~" || op == "===" {
				return nil, false
			}
			if bare, ok := strings.CutSuffix(version, "*"); ok && version != "*" && !strings.HasSuffix(bare, ".") {
				version = bare + ".*"
			}
			if op == "=" && !strings.HasSuffix(version, "*") {
				version += ".*"
			}
			if op == "" || op == "=" {
				op = "=="
			}
			if op == ">=" || op == "<" {
				version = strings.TrimSuffix(version, ".*")
			}
			clauses = append(clauses, op+version)
		}
		all = append(all, strings.Join(clauses, ","))
	}
	return parsePySpec(strings.Join(all, "||"))
}
