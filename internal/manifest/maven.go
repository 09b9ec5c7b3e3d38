package manifest

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// mavenFormats are those of Maven.
var mavenFormats = []Format{
	{
		Name: "maven-pom", Ecosystem: Maven, is: isPom, Parse: parsePom,
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, LifecycleScript},
	},
}

func isPom(p place) bool { return p.base == "pom.xml" || p.ext == ".pom" }

// A pom collects one pom.xml.
type pom struct {
	file       *File
	properties map[string]string
	used       map[string]bool   // properties that a version is made of
	managed    map[string]string // versions by the coordinates of dependencyManagement
}

// parsePom reads everything that Maven downloads for a build: dependencies,
// managed versions, plugins with their own dependencies, extensions, the parent;
// and where it looks for them.
func parsePom(path string, data []byte) (*File, error) {
	root, err := parseXML(path, data)
	if err != nil {
		return nil, err
	}
	if root.name != "project" {
		return nil, &ParseError{Path: path, Line: root.line, Reason: "the root element is no project"}
	}
	m := &pom{
		file:       &File{Path: path, Ecosystem: Maven, Format: "maven-pom"},
		properties: make(map[string]string), used: make(map[string]bool), managed: make(map[string]string),
	}
	m.project(root)
	m.file.Own = m.own()
	if err := m.parent(root.child("parent")); err != nil {
		return nil, err
	}
	if err := m.model(root, ""); err != nil {
		return nil, err
	}
	for _, p := range each(root.child("profiles"), "profile") {
		if err := m.model(p, "profile "+oneLine(p.str("id"))); err != nil {
			return nil, err
		}
	}
	m.versions(root)
	return m.file, m.file.count()
}

func (m *pom) fail(n *xmlNode, format string, args ...any) error {
	return &ParseError{Path: m.file.Path, Line: n.line, Reason: fmt.Sprintf(format, args...)}
}

// each are the elements of one name.
func each(n *xmlNode, name string) []*xmlNode {
	if n == nil {
		return nil
	}
	var list []*xmlNode
	for _, c := range n.list {
		if c.name == name {
			list = append(list, c)
		}
	}
	return list
}

// project gathers what properties and managed versions stand for. Of profiles
// nobody knows which are active, so theirs are not put in.
func (m *pom) project(root *xmlNode) {
	if properties := root.child("properties"); properties != nil {
		for _, p := range properties.list {
			m.properties[p.name] = p.text
		}
	}
	for key, element := range map[string]string{"version": "version", "groupId": "groupId", "artifactId": "artifactId"} {
		value := root.str(element)
		if value == "" {
			value = root.child("parent").str(element)
		}
		m.properties["project."+key], m.properties["pom."+key] = value, value
		m.properties["project.parent."+key] = root.child("parent").str(element)
	}
	for _, d := range each(root.child("dependencyManagement", "dependencies"), "dependency") {
		m.managed[m.expand(d.str("groupId"))+":"+m.expand(d.str("artifactId"))] = d.str("version")
	}
}

// own are the coordinates of the project itself, as far as they are said here.
func (m *pom) own() Project {
	group, artifact, version := m.expand("${project.groupId}"), m.expand("${project.artifactId}"), oneLine(m.expand("${project.version}"))
	if group == "" || artifact == "" || version == "" || strings.Contains(group+artifact+version, "${") {
		return Project{}
	}
	return Project{Name: group + ":" + artifact, Version: version}
}

// maxExpanded bounds a text with its properties put in, and how deep they nest.
const (
	maxExpanded   = 2000
	maxExpandings = 20
)

// expand puts properties in, as far as they are known here: the parent may have
// others.
func (m *pom) expand(text string) string {
	for range maxExpandings {
		before, rest, more := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !more || !closed {
			return text
		}
		value, known := m.properties[name]
		m.used[name] = true
		if !known || len(before)+len(value)+len(after) > maxExpanded {
			return text
		}
		text = before + value + after
	}
	return text
}

// parent is the model that this one inherits from. One in the tree is judged as
// what it is, but its coordinates decide as well.
func (m *pom) parent(n *xmlNode) error {
	if n == nil {
		return nil
	}
	return m.add(n, "parent", "")
}

// model reads what a project and a profile have in common.
func (m *pom) model(n *xmlNode, marker string) error {
	for _, list := range []struct {
		group string
		node  *xmlNode
	}{
		{"", n.child("dependencies")},
		{"managed", n.child("dependencyManagement", "dependencies")},
	} {
		for _, d := range each(list.node, "dependency") {
			if err := m.add(d, list.group, marker); err != nil {
				return err
			}
		}
	}
	build := n.child("build")
	for _, unique := range []*xmlNode{n, build, n.child("properties"), n.child("dependencyManagement")} {
		if err := m.once(unique); err != nil {
			return err
		}
	}
	for _, e := range each(build.child("extensions"), "extension") {
		if err := m.add(e, "extension", marker); err != nil {
			return err
		}
	}
	if err := m.plugins(build.child("plugins"), "plugin", marker); err != nil {
		return err
	}
	if err := m.plugins(build.child("pluginManagement", "plugins"), "managed plugin", marker); err != nil {
		return err
	}
	if err := m.plugins(n.child("reporting", "plugins"), "report", marker); err != nil {
		return err
	}
	m.repositories(n.child("repositories"), "repository")
	m.repositories(n.child("pluginRepositories"), "pluginRepository")
	return nil
}

