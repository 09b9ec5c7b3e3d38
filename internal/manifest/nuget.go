package manifest

import (
	"fmt"
	"strings"
)

// nugetFormats are those of .NET.
var nugetFormats = []Format{
	{
		Name: "msbuild", Ecosystem: NuGet, is: isMSBuild, Parse: parseMSBuild,
		Locks:      []string{"packages.lock.json"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, LockfileDrift, LifecycleScript},
	},
	{
		Name: "nuget-lock", Ecosystem: NuGet, Lock: true, is: named("packages.lock.json"), Parse: parseNuGetLock,
		Manifests:  []string{"*.csproj", "*.fsproj", "*.vbproj", "Directory.Packages.props", "Directory.Build.props"},
		Below:      true,
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, IntegrityRemoved, LockfileDrift},
	},
	{
		Name: "packages-config", Ecosystem: NuGet, is: named("packages.config"), Parse: parsePackagesConfig,
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded},
	},
	{
		Name: "nuget-config", Ecosystem: NuGet, is: named("nuget.config"), Parse: parseNuGetConfig,
		Conditions: []Kind{SourceChanged},
	},
}

var nugetCouplings = []coupling{{"msbuild", "nuget-lock", nugetSatisfies, besideFixes}}

func isMSBuild(p place) bool {
	switch p.ext {
	case ".csproj", ".fsproj", ".vbproj":
		return true
	}
	return p.base == "directory.packages.props" || p.base == "directory.build.props" || p.base == "directory.build.targets"
}

// An msbuild collects one project.
type msbuild struct {
	file       *File
	properties map[string]string
}

// packageItems are the items that bring packages, by the groups they are put in.
var packageItems = map[string]string{
	"packagereference": "", "packageversion": "central", "globalpackagereference": "global", "packagedownload": "download", "dotnetclitoolreference": "tool",
}

// parseMSBuild reads the packages of a project, the SDK that builds it, where
// packages come from, and what building runs.
func parseMSBuild(path string, data []byte) (*File, error) {
	root, err := parseXML(path, data)
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(root.name, "Project") {
		return nil, &ParseError{Path: path, Line: root.line, Reason: "the root element is no project"}
	}
	m := &msbuild{&File{Path: path, Ecosystem: NuGet, Format: "msbuild"}, make(map[string]string)}
	if len(root.attr("Sdk")) > maxExpanded {
		return nil, m.fail(root, "a list of SDKs of more than %d bytes", maxExpanded)
	}
	m.sdk(root.attr("Sdk"), root)
	m.gather(root)
	if err := m.walk(root, ""); err != nil {
		return nil, err
	}
	return m.file, m.file.count()
}

func (m *msbuild) fail(n *xmlNode, format string, args ...any) error {
	return &ParseError{Path: m.file.Path, Line: n.line, Reason: fmt.Sprintf(format, args...)}
}

// gather keeps the properties that are set once and without a condition: only of
// these the value is known.
func (m *msbuild) gather(root *xmlNode) {
	times := make(map[string]int)
	for _, group := range root.list {
		if !strings.EqualFold(group.name, "PropertyGroup") {
			continue
		}
		for _, p := range group.list {
			name := strings.ToLower(p.name)
			times[name]++
			if group.attr("Condition") == "" && p.attr("Condition") == "" && len(p.list) == 0 && !strings.Contains(p.text, "$(") {
				m.properties[name] = p.text
			} else {
				times[name]++
			}
		}
	}
	for name, n := range times {
		if n > 1 {
			delete(m.properties, name)
		}
	}
}

// expand puts properties in, as long as the text stays short: a long one may be asked
// for ten thousand times.
func (m *msbuild) expand(text string) string {
	var b strings.Builder
	for {
		before, rest, more := strings.Cut(text, "$(")
		name, after, closed := strings.Cut(rest, ")")
		value, known := m.properties[strings.ToLower(name)]
		b.WriteString(before)
		if !more || !closed || !known || b.Len()+len(value) > maxExpanded/2 {
			return b.String() + text[len(before):]
		}
		b.WriteString(value)
		text = after
	}
}

// sdk reads "name/1.2.3; other": an SDK with a version is a package.
func (m *msbuild) sdk(list string, n *xmlNode) {
	for text := range strings.SplitSeq(list, ";") {
		name, version, ok := strings.Cut(strings.TrimSpace(text), "/")
		if ok {
			m.packageOf(name, version, "sdk", "", n)
		}
	}
}

