package manifest

import (
	"fmt"
	"strings"
)

// gitmodulesFormat says where submodules come from. Their commits are in the tree.
var gitmodulesFormat = Format{
	Name: "gitmodules", Ecosystem: Git, is: named(".gitmodules"), Parse: parseGitmodules,
	Conditions: []Kind{Added, Removed, SourceChanged, LifecycleScript},
}

// parseGitmodules reads the sections of Git's configuration that submodules have.
// Any other section does nothing there.
func parseGitmodules(path string, data []byte) (*File, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	f := &File{Path: path, Ecosystem: Git, Format: "gitmodules"}
	var current *Package
	seen := make(map[string]bool)
	line := 0
	fail := func(format string, args ...any) error {
		return &ParseError{Path: path, Line: line, Reason: fmt.Sprintf(format, args...)}
	}
	for text := range strings.SplitSeq(strings.TrimPrefix(string(data), "\ufeff"), "\n") {
		line++
		text = strings.TrimSpace(text)
		switch {
		case text == "" || text[0] == '#' || text[0] == ';':
			continue
		case text[0] == '[':
			name, ok := submoduleName(text)
			if !ok || seen[name] || len(name) > maxPathLen {
				return nil, fail("a section that is not read, or is there twice: %s", quote(text))
			}
			seen[name] = true
			f.Packages = append(f.Packages, Package{
				Ecosystem: Git, Name: name, PURL: "pkg:generic/" + purlPath(name), Pinned: true, Line: line, EndLine: line,
			})
			current = &f.Packages[len(f.Packages)-1]
			if err := f.count(); err != nil {
				return nil, err
			}
			continue
		case current == nil || strings.HasSuffix(text, "\\"):
			return nil, fail("a line that is not read: %s", quote(text))
		}
		key, value, _ := strings.Cut(text, "=")
		key, value = strings.ToLower(strings.TrimSpace(key)), gitValue(value)
		current.EndLine = line
		switch {
		case key == "url" && current.Source != "":
			return nil, fail("a second address")
		case key == "url" && (strings.HasPrefix(value, "./") || strings.HasPrefix(value, "../")):
			current.Source = "registry:" + value // beside the repository itself
		case key == "url":
			current.Source = repositoryAt("git", value, "", "")
		case key == "update" && strings.HasPrefix(value, "!"):
			f.Scripts = append(f.Scripts, Script{Name: "update " + current.Name, Command: value, Line: line, EndLine: line})
		}
	}
	return f, nil
}

// submoduleName reads `[submodule "name"]`.
func submoduleName(text string) (string, bool) {
	inner, closed := strings.CutSuffix(strings.TrimSpace(text[1:]), "]")
	kind, name, _ := strings.Cut(inner, " ")
	name = strings.TrimSpace(name)
	if !closed || !strings.EqualFold(kind, "submodule") || len(name) < 3 || name[0] != '"' || name[len(name)-1] != '"' {
		return "", false
	}
	name = name[1 : len(name)-1]
	return name, !strings.ContainsAny(name, "\"\\")
}

// gitValue takes the quotation marks and the comment off a value.
func gitValue(value string) string {
	value = strings.TrimSpace(value)
	if strings.HasPrefix(value, `"`) {
		if inner, _, ok := strings.Cut(value[1:], `"`); ok {
			return inner
		}
	}
	if at := strings.IndexAny(value, "#;"); at >= 0 {
		value = value[:at]
	}
	return strings.TrimSpace(value)
}