// plugins run at every build. What one runs, where it is one that runs programs,
// is in its configuration.
func (m *pom) plugins(n *xmlNode, group, marker string) error {
	for _, plugin := range each(n, "plugin") {
		if err := m.add(plugin, group, marker); err != nil {
			return err
		}
		for _, d := range each(plugin.child("dependencies"), "dependency") {
			if err := m.add(d, group+" "+plugin.str("artifactId"), marker); err != nil {
				return err
			}
		}
		if err := m.processors(plugin, marker); err != nil {
			return err
		}
		if runsPrograms[plugin.str("artifactId")] {
			m.file.Scripts = append(m.file.Scripts, Script{
				Name: plugin.str("artifactId"), Command: configured(plugin, maxExpanded), Line: plugin.line, EndLine: plugin.end,
			})
		}
	}
	return nil
}

// runsPrograms are plugins whose work is to run what their configuration says.
var runsPrograms = wordSet("exec-maven-plugin maven-antrun-plugin groovy-maven-plugin gmavenplus-plugin frontend-maven-plugin download-maven-plugin wget-maven-plugin")

// configured writes down what a plugin is told, without its version. What is too
// long to be shown is told apart by its hash.
func configured(n *xmlNode, room int) string {
	var b strings.Builder
	var walk func(*xmlNode)
	walk = func(n *xmlNode) {
		for _, c := range n.list {
			if c.name == "version" {
				continue
			}
			b.WriteString(c.name + "=" + oneLine(c.text) + " ")
			for _, a := range c.attrs {
				b.WriteString(a.Name.Local + "=" + oneLine(a.Value) + " ")
			}
			walk(c)
		}
	}
	walk(n)
	text := strings.TrimSpace(b.String())
	if len(text) > room {
		return fmt.Sprintf("a configuration of %d bytes with the hash %x", len(text), sha256.Sum256([]byte(text)))
	}
	return text
}

// repositories are where Maven looks beside, or instead of, the central one.
func (m *pom) repositories(n *xmlNode, name string) {
	if n == nil {
		return
	}
	for _, r := range n.list {
		m.file.Settings = append(m.file.Settings, Setting{
			Name: name, Value: redact(oneLine(m.expand(r.str("url")))), Gained: SourceChanged, Lost: SourceChanged, Line: r.line, EndLine: r.end,
		})
	}
}

// once refuses an element that is there twice, as Maven does: readers differ in
// which one they take.
func (m *pom) once(n *xmlNode) error {
	if n == nil {
		return nil
	}
	var seen keySet
	for _, c := range n.list {
		if !seen.add(c.name) {
			return m.fail(c, "the element %s is there twice", quote(c.name))
		}
	}
	return nil
}

// add takes in one set of coordinates. Without a version it is the one that is
// managed, here or in a parent, whose version is fixed itself.
func (m *pom) add(n *xmlNode, group, marker string) error {
	if err := m.once(n); err != nil {
		return err
	}
	groupID, artifact := m.expand(n.str("groupId")), m.expand(n.str("artifactId"))
	if groupID == "" && strings.Contains(group, "plugin") || group == "report" && groupID == "" {
		groupID = "org.apache.maven.plugins"
	}
	if groupID == "" || artifact == "" || len(groupID)+len(artifact) > maxPathLen {
		return m.fail(n, "coordinates without a groupId or an artifactId")
	}
	p := Package{Ecosystem: Maven, Name: groupID + ":" + artifact, Group: group, Marker: marker, Line: n.line, EndLine: n.end}
	p.PURL = "pkg:maven/" + purlEscape(groupID) + "/" + purlEscape(artifact)
	version := n.str("version")
	if version == "" && group == "" {
		version = m.managed[p.Name]
	}
	p.Spec = oneLine(m.expand(version))
	if scope := n.str("scope"); scope != "" && scope != "compile" && group == "" {
		p.Group = oneLine(scope)
	} else if scope == "import" {
		p.Group = "import"
	}
	p.Alias = strings.Trim(n.str("type")+":"+n.str("classifier"), ":")
	if p.Alias == "jar" {
		p.Alias = ""
	}
	if system := n.str("systemPath"); system != "" {
		p.Source = "path:" + oneLine(m.expand(system))
	}
	p.Pinned = mavenPinned(p.Spec)
	m.file.Packages = append(m.file.Packages, p)
	return m.file.count()
}

// mavenPinned: no version is one that is managed elsewhere, and so is a property
// that is not here; both are fixed there.
func mavenPinned(spec string) bool {
	switch {
	case spec == "" || strings.Contains(spec, "${"):
		return true
	case spec == "LATEST" || spec == "RELEASE" || strings.HasSuffix(spec, "SNAPSHOT") || strings.HasPrefix(spec, "latest."):
		return false
	}
	s, ok := mavenSpec(spec)
	return !ok && !strings.ContainsAny(spec, "[](),+*") || ok && s.single
}

// versions are properties that no version here is made of: those of a parent or a
// list of versions are, and a property by such a name outranks theirs.
func (m *pom) versions(root *xmlNode) {
	properties := root.child("properties")
	if properties == nil {
		return
	}
	for _, n := range properties.list {
		if m.used[n.name] || !strings.HasSuffix(strings.ToLower(n.name), "version") || ownVersions[n.name] || n.text == "" {
			continue
		}
		m.file.Packages = append(m.file.Packages, Package{
			Ecosystem: Maven, Name: n.name, PURL: "pkg:generic/" + purlEscape(n.name), Spec: oneLine(m.expand(n.text)), Group: "property",
			Pinned: mavenPinned(n.text), Line: n.line, EndLine: n.end,
		})
	}
}

// ownVersions are properties that say what a project is, not what it uses.
var ownVersions = wordSet("java.version maven.compiler.version jdk.version revision.version project.version")