// walk goes through all elements; their conditions hold for what is in them.
func (m *msbuild) walk(n *xmlNode, marker string) error {
	for _, c := range n.list {
		under := marker
		if condition := oneLine(c.attr("Condition")); condition != "" {
			under = strings.TrimPrefix(under+" and "+condition, " and ")
			under = under[:min(len(under), maxPathLen)]
		}
		name := strings.ToLower(c.name)
		if group, is := packageItems[name]; is {
			if err := m.item(c, group, under); err != nil {
				return err
			}
			continue
		}
		m.other(name, c, n, under)
		if err := m.walk(c, under); err != nil {
			return err
		}
	}
	return m.file.count()
}

// other reads what is no package and still decides.
func (m *msbuild) other(name string, c, parent *xmlNode, marker string) {
	setting := func(name, value string, kind Kind) {
		m.file.Settings = append(m.file.Settings, Setting{Name: name, Value: redact(oneLine(value)), Gained: kind, Lost: kind, Line: c.line, EndLine: c.end})
	}
	switch name {
	case "sdk":
		if version := c.attr("Version"); version != "" {
			m.packageOf(c.attr("Name"), version, "sdk", marker, c)
		}
	case "import":
		if sdk := c.attr("Sdk"); sdk != "" && c.attr("Version") != "" {
			m.packageOf(sdk, c.attr("Version"), "sdk", marker, c)
		} else {
			m.sdk(sdk, c)
		}
		if project := c.attr("Project"); m.fromElsewhere(project) {
			setting("Import", project, SourceChanged)
		}
	case "restoresources", "restoreadditionalprojectsources", "restoreconfigfile", "restorefallbackfolders":
		setting(c.name, c.text, SourceChanged)
	case "centralpackagefloatingversionsenabled", "managepackageversionscentrally", "centralpackagetransitivepinningenabled":
		setting(c.name, c.text, Loosened)
	case "exec":
		m.script(parent.attr("Name")+" Exec", c.attr("Command"), c)
	case "prebuildevent", "postbuildevent":
		m.script(c.name, c.text, c)
	case "downloadfile":
		m.script(parent.attr("Name")+" DownloadFile", redact(c.attr("SourceUrl")), c)
	case "usingtask":
		m.script("UsingTask "+oneLine(c.attr("TaskName")), c.attr("AssemblyFile")+c.attr("AssemblyName")+configured(c, maxExpanded), c)
	case "reference":
		if hint := c.str("HintPath"); hint != "" {
			setting("Reference "+oneLine(c.attr("Include")), hint, SourceChanged)
		}
	}
}

func (m *msbuild) script(name, command string, n *xmlNode) {
	if command = oneLine(command); command != "" {
		m.file.Scripts = append(m.file.Scripts, Script{Name: oneLine(name), Command: command, Line: n.line, EndLine: n.end})
	}
}

// item reads one reference; its version is an attribute or an element, and
// several names may share it.
func (m *msbuild) item(n *xmlNode, group, marker string) error {
	names, verb := n.attr("Include"), ""
	if names == "" {
		names, verb = n.attr("Update"), "update"
	}
	if names == "" { // Remove takes something away
		return nil
	}
	version := ""
	for _, key := range []string{"VersionOverride", "Version"} {
		v := n.attr(key)
		for _, c := range n.list {
			if strings.EqualFold(c.name, key) {
				if v != "" {
					return m.fail(c, "the version is there twice")
				}
				v = c.text
			}
		}
		if version == "" {
			version = v
		}
	}
	for name := range strings.SplitSeq(names, ";") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if len(name) > maxPathLen {
			return m.fail(n, "a name of %d bytes", len(name))
		}
		m.packageOf(name, version, group, marker, n)
		if verb != "" {
			m.file.Packages[len(m.file.Packages)-1].Alias = verb
		}
		if err := m.file.count(); err != nil {
			return err
		}
	}
	return nil
}

// packageOf adds a package. Without a version the central list has one, and a
// property that is not known here is set elsewhere.
func (m *msbuild) packageOf(name, version, group, marker string, n *xmlNode) {
	p := Package{Ecosystem: NuGet, Name: strings.ToLower(oneLine(name)), Spec: strings.ReplaceAll(oneLine(m.expand(version)), ", ", ","), Group: group, Marker: marker, Line: n.line, EndLine: n.end}
	p.PURL = "pkg:nuget/" + purlEscape(p.Name)
	if p.Name == "" {
		p.Name, p.PURL = "?", "pkg:nuget/%3F"
	}
	p.Pinned = p.Spec == "" || strings.Contains(p.Spec, "$(") || isOneLoose(NuGet, p.Spec)
	m.file.Packages = append(m.file.Packages, p)
}
