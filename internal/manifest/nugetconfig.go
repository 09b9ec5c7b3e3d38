package manifest

import (
	"fmt"
	"strings"
)

// parsePackagesConfig reads the older list of packages, which are all exact.
func parsePackagesConfig(path string, data []byte) (*File, error) {
	root, err := parseXML(path, data)
	if err != nil {
		return nil, err
	}
	m := &msbuild{&File{Path: path, Ecosystem: NuGet, Format: "packages-config"}, nil}
	for _, n := range root.list {
		if !strings.EqualFold(n.name, "package") || n.attr("id") == "" || len(n.attr("id")) > maxPathLen {
			return nil, m.fail(n, "no package: %s", quote(n.name))
		}
		m.packageOf(n.attr("id"), n.attr("version"), "", "", n)
		m.file.Packages[len(m.file.Packages)-1].Pinned = true
		if err := m.file.count(); err != nil {
			return nil, err
		}
	}
	return m.file, nil
}

// parseNuGetConfig reads where packages come from and whom to trust. Every element
// in these sections is a setting.
func parseNuGetConfig(path string, data []byte) (*File, error) {
	root, err := parseXML(path, data)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path, Ecosystem: NuGet, Format: "nuget-config"}
	for _, section := range root.list {
		switch strings.ToLower(section.name) {
		case "packagesources", "disabledpackagesources", "packagesourcemapping", "trustedsigners", "config", "fallbackpackagefolders", "packagerestore":
		default:
			continue
		}
		for i, n := range section.list {
			value := strings.TrimSpace(n.attr("key") + " " + redact(n.attr("value")))
			if insecure := n.attr("allowInsecureConnections"); insecure != "" {
				value += " allowInsecureConnections " + oneLine(insecure)
			}
			if strings.EqualFold(n.name, "clear") && i > 0 {
				value = fmt.Sprintf("of the %d before it", i) // they do not hold
			}
			if inner := configured(n, maxExpanded); inner != "" {
				value += " " + inner
			}
			f.Settings = append(f.Settings, Setting{
				Name: section.name + "." + strings.ToLower(n.name), Value: strings.TrimSpace(value), Gained: SourceChanged, Lost: SourceChanged, Line: n.line, EndLine: n.end,
			})
			if err := f.count(); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}
